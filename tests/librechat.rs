//! The LibreChat dialect, one file per endpoint.

mod auth;
pub(crate) mod config;
mod faults;
mod invitations;
mod mail;
mod roles;
mod user;

use crate::harness::{Browser, TestApp};

/// A deployment that sends mail, whoever may come.
pub(crate) const MAIL: [(&str, &str); 6] = [
    ("MAIL_DRIVER", "outbox"),
    ("DOMAIN_CLIENT", "http://127.0.0.1:8787"),
    ("ALLOW_PASSWORD_RESET", "true"),
    ("ENABLE_SIGNUP", "true"),
    ("DEFAULT_USER_ROLE", "user"),
    ("LOGIN_MAX", "100"),
];

/// The same without mail.
pub(crate) const OPEN: [(&str, &str); 3] =
    [("ENABLE_SIGNUP", "true"), ("DEFAULT_USER_ROLE", "user"), ("LOGIN_MAX", "100")];

/// Sends what is due and gives the latest mail to an address.
pub(crate) fn mail_to(app: &TestApp, email: &str) -> Option<String> {
    let is_to = |letter: &serde_json::Value| letter["to"] == email;
    let find = || {
        let letters = app.anonymous().get("/dev/outbox").json();
        letters.as_array().unwrap().iter().find(|letter| is_to(letter)).map(|letter| letter.to_string())
    };
    match app {
        TestApp::Native(native) => {
            native.send_mail();
            find()
        }
        TestApp::Workerd(_) => crate::harness::eventually(find),
    }
}

/// The value of a parameter of the link in a mail.
pub(crate) fn in_link(mail: &str, name: &str) -> String {
    let (_, rest) = mail.split_once(&format!("{name}=")).unwrap_or_else(|| panic!("no {name} in {mail}"));
    rest.split(|letter: char| !(letter.is_ascii_alphanumeric() || "-._~%".contains(letter)))
        .next()
        .unwrap()
        .to_string()
}

/// Registers, verifies by the mail and signs in.
pub(crate) fn member<'a>(app: &'a TestApp, name: &str, email: &str) -> Browser<'a> {
    let browser = Browser::of(app);
    assert_eq!(browser.register(name, email).status, 200);
    if let Some(mail) = app.sends_mail().then(|| mail_to(app, email).unwrap()) {
        let form = serde_json::json!({"email": email, "token": in_link(&mail, "token")});
        let answer = browser.post("/api/user/verify", &form);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    browser.login(email);
    browser
}
