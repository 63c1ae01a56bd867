//! Pages of other origins: which of them may ask from a browser. Where none is named, browsers keep all of them away.

use axum::http::header::{ETAG, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue};
use std::str::FromStr;
use std::time::Duration;
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

/// How long a browser may remember what it was allowed.
const REMEMBERED: Duration = Duration::from_secs(600);

/// What pages may read of an answer beside its body.
const SHOWN: [HeaderName; 5] = [
    ETAG,
    LOCATION,
    RETRY_AFTER,
    HeaderName::from_static("millrace-position"),
    HeaderName::from_static("idempotent-replayed"),
];

/// An origin as browsers say it: `https://shop.example`, with a port where it is not the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
        if host.is_empty() || !host.bytes().all(fits) {
            return Err("an origin is `https://shop.example`, without a path, in small letters".to_owned());
        }
        HeaderValue::from_str(text).map(Self).map_err(|error| error.to_string())
    }
}

/// What answers browsers for pages of these origins; none if there are none. Nothing here is a cookie, so pages may say that
/// they send theirs, as some clients do without a reason.
#[must_use]
pub fn layer(origins: &[Origin]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let allowed = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().map(|origin| origin.0.clone())))
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request())
        .allow_credentials(true)
        .expose_headers(SHOWN)
        .max_age(REMEMBERED);
    Some(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_scheme_and_a_host_and_nothing_else() {
        for (text, is_one) in [
            ("https://shop.example", true),
            ("http://localhost:5173", true),
            ("http://[::1]:8000", true),
            ("https://shop.example/", false),
            ("https://Shop.example", false),
            ("shop.example", false),
            ("https://", false),
            ("*", false),
            ("null", false),
        ] {
            assert_eq!(text.parse::<Origin>().is_ok(), is_one, "{text}");
        }
    }
}
