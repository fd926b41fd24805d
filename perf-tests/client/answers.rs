//! Answers that are looked at: what a user checks, takes and remembers.

use agentos_perf::client::{
    Connection, Connector, Exchange, PreparedRequest, Visitor, answer_checks, preflight,
};
use agentos_perf::plan::{AnswerRules, Journey, Plan, Take, TakeFrom};
use agentos_perf::profile::Destination;
use agentos_perf::record::Outcome;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::http2_server::{Http2Server, Reply};
use crate::preflights::plan;
use crate::server::{LONG, Server, Step};

/// A user who makes journeys through the endpoints of a plan.
struct User {
    plan: Plan,
    destination: Destination,
    connection: Connection,
    visitor: Visitor,
}

impl User {
    fn new(plan: Plan, destination: Destination) -> User {
        let connector = Connector::new(&destination).unwrap();
        let checks = answer_checks(&plan).unwrap().expect("journeys");
        User {
            connection: Connection::new(connector.clone()).with_shortest_round_trip(LONG),
            visitor: Visitor::new(checks, Some(&connector)),
            destination,
            plan,
        }
    }

    async fn ask(&mut self, endpoint: usize) -> Exchange {
        let request = self.request(endpoint);
        let give_up = Instant::now() + 2 * LONG;
        let connection = &mut self.connection;
        self.visitor
            .exchange(connection, (endpoint, &request), &self.plan.bounds, give_up)
            .await
    }

    fn request(&self, endpoint: usize) -> PreparedRequest {
        let endpoint = &self.plan.endpoints[endpoint];
        PreparedRequest::new(&[], endpoint, &self.destination).unwrap()
    }

    fn said(&self, endpoint: usize) -> String {
        self.visitor
            .excerpt(&self.connection, &self.request(endpoint))
    }
}

fn journey(rules: Vec<AnswerRules>) -> Plan {
    let paths = ["/login", "/orders", "/shop/cart", "/logout"];
    let mut plan = plan(&paths[..rules.len()]);
    plan.journeys = vec![Journey {
        name: "buy".to_owned(),
        weight: 1,
        endpoint: 0,
        steps: 0..rules.len(),
    }];
    plan.bounds.body_bytes = 200_000;
    for (endpoint, rules) in plan.endpoints.iter_mut().zip(rules) {
        endpoint.answer = rules;
    }
    plan
}

fn take(name: &str, from: TakeFrom) -> AnswerRules {
    let name = name.to_owned();
    AnswerRules {
        take: vec![Take { name, from }],
        ..AnswerRules::default()
    }
}

fn status(value: &str) -> AnswerRules {
    AnswerRules {
        fields: vec![("status".to_owned(), json!(value))],
        ..AnswerRules::default()
    }
}

fn answer(headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\n\r\n{body}")
}

fn read_and_send(answers: &[&[u8]]) -> Vec<Step> {
    let both = |answer: &&[u8]| [Step::Read, Step::Send(answer.to_vec())];
    answers.iter().flat_map(both).chain([Step::Hang]).collect()
}

fn cookies(request: &str) -> Option<&str> {
    request
        .lines()
        .find_map(|line| line.strip_prefix("cookie: "))
}

#[tokio::test]
async fn a_wrong_answer_ends_so_over_both_versions_of_http() {
    let ready = "{\"status\":\"ready\"}";
    let failed = "{\"status\":\"failed\"}";
    let bodies = [ready, failed, "<html>"];
    let answers = bodies.map(|body| answer("", body));
    let script = read_and_send(&answers.each_ref().map(String::as_bytes));
    let first = Server::scripted(vec![script]).await;
    let second =
        Http2Server::plain(vec![bodies.map(|body| Reply::Whole(200, body)).to_vec()]).await;
    for destination in [first.destination(), second.destination()] {
        let mut user = User::new(journey(vec![status("ready")]), destination);
        let mut ends = Vec::new();
        for _ in bodies {
            let exchange = user.ask(0).await;
            ends.push((exchange.outcome, user.said(0)));
            // The answer was whole, so its connection is kept.
            assert!(user.connection.is_kept());
        }
        let wrong = |said: &str| (Outcome::WrongAnswer, said.to_owned());
        assert_eq!(
            ends,
            [
                (Outcome::Ok, String::new()),
                wrong("field `status`: `failed` instead of `ready`"),
                wrong("the body is not JSON"),
            ]
        );
    }
}

