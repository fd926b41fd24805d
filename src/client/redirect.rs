//! Where a redirect leads, and whether it is followed.

use http::HeaderMap;
use http::header::LOCATION;
use url::{Position, Url};

use super::PreparedRequest;
use super::request::without_query;
use crate::profile::Redirects;

/// What a redirect of a request means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Redirect {
    /// It is followed to this path and query.
    Followed(String),
    /// It leads to this path, and is not followed.
    Reported(String),
    /// It leaves the target, or leads nowhere; with what may be shown of it.
    Elsewhere(Option<Url>, String),
}

/// The redirect that an answer is; `None` when it is none.
pub(super) fn redirect(
    policy: Redirects,
    origin: &Url,
    request: &PreparedRequest,
    (status, headers): (u16, &HeaderMap),
) -> Option<Redirect> {
    let is_redirect = matches!(status, 301 | 302 | 303 | 307 | 308);
    let location = headers.get(LOCATION).filter(|_| is_redirect)?;
    let location = location.to_str().ok()?;
    let root = origin.as_str().trim_end_matches('/');
    let here = Url::parse(&format!("{root}{}", request.path()));
    let there = here.and_then(|here| here.join(location)).ok();
    let Some(there) = there
        .as_ref()
        .filter(|there| there.origin() == origin.origin())
    else {
        let shown = without_query(location).to_owned();
        return Some(Redirect::Elsewhere(there, shown));
    };
    let path = there[Position::BeforePath..Position::AfterQuery].to_owned();
    let bare = |path: &str| path.trim_end_matches('/').to_owned();
    let is_same = bare(without_query(request.path())) == bare(without_query(&path));
    Some(
        if policy.follows(request.method().as_str(), status, is_same) {
            Redirect::Followed(path)
        } else {
            Redirect::Reported(path)
        },
    )
}

/// Where a browser goes from an answer: to a path within the target, or to a place elsewhere. `None` when the answer is not
/// a redirect.
pub(super) fn as_browser(
    origin: &Url,
    request: &PreparedRequest,
    head: (u16, &HeaderMap),
) -> Option<Result<String, String>> {
    match redirect(Redirects::All, origin, request, head)? {
        Redirect::Followed(path) | Redirect::Reported(path) => Some(Ok(path)),
        Redirect::Elsewhere(_, place) => Some(Err(place)),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::plan::{Endpoint, EndpointKind};
    use crate::profile::{Destination, HttpVersion};

    fn lead(method: &str, path: &str, status: u16, location: &'static str) -> Option<Redirect> {
        let destination = Destination {
            origin: "http://shop:8000".parse().unwrap(),
            token: None,
            insecure: false,
            http: HttpVersion::Auto,
            users: std::sync::Arc::default(),
        };
        let endpoint = Endpoint {
            name: String::new(),
            kind: EndpointKind::Http,
            method: method.to_owned(),
            path: path.to_owned(),
            weight: 1,
            headers: Vec::new(),
            body: String::new(),
            auth: false,
            expect: vec![200],
            ..Endpoint::default()
        };
        let request = PreparedRequest::new(&[], &endpoint, &destination).unwrap();
        let headers = [(LOCATION, HeaderValue::from_static(location))]
            .into_iter()
            .collect();
        redirect(
            Redirects::Permanent,
            &destination.origin,
            &request,
            (status, &headers),
        )
    }

    #[test]
    fn permanent_redirects_and_slashes_are_followed_and_the_rest_is_reported() {
        let followed = |path: &str| Some(Redirect::Followed(path.to_owned()));
        let reported = |path: &str| Some(Redirect::Reported(path.to_owned()));
        assert_eq!(lead("GET", "/x", 301, "/y?b=1#part"), followed("/y?b=1"));
        assert_eq!(lead("GET", "/x", 302, "/y"), reported("/y"));
        // The page of one session is not everybody's.
        assert_eq!(lead("GET", "/", 302, "/s/abc"), reported("/s/abc"));
        assert_eq!(lead("GET", "/", 307, "/s/abc"), reported("/s/abc"));
        for status in [301, 302, 303, 308] {
            assert_eq!(
                lead("POST", "/orders", status, "/orders/17"),
                reported("/orders/17")
            );
        }
        for (method, status) in [("GET", 302), ("GET", 307), ("POST", 307), ("POST", 308)] {
            let slash = lead(method, "/x?a=1", status, "http://shop:8000/x/?a=1");
            assert_eq!(slash, followed("/x/?a=1"), "{method} {status}");
        }
        // A browser makes a GET of it.
        assert_eq!(lead("POST", "/x", 303, "/x/"), reported("/x/"));
        assert_eq!(lead("GET", "/x", 200, "/y"), None);
        assert_eq!(lead("GET", "/x", 304, "/y"), None);
        for elsewhere in [
            "https://shop:8000/x",
            "http://shop/x",
            "//other/x",
            "http://[",
        ] {
            let lead = lead("GET", "/x", 301, elsewhere);
            assert!(matches!(lead, Some(Redirect::Elsewhere(..))), "{elsewhere}");
        }
    }
}
