use http::Method;
use serde_json::json;

use crate::{
    harness::{Browser, PASSWORD, TestApp, with_native},
    librechat::{MAIL, OPEN, member},
};

const LOGIN: &str = "/api/auth/login";

#[test]
fn a_member_gets_a_short_token_the_account_and_two_cookies() {
    /* SE-01, SE-02 */
    let app = TestApp::with_vars(&OPEN);
    let browser = Browser::of(&app);
    browser.register("Ann Lee", "ann@example.com");
    let answer = browser.try_login("  ANN@example.com ", PASSWORD);
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    let user = &body["user"];
    assert_eq!(user["_id"], user["id"]);
    for (field, value) in [
        ("name", json!("Ann Lee")),
        ("username", json!(null)),
        ("email", json!("ann@example.com")),
        ("emailVerified", json!(true)),
        ("avatar", json!(null)),
        ("provider", json!("local")),
        ("role", json!("ADMIN")),
        ("plugins", json!([])),
        ("twoFactorEnabled", json!(false)),
        ("termsAccepted", json!(false)),
        ("personalization", json!({"memories": true, "statefulCodeEnvironment": "user"})),
        ("favorites", json!([])),
        ("skillStates", json!({})),
    ] {
        assert_eq!(user[field], value, "{field}");
    }
    for field in ["createdAt", "updatedAt"] {
        let date = user[field].as_str().unwrap();
        assert!(date.len() == 24 && date.ends_with(".000Z"), "{date}");
    }
    assert_eq!(user.as_object().unwrap().len(), 17, "{user}");
    let claims = claims(&answer.token());
    assert_eq!(claims["id"], user["id"]);
    assert_eq!(
        (&claims["username"], &claims["provider"], &claims["email"]),
        (&json!(null), &json!("local"), &json!("ann@example.com"))
    );
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    assert_eq!((&claims["typ"], &claims["role"]), (&json!("access"), &json!(null)));
    assert!(["jti", "sid", "iss"].iter().all(|name| claims[name].is_string()), "{claims}");
    for (name, value) in [("refreshToken", None), ("token_provider", Some("librechat"))] {
        let cookie = answer.cookie(name).unwrap();
        for part in ["; Path=/", "; HttpOnly", "; SameSite=Strict", "; Expires="] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(
            !cookie.contains("Max-Age") && !cookie.contains("Domain") && !cookie.contains("Secure"),
            "{cookie}"
        );
        if let Some(value) = value {
            assert!(cookie.starts_with(&format!("{name}={value};")), "{cookie}");
        }
    }
    assert_eq!(answer.cookies().len(), 2);
}

/// What a token says.
fn claims(token: &str) -> serde_json::Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn nobody_learns_whether_an_account_exists() {
    /* TH-09, ER-02; librechat.md §13.1 */
    let app = TestApp::with_vars(&OPEN);
    member(&app, "Ann", "ann@example.com");
    let stranger = Browser::of(&app);
    let answers = [
        stranger.try_login("ann@example.com", "wrong password"),
        stranger.try_login("nobody@example.com", "wrong password"),
        stranger.try_login("not an address", "wrong password"),
        stranger.try_login("ann@example.com", &"x".repeat(1_025)),
    ];
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (404, &answers[0].body));
        assert_eq!(answer.cookies(), [""; 0]);
        let names = |answer: &crate::harness::Answer| -> Vec<String> {
            answer.headers.keys().map(ToString::to_string).collect()
        };
        assert_eq!(names(answer), names(&answers[0]));
    }
    assert!(answers[0].json()["message"].is_string());
}