#[tokio::test]
async fn values_are_taken_and_forgotten_with_the_journey() {
    let rules = vec![
        take("token", TakeFrom::Field("auth.token".to_owned())),
        AnswerRules {
            until: vec![("status".to_owned(), json!("done"))],
            ..take("order", TakeFrom::Field("id".to_owned()))
        },
        AnswerRules {
            contains: vec!["thanks".to_owned()],
            ..AnswerRules::default()
        },
    ];
    let answers = [
        answer("", "{\"auth\":{\"token\":\"a\\\"b-secret\"}}"),
        answer("", "{\"status\":\"running\"}"),
        answer("", "{\"status\":\"done\",\"id\":17}"),
        answer("", "you sent a\"b-secret"),
    ];
    let script = read_and_send(&answers.each_ref().map(String::as_bytes));
    let server = Server::scripted(vec![script]).await;
    let mut user = User::new(journey(rules), server.destination());
    user.visitor.begin_journey(true);
    assert_eq!(user.ask(0).await.outcome, Outcome::Ok);
    let pending = user.ask(1).await;
    assert_eq!((pending.outcome, pending.is_pending), (Outcome::Ok, true));
    assert_eq!(user.visitor.taken().get("order"), None);
    let done = user.ask(1).await;
    assert_eq!((done.outcome, done.is_pending), (Outcome::Ok, false));
    let taken: Vec<_> = user.visitor.taken().iter().collect();
    assert_eq!(
        taken,
        [
            ("token", &Value::from("a\"b-secret")),
            ("order", &json!(17))
        ]
    );
    assert_eq!(user.ask(2).await.outcome, Outcome::WrongAnswer);
    let expected = "the body does not contain `thanks`: you sent ***";
    assert_eq!(user.said(2), expected);
    user.visitor.begin_journey(false);
    assert_eq!(user.visitor.taken().iter().count(), 0);
}

#[tokio::test]
async fn cookies_go_where_a_browser_sends_them() {
    let login = "set-cookie: sid=first; Path=/; HttpOnly\r\nset-cookie: cart=c-1; Path=/shop\r\n";
    let logout = "set-cookie: sid=; Path=/; Max-Age=0\r\n";
    let answers = [
        answer(login, ""),
        answer("", ""),
        answer("set-cookie: sid=second-cookie; Path=/\r\n", ""),
        "HTTP/1.1 500 Bad\r\ncontent-length: 25\r\n\r\nno such sid second-cookie".to_owned(),
        answer(logout, ""),
        answer("", ""),
        answer("", ""),
    ];
    let script = read_and_send(&answers.each_ref().map(String::as_bytes));
    let server = Server::scripted(vec![script]).await;
    let mut plan = journey(vec![AnswerRules::default(); 4]);
    plan.endpoints[1].headers = vec![("Cookie".to_owned(), "own=1".to_owned())];
    let mut user = User::new(plan, server.destination());
    for endpoint in [0, 1, 2, 1] {
        user.ask(endpoint).await;
    }
    assert_eq!(user.said(1), "no such sid ***");
    user.ask(3).await;
    user.ask(2).await;
    user.visitor.begin_journey(true);
    user.ask(2).await;
    let requests = server.requests();
    let sent: Vec<_> = requests.iter().map(|request| cookies(request)).collect();
    assert_eq!(
        sent,
        [
            None,
            Some("own=1; sid=first"),
            Some("cart=c-1; sid=first"),
            Some("own=1; sid=second-cookie"),
            Some("sid=second-cookie"),
            Some("cart=c-1"),
            None,
        ]
    );
}

