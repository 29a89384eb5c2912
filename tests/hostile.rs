//! Bodies from people who mean no good: on every route a 4xx in the dialect's shape, never a 5xx, and
//! nothing changes (IN-01 … IN-03).

use http::Method;
use portico_core::memory::Memory;
use portico_worker::router::Router;
use serde_json::{Value, json};

use crate::harness::{Answer, PASSWORD, TestApp};

const JSON: Option<&str> = Some("application/json");

/// Every path, each with methods that may carry a body.
fn body_routes() -> Vec<(Method, &'static str)> {
    let router = Router::<Memory>::new();
    let mut paths: Vec<_> = router.routes().iter().map(|route| route.path).collect();
    paths.dedup();
    paths.into_iter().flat_map(|path| [(Method::POST, path), (Method::PUT, path)]).collect()
}

/// Routes that have nothing to refuse in a well-formed object, or in no body: it changes nothing, or little.
const UNDEMANDING: [&str; 10] = [
    "/api/auth/2fa/enable",
    "/api/auth/logout",
    "/api/auth/refresh",
    "/api/v1/auths/admin/config/ldap",
    "/api/v1/auths/admin/config/oauth",
    "/api/v1/auths/signout",
    "/api/v1/users/user/info/update",
    "/api/v1/users/user/settings/update",
    "/api/v1/users/user/status/update",
    "/api/v1/users/user/variables/update",
];

/// A refusal in the dialect's shape.
fn assert_harmless(answer: &Answer, method: &Method, path: &str, body: &str) {
    let well_formed = ["empty", "empty object", "wrong types", "nulls", "booleans", "prototype"];
    // The bodies of these are looked at by nobody.
    let takes_anything = [
        "/api/auth/logout",
        "/api/auth/refresh",
        "/api/user/terms/accept",
        "/api/v1/auths/api_key",
        "/api/v1/users/{id}/password/link",
    ]
    .contains(&path);
    let undemanding = UNDEMANDING.contains(&path) && well_formed.contains(&body);
    if *method == Method::POST && answer.status == 200 && (takes_anything || undemanding) {
        return;
    }
    // Whatever a provider says, as long as nobody signs in through one.
    if answer.status == 302 && path.starts_with("/oauth/") {
        return;
    }
    assert!((400..500).contains(&answer.status), "{method} {path}: {body}: {answer:?}");
    // Some of the other dialect's refusals are a text.
    if answer.header("content-type").starts_with("text/html") {
        return;
    }
    let json = answer.json();
    let is_librechat =
        Router::<Memory>::new().routes().iter().any(|route| route.path == path && route.is_of_librechat());
    let shaped = match is_librechat {
        true => json["message"].is_string(),
        false => matches!(json.get("detail"), Some(Value::String(_) | Value::Array(_))),
    };
    assert!(shaped, "{method} {path}: {body}: {answer:?}");
}

