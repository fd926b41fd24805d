//! What may go wrong with values, all of it found before the first request; and what goes right.

use std::collections::BTreeMap;
use std::path::Path;

use tempfile::TempDir;

use crate::diagnostic::render_diagnostics;
use crate::plan::{Content, Plan};
use crate::profile::{Overrides, Profile, ProfileSource, load};

const REQUIREMENT: &str = "[[requirement]]\nname = \"s::p50\"\nscenario = \"s\"\nmetric = \"response_time_p50\"\nlimit = \"< 1 s\"\n";

/// A folder with data files, in which profiles are read.
struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        let folder = TempDir::new().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        };
        write(
            "plans.csv",
            b"title,price\nS,5\n\"M, \xc3\xa9\",10\n..,20\n",
        );
        write("carts.jsonl", b"{\"items\":[1,2]}\n{\"other\":1}\n");
        write("broken.csv", b"a,b\n1\n");
        write("cv.pdf", b"%PDF \x00\xff");
        Folder(folder)
    }

    fn load(&self, text: &str, variables: &[(&str, &str)]) -> Result<Profile, String> {
        let path = self.0.path().join("own.toml");
        std::fs::write(&path, text).unwrap();
        let named = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        let overrides = Overrides {
            variables: Some(variables.iter().map(named).collect::<BTreeMap<_, _>>()),
            ..Overrides::default()
        };
        let shown =
            |text: String, folder: &Path| text.replace(&format!("{}/", folder.display()), "");
        load(&ProfileSource::File(path), &overrides)
            .map_err(|problems| shown(render_diagnostics(&problems), self.0.path()))
    }

    fn plan(&self, text: &str, variables: &[(&str, &str)]) -> Plan {
        let profile = self.load(text, variables);
        profile
            .unwrap_or_else(|said| panic!("{said}"))
            .plans
            .remove(0)
    }
}

fn endpoint(name: &str, rest: &str) -> String {
    format!("[[scenario.s.endpoint]]\nname = \"{name}\"\nweight = 10\n{rest}\n")
}

fn profile(top: &str, endpoints: &[String]) -> String {
    format!(
        "{top}\n[scenario.s]\narrivals = \"constant\"\nrate = \"10/s\"\nduration = \"10s\"\n{}{REQUIREMENT}",
        endpoints.concat()
    )
}

