//! The database to look at: from a URL, and from where passwords and services are kept.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::flags::complaint_line;
use crate::connection::{DatabaseUrl, Stated, TLS_PARAMETERS};
use crate::optimize::libpq_files::{from_passfile, from_service_file, url_of};
use crate::profile::read_text;
use crate::secret::Secret;

/// Where the system keeps services for everybody.
const SYSTEM_SERVICES: &str = "/etc/postgresql-common/pg_service.conf";

/// Whether anything names a database.
pub(super) fn is_named(url: Option<&str>, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    url.is_some() || variable("PGSERVICE").is_some()
}

/// The database, with its password if one is kept anywhere: in the URL, in `PGPASSWORD`, in the service or in the
/// password file, in this order. What it says of TLS is that of the URL, of the service and of variables, in this order.
pub(super) fn database(
    url: Option<&str>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<DatabaseUrl, String> {
    let service = variable("PGSERVICE")
        .map(|name| service(&name, variable))
        .transpose()?
        .unwrap_or_default();
    let (of_service, kept) = url_of(&service);
    let text = match url {
        Some(url) => url,
        None if !service.is_empty() => &of_service,
        None => {
            return Err(
                "--database-url is missing: name the database, or set DATABASE_URL or PGSERVICE"
                    .to_owned(),
            );
        }
    };
    let url = DatabaseUrl::parse_over(text, &|name| tls_parameter(name, &service, variable));
    let url = url.map_err(|complaint| format!("--database-url: {}", complaint_line(complaint)))?;
    if !url.needs_password() {
        return Ok(url);
    }
    let password = variable("PGPASSWORD").map(Secret::new).or(kept);
    let password = match (password, url.place()) {
        (None, Some(place)) => passfile(variable)?.and_then(|text| from_passfile(&text, &place)),
        (password, _) => password,
    };
    Ok(match password {
        Some(password) => url.with_password(&password),
        None => url,
    })
}

fn tls_parameter(
    name: &str,
    service: &BTreeMap<String, String>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<Stated> {
    if let Some(value) = service.get(name) {
        return Some(Stated::new(format!("{name} of PGSERVICE"), value));
    }
    let place = format!("PG{}", name.to_uppercase());
    let value = variable(&place).filter(|value| !value.is_empty())?;
    Some(Stated::new(place, value))
}

fn service(
    name: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, String> {
    let own = variable("PGSERVICEFILE").map(PathBuf::from);
    let own = own.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".pg_service.conf")));
    let files = own.into_iter().chain([PathBuf::from(SYSTEM_SERVICES)]);
    for file in files {
        let found = read_text(&file).ok();
        if let Some(service) = found.and_then(|text| from_service_file(&text, name)) {
            // One that was passed over could be a list of certificates that are not to be trusted.
            let mut of_tls = service.keys().filter(|key| key.starts_with("ssl"));
            return match of_tls.find(|key| !TLS_PARAMETERS.contains(&key.as_str())) {
                Some(key) => Err(format!(
                    "PGSERVICE={name}: {key} is not a known parameter; the known TLS parameters are {}",
                    TLS_PARAMETERS.join(", ")
                )),
                None => Ok(service),
            };
        }
    }
    Err(format!(
        "PGSERVICE={name}: it is in no service file; see PGSERVICEFILE and ~/.pg_service.conf"
    ))
}

/// The password file's text; `None` when there is none.
fn passfile(variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<String>, String> {
    let named = variable("PGPASSFILE").map(PathBuf::from);
    let own = || Some(PathBuf::from(variable("HOME")?).join(".pgpass"));
    let Some(path) = named.or_else(own) else {
        return Ok(None);
    };
    if is_open(&path) {
        // As libpq has it; but it is told, as it would only show as a password that is missing.
        return Err(format!(
            "{}: it is readable by other users; run chmod 600 on it",
            path.display()
        ));
    }
    Ok(read_text(&path).ok())
}

#[cfg(unix)]
fn is_open(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &std::path::Path) -> bool {
    false
}