#[test]
fn hostile_bodies_are_refused_on_every_route_and_change_nothing() {
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    let deep = format!("{}1{}", "{\"a\":[".repeat(2_000), "]}".repeat(2_000));
    let wide = format!("{{{}}}", (0..2_000).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(","));
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("not JSON", b"<xml/>".to_vec()),
        ("cut off", b"{\"email\": ".to_vec()),
        ("two documents", b"{} {}".to_vec()),
        ("array", b"[]".to_vec()),
        ("string", b"\"x\"".to_vec()),
        ("number", b"1e309".to_vec()),
        ("null", b"null".to_vec()),
        ("empty object", b"{}".to_vec()),
        ("byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        ("not UTF-8", b"{\"email\":\"\xff\xfe\",\"password\":\"\xc3\x28\",\"name\":\"x\"}".to_vec()),
        ("lone surrogate", br#"{"email":"\ud800","password":"x","name":"x"}"#.to_vec()),
        (
            "duplicate name",
            br#"{"email":"a@b.co","email":"ann@example.com","password":"x","name":"x"}"#.to_vec(),
        ),
        ("wrong types", br#"{"email":1,"password":{"$ne":null},"name":["x"]}"#.to_vec()),
        ("nulls", br#"{"email":null,"password":null,"name":null}"#.to_vec()),
        ("booleans", br#"{"email":true,"password":false,"name":true}"#.to_vec()),
        ("deeply nested", deep.into_bytes()),
        ("many members", wide.into_bytes()),
        ("prototype", br#"{"__proto__":{"email":"ann@example.com"},"constructor":1}"#.to_vec()),
        ("over the cap", vec![b' '; 64 * 1_024 + 1]),
        ("ten megabytes", vec![b'['; 10_000_000]),
    ];
    for (method, path) in body_routes() {
        for (name, body) in &bodies {
            let answer = ann.send(method.clone(), path, JSON, body.clone());
            assert_harmless(&answer, &method, path, name);
        }
        for content_type in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
        ] {
            let form = b"email=ann%40example.com&password=correct+horse&name=x".to_vec();
            let answer = app.anonymous().send(method.clone(), path, content_type, form);
            assert_harmless(&answer, &method, path, "a form");
        }
    }
    let signed_in = app
        .anonymous()
        .post("/api/v1/auths/signin", &crate::harness::credentials("ann@example.com", PASSWORD));
    assert_eq!(signed_in.status, 200, "the account is as it was");
}

#[test]
fn a_body_over_the_cap_is_refused_even_where_nobody_would_read_it() {
    /* IN-01 */
    let app = TestApp::new();
    for path in ["/health", "/api/config", "/api/v1/auths/", "/api/v1/auths/signout"] {
        let answer = app.anonymous().send(Method::GET, path, JSON, vec![b'['; 10_000_000]);
        assert_eq!(answer.status, 413, "{path}: {answer:?}");
    }
}

#[test]
fn each_kind_of_bad_body_has_the_contracts_error() {
    let app = TestApp::new();
    let refusal = |content_type: Option<&str>, body: &[u8]| {
        let answer = app.anonymous().send(Method::POST, "/api/v1/auths/signin", content_type, body.to_vec());
        (answer.status, answer.json()["detail"].clone())
    };
    let missing = json!([{"type": "missing", "loc": ["body"], "msg": "Field required"}]);
    assert_eq!(refusal(JSON, b""), (422, missing.clone()));
    assert_eq!(refusal(None, b""), (422, missing));
    let not_an_object = json!([{
        "type": "model_attributes_type",
        "loc": ["body"],
        "msg": "Input should be a valid dictionary or object to extract fields from",
    }]);
    assert_eq!(refusal(JSON, b"[]"), (422, not_an_object.clone()));
    assert_eq!(refusal(Some("text/plain"), b"{}"), (422, not_an_object));
    let invalid = json!([{
        "type": "json_invalid",
        "loc": ["body", 10],
        "msg": "JSON decode error",
        "ctx": {"error": "expected value"},
    }]);
    assert_eq!(refusal(JSON, b"{\"email\": x}"), (422, invalid));
    let both = json!([
        {"type": "missing", "loc": ["body", "email"], "msg": "Field required"},
        {"type": "missing", "loc": ["body", "password"], "msg": "Field required"},
    ]);
    assert_eq!(refusal(JSON, b"{}"), (422, both));
    assert_eq!(refusal(JSON, &vec![b' '; 65_537]), (413, json!("Request body too large.")));
    // Where a picture may come along there is more room, and an end to it.
    for (bytes, status) in [(65_537, 422), (262_144, 422), (262_145, 413)] {
        let body = vec![b' '; bytes];
        let answer = app.anonymous().send(Method::POST, "/api/v1/auths/signup", JSON, body);
        assert_eq!(answer.status, status, "{bytes}");
    }
}

#[test]
fn naughty_strings_in_every_field_are_a_4xx_or_a_plain_account() {
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true")]);
    app.ignore_secrets();
    app.sign_up("Ann", "ann@example.com");
    for (n, text) in [
        "'; DROP TABLE users; --",
        "%s%n%x",
        "../../etc/passwd\0.png",
        "<img src=x onerror=alert(1)>",
        "\u{feff}",
        "\u{202e}\u{202d}",
        "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤",
        "😀👩‍👩‍👧‍👦🏳️‍🌈",
        "الكل في المجمو عة",
        "${jndi:ldap://x}",
        "1e1000",
        "\r\nSet-Cookie: token=x",
    ]
    .into_iter()
    .enumerate()
    {
        let forms = [
            json!({"name": text, "email": format!("user{n}@example.com"), "password": PASSWORD}),
            json!({"name": "x", "email": text, "password": PASSWORD}),
            json!({"name": "x", "email": format!("pw{n}@example.com"), "password": text}),
            json!({"name": "x", "email": format!("im{n}@example.com"), "password": PASSWORD, "profile_image_url": text}),
        ];
        for form in forms {
            let answer = app.anonymous().post("/api/v1/auths/signup", &form);
            assert!(answer.status < 500, "{form}: {answer:?}");
            assert!(answer.cookies().len() <= 1, "{form}: {answer:?}");
        }
        let form = json!({"email": text, "password": text});
        assert_eq!(app.anonymous().post("/api/v1/auths/signin", &form).status, 400, "{text:?}");
        let header = text.replace(|c: char| !c.is_ascii_graphic(), "_");
        for name in
            ["authorization", "cookie", "origin", "content-type", "user-agent", "cf-connecting-ip", "cf-ray"]
        {
            assert!(
                app.anonymous().with(name, &header).get("/api/v1/auths/").status < 500,
                "{name}: {header}"
            );
        }
    }
}
