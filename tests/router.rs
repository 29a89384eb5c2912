//! What holds for every route, read from the route table itself.

use core::fmt::Write as _;

use http::Method;
use portico_core::memory::Memory;
use portico_worker::router::{Level, Origin, Router, Way};
use serde_json::json;

use crate::harness::{TestApp, credentials};

#[test]
fn every_route_states_its_policy_and_the_policies_are_these() {
    /* AD-04, SE-10 */
    let router = Router::<Memory>::new();
    let mut table = String::new();
    for route in router.routes() {
        let audit = route.audit.map_or("-", |action| action.as_str());
        let policy = format!(
            "{:?} {} {:?} {:?} {audit} {:?}",
            route.level, route.body_cap, route.throttle, route.origin, route.way
        );
        writeln!(table, "{} {} {policy}", route.method, route.path).unwrap();
    }
    let reviewed = std::fs::read_to_string(crate::harness::root().join("tests/routes.txt")).unwrap();
    for (line, reviewed) in table.lines().zip(reviewed.lines().skip(1)) {
        assert_eq!(line, reviewed);
    }
    assert_eq!(table.lines().count(), reviewed.lines().count() - 1);
    for route in router.routes() {
        let reads = ["/signout", "/api_key", "/2fa/enable"].iter().all(|path| !route.path.ends_with(path));
        // A provider's answer may come as a form from its own page; the stored state says whose it is.
        let from_provider = route.path.starts_with("/oauth/") && route.path.ends_with("/callback");
        let safe = (route.method == Method::GET && reads) || from_provider;
        assert_eq!(
            route.origin == Origin::Any,
            safe,
            "{}: what changes something checks its origin",
            route.path
        );
    }
}

#[test]
fn the_npm_package_has_types_for_the_routes_there_are() {
    let types = std::fs::read_to_string(crate::harness::root().join("wasm-pkg/js/routes.d.ts")).unwrap();
    let typed: Vec<&str> = types
        .lines()
        .filter_map(|line| line.strip_prefix("  \"")?.split_once("\": Route<"))
        .map(|(r, _)| r)
        .collect();
    let router = Router::<Memory>::new();
    let routes: Vec<String> =
        router.routes().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    for typed in &typed {
        assert!(routes.iter().any(|route| route == typed), "{typed}");
    }
    // Another spelling of a typed route, and what is never there.
    let untyped = ["GET /api/v1/auths", "POST /api/auth/cloudfront/refresh"];
    for route in routes.iter().filter(|route| !untyped.contains(&route.as_str())) {
        let path = route.split_once(' ').unwrap().1;
        let is_auth =
            ["/api/v1/auths", "/api/auth/", "/api/user"].iter().any(|prefix| path.starts_with(prefix));
        assert!(!is_auth || typed.contains(&route.as_str()), "{route}");
    }
}

#[test]
fn guarded_routes_refuse_strangers_and_those_of_administrators_everybody_else() {
    /* AD-04, TH-15 */
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true"), ("DEFAULT_USER_ROLE", "user")]);
    app.sign_up("Ann", "ann@example.com");
    let bob = app.sign_up("Bob", "bob@example.com");
    for route in Router::<Memory>::new().routes().iter().filter(|route| route.level != Level::Anonymous) {
        let answer = app.anonymous().send(route.method.clone(), route.path, None, Vec::new());
        assert_eq!(answer.status, 401, "{}", route.path);
        if route.level == Level::Admin {
            let answer = bob.send(route.method.clone(), route.path, None, Vec::new());
            assert_eq!(answer.status, 401, "{}", route.path);
            assert!(answer.detail().starts_with("You do not have permission"), "{}", route.path);
        }
    }
}

#[test]
fn the_short_way_is_for_reading_only_and_sees_the_headers_it_needs() {
    let router = Router::<Memory>::new();
    for route in router.routes() {
        assert_eq!(router.is_hot(route.path), route.way == Way::Short, "{}", route.path);
        if route.way == Way::Short {
            assert_eq!((route.method.as_str(), route.origin), ("GET", Origin::Any), "{}", route.path);
        }
    }
    // The list in the entry is written by hand, like this one.
    let entry = std::fs::read_to_string(crate::harness::root().join("worker/entry/index.mjs")).unwrap();
    let list = portico_worker::HOT_HEADERS.map(|name| format!("\"{name}\"")).join(", ");
    assert!(entry.contains(&format!("const HEADERS = [{list}];")), "{list}");
}

