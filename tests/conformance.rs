//! A recorded session with an Open WebUI 0.12.4, played again: every answer is equal, or the difference is a row of the
//! list of those that are meant (`tests/conformance/README.md`).

use alloc::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderName, Method};
use serde_json::{Map, Value, json};

use crate::harness::{Answer, TestApp, WEBUI_SECRET, root};

/// Members whose values are instants.
const INSTANTS: [&str; 5] = ["expires_at", "created_at", "updated_at", "last_active_at", "auth_time"];

#[test]
fn every_recorded_answer_is_equal_or_differs_on_purpose() {
    let app = TestApp::with_vars(&[
        ("PASSWORD_POLICY", "compat"),
        ("SIGN_UPS_PER_HOUR", "1000"),
        // The directory of the recording is at 127.0.0.1:1, without TLS.
        ("LDAP_ALLOW_PLAINTEXT", "true"),
        ("LDAP_ALLOW_PRIVATE_HOSTS", "true"),
        ("LDAP_ALLOWED_PORTS", "1"),
    ]);
    let accepted = Accepted::read();
    let mut player = Player { app: &app, known: BTreeMap::new() };
    let mut unexplained = Vec::new();
    let mut used = BTreeSet::new();
    let steps = std::fs::read_to_string(root().join("tests/conformance/open_webui.jsonl")).unwrap();
    let mut recorded = 0;
    for line in steps.lines() {
        let step: Value = serde_json::from_str(line).unwrap();
        let name = step["name"].as_str().unwrap();
        let answer = player.play(name, &step["request"]);
        if name.is_empty() {
            continue;
        }
        recorded += 1;
        let expected = &step["response"];
        player.learn(&expected["body"], &body_of(&answer));
        let shown = player.shown(&answer, step["sort"].as_str());
        for (path, text) in differences_of_answers(expected, &shown) {
            match accepted.explains(name, &path) {
                Some(row) => {
                    used.insert(row);
                }
                None => unexplained.push(format!("{name}: {path}: {text}")),
            }
        }
    }
    assert_eq!(recorded, 469);
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    let unused: Vec<_> =
        accepted.0.iter().enumerate().filter(|(row, _)| !used.contains(row)).map(|(_, row)| row).collect();
    assert!(unused.is_empty(), "rows that explain nothing: {unused:?}");
}

#[test]
fn every_row_of_the_other_dialects_differences_and_weaknesses_is_answered() {
    let list = std::fs::read_to_string(root().join("tests/conformance/librechat.txt")).unwrap();
    let sources = sources();
    let mut rows = BTreeSet::new();
    for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (row, rest) = line.split_once(' ').unwrap();
        let answers: Vec<_> = rest.split(" | ").skip(1).collect();
        assert!(!answers.is_empty(), "{row} is answered by nothing");
        for answer in answers.iter().filter(|answer| !answer.starts_with("- ")) {
            for test in answer.split(' ') {
                assert!(sources.contains(&format!("#[test]fn{test}()")), "{row}: there is no test {test}");
            }
        }
        assert!(rows.insert(row.to_string()), "{row} stands twice");
    }
    let section = |number, length| (1..=length).map(move |row| format!("{number}.{row}"));
    let expected: BTreeSet<_> = section(12, 24).chain(section(13, 46)).collect();
    assert_eq!(rows, expected);
}

/// All that tests are in, without spaces and comments between an attribute and its function.
fn sources() -> String {
    fn read(directory: &Path, text: &mut String) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, text);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.extend(std::fs::read_to_string(path).unwrap().split_whitespace());
            }
        }
    }
    let mut text = String::new();
    for directory in ["core/src", "tests", "worker/src"] {
        read(&root().join(directory), &mut text);
    }
    text
}

/// Differences that are meant: the exchange, the place in the answer, the reason. A star stands for any text.
struct Accepted(Vec<(String, String)>);

impl Accepted {
    fn read() -> Self {
        let text = std::fs::read_to_string(root().join("tests/conformance/accepted.txt")).unwrap();
        let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(
            rows.map(|line| {
                let mut cells = line.splitn(3, ' ');
                let (name, path) = (cells.next().unwrap(), cells.next().unwrap());
                assert!(cells.next().is_some_and(|reason| !reason.is_empty()), "no reason: {line}");
                (name.to_string(), path.to_string())
            })
            .collect(),
        )
    }

    fn explains(&self, name: &str, path: &str) -> Option<usize> {
        self.0.iter().position(|(names, paths)| matches(names, name) && matches(paths, path))
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len()).any(|at| text.get(at..).is_some_and(|tail| matches(rest, tail)))
        }),
    }
}

