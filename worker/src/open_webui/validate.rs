//! Reading a JSON body field by field; what is wrong is reported all at once, in field order
//! (open-webui.md §2). Values are never echoed: they may be passwords (ER-02).

use http::Request;
use portico_core::{
    display_name::{DisplayName, DisplayNameError, MAX_NAME_CODE_POINTS},
    image_reference::ImageReference,
    json::{self, BODY_LIMITS},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::error::Error;
use crate::http::body;

/// One entry of a 422 answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Issue {
    r#type: &'static str,
    loc: Vec<Value>,
    msg: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctx: Option<Value>,
}

/// A request body that is a JSON object, and what was wrong with its fields so far.
#[derive(Debug)]
pub struct Fields {
    object: Map<String, Value>,
    issues: Vec<Issue>,
}

impl Fields {
    /// Reads the body as a JSON object.
    ///
    /// # Errors
    /// 422 when it is missing, not JSON, or no object.
    pub fn of(request: &Request<Vec<u8>>) -> Result<Self, Error> {
        if request.body().is_empty() {
            return Err(refused(Issue::new("missing", vec![json!("body")], "Field required")));
        }
        if !body::is_json(request.headers()) {
            return Err(refused(not_an_object()));
        }
        match json::parse(request.body(), BODY_LIMITS) {
            Ok(Value::Object(object)) => Ok(Self { object, issues: Vec::new() }),
            Ok(_) => Err(refused(not_an_object())),
            Err(error) => {
                let mut issue =
                    Issue::new("json_invalid", vec![json!("body"), json!(error.offset)], "JSON decode error");
                issue.ctx = Some(json!({"error": error.message}));
                Err(refused(issue))
            }
        }
    }

    /// A string that must be there.
    pub fn string(&mut self, field: &str) -> Option<String> {
        match self.object.remove(field) {
            Some(Value::String(text)) => Some(text),
            Some(_) => self.refuse(field, "string_type", "Input should be a valid string"),
            None => self.refuse(field, "missing", "Field required"),
        }
    }

    /// A string that may be absent or null.
    pub fn optional_string(&mut self, field: &str) -> Option<String> {
        match self.object.remove(field) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => self.refuse(field, "string_type", "Input should be a valid string"),
        }
    }

    /// Reports a field that breaks a rule of ours.
    pub fn refuse_value<T>(&mut self, field: &str, rule: &str) -> Option<T> {
        let refused = self.refuse(field, "value_error", &format!("Value error, {rule}"));
        if let Some(issue) = self.issues.last_mut() {
            issue.ctx = Some(json!({"error": {}}));
        }
        refused
    }

    /// A name to show.
    pub fn display_name(&mut self, field: &str, text: &str) -> Option<DisplayName> {
        match DisplayName::parse(text) {
            Ok(name) => Some(name),
            Err(DisplayNameError::TooLong) => self.refuse_value(
                field,
                &format!("Name must be at most {MAX_NAME_CODE_POINTS} characters long."),
            ),
            Err(DisplayNameError::Control) => {
                self.refuse_value(field, "Name must not contain control characters.")
            }
            Err(DisplayNameError::Invisible) => self.refuse_value(field, "Name must be visible."),
        }
    }

    /// A picture.
    pub fn image_reference(&mut self, field: &str, text: &str) -> Option<ImageReference> {
        match ImageReference::parse(text) {
            Ok(image) => Some(image),
            Err(_) => self.refuse_value(
                field,
                "Invalid profile image URL: must be a known internal path, an HTTP(S) URL with a host, or a data:image URI (png/jpeg/gif/webp).",
            ),
        }
    }

    /// Whether anything was wrong.
    pub fn has_issues(&self) -> bool {
        !self.issues.is_empty()
    }

    /// 422 with everything that was wrong.
    pub fn into_error(self) -> Error {
        Error::validation(&self.issues)
    }

    fn refuse<T>(&mut self, field: &str, r#type: &'static str, msg: &str) -> Option<T> {
        self.issues.push(Issue::new(r#type, vec![json!("body"), json!(field)], msg));
        None
    }
}

impl Issue {
    fn new(r#type: &'static str, loc: Vec<Value>, msg: &str) -> Self {
        Self { r#type, loc, msg: msg.to_string(), ctx: None }
    }
}

fn refused(issue: Issue) -> Error {
    Error::validation(&[issue])
}

fn not_an_object() -> Issue {
    Issue::new(
        "model_attributes_type",
        vec![json!("body")],
        "Input should be a valid dictionary or object to extract fields from",
    )
}
