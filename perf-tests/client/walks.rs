//! The preflight of journeys: one walk through each, which cleans up after itself.

use std::time::Duration;

use agentos_perf::client::{Asking, PreflightFailure, preflight, preflight_with};
use agentos_perf::diagnostic::render_diagnostics;
use agentos_perf::plan::Plan;
use agentos_perf::profile::{Destination, HttpVersion, Overrides, ProfileSource, load};

use crate::http2::speaking;
use crate::http2_server::{Http2Server, Reply};
use crate::server::Server;

/// A login, an order that takes a while, and its removal.
const SHOP: &str = r#"
[scenario.shop]
arrivals = "users"
users = 4
every = "100s"
duration = "1s"

[[scenario.shop.step]]
name = "login"
method = "POST"
path = "/login"
json = { user = "u{n}" }
take = { token = "auth.token" }

[[scenario.shop.step]]
name = "create"
method = "POST"
path = "/orders"
headers = { Authorization = "Bearer {token}" }
json = { note = "{id}" }
expect = [201]
think_time = "20s"
take = { order = "id" }

[[scenario.shop.step]]
name = "ready"
path = "/orders/{order}"
until = { status = "ready" }
every = "10ms"
within = "5s"

[[scenario.shop.step]]
name = "delete"
method = "DELETE"
path = "/orders/{order}"
headers = { Authorization = "Bearer {token}" }
expect = [204]
always = true

[[requirement]]
name = "shop"
scenario = "shop"
metric = "error_rate"
limit = "< 1 %"
"#;

pub(crate) fn plan(profile: &str) -> Plan {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("walk.toml");
    std::fs::write(&file, profile).unwrap();
    let profile = load(&ProfileSource::File(file), &Overrides::default());
    profile
        .unwrap_or_else(|problems| panic!("{}", render_diagnostics(&problems)))
        .plans[0]
        .clone()
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n{body}")
}

/// What the shop answers when nothing is wrong.
fn shop(line: &str, before: usize) -> String {
    match line
        .split(' ')
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
        .as_str()
    {
        "POST /login" => answer(
            200,
            "set-cookie: s=c00kie\r\n",
            "{\"auth\":{\"token\":\"t0ken-1\"}}",
        ),
        "POST /orders" => answer(201, "", "{\"id\":17}"),
        "GET /orders/17" if before < 2 => answer(200, "", "{\"status\":\"waiting\"}"),
        "GET /orders/17" => answer(200, "", "{\"status\":\"ready\"}"),
        "DELETE /orders/17" => answer(204, "", ""),
        other => answer(404, "", &format!("no {other}")),
    }
}

/// The lines that were asked.
fn asked(server: &Server) -> Vec<String> {
    let line = |request: &String| request.lines().next().unwrap().replace(" HTTP/1.1", "");
    server.requests().iter().map(line).collect()
}

/// Walks through the shop, where one request is answered with something else.
async fn walk(
    profile: &str,
    request: &'static str,
    wrong: String,
) -> (Result<Vec<String>, PreflightFailure>, Vec<String>) {
    let server = Server::answering(move |line, before| {
        let is_wrong = line.starts_with(request);
        Some(if is_wrong {
            wrong.clone()
        } else {
            shop(line, before)
        })
    })
    .await;
    let done = preflight(&plan(profile), &server.destination()).await;
    let done = done.map(|done| done.notes).map_err(|failure| {
        let origin = server.destination().origin.origin().ascii_serialization();
        PreflightFailure {
            advice: failure.advice.replace(&origin, "ORIGIN"),
            ..failure
        }
    });
    (done, asked(&server))
}