struct Player<'a> {
    app: &'a TestApp,
    /// Placeholder and value.
    known: BTreeMap<String, String>,
}

impl Player<'_> {
    fn play(&self, name: &str, request: &Value) -> Answer {
        let mut client = self.app.anonymous();
        let mut content_type = None;
        for (header, value) in request["headers"].as_object().into_iter().flatten() {
            let value = self.filled(name, value.as_str().unwrap());
            if header.eq_ignore_ascii_case("content-type") {
                content_type = Some(value);
                continue;
            }
            let header = HeaderName::from_bytes(header.as_bytes()).unwrap();
            client = client.with_header(header, &value);
        }
        if let Some(cookies) = request["cookies"].as_object() {
            let pair = |(name, value): (&String, &Value)| {
                format!("{name}={}", self.filled("", value.as_str().unwrap()))
            };
            client = client.with("cookie", &cookies.iter().map(pair).collect::<Vec<_>>().join("; "));
        }
        let body = match (request.get("body"), request["raw"].as_str()) {
            (Some(body), _) => self.filled(name, &body.to_string()),
            (None, raw) => raw.unwrap_or_default().to_string(),
        };
        let method = Method::from_bytes(request["method"].as_str().unwrap().as_bytes()).unwrap();
        let path = self.filled(name, request["path"].as_str().unwrap());
        client.send(method, &path, content_type.as_deref(), body.into_bytes())
    }

    /// A text with our values in the place of the recorded ones.
    fn filled(&self, name: &str, text: &str) -> String {
        let mut text =
            self.known.iter().fold(text.to_string(), |text, (place, value)| text.replace(place, value));
        if let Some(forged) = name.strip_prefix("session-").and_then(|name| self.forged(name)) {
            text = text.replace(&format!("<jwt:{}>", name.trim_start_matches("session-")), &forged);
        }
        // What an earlier refusal kept us from getting is nobody's.
        for (kind, value) in
            [("<jwt:", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"), ("<uuid:", "00000000-0000-4000-8000-00000000dead")]
        {
            while let Some(start) = text.find(kind) {
                let end = start + text[start..].find('>').unwrap();
                text.replace_range(start..=end, value);
            }
        }
        text.replace("<jwt>", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA")
            .replace("<api_key>", &format!("sk-{}", "0".repeat(32)))
            .replace("<challenge>", &format!("00000000-0000-4000-8000-000000000000.{}", "A".repeat(43)))
    }

    /// A token that somebody made who knows the shared secret, or pretends to.
    fn forged(&self, name: &str) -> Option<String> {
        let token = self.known.get("<jwt:admin>")?;
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let mut claims: Value = serde_json::from_slice(&claims).unwrap();
        let now = self.app.now();
        let (mut algorithm, mut secret) = ("HS256", WEBUI_SECRET);
        let nobody = json!("00000000-0000-4000-8000-000000000000");
        match name {
            "expired-token" => claims["exp"] = json!(now - 60),
            "alg-none" => algorithm = "none",
            "wrong-secret" => secret = "another-secret",
            "alg-hs384" => algorithm = "HS384",
            "alg-hs512" => algorithm = "HS512",
            "resigned-same-claims" => {}
            "no-exp" => claims["exp"] = Value::Null,
            "no-id" => claims["id"] = Value::Null,
            "unknown-id" => claims["id"] = nobody,
            "wrong-stamp" => claims["session_stamp"] = nobody,
            "no-stamp" => claims["session_stamp"] = Value::Null,
            "typ-unknown" => claims["typ"] = json!("other"),
            "typ-automation" => claims["typ"] = json!("automation"),
            "no-typ" => claims["typ"] = Value::Null,
            "future-iat" => claims["iat"] = json!(now + 3_600),
            "future-nbf" => claims["nbf"] = json!(now + 3_600),
            "exp-string" => claims["exp"] = json!((now + 3_600).to_string()),
            "exp-float" => claims["exp"] = json!(now as f64 + 3_600.5),
            _ => return None,
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&json!({"alg": algorithm, "typ": "JWT"})), part(&claims));
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(input.as_bytes());
        let signature = if algorithm == "none" {
            String::new()
        } else {
            URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
        };
        Some(format!("{input}.{signature}"))
    }

    /// Remembers our values of what the recording has names for.
    fn learn(&mut self, expected: &Value, actual: &Value) {
        match (expected, actual) {
            (Value::String(place), Value::String(value)) if place.starts_with('<') && place.contains(':') => {
                self.known.insert(place.clone(), value.clone());
            }
            (Value::Object(expected), Value::Object(actual)) => {
                for (name, expected) in expected {
                    if let Some(actual) = actual.get(name) {
                        self.learn(expected, actual);
                    }
                }
            }
            _ => {}
        }
    }

    /// An answer in the form of the recording.
    fn shown(&self, answer: &Answer, sort: Option<&str>) -> Value {
        let mut body = body_of(answer);
        if let Some(key) = sort {
            let list = match &mut body {
                Value::Object(object) => object.get_mut("users"),
                list => Some(list),
            };
            if let Some(Value::Array(list)) = list {
                list.sort_by_key(|row| row[key].as_str().unwrap_or_default().to_string());
            }
        }
        let content_type = answer.header("content-type");
        let body = match &body {
            Value::Null if answer.body.is_empty() => Value::Null,
            Value::Null if content_type.starts_with("image/") => json!(format!("<{content_type}>")),
            Value::Null if content_type.starts_with("text/") => json!(String::from_utf8_lossy(&answer.body)),
            body => self.masked(body, ""),
        };
        let mut shown = json!({"status": answer.status, "headers": {}, "body": body});
        for name in ["content-type", "www-authenticate", "location", "allow", "cache-control"] {
            if !answer.header(name).is_empty() {
                shown["headers"][name] = json!(answer.header(name));
            }
        }
        let cookies = answer.cookies();
        if !cookies.is_empty() {
            let get = answer.status == 200 && cookies.len() == 1 && cookies[0].contains("expires=");
            shown["set_cookie"] =
                cookies.iter().map(|cookie| json!(self.masked_cookie(cookie, get))).collect();
        }
        shown
    }

    fn masked(&self, value: &Value, key: &str) -> Value {
        match value {
            Value::Object(object) => {
                let member =
                    |(name, value): (&String, &Value)| (self.masked_text(name), self.masked(value, name));
                Value::Object(object.iter().map(member).collect::<Map<_, _>>())
            }
            Value::Array(array) => array.iter().map(|value| self.masked(value, key)).collect(),
            Value::String(text) => json!(self.masked_text(text)),
            Value::Number(_) if INSTANTS.contains(&key) => json!("<int>"),
            value => value.clone(),
        }
    }

    fn masked_text(&self, text: &str) -> String {
        let mut known: Vec<_> = self.known.iter().collect();
        known.sort_by_key(|(_, value)| core::cmp::Reverse(value.len()));
        let text = known.iter().fold(text.to_string(), |text, (place, value)| text.replace(*value, place));
        if text.starts_with("eyJ") && text.split('.').count() == 3 {
            return "<jwt>".to_string();
        }
        let is_uuid = text.len() == 36 && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
        if is_uuid { "<uuid>".to_string() } else { text }
    }

    fn masked_cookie(&self, cookie: &str, get: bool) -> String {
        let mut parts = cookie.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let mut shown = format!("{name}={}", self.masked_text(value));
        let forgets = cookie.contains("Max-Age=0");
        for part in parts {
            shown.push_str("; ");
            shown.push_str(match part.split_once('=') {
                Some(("expires", _)) if forgets => "expires=<now>",
                Some(("expires", _)) => "expires=<future>",
                Some(("Max-Age", _)) if get && !forgets => "Max-Age=<remaining>",
                _ => part,
            });
        }
        shown
    }
}

fn body_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
}

/// Another status is one difference, not one for each member that the body then lacks.
fn differences_of_answers(expected: &Value, shown: &Value) -> Vec<(String, String)> {
    let (one, two) = (&expected["status"], &shown["status"]);
    if one != two {
        return vec![(format!("{one}->{two}"), shown["body"].to_string())];
    }
    let mut found = Vec::new();
    differences(expected, shown, "", &mut found);
    found
}

/// Where two values differ, and how.
fn differences(expected: &Value, actual: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match (expected, actual) {
        (Value::Object(one), Value::Object(two)) => {
            for name in one.keys().chain(two.keys().filter(|name| !one.contains_key(*name))) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match (one.get(name), two.get(name)) {
                    (Some(one), Some(two)) => differences(one, two, &path, found),
                    (Some(_), None) => found.push((path, "missing".to_string())),
                    (None, _) => found.push((path, format!("extra: {}", two[name]))),
                }
            }
        }
        (Value::Array(one), Value::Array(two)) if one.len() == two.len() => {
            for (index, (one, two)) in one.iter().zip(two).enumerate() {
                differences(one, two, &format!("{path}[{index}]"), found);
            }
        }
        (one, two) if one != two => found.push((path.to_string(), format!("{one} became {two}"))),
        _ => {}
    }
}
