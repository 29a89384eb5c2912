//! What a setting accepts.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use serde_json::{Value, json};
use url::Url;

use crate::{
    duration::TokenLifetime,
    id::GroupId,
    permission::{Feature, PartialTree},
    user::Role,
};

/// The values a setting can have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// `true` or `false` as JSON has them; the wire accepts no other spelling.
    StrictFlag,
    /// Any text.
    Text,
    /// Any text, or null.
    OptionalText,
    /// Text that is sealed where it is stored and never shown (SR-04, R-07).
    Secret,
    /// One of these texts; null where the list has the empty text.
    OneOf(&'static [&'static str]),
    /// An object, or null for none.
    Object,
    /// `{locale: {key: text}}`.
    Translations,
    /// A number; null and the empty text stand for none.
    Count,
    /// A number above zero, or null.
    PositiveCount,
    /// A TCP port, or null.
    Port,
    /// How long session tokens live.
    Lifetime,
    /// The role of new accounts: never administrator (AD-06).
    Role,
    /// A group's id, or the empty text.
    Group,
    /// An absolute URL, or the empty text (AD-13).
    Url,
    /// Texts, written with commas between them.
    CommaList,
    /// Texts, written as a JSON array or with commas between them; shown as a JSON array.
    JsonList,
    /// `true`, `false` or `members`: who may share with a group.
    Share,
    /// A permission tree, which may be partial.
    Permissions,
}

/// Why a value was refused; completes "`NAME` …".
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SettingError(pub String);

impl core::fmt::Display for SettingError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Kind {
    /// Whether it must never leave in clear.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Secret)
    }

    /// The value in its canonical form.
    ///
    /// # Errors
    /// [`SettingError`] for anything that the setting can not mean.
    pub fn accept(self, value: Value) -> Result<Value, SettingError> {
        match (self, value) {
            (Self::Flag | Self::StrictFlag, value @ Value::Bool(_))
            | (Self::Text | Self::Secret | Self::OptionalText, value @ Value::String(_))
            | (Self::OptionalText | Self::PositiveCount | Self::Port, value @ Value::Null)
            | (Self::Object, value @ Value::Object(_)) => Ok(value),
            (Self::Object, Value::Null) => Ok(json!({})),
            (Self::Translations, value) => translations(value),
            (Self::Count, value) => count(value),
            (Self::PositiveCount, value) => match value.as_u64() {
                Some(number) if number > 0 => Ok(json!(number)),
                _ => refuse("must be a number above zero"),
            },
            (Self::Port, value) => match value.as_u64() {
                Some(port) if (1..=65_535).contains(&port) => Ok(json!(port)),
                _ => refuse("must be a port number"),
            },
            (Self::OneOf(choices), Value::Null) if choices.contains(&"") => Ok(Value::Null),
            (Self::OneOf(choices), Value::Null) => Ok(json!(choices.first())),
            (Self::OneOf(choices), Value::String(text)) if choices.contains(&text.as_str()) => {
                Ok(json!(text))
            }
            (Self::OneOf(choices), _) => refuse(format!("must be one of {}", quoted(choices))),
            (Self::Lifetime, Value::String(text)) => match TokenLifetime::parse(&text) {
                Ok(_) => Ok(json!(text)),
                Err(error) => refuse(format!("is no length of time: {error}")),
            },
            (Self::Role, Value::String(text)) => match Role::parse(&text) {
                Some(Role::Pending | Role::User) => Ok(json!(text)),
                _ => refuse("must be `pending` or `user`"),
            },
            (Self::Group, Value::String(text)) if text.is_empty() || GroupId::parse(&text).is_ok() => {
                Ok(json!(text))
            }
            (Self::Group, _) => refuse("must be the id of a group, or empty"),
            (Self::Url, Value::String(text)) if text.is_empty() || is_public_url(&text) => Ok(json!(text)),
            (Self::Url, Value::Null) => Ok(json!("")),
            (Self::Url, _) => refuse("must be an absolute https URL (http for localhost only)"),
            (Self::CommaList, Value::String(text)) => Ok(json!(comma_list(&text).join(","))),
            (Self::JsonList, Value::String(text)) => json_list(&text),
            (Self::Share, value @ Value::Bool(_)) => Ok(value),
            (Self::Share, Value::String(text)) => match text.as_str() {
                "true" => Ok(json!(true)),
                "false" => Ok(json!(false)),
                "members" => Ok(json!("members")),
                _ => refuse("must be `true`, `false` or `members`"),
            },
            (Self::Permissions, value) => match PartialTree::<Feature>::parse(&value.to_string()) {
                Ok(_) => Ok(value),
                Err(_) => refuse("must be a tree of sections with `true` and `false`"),
            },
            (_, _) => refuse("has a value of another type"),
        }
    }

    /// The value of an environment variable's text.
    ///
    /// # Errors
    /// [`SettingError`]
    pub fn read(self, text: &str) -> Result<Value, SettingError> {
        self.accept(match self {
            Self::Flag | Self::StrictFlag => match text.to_ascii_lowercase().as_str() {
                "true" => json!(true),
                "false" => json!(false),
                _ => return refuse("must be `true` or `false`"),
            },
            Self::Object | Self::Translations | Self::Permissions => {
                serde_json::from_str(text).map_err(|_| SettingError("must be JSON".to_string()))?
            }
            Self::PositiveCount | Self::Port => {
                text.parse::<u64>().map_or(Value::Bool(false), |number| json!(number))
            }
            Self::Text
            | Self::OptionalText
            | Self::Secret
            | Self::OneOf(_)
            | Self::Count
            | Self::Lifetime
            | Self::Role
            | Self::Group
            | Self::Url
            | Self::CommaList
            | Self::JsonList
            | Self::Share => json!(text),
        })
    }
}