#[tokio::test]
async fn a_journey_is_walked_once_and_without_think_times() {
    let server = Server::answering(|line, before| Some(shop(line, before))).await;
    let plan = plan(SHOP);
    let mut settled = Vec::new();
    let done = preflight_with(
        &plan,
        &server.destination(),
        Asking::default(),
        &mut |progress| settled.push((progress.settled, progress.of)),
    )
    .await
    .unwrap();
    assert_eq!(done.plan, plan);
    assert_eq!(done.notes, Vec::<String>::new());
    assert!(done.slowest > Duration::ZERO);
    assert_eq!(settled, [(1, 4), (2, 4), (3, 4), (4, 4)]);
    let polls = ["GET /orders/17"; 3];
    let lines = [
        &["POST /login", "POST /orders"][..],
        &polls,
        &["DELETE /orders/17"],
    ];
    assert_eq!(asked(&server), lines.concat());
    let requests = server.requests();
    assert!(!requests[0].contains("cookie: "), "{}", requests[0]);
    for request in &requests[1..] {
        assert!(request.contains("\r\ncookie: s=c00kie\r\n"), "{request}");
    }
    for index in [1, 5] {
        let token = "\r\nauthorization: Bearer t0ken-1\r\n";
        assert!(requests[index].contains(token), "{}", requests[index]);
    }
    // The first user, and a number that no journey of the load has.
    assert!(
        requests[0].ends_with("{\"user\":\"u1\"}"),
        "{}",
        requests[0]
    );
    assert!(
        requests[1].ends_with("{\"note\":\"2000000001\"}"),
        "{}",
        requests[1]
    );
}

#[tokio::test]
async fn a_step_that_fails_is_named_and_what_was_made_is_removed() {
    let (done, asked) = walk(
        SHOP,
        "GET /orders/17",
        answer(404, "", "gone t0ken-1 c00kie"),
    )
    .await;
    let failure = done.unwrap_err();
    assert!(!failure.unreachable && !failure.silent, "{failure:?}");
    assert_eq!(
        failure.what,
        "GET /orders/{order} (step `ready`) answered 404: gone *** ***"
    );
    let lines = [
        "POST /login",
        "POST /orders",
        "GET /orders/17",
        "DELETE /orders/17",
    ];
    assert_eq!(asked, lines);
    // Without an order there is nothing to remove.
    let (done, asked) = walk(SHOP, "POST /orders", answer(403, "", "no orders")).await;
    let failure = done.unwrap_err();
    assert_eq!(
        failure.what,
        "POST /orders (step `create`) answered 403: no orders; not asked after it: `ready`, `delete`"
    );
    assert_eq!(asked, ["POST /login", "POST /orders"]);
}

