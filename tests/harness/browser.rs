use alloc::collections::BTreeMap;
use core::cell::RefCell;

use http::Method;
use serde_json::{Value, json};

use super::{Answer, Client, PASSWORD, TestApp};

/// A page of our own in a browser: keeps cookies, says where requests come from, holds an access token.
pub(crate) struct Browser<'a> {
    client: Client<'a>,
    cookies: RefCell<BTreeMap<String, String>>,
    token: RefCell<Option<String>>,
}

impl<'a> Browser<'a> {
    pub(crate) fn of(app: &'a TestApp) -> Self {
        Self::from_network(app, "203.0.113.50")
    }

    /// The same from elsewhere.
    pub(crate) fn from_network(app: &'a TestApp, network: &str) -> Self {
        let client = app.anonymous().with("cf-connecting-ip", network).with("sec-fetch-site", "same-origin");
        Self { client, cookies: RefCell::default(), token: RefCell::default() }
    }

    /// What the browser keeps under a name.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    /// Puts a cookie into the browser.
    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.to_string(), value.to_string());
    }

    /// The access token that the page holds.
    pub(crate) fn token(&self) -> String {
        self.token.borrow().clone().expect("nobody is signed in here")
    }

    /// Lets the page forget its token, as a reload does.
    pub(crate) fn reload(&self) {
        self.token.take();
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body))
    }

    /// A `POST` without a body, as the client sends many.
    pub(crate) fn poke(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None)
    }

    pub(crate) fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let (content_type, bytes) = match body {
            Some(body) => (Some("application/json"), serde_json::to_vec(body).unwrap()),
            None => (None, Vec::new()),
        };
        let answer = self.client().send(method, path, content_type, bytes);
        for cookie in answer.cookies() {
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.cookies.borrow_mut().insert(name.to_string(), value.to_string());
            }
        }
        answer
    }

    /// What this browser would send, for requests that are sent in another way.
    pub(crate) fn client(&self) -> Client<'a> {
        let cookies: Vec<_> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let client = self.client.clone();
        let client = if cookies.is_empty() { client } else { client.with("cookie", &cookies.join("; ")) };
        match &*self.token.borrow() {
            Some(token) => client.with_token(token),
            None => client,
        }
    }

    /// Keeps the access token of an answer, as the page does.
    pub(crate) fn keep(&self, answer: &Answer) {
        assert_eq!(answer.status, 200, "{answer:?}");
        *self.token.borrow_mut() = Some(answer.token());
    }

    /// Registers with the usual password.
    pub(crate) fn register(&self, name: &str, email: &str) -> Answer {
        self.post(
            "/api/auth/register",
            &json!({"name": name, "email": email, "password": PASSWORD, "confirm_password": PASSWORD}),
        )
    }

    /// Signs in; what came back.
    pub(crate) fn try_login(&self, email: &str, password: &str) -> Answer {
        self.post("/api/auth/login", &json!({"email": email, "password": password}))
    }

    /// Signs in with the usual password.
    pub(crate) fn login(&self, email: &str) -> Answer {
        let answer = self.try_login(email, PASSWORD);
        self.keep(&answer);
        answer
    }
}
