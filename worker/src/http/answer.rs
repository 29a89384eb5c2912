//! Answers, and the headers that every one of them carries (SE-13).

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde::Serialize;

/// What a handler gives back; the host turns it into the runtime's response.
pub type Answer = Response<Vec<u8>>;

/// A JSON answer.
pub fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    json_text(status, serde_json::to_string(body).expect("views are plain structs with string keys"))
}

/// A JSON answer from its text.
pub fn json_text(status: StatusCode, body: String) -> Answer {
    let mut answer = Response::new(body.into_bytes());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// An answer of any type.
pub fn bytes(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// A plain-text answer.
pub fn text(status: StatusCode, body: &'static str) -> Answer {
    let mut answer = Response::new(body.as_bytes().to_vec());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

/// A page of ours: it may run our own script and talk to us, and nothing else.
pub fn page(html: String) -> Answer {
    const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    let mut page = bytes(StatusCode::OK, "text/html; charset=utf-8", html.into_bytes());
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    page
}

/// What every request gets while the configuration is refused. The log names the variables.
pub fn misconfigured(transport: Transport) -> Answer {
    let mut answer = json(
        StatusCode::SERVICE_UNAVAILABLE,
        &serde_json::json!({"detail": "The service is not configured. See its log."}),
    );
    secure(answer.headers_mut(), transport);
    answer
}

/// How the client reached us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// http: local development.
    Plain,
    /// https.
    Tls,
}

impl Transport {
    /// Reads it off an absolute address.
    pub fn of_url(url: &str) -> Self {
        if url.starts_with("https:") { Self::Tls } else { Self::Plain }
    }
}

/// Adds the headers of SE-13, on answers and errors alike.
pub fn secure(headers: &mut HeaderMap, transport: Transport) {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    if transport == Transport::Tls {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
}