fn refuse<T>(problem: impl Into<String>) -> Result<T, SettingError> {
    Err(SettingError(problem.into()))
}

fn quoted(choices: &[&str]) -> String {
    let choices: Vec<_> =
        choices.iter().filter(|choice| !choice.is_empty()).map(|c| format!("`{c}`")).collect();
    choices.join(", ")
}

/// A number, or `""` for none; zero is none, as in the stock server.
fn count(value: Value) -> Result<Value, SettingError> {
    let number = match &value {
        Value::Null => Some(0),
        Value::String(text) if text.is_empty() => Some(0),
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    };
    match number {
        Some(0) => Ok(json!("")),
        Some(number) => Ok(json!(number)),
        None => refuse("must be a number, or empty"),
    }
}

fn translations(value: Value) -> Result<Value, SettingError> {
    let texts = |texts: &Value| texts.as_object().is_some_and(|texts| texts.values().all(Value::is_string));
    match &value {
        Value::Object(locales) if locales.values().all(texts) => Ok(value),
        _ => refuse("must be an object of locales with texts"),
    }
}

/// `a, b,,` as `[a, b]`.
pub(super) fn comma_list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(String::from).collect()
}

fn json_list(text: &str) -> Result<Value, SettingError> {
    let entries: Vec<String> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|_| SettingError("must be a JSON array of texts".to_string()))?
    } else {
        comma_list(text)
    };
    // As Python writes it, which is what clients have stored.
    let entries: Vec<_> = entries.into_iter().map(|entry| Value::String(entry).to_string()).collect();
    Ok(json!(format!("[{}]", entries.join(", "))))
}

/// An absolute http(s) URL without user information or fragment; http on this machine only (AD-13).
fn is_public_url(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let secure = url.scheme() == "https" || (url.scheme() == "http" && local);
    secure && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn refused(kind: Kind, value: Value) {
        assert!(kind.accept(value.clone()).is_err(), "{kind:?} {value}");
    }

    #[test]
    fn a_value_that_means_nothing_is_an_error_and_not_ignored() {
        /* AD-06, AD-07, AD-13 */
        for text in ["", "30", "abc", "10y", "1 h", "1H", "3h\n", "-5m", "0s"] {
            refused(Kind::Lifetime, json!(text));
        }
        for text in ["king", "admin", "", "User"] {
            refused(Kind::Role, json!(text));
        }
        for text in [
            "chat.example",
            "http://chat.example",
            "https://a@chat.example",
            "https://chat.example/#x",
            "//x",
        ] {
            refused(Kind::Url, json!(text));
        }
        refused(Kind::OneOf(&["thread", "channel"]), json!("loud"));
        refused(Kind::Group, json!("nope"));
        refused(Kind::Count, json!("many"));
        refused(Kind::Count, json!(-1));
        refused(Kind::PositiveCount, json!(0));
        refused(Kind::Port, json!(65_536));
        refused(Kind::Translations, json!({"de": {"Hello": 1}}));
        refused(Kind::Share, json!("everyone"));
        refused(Kind::JsonList, json!("[1]"));
    }

    #[test]
    fn spellings_of_the_wire_become_one_form() {
        assert_eq!(Kind::Count.accept(json!("7")).unwrap(), json!(7));
        for none in [json!(null), json!(""), json!(0)] {
            assert_eq!(Kind::Count.accept(none).unwrap(), json!(""));
        }
        assert_eq!(Kind::CommaList.accept(json!("a.com, b.com,,")).unwrap(), json!("a.com,b.com"));
        assert_eq!(Kind::JsonList.accept(json!("a, b")).unwrap(), json!(r#"["a", "b"]"#));
        assert_eq!(Kind::JsonList.accept(json!(r#"[ "a" ]"#)).unwrap(), json!(r#"["a"]"#));
        assert_eq!(Kind::Share.accept(json!("true")).unwrap(), json!(true));
        assert_eq!(Kind::OneOf(&["thread", "channel"]).accept(Value::Null).unwrap(), json!("thread"));
        assert_eq!(
            Kind::Url.accept(json!("http://localhost:8080/x")).unwrap(),
            json!("http://localhost:8080/x")
        );
        assert_eq!(Kind::Flag.read("TRUE").unwrap(), json!(true));
        assert_eq!(Kind::Port.read("636").unwrap(), json!(636));
        assert!(Kind::Flag.read("1").is_err() && Kind::Port.read("x").is_err());
    }
}