#[test]
fn unknown_paths_are_404_in_json_and_reflect_nothing() {
    /* ER-04, IN-11 */
    let app = TestApp::new();
    for path in [
        "/",
        "/api",
        "/api/v1/auths/nope",
        "/api/v1//auths/",
        "/API/V1/AUTHS/",
        "/api/v1/auths/signin/",
        "/api/v1/auths%2fsignin",
        "/api/v1/auths/signin%00",
        "/api/v1/auths/signin;x=1",
        "/api/v1/auths/<script>alert(1)</script>".replace(['<', '>'], "%3c").as_str(),
    ] {
        for method in [Method::GET, Method::POST] {
            let answer = app.anonymous().send(method, path, Some("application/json"), b"{}".to_vec());
            assert_eq!((answer.status, answer.json()), (404, json!({"detail": "Not Found"})), "{path}");
        }
    }
}

#[test]
fn other_methods_are_405_and_name_the_right_ones() {
    /* SE-11 */
    let app = TestApp::new();
    for (method, path, allow) in [
        ("PUT", "/api/v1/auths/signin", "POST"),
        ("GET", "/api/v1/auths/signin", "POST"),
        ("HEAD", "/api/v1/auths/signin", "POST"),
        ("OPTIONS", "/api/v1/auths/signin", "POST"),
        ("DELETE", "/api/v1/auths/", "GET, HEAD"),
        ("PATCH", "/api/v1/auths/signout", "GET, POST"),
        ("HEAD", "/api/v1/auths/signout", "GET, POST"),
        ("PROPFIND", "/health", "GET, HEAD"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = app.anonymous().send(method.clone(), path, None, Vec::new());
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
        if method != Method::HEAD {
            assert_eq!(answer.json(), json!({"detail": "Method Not Allowed"}));
        }
    }
    let overridden = app.anonymous().with("x-http-method-override", "POST").get("/api/v1/auths/signin");
    assert_eq!(overridden.status, 405, "the method is the one on the request line");
}

#[test]
fn every_answer_carries_the_security_headers() {
    /* SE-13, ER-01 */
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    let big = vec![b'x'; 70_000];
    for answer in [
        ann.get("/api/v1/auths/"),
        app.anonymous().get("/api/v1/auths/"),
        app.anonymous().get("/nope"),
        app.anonymous().get("/health"),
        app.anonymous().post("/api/v1/auths/signin", &json!({})),
        app.anonymous().post("/api/v1/auths/signin", &credentials("ann@example.com", "wrong password")),
        app.anonymous().send(Method::POST, "/api/v1/auths/signin", Some("application/json"), big),
        app.anonymous().with("origin", "https://evil.example").post("/api/v1/auths/signin", &json!({})),
    ] {
        for (name, value) in [
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("vary", "Origin"),
            ("content-type", "application/json"),
        ] {
            assert_eq!(answer.header(name), value, "{name} in {answer:?}");
        }
        assert_ne!(answer.header("x-request-id"), "");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{answer:?}");
    }
}

#[test]
fn only_listed_origins_may_read_with_credentials() {
    /* SE-12 */
    let app = TestApp::with_vars(&[("CORS_ALLOW_ORIGIN", "https://chat.example;http://localhost:5173")]);
    let ask = |origin: &str| app.anonymous().with("origin", origin).get("/api/config");
    let listed = ask("http://localhost:5173");
    assert_eq!(listed.header("access-control-allow-origin"), "http://localhost:5173");
    assert_eq!(listed.header("access-control-allow-credentials"), "true");
    for stranger in
        ["https://evil.example", "null", "http://localhost:5174", "https://chat.example.evil.example"]
    {
        assert_eq!(ask(stranger).header("access-control-allow-origin"), "", "{stranger}");
    }
}

#[test]
fn a_star_never_comes_with_credentials() {
    /* SE-12 */
    let app = TestApp::with_vars(&[("CORS_ALLOW_ORIGIN", "*")]);
    let answer = app.anonymous().with("origin", "https://anyone.example").get("/api/config");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
}

#[test]
fn a_preflight_is_granted_to_listed_origins_only() {
    /* SE-12 */
    let app = TestApp::with_vars(&[("CORS_ALLOW_ORIGIN", "https://chat.example")]);
    let ask = |origin: &str| {
        let client = app.anonymous().with("origin", origin).with("access-control-request-method", "POST");
        client.send(Method::OPTIONS, "/api/v1/auths/signin", None, Vec::new())
    };
    let granted = ask("https://chat.example");
    assert_eq!((granted.status, granted.body.as_slice()), (200, &b"OK"[..]));
    assert_eq!(granted.header("access-control-allow-methods"), "POST");
    assert_eq!(granted.header("access-control-allow-headers"), "authorization, content-type, x-api-key");
    assert_eq!(granted.header("access-control-max-age"), "600");
    let refused = ask("https://evil.example");
    assert_eq!(refused.status, 400);
    assert_eq!(refused.header("access-control-allow-methods"), "");
}
