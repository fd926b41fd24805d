//! A cookie as an answer sets it (RFC 6265, 5.2).

use std::time::UNIX_EPOCH;

/// One `Set-Cookie` header; attributes that are not known or make no sense are left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SetCookie<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// Only one that begins with `/`.
    pub(super) path: Option<&'a str>,
    pub(super) domain: Option<&'a str>,
    /// In seconds.
    pub(super) max_age: Option<i64>,
    /// In seconds since 1970.
    pub(super) expires: Option<i64>,
    pub(super) is_secure: bool,
}

impl<'a> SetCookie<'a> {
    /// Reads a header's value; `None` when it names no cookie.
    pub(super) fn parse(text: &'a str) -> Option<SetCookie<'a>> {
        let mut parts = text.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let mut cookie = SetCookie {
            name: name.trim(),
            value: value.trim(),
            ..SetCookie::default()
        };
        if cookie.name.is_empty() {
            return None;
        }
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            cookie.set(&key.trim().to_ascii_lowercase(), value.trim());
        }
        Some(cookie)
    }

    fn set(&mut self, key: &str, value: &'a str) {
        match key {
            "path" => self.path = Some(value).filter(|path| path.starts_with('/')),
            "domain" if !value.is_empty() => self.domain = Some(value),
            "max-age" => self.max_age = value.parse().ok().or(self.max_age),
            "expires" => self.expires = date(value).or(self.expires),
            "secure" => self.is_secure = true,
            _ => {}
        }
    }
}

/// A date as HTTP writes it, or with the dashes that cookies often have.
fn date(text: &str) -> Option<i64> {
    let read = httpdate::parse_http_date(text)
        .or_else(|_| httpdate::parse_http_date(&text.replace('-', " ")));
    let since = read.ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_in_any_form() {
        let full =
            "id=a=b; Path=/x; DOMAIN=.shop.example; max-age=60; secure; HttpOnly; SameSite=Lax";
        let cookie = SetCookie::parse(full).expect("a cookie");
        let expected = SetCookie {
            name: "id",
            value: "a=b",
            path: Some("/x"),
            domain: Some(".shop.example"),
            max_age: Some(60),
            expires: None,
            is_secure: true,
        };
        assert_eq!(cookie, expected);
        for text in ["", "id", "=x", "; path=/"] {
            assert_eq!(SetCookie::parse(text), None, "{text}");
        }
        let odd = SetCookie::parse("a=; path=x; max-age=soon; expires=never; domain=");
        let bare = SetCookie {
            name: "a",
            ..SetCookie::default()
        };
        assert_eq!(odd, Some(bare));
    }

    #[test]
    fn dates_are_read_as_servers_write_them() {
        for text in [
            "Wed, 21 Oct 2015 07:28:00 GMT",
            "Wed, 21-Oct-2015 07:28:00 GMT",
            "Wednesday, 21-Oct-15 07:28:00 GMT",
        ] {
            let line = format!("a=b; expires={text}");
            let cookie = SetCookie::parse(&line).expect("a cookie");
            assert_eq!(cookie.expires, Some(1_445_412_480), "{text}");
        }
    }
}
