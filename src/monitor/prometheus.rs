//! A page of counters in the text format of Prometheus.

use std::time::Duration;

use super::exposition::{is_page, sum};
use super::rounds::{Figures, Glimpse, Looker, enter};
use crate::client::ControlClient;
use crate::profile::without_mark;
use crate::record::figure;
use crate::requirement::Source;

/// Profiles name the times of queries as such pages have them, in seconds.
const SECONDS: &str = "query_time_seconds";
const TIMEOUT: Duration = Duration::from_secs(2);

/// Looks at the page.
pub(super) struct PrometheusLooker {
    pub(super) client: ControlClient,
    pub(super) path: String,
    pub(super) auth: bool,
    /// The counters of each figure.
    pub(super) figures: Vec<(String, Vec<String>)>,
}

impl Looker for PrometheusLooker {
    const SOURCE: Source = Source::Prometheus;

    async fn look(&mut self) -> Result<Glimpse, String> {
        let answer = self.client.fetch(&self.path, self.auth, TIMEOUT).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if !(200..300).contains(&answer.status) {
            return Err(format!("status {}", answer.status));
        }
        let page = String::from_utf8_lossy(without_mark(&answer.body));
        if !is_page(&page) {
            return Err("this is no page in the text format of Prometheus".to_owned());
        }
        let (figures, missing) = read(&page, &self.figures);
        let problem = |name: String| (Source::Prometheus, format!("there is no counter `{name}`"));
        Ok(Glimpse {
            figures: vec![(Source::Prometheus, figures)],
            problems: missing.into_iter().map(problem).collect(),
        })
    }
}

/// The figures of a page, and the counters that it lacks. A figure of several counters needs all of them.
fn read(page: &str, wanted: &[(String, Vec<String>)]) -> (Figures, Vec<String>) {
    let (mut figures, mut missing) = (Figures::new(), Vec::new());
    for (name, counters) in wanted {
        let mut all = Some(0.0);
        for counter in counters {
            let value = sum(page, counter);
            if value.is_none() {
                missing.push(counter.clone());
            }
            all = all.zip(value).map(|(all, value)| all + value);
        }
        match name.as_str() {
            SECONDS => enter(&mut figures, figure::QUERY_TIME, all.map(|s: f64| s * 1e3)),
            name => enter(&mut figures, name, all),
        }
    }
    (figures, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_needs_all_its_counters() {
        let name = |text: &str| text.to_owned();
        let wanted = vec![
            (name("cache_hits"), vec![name("a"), name("b")]),
            (name("cache_misses"), vec![name("a"), name("gone")]),
            (name(SECONDS), vec![name("c")]),
        ];
        let (figures, missing) = read("a 1\nb{x=\"y\"} 2\nc 0.5\n", &wanted);
        let told: Vec<(&str, f64)> = figures.iter().map(|(k, v)| (k.as_str(), *v)).collect();
        assert_eq!(told, [("cache_hits", 3.0), ("query_time_ms", 500.0)]);
        assert_eq!(missing, ["gone"]);
    }
}
