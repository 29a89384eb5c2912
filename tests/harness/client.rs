use http::{HeaderName, HeaderValue, Method, Request};
use serde_json::Value;

use super::{Answer, TestApp};

/// Someone who talks to the app: always the same headers, no cookie jar.
#[derive(Clone)]
pub(crate) struct Client<'a> {
    app: &'a TestApp,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl<'a> Client<'a> {
    pub(super) fn new(app: &'a TestApp) -> Self {
        Self { app, headers: Vec::new() }
    }

    /// The same client with another header on every request.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        self
    }

    /// The same for a header whose name is not known beforehand.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, HeaderValue::from_str(value).unwrap()));
        self
    }

    /// The same client with a token in the `Authorization` header.
    pub(crate) fn with_token(self, token: impl AsRef<str>) -> Self {
        self.with("authorization", &format!("Bearer {}", token.as_ref()))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, Vec::new())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.app.send(self.json_request(path, body))
    }

    /// Any method, content type and bytes.
    pub(crate) fn send(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Answer {
        self.app.send(self.request(method, path, content_type, body))
    }

    /// A `POST` of JSON that has not been sent yet.
    pub(crate) fn json_request(&self, path: &str, body: &Value) -> Request<Vec<u8>> {
        self.request(Method::POST, path, Some("application/json"), serde_json::to_vec(body).unwrap())
    }

    /// Anything that has not been sent yet.
    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Request<Vec<u8>> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        request.body(body).unwrap()
    }
}
