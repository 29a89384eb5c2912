//! Reading a JSON body field by field, and the query; what is wrong is reported all at once, in field order
//! (open-webui.md §2). Values are never echoed on the routes that passwords come to, and passwords nowhere (ER-02).

use http::Request;
use portico_core::{
    display_name::{DisplayName, DisplayNameError, MAX_NAME_CODE_POINTS},
    image_reference::{ImageReference, ImageRules},
    json::{self, BODY_LIMITS},
    permission::{Feature, PartialTree},
    settings::{Kind, Omitted, Spec},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::error::Error;
use crate::http::body;

/// Routes whose 422 answers echo nothing.
const SILENT_PREFIX: &str = "/api/v1/auths";

/// What JSON, JavaScript and the database all read back as the number that was written (RFC 8259 §6).
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Fields whose values are echoed nowhere.
const SECRETS: [&str; 4] = ["password", "new_password", "token", "client_secret"];

/// One entry of a 422 answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Issue {
    r#type: &'static str,
    loc: Vec<Value>,
    msg: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctx: Option<Value>,
}

/// A request body that is a JSON object, and what was wrong with its fields so far.
#[derive(Debug)]
pub struct Fields {
    object: Map<String, Value>,
    /// The body as it came, for answers that echo it.
    echo: Option<Value>,
    /// Where the object stands in the body.
    place: Vec<Value>,
    issues: Vec<Issue>,
}

impl Fields {
    /// Reads the body as a JSON object.
    ///
    /// # Errors
    /// 422 when it is missing, not JSON, or no object.
    pub fn of(request: &Request<Vec<u8>>) -> Result<Self, Error> {
        let text = String::from_utf8_lossy(request.body());
        // Wherever it stands, and whatever the body is: what names a secret is not sent back (ER-02).
        let names_secret = |text: &str| SECRETS.iter().any(|secret| text.contains(secret));
        let echoes = !request.uri().path().starts_with(SILENT_PREFIX) && !names_secret(&text);
        // JSON may spell a name with escapes; read and written again it has none.
        let echo = |value: Value| (echoes && !names_secret(&value.to_string())).then_some(value);
        if request.body().is_empty() {
            let issue = Issue::new("missing", vec![json!("body")], "Field required");
            return Err(refused(Issue { input: echo(Value::Null), ..issue }));
        }
        if !body::is_json(request.headers()) {
            return Err(refused(Issue { input: echo(json!(text)), ..not_an_object() }));
        }
        match json::parse(request.body(), BODY_LIMITS) {
            Ok(value @ Value::Object(_)) => {
                let echo = echo(value.clone());
                let Value::Object(object) = value else { return Err(refused(not_an_object())) };
                Ok(Self { object, echo, place: vec![json!("body")], issues: Vec::new() })
            }
            Ok(value) => Err(refused(Issue { input: echo(value), ..not_an_object() })),
            Err(error) => {
                let issue =
                    Issue::new("json_invalid", vec![json!("body"), json!(error.offset)], "JSON decode error");
                let ctx = Some(json!({"error": error.message}));
                Err(refused(Issue { ctx, input: echo(json!({})), ..issue }))
            }
        }
    }

    /// A string that must be there.
    pub fn string(&mut self, field: &str) -> Option<String> {
        let value = self.required(field)?;
        self.as_string(field, value)
    }

    /// A string that may be absent or null.
    pub fn optional_string(&mut self, field: &str) -> Option<String> {
        let value = self.optional(field)?;
        self.as_string(field, value)
    }

    /// A string of at most that many bytes that may be absent or null.
    pub fn short_string(&mut self, field: &str, max_bytes: usize) -> Option<String> {
        let text = self.optional_string(field)?;
        self.bounded(field, text, max_bytes)
    }

    /// A string of at most that many bytes that must be there.
    pub fn required_short_string(&mut self, field: &str, max_bytes: usize) -> Option<String> {
        let text = self.string(field)?;
        self.bounded(field, text, max_bytes)
    }

    fn bounded(&mut self, field: &str, text: String, max_bytes: usize) -> Option<String> {
        if text.len() <= max_bytes && !text.contains('\0') {
            return Some(text);
        }
        self.refuse_value(field, &format!("must be at most {max_bytes} bytes long."))
    }

    /// An integer that may be absent or null.
    pub fn optional_integer(&mut self, field: &str) -> Option<i64> {
        let value = self.optional(field)?;
        let integer = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
        integer.filter(|integer| integer.unsigned_abs() <= MAX_INTEGER).or_else(|| match value {
            Value::String(_) => self.refuse(
                field,
                Some(value),
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer",
            ),
            value => self.refuse(field, Some(value), "int_type", "Input should be a valid integer"),
        })
    }

