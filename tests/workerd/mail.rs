//! Mail that leaves: real servers, well-behaved and not, and the built Worker that talks to them.

use core::time::Duration;
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
};

use serde_json::{Value, json};

use crate::{
    harness::{Browser, PASSWORD, TestApp, root},
    librechat::in_link,
};

/// How long something that is tried again may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of `mail.mjs`.
struct Server {
    process: Child,
    port: u64,
    events: Receiver<Value>,
}

impl Server {
    fn start(kind: &str) -> Self {
        let node = std::env::var("PORTICO_NODE").unwrap_or_else(|_| "node".to_string());
        let mut process = Command::new(node)
            .arg(root().join("tests/workerd/mail.mjs"))
            .arg(kind)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, events) = mpsc::channel();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Nobody listens any more when the test is over.
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        let first: Value = events.recv_timeout(PATIENCE).unwrap();
        Self { process, port: first["port"].as_u64().unwrap(), events }
    }

    /// What happens next.
    fn next(&self) -> Value {
        self.events.recv_timeout(PATIENCE).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

/// A deployment whose mails go to that server.
fn app(server: &Server, encryption: &str) -> TestApp {
    let port = server.port.to_string();
    TestApp::with_vars(&[
        ("EMAIL_HOST", "localhost"),
        ("EMAIL_PORT", &port),
        ("EMAIL_ENCRYPTION", encryption),
        ("EMAIL_USERNAME", "portico"),
        ("EMAIL_PASSWORD", "mail secret"),
        ("EMAIL_FROM", "no-reply@example.com"),
        ("EMAIL_FROM_NAME", "Portico \u{2014} \"Tests\""),
        ("DOMAIN_CLIENT", "https://chat.example"),
        ("ENABLE_SIGNUP", "true"),
    ])
}

/// Undoes quoted-printable, as far as links need it.
fn decoded(data: &str) -> String {
    data.replace("=\r\n", "").replace("=3D", "=")
}

fn verifies(app: &TestApp, mail: &str) {
    let token = in_link(&decoded(mail), "token");
    let browser = Browser::of(app);
    let form = json!({"email": "ann@example.com", "token": token});
    assert_eq!(browser.post("/api/user/verify", &form).status, 200);
    browser.login("ann@example.com");
}

#[test]
fn a_mail_leaves_under_tls_with_a_password() {
    for (kind, encryption) in [("tls", "tls"), ("starttls", "starttls")] {
        let server = Server::start(kind);
        let app = app(&server, encryption);
        Browser::of(&app).register("Ann", "ann@example.com");
        let event = server.next();
        let mail = &event["mail"];
        assert_eq!(
            (&mail["from"], &mail["to"], &mail["secure"]),
            (&json!("no-reply@example.com"), &json!("ann@example.com"), &json!(true)),
            "{event}"
        );
        let data = mail["data"].as_str().unwrap();
        for part in [
            "Subject: Verify your email\r\n",
            "To: <ann@example.com>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: text/plain; charset=\"utf-8\"",
            "Content-Type: text/html; charset=\"utf-8\"",
            "Message-ID: <",
            "Date: ",
            "MIME-Version: 1.0",
        ] {
            assert!(data.contains(part), "{part}: {data}");
        }
        assert!(decoded(data).contains("https://chat.example/verify?token="), "{data}");
        assert!(data.is_ascii() && data.lines().all(|line| line.len() <= 998), "{data}");
        verifies(&app, data);
    }
}

#[test]
fn a_receiver_that_does_not_exist_is_not_tried_again() {
    /* FT-15 */
    let server = Server::start("refuses");
    let app = app(&server, "tls");
    is_given_up(&app, &server, "refuses");
}

#[test]
fn a_mail_that_an_http_api_does_not_like_is_not_sent_again() {
    /* FT-15 */
    let server = Server::start("http-refuses");
    let url = format!("http://localhost:{}/emails", server.port);
    let app = TestApp::with_vars(&[
        ("RESEND_API_KEY", "re_123"),
        ("RESEND_API_URL", &url),
        ("EMAIL_FROM", "no-reply@example.com"),
        ("DOMAIN_CLIENT", "https://chat.example"),
        ("ENABLE_SIGNUP", "true"),
    ]);
    is_given_up(&app, &server, "422");
}

/// A mail is refused for good: it is tried once, and the log says so without saying where it went.
fn is_given_up(app: &TestApp, server: &Server, tried: &str) {
    let browser = Browser::of(app);
    assert_eq!(browser.register("Ann", "ann@example.com").status, 200);
    assert_eq!(server.next(), json!({ "tried": tried }));
    let form = crate::harness::credentials("ann@example.com", PASSWORD);
    let given_up = crate::harness::eventually(|| {
        // The first account administrates, but for its address.
        let TestApp::Workerd(workerd) = app else { unreachable!() };
        workerd.sql("UPDATE users SET verify_by = NULL");
        let token = app.anonymous().post("/api/v1/auths/signin", &form).token();
        let log = app.anonymous().with_token(token).get("/api/v1/audit").json();
        log["events"].as_array()?.iter().find(|row| row["action"] == "drop_mail").cloned()
    });
    let detail = given_up.unwrap()["detail"].to_string();
    assert!(detail.contains("verify") && !detail.contains('@'), "{detail}");
    assert!(server.events.recv_timeout(Duration::from_millis(10)).is_err(), "it was tried once");
}

#[test]
fn a_server_that_wants_to_be_asked_again_is() {
    /* FT-15 */
    for kind in ["later", "drops"] {
        let server = Server::start(kind);
        let app = app(&server, "tls");
        Browser::of(&app).register("Ann", "ann@example.com");
        assert_eq!(server.next(), json!({"tried": kind}));
        let event = server.next();
        verifies(&app, event["mail"]["data"].as_str().unwrap());
    }
}

#[test]
fn a_server_that_says_nothing_holds_nobody_up() {
    /* FT-15, RS-09 */
    let server = Server::start("hangs");
    let app = app(&server, "tls");
    let browser = Browser::of(&app);
    assert_eq!(browser.register("Ann", "ann@example.com").status, 200);
    assert_eq!(server.next(), json!({"tried": "hangs"}));
    // It is being waited for, and everything else goes on.
    assert_eq!(browser.try_login("ann@example.com", PASSWORD).status, 422);
    assert_eq!(browser.register("Bob", "bob@example.com").status, 200);
    assert_eq!(server.next(), json!({"tried": "hangs"}), "and it is tried again");
}

#[test]
fn a_certificate_that_nobody_vouches_for_gets_no_password() {
    let server = Server::start("untrusted");
    let app = app(&server, "tls");
    assert_eq!(Browser::of(&app).register("Ann", "ann@example.com").status, 200);
    assert_eq!(server.next(), json!({"tried": "handshake"}));
}

#[test]
fn an_http_api_gets_a_mail_once_and_again_after_a_fault() {
    /* FT-15 */
    for kind in ["http", "http-later"] {
        let server = Server::start(kind);
        let url = format!("http://localhost:{}/emails", server.port);
        let app = TestApp::with_vars(&[
            ("RESEND_API_KEY", "re_123"),
            ("RESEND_API_URL", &url),
            ("EMAIL_FROM", "no-reply@example.com"),
            ("EMAIL_FROM_NAME", "Portico"),
            ("DOMAIN_CLIENT", "https://chat.example"),
            ("ENABLE_SIGNUP", "true"),
        ]);
        Browser::of(&app).register("Ann", "ann@example.com");
        if kind == "http-later" {
            assert_eq!(server.next(), json!({"tried": "500"}));
        }
        let event = server.next();
        let mail = &event["mail"];
        for (field, value) in [
            ("method", json!("POST")),
            ("url", json!("/emails")),
            ("authorization", json!("Bearer re_123")),
            ("from", json!("\"Portico\" <no-reply@example.com>")),
            ("to", json!(["ann@example.com"])),
            ("subject", json!("Verify your email")),
        ] {
            assert_eq!(mail[field], value, "{field}");
        }
        assert!(mail["key"].as_str().unwrap().contains("verify"), "{mail}");
        assert!(mail["html"].as_str().unwrap().contains("href="));
        verifies(&app, mail["text"].as_str().unwrap());
    }
}

#[test]
fn a_binding_of_the_platform_gets_a_mail() {
    let app = TestApp::with_vars(&[
        ("EMAIL_BINDING", "SEND_EMAIL"),
        ("EMAIL_FROM", "no-reply@example.com"),
        ("DOMAIN_CLIENT", "https://chat.example"),
        ("ENABLE_SIGNUP", "true"),
    ]);
    let TestApp::Workerd(workerd) = &app else { unreachable!() };
    Browser::of(&app).register("Ann", "ann@example.com");
    let mail = crate::harness::eventually(|| workerd.mail());
    verifies(&app, &mail.unwrap());
}
