use serde_json::json;

use crate::harness::TestApp;

const PATH: &str = "/api/v1/auths/";

#[test]
fn a_session_shows_its_account_its_token_and_the_cookie_again() {
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    let answer = ann.get(PATH);
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    let token = body["token"].as_str().unwrap();
    for (member, value) in [
        ("name", json!("Ann")),
        ("email", json!("ann@example.com")),
        ("role", json!("admin")),
        ("token_type", json!("Bearer")),
        ("profile_image_url", json!("/user.png")),
        ("bio", json!(null)),
        ("gender", json!(null)),
        ("date_of_birth", json!(null)),
        ("status_emoji", json!(null)),
        ("status_message", json!(null)),
        ("status_expires_at", json!(null)),
    ] {
        assert_eq!(body[member], value, "{member}");
    }
    let cookie = answer.cookie("token").unwrap();
    assert!(cookie.starts_with(&format!("token={token}; expires=")), "{cookie}");
    assert!(
        cookie.contains(" GMT; HttpOnly; Max-Age=") && cookie.ends_with("; Path=/; SameSite=lax"),
        "{cookie}"
    );
}

#[test]
fn the_path_answers_with_and_without_its_slash() {
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    assert_eq!(ann.get("/api/v1/auths").json(), ann.get(PATH).json());
}

#[test]
fn the_cookie_is_as_good_as_the_header() {
    let app = TestApp::new();
    let token = app.sign_up("Ann", "ann@example.com").get(PATH).token();
    let by_cookie = app.anonymous().with("cookie", &format!("theme=dark; token={token}"));
    assert_eq!(by_cookie.get(PATH).token(), token);
    let behind_a_proxy = by_cookie.with("authorization", "Basic YTpi");
    assert_eq!(behind_a_proxy.get(PATH).token(), token, "another scheme is not ours to judge");
}

#[test]
fn a_bad_header_never_falls_back_to_a_good_cookie() {
    /* TK-26 */
    let app = TestApp::new();
    let token = app.sign_up("Ann", "ann@example.com").get(PATH).token();
    let cookie = format!("token={token}");
    for header in
        ["Bearer garbage", "Bearer", "Bearer ", &format!("Bearer {token}, Bearer {token}"), "Bearer a b"]
    {
        let client = app.anonymous().with("cookie", &cookie).with("authorization", header);
        let answer = client.get(PATH);
        assert_eq!(answer.status, 401, "{header}");
        assert!(
            answer.cookie("token").unwrap().contains("Max-Age=0"),
            "the browser forgets what did not work"
        );
    }
}

#[test]
fn a_cookie_that_comes_twice_is_no_cookie() {
    /* SE-03 */
    let app = TestApp::new();
    let token = app.sign_up("Ann", "ann@example.com").get(PATH).token();
    let tossed = app.anonymous().with("cookie", &format!("token={token}; token={token}"));
    assert_eq!(tossed.get(PATH).status, 401);
}

#[test]
fn without_a_credential_the_answer_says_so() {
    let app = TestApp::new();
    let answer = app.anonymous().get(PATH);
    assert_eq!((answer.status, answer.detail().as_str()), (401, "Not authenticated"));
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    assert_eq!(answer.cookies(), [""; 0]);
}

#[test]
fn tokens_that_are_not_ours_are_refused_before_anything_is_looked_up() {
    /* TK-01, TK-06, TK-07, TK-26, TK-27 */
    let app = TestApp::new();
    let token = app.sign_up("Ann", "ann@example.com").get(PATH).token();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = input.split_once('.').unwrap();
    // {"alg":"none"} and {"alg":"HS256"} without a kid.
    let none = format!("eyJhbGciOiJub25lIn0.{claims}.");
    let no_kid = format!("eyJhbGciOiJIUzI1NiJ9.{claims}.{signature}");
    let long = "a".repeat(9_000);
    for forged in [
        "garbage",
        "a.b.c",
        &none,
        &no_kid,
        &format!("{header}.{claims}.{}", &signature[..40]),
        &format!("{header}.{claims}.{signature}="),
        &format!("{header}.e30.{signature}"),
        &format!("{header}.{claims}"),
        &long,
    ] {
        let answer = app.anonymous().with_token(forged).get(PATH);
        assert_eq!(answer.status, 401, "{forged}");
    }
    let garbage = app.anonymous().with_token("garbage").get(PATH);
    assert_eq!(garbage.detail(), "401 Unauthorized");
    assert_eq!(app.anonymous().get(&format!("{PATH}?token={token}")).status, 401, "never from the address");
}

#[test]
fn an_api_key_that_does_not_exist_is_no_session() {
    let app = TestApp::new();
    let answer = app.anonymous().with_token("sk-0123456789abcdef0123456789abcdef").get(PATH);
    assert_eq!(answer.status, 401);
    assert_eq!(answer.detail(), "Your session has expired or the token is invalid. Please sign in again.");
}

#[test]
fn a_token_of_another_deployment_is_refused() {
    let (app, other) = (TestApp::new(), TestApp::with_vars(&[("JWT_ISSUER", "elsewhere")]));
    app.sign_up("Ann", "ann@example.com");
    let foreign = other.sign_up("Ann", "ann@example.com").get(PATH).token();
    let answer = app.anonymous().with_token(foreign).get(PATH);
    assert_eq!(
        (answer.status, answer.detail().as_str()),
        (401, "401 Unauthorized"),
        "same key, other issuer"
    );
}

#[test]
fn a_pending_account_may_ask_who_it_is() {
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true")]);
    app.sign_up("Ann", "ann@example.com");
    assert_eq!(app.sign_up("Bob", "bob@example.com").get(PATH).json()["role"], "pending");
}

#[test]
fn tokens_that_never_expire_say_so_and_live_as_long_as_the_browser() {
    /* */
    let app = TestApp::with_vars(&[("JWT_EXPIRES_IN", "-1")]);
    let answer = app.sign_up("Ann", "ann@example.com").get(PATH);
    assert_eq!(answer.json()["expires_at"], json!(null));
    let token = answer.token();
    assert_eq!(answer.cookies(), [format!("token={token}; HttpOnly; Path=/; SameSite=lax")]);
}

#[test]
fn head_has_the_authentication_of_get_and_no_body() {
    /* SE-11 */
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    let head = ann.send(http::Method::HEAD, PATH, None, Vec::new());
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(app.anonymous().send(http::Method::HEAD, PATH, None, Vec::new()).status, 401);
}
