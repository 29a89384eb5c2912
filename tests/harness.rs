//! `TestApp`: Portico on one of two hosts, and clients that talk to it.

mod answer;
mod authenticator;
mod browser;
mod client;
mod native;
mod transcript;
mod workerd;

use core::sync::atomic::{AtomicU8, Ordering};

use serde_json::{Value, json};

pub(crate) use answer::Answer;
pub(crate) use authenticator::Authenticator;
pub(crate) use browser::Browser;
pub(crate) use client::Client;
pub(crate) use native::Native;
pub(crate) use workerd::{Node, WORKER, Workerd, root, send};

/// The password of every account the harness creates.
pub(crate) const PASSWORD: &str = "correct horse";

/// What a backend of Open WebUI would share with us.
pub(crate) const WEBUI_SECRET: &str = "test-webui-0123456789abcdef0123456789abcdef";

/// Configuration that every app starts with.
const SECRETS: [(&str, &str); 2] =
    [("PORTICO_SECRET", "test-secret-0123456789abcdef0123456789abcdef"), ("WEBUI_SECRET_KEY", WEBUI_SECRET)];

/// Portico with storage of its own.
pub(crate) enum TestApp {
    Native(Box<Native>),
    Workerd(Workerd),
}

impl TestApp {
    /// An app without users, on the host that this run is about.
    pub(crate) fn new() -> Self {
        Self::with_vars(&[])
    }

    /// The same with more configuration.
    pub(crate) fn with_vars(vars: &[(&str, &str)]) -> Self {
        let vars: Vec<_> = SECRETS.iter().chain(vars).copied().collect();
        if on_workerd() {
            Self::Workerd(Workerd::start(&vars))
        } else {
            Self::Native(Box::new(Native::start(&vars)))
        }
    }

    /// The built Worker with bindings that count and fail.
    pub(crate) fn meddled(vars: &[(&str, &str)]) -> Self {
        let vars: Vec<_> = SECRETS.iter().chain(vars).copied().collect();
        Self::Workerd(Workerd::start_meddled(&vars))
    }

    /// Someone without credentials.
    pub(crate) fn anonymous(&self) -> Client<'_> {
        Client::new(self)
    }

    /// Creates an account and hands out a client that shows its token in the header.
    pub(crate) fn sign_up(&self, name: &str, email: &str) -> Client<'_> {
        let form = json!({"name": name, "email": email, "password": PASSWORD});
        // From a network of its own: few may sign up from one.
        static SIGN_UPS: AtomicU8 = AtomicU8::new(0);
        let network = format!("198.51.100.{}", SIGN_UPS.fetch_add(1, Ordering::Relaxed));
        let answer = self.anonymous().with("cf-connecting-ip", &network).post("/api/v1/auths/signup", &form);
        assert_eq!(answer.status, 200, "{answer:?}");
        self.anonymous().with_token(answer.token())
    }

    /// Sends requests at the same time, as far as the host can.
    pub(crate) fn at_once(&self, requests: Vec<http::Request<Vec<u8>>>) -> Vec<Answer> {
        match self {
            Self::Native(native) => native.at_once(requests),
            Self::Workerd(workerd) => workerd.at_once(requests),
        }
    }

    /// What the app takes for the present, in Unix seconds.
    pub(crate) fn now(&self) -> i64 {
        match self {
            Self::Native(native) => native.now().get(),
            Self::Workerd(_) => {
                #[expect(clippy::disallowed_methods, reason = "workerd runs on the machine's clock")]
                let now = std::time::SystemTime::now();
                i64::try_from(now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap()
            }
        }
    }

    /// Looks for no secrets in what this app says: the test uses the same texts for names and passwords.
    pub(crate) fn ignore_secrets(&self) {
        match self {
            Self::Native(native) => native.transcript.ignore(),
            Self::Workerd(workerd) => workerd.transcript.ignore(),
        }
    }

    /// Whether there is mail to be read here.
    pub(crate) fn sends_mail(&self) -> bool {
        self.anonymous().get("/dev/outbox").status == 200
    }

    fn send(&self, request: http::Request<Vec<u8>>) -> Answer {
        match self {
            Self::Native(native) => native.send(request),
            Self::Workerd(workerd) => workerd.send(request),
        }
    }
}

/// Whether this run is about the built Worker.
pub(crate) fn on_workerd() -> bool {
    std::env::var("PORTICO_TEST_HOST").is_ok_and(|host| host == "workerd")
}

/// A sign-in form.
pub(crate) fn credentials(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

/// Runs a test on the router with ports in memory and a clock that it moves. The runtime has neither.
pub(crate) fn with_native(vars: &[(&str, &str)], test: impl FnOnce(&TestApp, &Native)) {
    if on_workerd() {
        return;
    }
    let app = TestApp::with_vars(vars);
    match &app {
        TestApp::Native(native) => test(&app, native),
        TestApp::Workerd(_) => unreachable!("checked above"),
    }
}

/// Asks again and again, for ten seconds at most, what becomes true by itself.
pub(crate) fn eventually<T>(ask: impl Fn() -> Option<T>) -> Option<T> {
    for _ in 0..200 {
        if let Some(found) = ask() {
            return Some(found);
        }
        std::thread::sleep(core::time::Duration::from_millis(50));
    }
    None
}