#[test]
fn a_form_without_fields_or_with_other_types_is_refused() {
    /* IN-03; librechat.md §13.33, §13.43 */
    let app = TestApp::with_vars(&OPEN);
    member(&app, "Ann", "ann@example.com");
    let browser = Browser::of(&app);
    for (form, message) in [
        (json!({}), "Missing credentials"),
        (json!({"email": "ann@example.com"}), "Missing credentials"),
        (json!({"email": "ann@example.com", "password": ""}), "Missing credentials"),
        (json!({"email": {"$gt": ""}, "password": PASSWORD}), "email: Expected string, received object"),
        (
            json!({"email": ["a"], "password": 1}),
            "email: Expected string, received array password: Expected string, received number",
        ),
    ] {
        let answer = browser.post(LOGIN, &form);
        assert_eq!((answer.status, answer.json()), (404, json!({"message": message})), "{form}");
    }
    let query = format!("{LOGIN}?email=ann@example.com&password=correct%20horse");
    assert_eq!(browser.poke(&query).status, 404, "credentials are no business of addresses");
    let malformed = browser.client().send(Method::POST, LOGIN, Some("application/json"), b"{".to_vec());
    assert_eq!(
        (malformed.status, malformed.json()),
        (400, json!({"error": "Invalid JSON format", "message": "The request body contains malformed JSON"}))
    );
    let form = b"email=ann%40example.com&password=correct+horse".to_vec();
    let form = browser.client().send(Method::POST, LOGIN, Some("application/x-www-form-urlencoded"), form);
    assert_eq!((form.status, form.cookies().len()), (415, 0), "SE-09");
}

#[test]
fn the_eighth_login_of_an_address_within_five_minutes_is_refused() {
    /* TH-06, TH-12, TH-14; librechat.md §8 */
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true")]);
    let browser = Browser::of(&app);
    browser.register("Ann", "ann@example.com");
    for left in (0..7).rev() {
        let answer = browser.try_login("ann@example.com", PASSWORD);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("x-ratelimit-limit"), "7");
        assert_eq!(answer.header("x-ratelimit-remaining"), left.to_string());
        let resets: i64 = answer.header("x-ratelimit-reset").parse().unwrap();
        assert!((app.now() + 290..=app.now() + 300).contains(&resets));
    }
    let refused = browser.try_login("ann@example.com", PASSWORD);
    assert_eq!(
        (refused.status, refused.json()),
        (429, json!({"message": "Too many login attempts, please try again after 5 minutes."}))
    );
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=300).contains(&wait), "{wait}");
    assert_eq!(refused.cookies(), [""; 0]);
    let elsewhere = Browser::from_network(&app, "203.0.113.51");
    assert_eq!(elsewhere.try_login("ann@example.com", PASSWORD).status, 200);
}

#[test]
fn another_sites_page_signs_nobody_in() {
    /* SE-07, SE-08 */
    let app = TestApp::with_vars(&OPEN);
    member(&app, "Ann", "ann@example.com");
    let form = json!({"email": "ann@example.com", "password": PASSWORD});
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let answer = app.anonymous().with(name, value).post(LOGIN, &form);
        assert_eq!(
            (answer.status, answer.json()),
            (403, json!({"message": "Cross-site request rejected", "code": "auth_cross_origin"})),
            "{name}: {value}"
        );
        assert_eq!(answer.cookies(), [""; 0]);
    }
    let app = TestApp::with_vars(&[OPEN.as_slice(), &[("DOMAIN_CLIENT", "https://chat.example")]].concat());
    member(&app, "Ann", "ann@example.com");
    let of_client = |origin: &str| app.anonymous().with("origin", origin).post(LOGIN, &form).status;
    assert_eq!(of_client("https://chat.example"), 200);
    assert_eq!(of_client("https://chat.example.evil.example"), 403);
}

#[test]
fn the_switch_for_passwords_closes_the_route_and_its_override_opens_it() {
    /* AD-12 */
    let off = [OPEN.as_slice(), &[("ALLOW_EMAIL_LOGIN", "false")]].concat();
    let app = TestApp::with_vars(&off);
    let answer = Browser::of(&app).try_login("ann@example.com", PASSWORD);
    assert_eq!((answer.status, answer.json()), (403, json!({"message": "Email login is not allowed."})));
    assert_eq!(app.anonymous().get("/api/config").json()["emailLoginEnabled"], false);
    let hidden = [off.as_slice(), &[("ALLOW_EMAIL_LOGIN_OVERRIDE", "true")]].concat();
    let app = TestApp::with_vars(&hidden);
    member(&app, "Ann", "ann@example.com");
    assert_eq!(app.anonymous().get("/api/config").json()["emailLoginEnabled"], false);
}

#[test]
fn somebody_who_waits_for_approval_is_told_so_and_not_let_in() {
    /* TK-14 */
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true"), ("DEFAULT_USER_ROLE", "pending")]);
    member(&app, "Ann", "ann@example.com");
    let bob = Browser::of(&app);
    bob.register("Bob", "bob@example.com");
    let answer = bob.try_login("bob@example.com", PASSWORD);
    assert_eq!((answer.status, answer.cookies().len()), (403, 0), "{answer:?}");
    assert!(answer.json()["message"].as_str().unwrap().contains("awaiting approval"));
    assert_eq!(bob.try_login("bob@example.com", "wrong password").status, 404);
}