#[test]
fn every_misuse_is_reported_at_once() {
    let data = "[target]\nheaders = { X-Plan = \"{plans.title}\", Authorization = \"Basic dXNlcjpodW50ZXIy\" }\n\
                [data.plans]\nfile = \"plans.csv\"\nrows = \"once\"\n[data.carts]\nfile = \"carts.jsonl\"\n\
                [data.broken]\nfile = \"broken.csv\"\n[data.none]\nfile = \"none.csv\"\nrows = \"shuffled\"\n\
                [data.env]\nfile = \"plans.csv\"\n";
    let rest = [
        ("unknown", "path = \"/users/{usr}\""),
        ("later", "path = \"/\"\nbody = \"{token}\""),
        (
            "column",
            "path = \"/{plans.titel}\"\njson = { a = \"{plan.title}\" }",
        ),
        (
            "hole",
            "path = \"/\"\njson = { a = \"{carts.items:json}\", b = \"x {carts.items:json}\" }",
        ),
        (
            "header",
            "path = \"/\"\nheaders = { A = \"{plans.title}\", B = \"{env.MISSING}\", C = \"{env.LINE}\" }",
        ),
        ("dots", "path = \"/{plans.title}\"\nform = { a = [1] }"),
        ("two", "path = \"/\"\nbody = \"x\"\njson = { a = 1 }"),
        ("nan", "path = \"/{random(5,1)}\"\njson = { a = nan }"),
        (
            "values",
            "path = \"/{n:json}\"\nbody = '{\"a\":\"x {n:json}\",\"b\":{n:json}}'",
        ),
        (
            "type",
            "path = \"/\"\nheaders = { Content-Type = \"multipart/form-data\" }\nmultipart = [{ name = \"a\", value = \"b\" }]",
        ),
        ("file", "path = \"/{price:json}\"\nbody_file = \"none.bin\""),
        (
            "parts",
            "path = \"/{broken.a}\"\nheaders = { Content-Type = \"multipart/form-data\" }\n\
             multipart = [{ name = \"a\", file = \"none.pdf\" }, { name = \"b\" }, { file = \"cv.pdf\", type = \"pdf\" }]",
        ),
    ];
    let weighed = |(at, (name, rest)): (usize, &(&str, &str))| {
        let weight = if at == 0 { 100 - 8 * 11 } else { 8 };
        endpoint(name, rest).replace("weight = 10", &format!("weight = {weight}"))
    };
    let endpoints: Vec<String> = rest.iter().enumerate().map(weighed).collect();
    let folder = Folder::new();
    let said = folder.load(&profile(data, &endpoints), &[("LINE", "a\nb-hunter3")]);
    let said = said.map(|_| ()).unwrap_err();
    assert!(!said.contains("hunter"), "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn rows_that_are_used_once_must_be_enough() {
    let folder = Folder::new();
    let data = "[data.plans]\nfile = \"plans.csv\"\nrows = \"once\"\n";
    let with = |arrivals: &str| {
        let scenario = |name: &str, arrivals: &str| {
            format!(
                "[scenario.{name}]\n{arrivals}\n[[scenario.{name}.endpoint]]\npath = \"/\"\nbody = \"{{plans.price}}\"\n"
            )
        };
        let mut arrivals = arrivals.split('|');
        let one = scenario("s", arrivals.next().unwrap());
        let two = arrivals.next().map(|more| scenario("t", more));
        folder.load(
            &format!("{data}{one}{}{REQUIREMENT}", two.unwrap_or_default()),
            &[],
        )
    };
    let few = "arrivals = \"burst\"\nusers = 1\nevery = \"10s\"\nduration = \"10s\"";
    // One each 10 s of 10 s, and one more for its end; one before the load.
    with(few).unwrap_or_else(|said| panic!("{said}"));
    let said = [
        with(
            "arrivals = \"users\"\nusers = 20\nthink_time = \"2s\"\nduration = \"60s\"\nextend = \"30s\"",
        ),
        with("arrivals = \"constant\"\nrate = \"100/s\"\nramp_up = \"10s\"\nduration = \"60s\""),
        with("arrivals = \"poisson\"\nrate = \"100/s\"\nduration = \"60s\""),
        with(&format!("{few}|{few}")),
        with(
            "arrivals = \"steps\"\nsteps = [1, 2]\nduration = \"5s\"\nbreak_when = { p95 = \"> 1 s\" }",
        ),
    ];
    let said: Vec<String> = said
        .into_iter()
        .map(|said| said.map(|_| ()).unwrap_err())
        .collect();
    insta::assert_snapshot!(said.concat());
}

#[test]
fn bodies_become_what_is_sent() {
    let folder = Folder::new();
    let rest = [
        (
            "json",
            "path = \"/\"\njson = { a = \"{plans.title}\", b = \"{plans.price:json}\", c = [1, true] }",
        ),
        (
            "form",
            "path = \"/\"\nform = { \"a b\" = \"x&{user}\", n = 3, yes = true }",
        ),
        ("static", "path = \"/\"\nform = { a = \"é\" }"),
        (
            "graphql",
            "path = \"/graphql\"\ngraphql = { query = \"query Q($id: ID) { item(id: $id) {id} }\", operation = \"Q\", \
             variables = { id = \"{id}\" } }",
        ),
        (
            "text",
            "path = \"/\"\nmethod = \"PUT\"\nbody = '{\"a\": {n}}'\nheaders = { Content-Type = \"text/x\" }",
        ),
        ("raw", "path = \"/\"\nbody = 'a {n}'"),
        ("file", "path = \"/\"\nbody_file = \"cv.pdf\""),
        (
            "parts",
            "path = \"/\"\nmultipart = [{ name = \"doc\", file = \"cv.pdf\" }, { name = \"note\", value = \"of {user}\" }, \
             { name = \"x\", file = \"cv.pdf\", filename = \"{n}.bin\", type = \"a/b\" }]",
        ),
        ("plain", "path = \"/\"\njson = { a = 1 }"),
        (
            "auth",
            "path = \"/\"\nheaders = { Authorization = \"Basic {env.KEY}\" }",
        ),
    ];
    let endpoints: Vec<String> = rest
        .iter()
        .map(|(name, rest)| endpoint(name, rest))
        .collect();
    let text = profile("[data.plans]\nfile = \"plans.csv\"", &endpoints);
    let plan = folder.plan(&text, &[("KEY", "hunter2hunter2")]);
    let shown: Vec<serde_json::Value> = plan
        .endpoints
        .iter()
        .map(|endpoint| {
            serde_json::json!({
                "method": endpoint.method, "headers": endpoint.headers, "body": endpoint.body,
                "content": endpoint.content, "name": endpoint.name,
            })
        })
        .collect();
    insta::assert_json_snapshot!(shown);
    assert_eq!(plan.endpoints[8].content, Content::Text);
    // The fingerprint knows the data and the files, but no variable.
    let other = folder.plan(&text, &[("KEY", "another")]);
    assert_eq!(plan.fingerprint(), other.fingerprint());
    assert!(!format!("{plan:?}").contains("hunter2"));
    std::fs::write(folder.0.path().join("plans.csv"), "title,price\nS,6\n").unwrap();
    let other = folder.plan(&text, &[("KEY", "another")]);
    assert_ne!(plan.fingerprint(), other.fingerprint());
}

#[test]
fn what_is_left_out_needs_no_variable() {
    let folder = Folder::new();
    let text = format!(
        "{}[scenario.t]\narrivals = \"constant\"\nrate = \"1/s\"\nduration = \"10s\"\n\
         [[scenario.t.endpoint]]\npath = \"/{{env.MISSING}}\"\n",
        profile("", &[endpoint("a", "path = \"/\"").replace("10", "100")])
    );
    let path = folder.0.path().join("own.toml");
    std::fs::write(&path, text).unwrap();
    let place = crate::diagnostic::Origin::Flag("--scenarios".into());
    let overrides = Overrides {
        variables: Some(BTreeMap::new()),
        scenarios: Some(crate::diagnostic::Spanned::new(vec!["s".into()], place)),
        ..Overrides::default()
    };
    load(&ProfileSource::File(path), &overrides).unwrap();
}