    /// An object that may be absent or null.
    pub fn optional_object(&mut self, field: &str) -> Option<Map<String, Value>> {
        match self.optional(field)? {
            Value::Object(object) => Some(object),
            value => self.refuse(field, Some(value), "dict_type", "Input should be a valid dictionary"),
        }
    }

    /// Strings that may be absent or null.
    pub fn optional_strings(&mut self, field: &str) -> Option<Vec<String>> {
        match self.optional(field)? {
            Value::Array(values) => {
                let mut strings = Vec::new();
                for (index, value) in values.into_iter().enumerate() {
                    match value {
                        Value::String(text) => strings.push(text),
                        value => {
                            let mut issue = Issue::new(
                                "string_type",
                                self.place.clone(),
                                "Input should be a valid string",
                            );
                            issue.loc.extend([json!(field), json!(index)]);
                            issue.input = self.echo.is_some().then_some(value);
                            self.issues.push(issue);
                        }
                    }
                }
                Some(strings)
            }
            value => self.refuse(field, Some(value), "list_type", "Input should be a valid list"),
        }
    }

    /// A permission tree that may be absent or null, as JSON.
    pub fn permissions(&mut self, field: &str) -> Option<String> {
        let tree = Value::Object(self.optional_object(field)?).to_string();
        match PartialTree::<Feature>::parse(&tree) {
            Ok(_) => Some(tree),
            Err(_) => self.refuse_value(field, "must hold sections of permissions that are true or false."),
        }
    }

    /// A setting, in the type that it has on the wire; `None` where the form leaves it alone.
    pub fn setting(&mut self, spec: &Spec) -> Option<Value> {
        let value = match self.object.remove(spec.field) {
            None if spec.omitted == Omitted::Refused => return self.refuse_missing(spec.field),
            None => return None,
            Some(Value::Null) if spec.omitted == Omitted::KeptAsNull => return None,
            Some(value) => value,
        };
        match (spec.kind, value) {
            (Kind::Flag, value) => self.as_flag(spec.field, value).map(Value::Bool),
            (Kind::StrictFlag, value @ Value::Bool(_)) => Some(value),
            (Kind::StrictFlag, value) => {
                self.refuse(spec.field, Some(value), "bool_type", "Input should be a valid boolean")
            }
            (Kind::Port | Kind::PositiveCount, value) => {
                self.object.insert(spec.field.to_string(), value.clone());
                match value {
                    Value::Null => Some(Value::Null),
                    _ => self.optional_integer(spec.field).map(Value::from),
                }
            }
            (Kind::Object, Value::Null) => Some(Value::Null),
            (Kind::Object | Kind::Translations, value @ Value::Object(_)) => Some(value),
            (Kind::Object | Kind::Translations, value) => {
                self.refuse(spec.field, Some(value), "dict_type", "Input should be a valid dictionary")
            }
            (Kind::Count, value @ (Value::Null | Value::Number(_) | Value::String(_)))
            | (Kind::Share, value @ (Value::Bool(_) | Value::String(_)))
            | (Kind::OptionalText | Kind::OneOf(_), value @ Value::Null) => Some(value),
            (_, value) => self.as_string(spec.field, value).map(Value::String),
        }
    }

    /// The fields of an object inside this one, which must be there.
    pub fn section(&mut self, field: &str) -> Option<Self> {
        let value = self.required(field)?;
        let mut place = self.place.clone();
        place.push(json!(field));
        match value {
            Value::Object(object) => {
                let echo = self.echo.is_some().then(|| Value::Object(object.clone()));
                Some(Self { object, echo, place, issues: Vec::new() })
            }
            value => {
                let mut issue = not_an_object();
                issue.loc = place;
                issue.input = self.echo.is_some().then_some(value);
                self.issues.push(issue);
                None
            }
        }
    }

    /// Takes over what was wrong in a section.
    pub fn absorb(&mut self, section: Self) {
        self.issues.extend(section.issues);
    }

    /// A flag that may be absent.
    pub fn optional_flag(&mut self, field: &str) -> Option<bool> {
        let value = self.object.remove(field)?;
        self.as_flag(field, value)
    }

    /// Whether the body names a field, be it null.
    pub fn has(&self, field: &str) -> bool {
        self.object.contains_key(field)
    }