#[test]
fn a_new_login_ends_the_one_before_it_in_the_same_browser() {
    /* SE-04 */
    let app = TestApp::with_vars(&OPEN);
    let browser = member(&app, "Ann", "ann@example.com");
    let before = browser.token();
    browser.reload();
    browser.login("ann@example.com");
    let with = |token: &str| app.anonymous().with_token(token).get("/api/user").status;
    assert_eq!((with(&before), with(&browser.token())), (401, 200));
    // A cookie that somebody else sends along ends nothing.
    let cookie = format!("refreshToken={}", browser.cookie("refreshToken").unwrap());
    let form = json!({"email": "ann@example.com", "password": PASSWORD});
    assert_eq!(app.anonymous().with("cookie", &cookie).post(LOGIN, &form).status, 200);
    assert_eq!(with(&browser.token()), 200);
}

#[test]
fn an_unverified_address_is_422_to_somebody_who_knows_the_password() {
    /* RS-13; librechat.md §15.5 */
    let app = TestApp::with_vars(&MAIL);
    let browser = Browser::of(&app);
    browser.register("Ann", "ann@example.com");
    let answer = browser.try_login("ann@example.com", PASSWORD);
    assert_eq!((answer.status, answer.json()), (422, json!({"message": "Email not verified."})));
    assert_eq!(answer.cookies(), [""; 0]);
    assert_eq!(browser.try_login("ann@example.com", "wrong password").status, 404);
    let allowed = [MAIL.as_slice(), &[("ALLOW_UNVERIFIED_EMAIL_LOGIN", "true")]].concat();
    let app = TestApp::with_vars(&allowed);
    let browser = Browser::of(&app);
    browser.register("Ann", "ann@example.com");
    browser.login("ann@example.com");
}

#[test]
fn a_guessed_account_is_throttled_for_the_dialects_together() {
    /* TH-02, TH-03 */
    let app = TestApp::with_vars(&OPEN);
    member(&app, "Ann", "ann@example.com");
    let stranger = Browser::from_network(&app, "203.0.113.9");
    for _ in 0..8 {
        assert_eq!(stranger.try_login("ann@example.com", "wrong password").status, 404);
    }
    let other = app.anonymous().with("cf-connecting-ip", "203.0.113.9");
    let form = json!({"email": "ANN@example.com", "password": "wrong password"});
    for _ in 0..7 {
        assert_eq!(other.post("/api/v1/auths/signin", &form).status, 400);
    }
    assert_eq!(other.post("/api/v1/auths/signin", &form).status, 429);
    let refused = stranger.try_login("ann@example.com", PASSWORD);
    assert_eq!(refused.status, 429, "{refused:?}");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(Browser::of(&app).try_login("ann@example.com", PASSWORD).status, 200, "TH-08");
}

#[test]
fn cookies_are_secure_where_the_deployment_is_reached_by_https() {
    /* SE-01 */
    for (name, value) in [
        ("DOMAIN_CLIENT", "https://chat.example"),
        ("WEBUI_URL", "https://chat.example"),
        ("SESSION_COOKIE_SECURE", "true"),
    ] {
        let app = TestApp::with_vars(&[OPEN.as_slice(), &[(name, value)]].concat());
        let browser = Browser::of(&app);
        browser.register("Ann", "ann@example.com");
        let cookie = browser.login("ann@example.com").cookie("refreshToken").unwrap();
        assert!(cookie.ends_with("; Secure"), "{name}: {cookie}");
    }
}

#[test]
fn a_longer_shortest_password_locks_nobody_out() {
    /* librechat.md §13.31 */
    with_native(&OPEN, |app, native| {
        member(app, "Ann", "ann@example.com");
        native.configure_anew(&[OPEN.as_slice(), &[("MIN_PASSWORD_LENGTH", "40")]].concat());
        Browser::of(app).login("ann@example.com");
        let refused = Browser::of(app).register("Bob", "bob@example.com");
        assert_eq!(refused.status, 404, "{refused:?}");
    });
}
