//! Password files and service files of `libpq`. Pure: the caller passes their text.

use std::collections::BTreeMap;

use crate::connection::{DatabasePlace, percent_encoded};
use agentos_perf_core::secret::Secret;

/// The password of the first line of a password file that fits (`host:port:database:user:password`, `*` for any,
/// `\` before a colon that is meant).
pub fn from_passfile(text: &str, place: &DatabasePlace) -> Option<Secret> {
    let port = place.port.to_string();
    let wanted = [&place.host, &port, &place.database, &place.user];
    for line in text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
    {
        let fields = fields(line);
        let [of @ .., password] = fields.as_slice() else {
            continue;
        };
        let fits = of.len() == wanted.len()
            && of
                .iter()
                .zip(wanted)
                .all(|(field, wanted)| field == "*" || field == wanted);
        if fits {
            return Some(Secret::new(password.clone()));
        }
    }
    None
}

fn fields(line: &str) -> Vec<String> {
    const MOST: usize = 5;
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        let last = fields.len() - 1;
        match letter {
            '\\' => fields[last].extend(letters.next()),
            ':' if fields.len() < MOST => fields.push(String::new()),
            letter => fields[last].push(letter),
        }
    }
    fields
}

/// The settings of one service of a service file (`[name]`, then `key=value`); `None` when it is not in it.
pub fn from_service_file(text: &str, name: &str) -> Option<BTreeMap<String, String>> {
    let mut found: Option<BTreeMap<String, String>> = None;
    for line in text.lines().map(str::trim) {
        if let Some(title) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            if found.is_some() {
                break;
            }
            found = (title == name).then(BTreeMap::new);
        } else if let Some(settings) = &mut found
            && !line.starts_with('#')
            && let Some((key, value)) = line.split_once('=')
        {
            settings.insert(key.trim().to_owned(), value.trim().to_owned());
        }
    }
    found
}

/// The URL of a service, without its password and what it says of TLS; the password beside it.
pub fn url_of(service: &BTreeMap<String, String>) -> (String, Option<Secret>) {
    let value = |key: &str| service.get(key).map_or("", String::as_str);
    let user = match value("user") {
        "" => String::new(),
        user => format!("{}@", percent_encoded(user)),
    };
    let host = match value("host") {
        "" => "localhost".to_owned(),
        folder if folder.starts_with('/') => percent_encoded(folder),
        host => host.to_owned(),
    };
    let port = match value("port") {
        "" => String::new(),
        port => format!(":{port}"),
    };
    let url = format!(
        "postgres://{user}{host}{port}/{}",
        percent_encoded(value("dbname"))
    );
    let password = service
        .get("password")
        .map(|password| Secret::new(password.clone()));
    (url, password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> DatabasePlace {
        DatabasePlace {
            host: "db.example".to_owned(),
            port: 5433,
            database: "app".to_owned(),
            user: "me".to_owned(),
        }
    }

    #[test]
    fn the_first_line_of_a_passfile_that_fits_has_the_password() {
        let table = [
            ("db.example:5433:app:me:secret", Some("secret")),
            (
                "# a comment\n*:*:*:me:any\ndb.example:5433:app:me:late",
                Some("any"),
            ),
            (
                "db.example:5432:app:me:other\n*:5433:*:*:this",
                Some("this"),
            ),
            (
                "db.example:5433:app:me:with\\:colon\\\\and:more",
                Some("with:colon\\and:more"),
            ),
            ("db.example:5433:app:you:secret", None),
            ("nonsense\n:::\n", None),
            ("", None),
        ];
        for (text, wanted) in table {
            let found = from_passfile(text, &place());
            assert_eq!(found.as_ref().map(Secret::reveal), wanted, "{text}");
        }
    }

    #[test]
    fn a_service_is_a_url_and_a_password() {
        let text = "[other]\nhost=no\n\n[app]\n# ours\nhost = db.example\nport=5433\nuser=m@e\ndbname=app\npassword=hunter2\n[last]\nhost=no";
        let service = from_service_file(text, "app").unwrap();
        let (url, password) = url_of(&service);
        assert_eq!(url, "postgres://m%40e@db.example:5433/app");
        assert_eq!(password.unwrap().reveal(), "hunter2");
        assert_eq!(from_service_file(text, "none"), None);
        let socket = from_service_file("[s]\nhost=/run/postgresql\ndbname=a", "s").unwrap();
        assert_eq!(url_of(&socket).0, "postgres://%2Frun%2Fpostgresql/a");
    }
}