    /// Reports a text that is too short or too long.
    pub fn refuse_length<T>(
        &mut self,
        field: &str,
        r#type: &'static str,
        bound: &str,
        length: usize,
    ) -> Option<T> {
        let plural = if length == 1 { "" } else { "s" };
        self.refuse(field, None, r#type, &format!("String should have {bound} {length} character{plural}"))
    }

    /// Reports every field that has not been read.
    pub fn refuse_rest(&mut self) {
        for field in core::mem::take(&mut self.object).keys() {
            let _: Option<()> = self.refuse(field, None, "extra_forbidden", "Extra inputs are not permitted");
        }
    }

    /// Any value that may be absent.
    pub fn any(&mut self, field: &str) -> Option<Value> {
        self.object.remove(field)
    }

    /// Whatever has not been read.
    pub fn into_rest(self) -> Map<String, Value> {
        self.object
    }

    fn required(&mut self, field: &str) -> Option<Value> {
        match self.object.remove(field) {
            Some(value) => Some(value),
            None => self.refuse_missing(field),
        }
    }

    fn optional(&mut self, field: &str) -> Option<Value> {
        self.object.remove(field).filter(|value| !value.is_null())
    }

    fn as_string(&mut self, field: &str, value: Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text),
            value => self.refuse(field, Some(value), "string_type", "Input should be a valid string"),
        }
    }

    /// The spellings that the contract takes for yes and no.
    fn as_flag(&mut self, field: &str, value: Value) -> Option<bool> {
        let text = match &value {
            Value::Bool(flag) => return Some(*flag),
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.to_ascii_lowercase(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return self.refuse(field, Some(value), "bool_type", "Input should be a valid boolean");
            }
        };
        match text.as_str() {
            "true" | "1" | "1.0" | "yes" | "on" | "t" | "y" => Some(true),
            "false" | "0" | "0.0" | "no" | "off" | "f" | "n" => Some(false),
            _ => self.refuse(
                field,
                Some(value),
                "bool_parsing",
                "Input should be a valid boolean, unable to interpret input",
            ),
        }
    }

    /// Reports a field that breaks a rule of ours.
    pub fn refuse_value<T>(&mut self, field: &str, rule: &str) -> Option<T> {
        let value = self.echo.as_ref().and_then(|body| body.get(field)).cloned();
        let refused = self.refuse(field, value, "value_error", &format!("Value error, {rule}"));
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
    pub fn image_reference(&mut self, field: &str, text: &str, rules: &ImageRules) -> Option<ImageReference> {
        match ImageReference::accept(text, rules) {
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

    fn refuse_missing<T>(&mut self, field: &str) -> Option<T> {
        let echo = self.echo.clone();
        self.refuse(field, echo, "missing", "Field required")
    }

    fn refuse<T>(&mut self, field: &str, input: Option<Value>, r#type: &'static str, msg: &str) -> Option<T> {
        let mut issue = Issue::new(r#type, self.place.clone(), msg);
        issue.loc.push(json!(field));
        issue.input = input.filter(|_| self.echo.is_some());
        self.issues.push(issue);
        None
    }
}

/// The parameters of a query; the last one of a name counts.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query of a request.
    pub fn of(request: &Request<Vec<u8>>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().rfind(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// An integer.
    ///
    /// # Errors
    /// 422 for anything else.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, Error> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.trim().parse() {
            Ok(integer) => Ok(Some(integer)),
            Err(_) => Err(refused_query(
                name,
                text,
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer",
            )),
        }
    }

    /// A flag.
    ///
    /// # Errors
    /// 422 for anything else.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Error> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "t" | "y" => Ok(Some(true)),
            "false" | "0" | "no" | "off" | "f" | "n" => Ok(Some(false)),
            _ => Err(refused_query(
                name,
                text,
                "bool_parsing",
                "Input should be a valid boolean, unable to interpret input",
            )),
        }
    }

    /// One of these words.
    ///
    /// # Errors
    /// 422 for anything else.
    pub fn word<'w>(&self, name: &str, words: &[&'w str]) -> Result<Option<&'w str>, Error> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match words.iter().find(|word| **word == text) {
            Some(word) => Ok(Some(word)),
            None => {
                let list: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
                let (last, others) =
                    list.split_last().map_or((String::new(), String::new()), |(last, others)| {
                        (last.clone(), others.join(", "))
                    });
                let msg = format!("Input should be {others} or {last}");
                Err(refused_query(name, text, "literal_error", &msg))
            }
        }
    }
}

impl Issue {
    fn new(r#type: &'static str, loc: Vec<Value>, msg: &str) -> Self {
        Self { r#type, loc, msg: msg.to_string(), input: None, ctx: None }
    }
}

fn refused_query(name: &str, text: &str, r#type: &'static str, msg: &str) -> Error {
    let issue = Issue::new(r#type, vec![json!("query"), json!(name)], msg);
    refused(Issue { input: Some(json!(text)), ..issue })
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
