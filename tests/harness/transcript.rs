//! Everything that was said to an app and by it, to find out at its end that no secret is where none may be: in an
//! answer that nobody asked it of, in a line of the log, or in a row of the audit log (RS-02, PW-17, LG-02).

use alloc::collections::BTreeSet;
use core::cell::{Cell, RefCell};

use http::Request;
use serde_json::Value;

use super::Answer;

/// Fields of requests that are secrets.
const ASKED: [&str; 7] =
    ["password", "new_password", "confirm_password", "token", "backupCode", "code", "reset_token"];

/// Fields of answers that are secrets, whoever may see them there.
const ANSWERED: [&str; 6] =
    ["backupCodes", "recovery_codes", "secret", "manual_key", "reset_token", "api_key"];

/// Fields in which an answer may say what is secret everywhere else.
const HANDED_OUT: [&str; 2] = ["token", "tempToken"];

/// Paths whose answers are there to show a link: to a developer, or to an administrator, once.
const SHOWS_LINKS: [&str; 3] = ["/dev/outbox", "/password/link", "/api/v1/invitations"];

/// Shorter texts are in everything.
const SHORTEST: usize = 12;

/// Digits of an app's code.
const CODE: usize = 6;

#[derive(Default)]
pub(super) struct Transcript {
    /// Such as passwords and backup codes: in no log, and in no answer but the one that hands them out.
    secrets: RefCell<BTreeSet<String>>,
    /// What only a mail or a cookie may hold: tickets and refresh tokens.
    carried: RefCell<BTreeSet<String>>,
    /// Six digits are in many an answer by chance, and as a word in no log.
    codes: RefCell<BTreeSet<String>>,
    /// Whether the test uses the same texts for secrets and for what is shown.
    ignored: Cell<bool>,
    answers: RefCell<Vec<(String, String)>>,
}

impl Transcript {
    /// Checks nothing at the end.
    pub(super) fn ignore(&self) {
        self.ignored.set(true);
    }

    /// Takes note of what is asked.
    pub(super) fn ask(&self, request: &Request<Vec<u8>>) {
        if let Ok(body) = serde_json::from_slice::<Value>(request.body()) {
            self.collect(&body, &ASKED);
        }
    }

    /// Takes note of what is answered.
    pub(super) fn hear(&self, path: &str, answer: &Answer) {
        for cookie in answer.cookies() {
            if let Some(value) = cookie.strip_prefix("refreshToken=") {
                keep(&self.carried, value.split(';').next().unwrap_or_default());
            }
        }
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if let Ok(body) = serde_json::from_str::<Value>(&text) {
            self.collect(&body, &ANSWERED);
        }
        self.links(&text);
        if !SHOWS_LINKS.iter().any(|shows| path.contains(shows)) {
            self.answers.borrow_mut().push((path.to_string(), text));
        }
    }

    /// Takes note of the tickets in a mail.
    pub(super) fn links(&self, text: &str) {
        for (_, rest) in text.match_indices("token=").map(|(place, found)| text.split_at(place + found.len()))
        {
            let ticket: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
            if ticket.len() == 64 {
                keep(&self.carried, &ticket);
            }
        }
    }

