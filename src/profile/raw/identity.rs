//! `[identity]`, as it was written and as it is meant.

use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, InvalidValue};
use crate::plan::Rate;
use crate::profile::plan::identity::{Algorithm, IdentityRules, Login};
use crate::profile::plan::target_rules::TargetRules;
use crate::profile::raw::profile::value_or;
use crate::profile::raw::scenario::read_headers;
use crate::profile::raw::top::{path, require, to_json};
use crate::profile::text::reader::{Reader, any};
use crate::profile::text::tree::Table;
use crate::profile::value::filled::{Known, check};
use crate::profile::value::marks::check_marks;
use crate::profile::value::quantity;
use crate::profile::value::word::word;
use crate::template::Place;

const KEYS: [&str; 7] = [
    "user",
    "claims",
    "algorithm",
    "expires",
    "shared",
    "headers",
    "login",
];

/// Reads who the users are.
pub(in crate::profile) fn read(table: &Table, problems: &mut Vec<Diagnostic>) -> IdentityRules {
    let mut reader = Reader::new(table, &KEYS, problems);
    let default = IdentityRules::default();
    let algorithm = reader.text("algorithm", |text| {
        word(
            text,
            "signature algorithm",
            &["HS256", "RS256"],
            Algorithm::parse(text),
        )
    });
    let claims = json(&mut reader, "claims", &["user", "n"]);
    let login = reader.table("login");
    IdentityRules {
        user: value_or(reader.text("user", user).as_ref(), default.user),
        algorithm: value_or(algorithm.as_ref(), default.algorithm),
        expires: value_or(
            reader.scalar("expires", quantity::lasting).as_ref(),
            default.expires,
        ),
        shared: value_or(reader.bool("shared").as_ref(), default.shared),
        headers: headers(&mut reader),
        variables: default.variables,
        claims: claims.unwrap_or(default.claims),
        login: login.and_then(|table| read_login(table, problems)),
    }
}

fn read_login(table: &Table, problems: &mut Vec<Diagnostic>) -> Option<Login> {
    let mut reader = Reader::new(table, &["path", "json", "token_field", "rate"], problems);
    require(&mut reader, "path", "\"/api/v1/auth/login\"");
    require(
        &mut reader,
        "json",
        "{ email = \"{user}@example.com\", password = \"{password}\" }",
    );
    let body = json(&mut reader, "json", &["user", "n", "password"]);
    let token_field = reader.text("token_field", any);
    let rate = reader.scalar("rate", quantity::rate);
    Some(Login {
        path: reader.text("path", path)?.value,
        body: body?,
        token_field: value_or(token_field.as_ref(), "access_token".to_owned()),
        rate: match rate {
            Some(rate) => rate.value,
            None => Rate::per_second(10.0)?,
        },
        rules: TargetRules::default(),
    })
}

fn headers(reader: &mut Reader<'_, '_>) -> Vec<(String, String)> {
    let known = Known {
        fixed: &["user", "n", "ip"],
        ..Known::default()
    };
    let headers = read_headers(reader);
    for header in &headers {
        if let Err(complaint) = check(&header.value.1, Place::Header, &known) {
            reader.problems().push(complaint.at(header.place.clone()));
        }
    }
    headers.into_iter().map(|at| at.value).collect()
}

/// A JSON object in whose texts these marks are filled in.
fn json(reader: &mut Reader<'_, '_>, key: &str, filled: &[&str]) -> Option<Json> {
    let node = reader.node(key)?;
    let complaint = match to_json(&node.value) {
        Some(object @ Json::Object(_)) => match check_marks(&object.to_string(), filled) {
            Ok(()) => return Some(object),
            Err(complaint) => complaint,
        },
        Some(_) => InvalidValue::new("a table is wanted here"),
        None => InvalidValue::new("JSON has no such number (nan, inf)"),
    };
    reader.problems().push(complaint.at(node.place.clone()));
    None
}

/// Users who all have the same name are one user.
fn user(text: &str) -> quantity::ReadValue<String> {
    check_marks(text, &["n"])?;
    if text.contains("{n}") {
        return Ok(text.to_owned());
    }
    Err(InvalidValue::new("every user would have the same name")
        .help("write {n} where its number goes: user = \"load-user-{n}\""))
}
