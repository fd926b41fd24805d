//! The token: taken from a flag, a variable or a file, and never shown.

use std::path::Path;

use crate::diagnostic::{Diagnostic, InvalidValue, Spanned};
use crate::harness::options::flags::target::TargetFlags;
use crate::harness::options::users_file::read_users;
use crate::harness::run::identity::Credentials;
use crate::profile::{file_trouble, read_text};
use crate::secret::Secret;

/// The token that was given, if any.
pub(in crate::harness) fn token(
    flags: &TargetFlags,
    problems: &mut Vec<Diagnostic>,
) -> Option<Secret> {
    let read = match (&flags.token, &flags.token_file) {
        (Some(_), Some(file)) => Err(InvalidValue::new("two tokens are given")
            .help("keep either the token or the token file")
            .at(file.place.clone())),
        (Some(given), None) => {
            checked(given.value.reveal()).map_err(|complaint| complaint.at(given.place.clone()))
        }
        (None, Some(given)) => from_file(given),
        (None, None) => return None,
    };
    match read {
        Ok(token) => Some(token),
        Err(problem) => {
            problems.push(problem);
            None
        }
    }
}

/// What virtual users identify themselves with, as far as it was given.
pub(in crate::harness) fn credentials(
    flags: &TargetFlags,
    problems: &mut Vec<Diagnostic>,
) -> Credentials {
    let mut found = Credentials::default();
    if let Some(given) = &flags.users_file {
        let path = Path::new(&given.value);
        match read_users(path) {
            Ok(users) => found.users = users,
            Err(message) => problems.push(InvalidValue::new(message).at(given.place.clone())),
        }
        found.file = Some(path.to_owned());
    }
    let mut secret = |given: &Option<Spanned<Secret>>| {
        let given = given.as_ref()?;
        if given.value.reveal().trim().is_empty() {
            problems.push(InvalidValue::new("its value is empty").at(given.place.clone()));
            return None;
        }
        Some(given.value.clone())
    };
    found.signing_key = secret(&flags.jwt_secret);
    found.password = secret(&flags.login_password);
    found
}

fn from_file(given: &Spanned<String>) -> Result<Secret, Diagnostic> {
    let complain = |complaint: InvalidValue| complaint.at(given.place.clone());
    if given.value.is_empty() {
        return Err(complain(InvalidValue::new("names no file")));
    }
    let text = read_text(Path::new(&given.value)).map_err(|error| {
        complain(InvalidValue::new(format!(
            "`{}` cannot be read: {}",
            given.value,
            file_trouble(&error)
        )))
    })?;
    checked(&text).map_err(|complaint| {
        let message = format!("`{}`: {}", given.value, complaint.message);
        complain(InvalidValue {
            message,
            ..complaint
        })
    })
}

/// Refuses what can't stand in a header, without repeating any of it.
fn checked(text: &str) -> Result<Secret, InvalidValue> {
    let token = text.trim_start_matches('\u{feff}').trim();
    if token.is_empty() {
        return Err(InvalidValue::new("the token is empty"));
    }
    let bare = token.strip_prefix("Bearer ").map(str::trim);
    if bare.is_some() {
        return Err(InvalidValue::new("the token begins with `Bearer `")
            .help("leave that word out; it is put before the token by itself"));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(InvalidValue::new(
            "the token has spaces, line breaks or characters other than ASCII",
        )
        .help("give the token alone, without quotes or other text around it"));
    }
    Ok(Secret::new(token))
}
