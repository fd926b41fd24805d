//! How texts are read, and what is drawn.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::*;
use crate::secret::Secret;

/// One request's values.
pub(super) struct Given<'a> {
    pub(super) user: &'a str,
    pub(super) taken: &'a Value,
}

impl MarkValues for Given<'_> {
    fn user(&self, write: &mut dyn FnMut(&str)) {
        write(self.user);
    }

    fn taken(&self, name: &str) -> Option<TakenValue<'_>> {
        Some(match self.taken.get(name)? {
            Value::String(text) => TakenValue::Text(text),
            other => TakenValue::Json(other),
        })
    }

    fn now(&self) -> u64 {
        1_700_000_000_123
    }
}

fn marks(number: u64) -> RequestMarks {
    RequestMarks {
        seed: 8,
        endpoint: 0,
        number,
        id: number + 1,
        user: number % 10,
    }
}

fn table(rows: Rows, count: usize) -> DataTable {
    let row = |at: usize| vec![Some(json!(format!("title {at}"))), Some(json!(at))];
    let columns = vec!["title".to_owned(), "price".to_owned()];
    DataTable::new("plans", rows, columns, (0..count).map(row).collect()).unwrap()
}

fn plan(rows: Rows) -> PlanValues {
    PlanValues {
        data: vec![table(rows, 3)],
        variables: [("KEY".to_owned(), Secret::new("s3\"cret"))]
            .into_iter()
            .collect(),
        ..PlanValues::default()
    }
}

fn rendered(text: &str, place: Place, number: u64) -> String {
    let plan = plan(Rows::InTurn);
    let taken = json!({ "token": "a\"b", "list": [1, { "x": "y" }], "none": null });
    let given = Given {
        user: "ann & bob",
        taken: &taken,
    };
    let mut out = Vec::new();
    let bound = match BoundTemplate::new(&Template::parse(text), place, &plan) {
        Ok(bound) => bound,
        Err(error) => return format!("({error})"),
    };
    match bound.render(&plan, &marks(number), &given, &mut out) {
        Ok(()) => String::from_utf8(out).unwrap(),
        Err(error) => format!("({error})"),
    }
}

#[test]
fn braces_are_marks_only_around_names() {
    let mut table = String::new();
    for text in [
        "",
        "plain",
        "{user}",
        "a {user} b {plans.title:json} c",
        "{random(1,500)} {random(-5, 5)} {random(1)}",
        "{\"a\":{\"b\":[{}]}}",
        "{ me { id } }",
        "{1} { {user {us er} }{",
        "{{user} {{{user} {{user}}",
        "{{\"a\": {{x y}",
        "é{é}ü{",
    ] {
        let template = Template::parse(text);
        let shown = template.with(|mark| format!("<{}>", mark.source));
        let _ = writeln!(table, "{text}  →  {shown}");
        assert_eq!(template.source(), text);
        let literal = Template::parse(&escape_literal(text));
        assert!(!literal.has_marks());
        assert_eq!(literal.with(|_| String::new()), text);
    }
    insta::assert_snapshot!(table);
}

#[test]
fn each_place_has_its_own_escapes() {
    let mut table = String::new();
    for (text, place) in [
        ("/u/{user}?q={token}&n={n}", Place::Url),
        ("a={user}", Place::Form),
        (
            "{\"a\":\"{token}\",\"b\":{token},\"c\":{list},\"e\":{user}}",
            Place::Json,
        ),
        (
            "{\"a\":\"x {list}\",\"b\":\"\\\"{token}\",\"c\":{none}}",
            Place::Json,
        ),
        (
            "{\"p\":{plans.price},\"t\":{plans.title},\"k\":\"{env.KEY}\"}",
            Place::Json,
        ),
        ("Bearer {token}", Place::Header),
        ("{user} {ip}", Place::Header),
        ("{user}\"", Place::Quoted),
        ("{token} {id} {now}", Place::Raw),
        ("{plans.name}", Place::Raw),
        ("{env.NONE}", Place::Raw),
    ] {
        let _ = writeln!(table, "{place:?}: {text}  →  {}", rendered(text, place, 1));
    }
    insta::assert_snapshot!(table);
}