#[tokio::test]
async fn hostile_answers_end_in_an_outcome() {
    let deep = format!(
        "{{\"x\":{}1{},\"id\":7}}",
        "[".repeat(90_000),
        "]".repeat(90_000)
    );
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 64 << 20);
    let control = answer("x-id: a\u{1}b\r\n", "{\"id\":7}");
    let not_text = [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"id\":\"\xff\xfe\""[..],
        b"}",
    ]
    .concat();
    let endless = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'['; 4 << 20]].concat();
    for (name, bytes, expected) in [
        ("deep", answer("", &deep).into_bytes(), Outcome::Ok),
        ("64 MB", long.into_bytes(), Outcome::BadBody),
        ("without an end", endless, Outcome::BadBody),
        (
            "a control character",
            control.into_bytes(),
            Outcome::Protocol,
        ),
        ("empty", answer("", "").into_bytes(), Outcome::WrongAnswer),
        ("not UTF-8", not_text, Outcome::WrongAnswer),
    ] {
        let server = Server::scripted(vec![read_and_send(&[&bytes])]).await;
        let rules = take("id", TakeFrom::Field("id".to_owned()));
        let mut user = User::new(journey(vec![rules]), server.destination());
        assert_eq!(user.ask(0).await.outcome, expected, "{name}");
        let said = user.said(0);
        assert!(
            said.chars().count() < 300 && !said.contains('\n'),
            "{name}: {said}"
        );
    }
}

#[tokio::test]
async fn the_preflight_notes_a_wrong_answer() {
    let server = Server::answering(|_, _| Some(answer("", "{\"status\":\"failed\"}"))).await;
    let mut plan = plan(&["/jobs"]);
    plan.endpoints[0].answer = status("ready");
    let ready = preflight(&plan, &server.destination()).await.unwrap();
    let note = "GET /jobs answered 200, field `status`: `failed` instead of `ready` before the load, which counts such \
                answers as failed";
    assert_eq!(ready.notes, [note]);
    plan.endpoints[0].answer = status("failed");
    let ready = preflight(&plan, &server.destination()).await.unwrap();
    assert_eq!(ready.notes, [""; 0]);
}

#[tokio::test]
async fn a_step_is_redirected_as_a_browser_is() {
    let to = |status: u16, location: &str, more: &str| {
        format!("HTTP/1.1 {status} X\r\nlocation: {location}\r\n{more}content-length: 0\r\n\r\n")
    };
    let rules = || AnswerRules {
        redirects: true,
        ..take("id", TakeFrom::Field("id".to_owned()))
    };
    let login = |answers: Vec<String>| async move {
        let answers: Vec<_> = answers.iter().map(String::as_bytes).collect();
        let server = Server::scripted(vec![read_and_send(&answers)]).await;
        let mut plan = journey(vec![rules()]);
        plan.endpoints[0].method = "POST".to_owned();
        plan.endpoints[0].body = "user=ann".to_owned();
        let mut user = User::new(plan, server.destination());
        let exchange = user.ask(0).await;
        let lines: Vec<String> = server
            .requests()
            .iter()
            .map(|request| {
                let line = request.lines().next().unwrap();
                let body = request.split("\r\n\r\n").nth(1).unwrap();
                format!("{line} {body:?} {:?}", cookies(request))
            })
            .collect();
        (exchange.outcome, user.said(0), lines)
    };
    let cookie = "set-cookie: sid=1; Path=/\r\n";
    let last = || answer("", "{\"id\":7}");
    let (outcome, _, asked) = login(vec![
        to(303, "/home?a=1", cookie),
        to(307, "/shop/", ""),
        last(),
    ])
    .await;
    assert_eq!(outcome, Outcome::Ok);
    assert_eq!(
        asked,
        [
            "POST /login HTTP/1.1 \"user=ann\" None",
            "GET /home?a=1 HTTP/1.1 \"\" Some(\"sid=1\")",
            "GET /shop/ HTTP/1.1 \"\" Some(\"sid=1\")",
        ]
    );
    let (outcome, _, asked) = login(vec![to(307, "/in", ""), last()]).await;
    assert_eq!(
        (outcome, asked[1].as_str()),
        (Outcome::Ok, "POST /in HTTP/1.1 \"user=ann\" None")
    );
    let (outcome, said, _) = login(vec![to(302, "https://id.example/?token=x", "")]).await;
    let expected = "redirected to https://id.example/, which is not the target";
    assert_eq!((outcome, said.as_str()), (Outcome::Status(302), expected));
    let (outcome, said, asked) = login(vec![to(302, "/login", ""); 12]).await;
    assert_eq!(
        (outcome, said.as_str()),
        (Outcome::Status(302), "redirected more than 10 times")
    );
    assert_eq!(asked.len(), 11);
}