    /// Fails when a secret is in one of these texts, or in an answer.
    pub(super) fn check<'t>(&self, texts: impl Iterator<Item = (&'t str, &'t str)>) {
        // A test that has failed says what it has to say.
        if std::thread::panicking() || self.ignored.get() {
            return;
        }
        let (secrets, carried) = (self.secrets.borrow(), self.carried.borrow());
        // What an answer hands out, it may say: new codes, new keys. What was mailed or is a cookie, never.
        let hands_it_out = |text: &str, secret: &str| {
            ANSWERED.iter().chain(&HANDED_OUT).any(|field| hands_out(text, field, secret))
        };
        for (path, text) in self.answers.borrow().iter() {
            let has = |secret: &&String| text.contains(secret.as_str());
            let said = secrets.iter().filter(has).find(|secret| !hands_it_out(text, secret));
            assert_eq!(
                said.or_else(|| carried.iter().find(has)),
                None,
                "{path} answers with a secret: {text}"
            );
        }
        let codes = self.codes.borrow();
        for (place, text) in texts {
            let held = secrets.iter().chain(carried.iter()).find(|secret| text.contains(secret.as_str()));
            let held =
                held.or_else(|| codes.iter().find(|code| words(text).any(|word| word == code.as_str())));
            assert_eq!(held, None, "{place} holds a secret: {text}");
        }
    }

    fn collect(&self, value: &Value, fields: &[&str]) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    match value {
                        Value::String(text) if fields.contains(&name.as_str()) => self.learn(text),
                        Value::Array(list) if fields.contains(&name.as_str()) => {
                            list.iter().filter_map(Value::as_str).for_each(|text| self.learn(text));
                        }
                        value => self.collect(value, fields),
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|value| self.collect(value, fields)),
            _ => {}
        }
    }

    fn learn(&self, secret: &str) {
        if secret.len() == CODE && secret.bytes().all(|byte| byte.is_ascii_digit()) {
            self.codes.borrow_mut().insert(secret.to_string());
        }
        keep(&self.secrets, secret);
    }
}

fn keep(secrets: &RefCell<BTreeSet<String>>, secret: &str) {
    let plain = secret.trim();
    // Addresses of tests that try them as passwords stand in many answers.
    if plain.len() >= SHORTEST && !plain.contains('@') && !is_dull(plain) {
        secrets.borrow_mut().insert(plain.to_string());
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric())
}

/// Texts of one letter, which tests use for what is too long.
fn is_dull(text: &str) -> bool {
    text.bytes().collect::<BTreeSet<_>>().len() < 4
}

/// Whether an answer's field of that name is, or holds, the secret.
fn hands_out(text: &str, field: &str, secret: &str) -> bool {
    fn find(value: &Value, field: &str, secret: &str) -> bool {
        match value {
            Value::Object(object) => object.iter().any(|(name, value)| {
                (name == field && value.to_string().contains(secret)) || find(value, field, secret)
            }),
            Value::Array(list) => list.iter().any(|value| find(value, field, secret)),
            _ => false,
        }
    }
    serde_json::from_str(text).is_ok_and(|value: Value| find(&value, field, secret))
}

/// What would be noticed, and what is said on purpose.
#[test]
fn a_secret_in_the_wrong_place_is_noticed() {
    /* RS-02, PW-17, LG-02 */
    let ticket = "0123456789abcdef".repeat(4);
    let (mail, refresh) = (format!("/reset-password?token={ticket}"), "refresh.0123456789");
    let notices = |answer: Value, log: &str| {
        let transcript = Transcript::default();
        let form = serde_json::json!({"password": "correct horse battery", "token": "271828"});
        transcript.ask(&Request::new(form.to_string().into_bytes()));
        transcript.links(&mail);
        let mut headers = http::HeaderMap::new();
        headers.insert("set-cookie", format!("refreshToken={refresh}; Path=/").parse().unwrap());
        let codes = serde_json::json!({"backupCodes": ["0011223344556677"]}).to_string();
        for body in [codes, answer.to_string()] {
            let body = body.into_bytes();
            transcript.hear("/api", &Answer { status: 200, headers: headers.clone(), body });
        }
        let check = core::panic::AssertUnwindSafe(|| transcript.check([("the log", log)].into_iter()));
        std::panic::catch_unwind(check).is_err()
    };
    let nothing = || serde_json::json!({"message": "Done", "token": "an access token", "code": "271828"});
    assert!(!notices(nothing(), "signed in after 2718281 ms"));
    for text in [ticket.as_str(), refresh, "correct horse battery", "0011223344556677"] {
        assert!(notices(serde_json::json!({"link": text}), ""), "{text} in an answer");
        assert!(notices(nothing(), &format!("got {text}.")), "{text} in the log");
    }
    for text in [&ticket, refresh] {
        assert!(notices(serde_json::json!({"token": text}), ""), "{text} where an access token belongs");
    }
    assert!(notices(nothing(), "{\"code\":\"271828\"}"));
}
