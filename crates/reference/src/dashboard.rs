use std::fmt::Write;

use super::app::App;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}\
     table{border-collapse:collapse;width:100%}th,td{padding:.3rem .6rem;border-bottom:1px solid #8884}\
     td:not(:first-child),th:not(:first-child){text-align:right;font-variant-numeric:tabular-nums}\
     th:first-child{text-align:left}:root{color-scheme:light dark}";

/// The service's own figures for a reader.
pub(super) fn page(app: &App) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta http-equiv=\"refresh\" content=\"5\">\
         <title>AgentOS performance</title><style>{STYLE}</style></head><body><h1>AgentOS performance</h1>\
         <p>Up for {:.0} s. Cache hit rate: {}.</p><h2>Endpoints</h2><table><thead><tr><th>Endpoint</th>\
         <th>Requests</th><th>Average</th><th>P95</th><th>Errors</th></tr></thead><tbody>",
        app.uptime().as_secs_f64(),
        app.cache.hit_rate().map_or_else(
            || "nothing asked yet".to_owned(),
            |rate| format!("{rate:.1} %")
        ),
    );
    for (name, endpoint) in app.endpoints.summary() {
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{:.2} ms</td><td>{:.2} ms</td><td>{:.2} %</td></tr>",
            escaped(&name),
            endpoint.total_requests,
            endpoint.avg_response_time,
            endpoint.p95_response_time,
            endpoint.error_rate,
        );
    }
    page.push_str("</tbody></table><p>The last 1,000 requests of each endpoint.</p>");
    figures(
        &mut page,
        "Database",
        &app.queries.summary(app.cache.hit_rate()),
    );
    figures(&mut page, "WebSocket", &app.hub.summary());
    figures(&mut page, "System", &app.system());
    page.push_str("</body></html>");
    page
}

fn figures(page: &mut String, title: &str, figures: &serde_json::Value) {
    let _ = write!(page, "<h2>{title}</h2><table><tbody>");
    for (name, value) in figures.as_object().into_iter().flatten() {
        let value = value.as_f64().unwrap_or_default();
        let _ = write!(
            page,
            "<tr><th>{}</th><td>{value:.2}</td></tr>",
            escaped(name)
        );
    }
    page.push_str("</tbody></table>");
}

/// Paths come from clients and are not trusted.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, SigningSecret};

    #[tokio::test]
    async fn a_path_cannot_write_the_page() {
        let app = App::open(&Options::new(SigningSecret::random()))
            .await
            .unwrap();
        let endpoint = app.endpoints.named("GET:/<script>\"&");
        endpoint.answered(std::time::Duration::from_millis(5), 200);
        let page = page(&app);
        assert!(
            page.contains("GET:/&lt;script&gt;&quot;&amp;</td><td>1</td><td>5.00 ms"),
            "{page}"
        );
    }
}