#[test]
fn what_is_drawn_repeats_and_stays_in_its_bounds() {
    let text = "{uuid} {uuid} {random(1,6)} {random(1,6)} {random(-3,-3)}";
    let (first, second) = (rendered(text, Place::Raw, 1), rendered(text, Place::Raw, 2));
    assert_eq!(first, rendered(text, Place::Raw, 1));
    assert_ne!(first, second);
    let uuids: Vec<&str> = first.split(' ').take(2).collect();
    assert_eq!(uuids[0], uuids[1]);
    let mut seen = [0; 7];
    for number in 0..6000 {
        let drawn = rendered("{random(1,6)}", Place::Raw, number);
        seen[drawn.parse::<usize>().unwrap()] += 1;
    }
    assert!(seen[0] == 0 && seen[1..].iter().all(|count| (850..1150).contains(count)));
    let whole = format!("{{random({},{})}}", i64::MIN, i64::MAX);
    rendered(&whole, Place::Raw, 3).parse::<i64>().unwrap();
}

#[test]
fn a_row_follows_from_the_numbers() {
    let row = |rows, number| table(rows, 7).row(&marks(number));
    assert_eq!(
        [0, 6, 7, 20].map(|number| row(Rows::InTurn, number)),
        [0, 6, 0, 6]
    );
    assert_eq!([0, 6].map(|number| row(Rows::Once, number)), [0, 6]);
    // User 3 of 10, whatever it sends.
    assert_eq!([3, 13, 23].map(|number| row(Rows::ByUser, number)), [3; 3]);
    let mut seen = [0; 7];
    for number in 0..7000 {
        seen[row(Rows::AtRandom, number)] += 1;
    }
    assert!(
        seen.iter().all(|count| (850..1150).contains(count)),
        "{seen:?}"
    );
    // What is asked before the load takes the last ones.
    let before = |rows, endpoint| row(rows, RequestMarks::before_load(endpoint));
    assert_eq!([0, 1].map(|endpoint| before(Rows::Once, endpoint)), [6, 5]);
    assert!(marks(RequestMarks::before_load(200)).id < 1 << 31);
}

#[test]
fn data_serialises_without_its_rows_and_variables_not_at_all() {
    let plan = plan(Rows::ByUser);
    let json = serde_json::to_string(&plan).unwrap();
    assert!(!json.contains("s3") && !json.contains("title 1"), "{json}");
    let other = PlanValues {
        data: vec![table(Rows::ByUser, 4)],
        ..plan.clone()
    };
    assert_ne!(json, serde_json::to_string(&other).unwrap());
    assert!(!format!("{plan:?}").contains("s3"));
    let same = |columns: &[&str]| {
        let columns = columns.iter().map(|&name| name.to_owned()).collect();
        DataTable::new("x", Rows::Once, columns, vec![vec![None]])
    };
    assert_eq!(same(&["a", "a"]), Err(DataError::SameColumn("a".into())));
    assert_eq!(
        DataTable::new("x", Rows::Once, Vec::new(), Vec::new()),
        Err(DataError::Empty)
    );
}

#[test]
fn a_seed_differs_from_text_to_text() {
    let seeds = ["", "a", "b", "ab", "ba"].map(|text| text_seed(8, text));
    for (at, seed) in seeds.iter().enumerate() {
        assert!(!seeds[..at].contains(seed));
    }
    assert_eq!(uuid(1), uuid(1));
    let text = String::from_utf8(uuid(1).to_vec()).unwrap();
    assert_eq!(&text[14..15], "4");
    assert!("89ab".contains(&text[19..20]));
}