#[tokio::test]
async fn each_way_to_fail_says_what_to_do() {
    use std::fmt::Write as _;
    let mut table = String::new();
    let quick = SHOP.replace("within = \"5s\"", "within = \"50ms\"");
    let followed = format!("[target]\nredirects = \"all\"\n{SHOP}");
    let away = "location: https://example.com/x\r\n";
    for (profile, request, wrong) in [
        (SHOP, "POST /login", answer(401, "", "who?")),
        (
            SHOP,
            "POST /login",
            answer(200, "", "{\"token\":\"t0ken-1\"}"),
        ),
        (SHOP, "POST /login", answer(200, "", "<html>")),
        (SHOP, "POST /login", answer(302, "location: /home\r\n", "")),
        (&followed, "POST /login", answer(302, away, "")),
        (SHOP, "POST /orders", answer(403, "", "no orders")),
        (SHOP, "POST /orders", answer(500, "", "oh no")),
        (SHOP, "POST /orders", answer(429, "", "slower")),
        (SHOP, "POST /orders", "what?\r\n\r\n".to_owned()),
        (SHOP, "GET /orders", answer(500, "", "oh no")),
        (
            &quick,
            "GET /orders",
            answer(200, "", "{\"status\":\"waiting\"}"),
        ),
        (SHOP, "DELETE", answer(405, "", "")),
    ] {
        let (done, asked) = walk(profile, request, wrong.clone()).await;
        let first = wrong.lines().next().unwrap();
        writeln!(table, "{request}: {first}").unwrap();
        match done {
            Ok(notes) => writeln!(table, "  notes: {notes:?}").unwrap(),
            Err(failure) => {
                assert!(!failure.unreachable, "{failure:?}");
                writeln!(table, "  {}\n  advice: {}", failure.what, failure.advice).unwrap();
            }
        }
        let mut lines = asked;
        // How often a poll asks in its time is not exact.
        if profile == quick {
            lines.dedup();
        }
        writeln!(table, "  asked: {}", lines.join(", ")).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn a_target_that_answers_no_step_is_unreachable() {
    let server = Server::answering(|_, _| None).await;
    let mut plan = plan(SHOP);
    plan.bounds.timeout = Duration::from_millis(200);
    let failure = preflight(&plan, &server.destination()).await.unwrap_err();
    assert!(failure.unreachable && failure.silent, "{failure:?}");
    assert_eq!(asked(&server), ["POST /login"]);
    // One that hangs within a journey is not: the rest of it works.
    let server =
        Server::answering(|line, before| (!line.starts_with("GET")).then(|| shop(line, before)))
            .await;
    let failure = preflight(&plan, &server.destination()).await.unwrap_err();
    assert!(!failure.unreachable && failure.silent, "{failure:?}");
    assert_eq!(
        failure.what,
        "GET /orders/{order} (step `ready`) gave no answer within 200ms"
    );
    assert_eq!(asked(&server).last().unwrap(), "DELETE /orders/17");
    let failure = preflight(&plan, &crate::server::nowhere())
        .await
        .unwrap_err();
    assert!(failure.unreachable, "{failure:?}");
}

/// All requests that a step is redirected to are one walk, and nothing of the plan changes by it.
#[tokio::test]
async fn redirects_of_a_step_are_followed_where_the_target_says_so() {
    let server = Server::answering(|line, before| {
        Some(match line.split(' ').nth(1) {
            Some("/login") => answer(303, "set-cookie: s=c00kie\r\nlocation: /me\r\n", ""),
            Some("/me") => answer(200, "", "{\"auth\":{\"token\":\"t0ken-1\"}}"),
            _ => shop(line, before),
        })
    })
    .await;
    let plan = plan(&format!("[target]\nredirects = \"all\"\n{SHOP}"));
    let done = preflight(&plan, &server.destination()).await.unwrap();
    assert_eq!(done.plan, plan);
    let asked = asked(&server);
    assert_eq!(asked[..3], ["POST /login", "GET /me", "POST /orders"]);
}

#[tokio::test]
async fn a_walk_may_be_over_http2() {
    let replies = vec![
        Reply::Whole(200, "{\"auth\":{\"token\":\"t0ken-1\"}}"),
        Reply::Whole(201, "{\"id\":17}"),
        Reply::Whole(200, "{\"status\":\"waiting\"}"),
        Reply::Whole(200, "{\"status\":\"ready\"}"),
        Reply::Whole(204, ""),
    ];
    // All of it on one connection.
    let server = Http2Server::encrypted(speaking(&["h2"]), vec![replies]).await;
    let seen = Destination {
        http: HttpVersion::Auto,
        ..server.destination()
    };
    let done = preflight(&plan(SHOP), &seen).await.unwrap();
    assert_eq!(
        done.notes,
        ["requests go over HTTP/2, one at a time on each connection"]
    );
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn each_journey_is_walked_whatever_became_of_another() {
    let journey = |name: &str| {
        let step = |method: &str, path: &str, more: &str| {
            format!(
                "[[scenario.shop.journey.step]]\nname = \"{method}\"\nmethod = \"{method}\"\n\
                 path = \"/{name}{path}\"\n{more}\n"
            )
        };
        let make = step("POST", "", "expect = [201]\ntake = { made = \"id\" }");
        let remove = step("DELETE", "/{made}?n={id}", "expect = [204]\nalways = true");
        format!(
            "[[scenario.shop.journey]]\nname = \"{name}\"\nweight = 50\n{make}{}{remove}",
            step("GET", "/{made}", "")
        )
    };
    let profile = format!(
        "[scenario.shop]\narrivals = \"constant\"\nrate = \"5/s\"\nduration = \"5s\"\n{}{}\
         [[requirement]]\nname = \"shop\"\nscenario = \"shop\"\nmetric = \"error_rate\"\nlimit = \"< 1 %\"\n",
        journey("a"),
        journey("b")
    );
    let server = Server::answering(|line, _| {
        Some(match line.split(' ').next() {
            Some("POST") => answer(201, "set-cookie: s=1\r\n", "{\"id\":\"x\"}"),
            Some("DELETE") => answer(204, "", ""),
            _ => answer(404, "", "lost"),
        })
    })
    .await;
    let failure = preflight(&plan(&profile), &server.destination())
        .await
        .unwrap_err();
    assert_eq!(
        failure.what,
        "GET /a/{made} (step `a/GET`) answered 404: lost; GET /b/{made} (step `b/GET`) answered 404: lost"
    );
    let lines = [
        "POST /a",
        "GET /a/x",
        "DELETE /a/x?n=2000000001",
        "POST /b",
        "GET /b/x",
        "DELETE /b/x?n=2000000002",
    ];
    assert_eq!(asked(&server), lines);
    // Each is another visitor.
    assert!(!server.requests()[3].contains("cookie: "));
}
