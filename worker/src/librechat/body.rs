//! Reading a JSON body field by field, with the texts of the contract's checks (§3). Several issues are told in one
//! message, joined by spaces.

use http::{Request, StatusCode};
use portico_core::{
    email::Email,
    flow::second_factor::Shown,
    json::{self, BODY_LIMITS},
    secret::Secret,
};
use serde_json::{Map, Value, json};

use super::error::Error;
use crate::http::body;

/// A request body that is a JSON object, and what was wrong with its fields so far.
#[derive(Debug)]
pub(super) struct Body {
    object: Map<String, Value>,
    issues: Vec<String>,
}

impl Body {
    /// Reads the body as a JSON object; one that is not there is empty, as the client sends none to many routes.
    pub(super) fn of(request: &Request<Vec<u8>>) -> Result<Self, Error> {
        if request.body().is_empty() {
            return Ok(Self { object: Map::new(), issues: Vec::new() });
        }
        if !body::is_json(request.headers()) {
            return Err(Error::message(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Expected application/json"));
        }
        match json::parse(request.body(), BODY_LIMITS) {
            Ok(Value::Object(object)) => Ok(Self { object, issues: Vec::new() }),
            Ok(_) | Err(_) => Err(Error::malformed_json()),
        }
    }

    /// A string that must be there, within bounds of length in code points.
    pub(super) fn text(&mut self, field: &str, (least, most): (usize, usize)) -> Option<String> {
        let text = self.string(field)?;
        let length = text.chars().count();
        if length < least {
            return self.refuse(field, &format!("String must contain at least {least} character(s)"));
        }
        if length > most {
            return self.refuse(field, &format!("String must contain at most {most} character(s)"));
        }
        Some(text)
    }

    /// A string that must be there.
    pub(super) fn string(&mut self, field: &str) -> Option<String> {
        match self.object.remove(field) {
            Some(Value::String(text)) => Some(text),
            Some(other) => self.refuse(field, &format!("Expected string, received {}", kind(&other))),
            None => self.refuse(field, "Required"),
        }
    }

    /// A string that may be absent, null or empty.
    pub(super) fn optional(&mut self, field: &str) -> Option<String> {
        match self.object.get(field) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(_) => self.string(field),
        }
    }

    /// An address (IN-04), as plain as the contract has them: letters, digits and few signs.
    pub(super) fn email(&mut self, field: &str) -> Option<Email> {
        let text = self.string(field)?;
        match Email::parse(text.trim()) {
            Ok(email) if is_plain(text.trim()) => Some(email),
            Ok(_) | Err(_) => self.refuse(field, "Invalid email"),
        }
    }

    /// What somebody shows of a second factor: `token` wins over `backupCode`. A `token` that is too long for a code of
    /// an app is taken for a backup code.
    pub(super) fn shown(&mut self) -> Option<Shown> {
        let (token, backup_code) = (self.optional("token"), self.optional("backupCode"));
        match (token, backup_code) {
            (Some(token), _) => {
                let is_backup = token.trim().len() >= 8;
                Some(Shown { code: Secret::new(token.trim().to_string()), is_backup })
            }
            (None, Some(code)) => Some(Shown { code: Secret::new(code.trim().to_string()), is_backup: true }),
            (None, None) => None,
        }
    }

    /// Reports a field; `None` for whatever it should have been.
    pub(super) fn refuse<T>(&mut self, field: &str, text: &str) -> Option<T> {
        self.issues.push(format!("{field}: {text}"));
        None
    }

    /// Whether nothing was wrong.
    pub(super) fn is_sound(&self) -> bool {
        self.issues.is_empty()
    }

    /// Everything that was wrong.
    pub(super) fn issues(&self) -> String {
        self.issues.join(" ")
    }
}

/// A type as the contract's checks name it.
const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl Error {
    fn malformed_json() -> Self {
        let body = json!({
            "error": "Invalid JSON format",
            "message": "The request body contains malformed JSON",
        });
        Self::json(StatusCode::BAD_REQUEST, &body)
    }
}

fn is_plain(address: &str) -> bool {
    let sign = |byte: u8, signs: &[u8]| byte.is_ascii_alphanumeric() || signs.contains(&byte);
    address.rsplit_once('@').is_some_and(|(local, domain)| {
        let last = domain.rsplit_once('.').map_or("", |(_, label)| label);
        local.bytes().all(|byte| sign(byte, b"_+-.,"))
            && domain.bytes().all(|byte| sign(byte, b"-."))
            && last.len() >= 2
            && last.bytes().all(|byte| byte.is_ascii_alphabetic())
    })
}
