//! Cross-origin answers (SE-12): an exact list of origins, credentials for them only.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::answer::{self, Answer};
use crate::config::{AllowedOrigins, Config};

/// How long browsers may remember a preflight, in seconds; the contract's value.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Whether this is a browser asking for permission before it sends the real request.
pub fn is_preflight(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers a preflight for a path that knows `methods`.
pub fn preflight(request: &HeaderMap, config: &Config, methods: &HeaderValue) -> Answer {
    let mut granted = HeaderMap::new();
    grant(request, &config.cors, &mut granted);
    if !granted.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        return answer::text(StatusCode::BAD_REQUEST, "Disallowed CORS origin");
    }
    let mut preflight = answer::text(StatusCode::OK, "OK");
    let headers = preflight.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
    let names = format!("authorization, content-type, {}", config.api_key_header);
    if let Ok(names) = HeaderValue::try_from(names) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
    }
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    preflight
}

/// Lets a listed origin's page read the answer. An answer that has said who may read it keeps its word.
pub fn grant(request: &HeaderMap, allowed: &AllowedOrigins, answer: &mut HeaderMap) {
    if answer.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        return;
    }
    answer.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = request.get(header::ORIGIN) else { return };
    match allowed {
        AllowedOrigins::Any => {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        AllowedOrigins::Only(list) if list.iter().any(|known| known.as_bytes() == origin.as_bytes()) => {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        AllowedOrigins::Only(_) => {}
    }
}
