use http::Method;
use serde_json::json;

use crate::harness::{Client, PASSWORD, TestApp, credentials};

const PATH: &str = "/api/v1/auths/sessions";
const SESSION: &str = "/api/v1/auths/";

/// Signs in once more, with another browser.
fn sign_in<'a>(app: &'a TestApp, email: &str, browser: &str) -> Client<'a> {
    let form = credentials(email, PASSWORD);
    let answer = app.anonymous().with("user-agent", browser).post("/api/v1/auths/signin", &form);
    app.anonymous().with_token(answer.token())
}

fn delete(client: &Client<'_>, path: &str) -> crate::harness::Answer {
    client.send(Method::DELETE, path, None, Vec::new())
}

#[test]
fn people_see_where_they_are_signed_in() {
    /* SE-19 */
    let app = TestApp::new();
    app.sign_up("Ann", "ann@example.com");
    let phone = sign_in(&app, "ann@example.com", "phone");
    let answer = phone.get(PATH);
    assert_eq!(answer.status, 200, "{answer:?}");
    let sessions = answer.json();
    assert_eq!(sessions.as_array().unwrap().len(), 2);
    let mine: Vec<_> =
        sessions.as_array().unwrap().iter().filter(|session| session["current"] == true).cloned().collect();
    assert_eq!(mine.len(), 1);
    let mine = &mine[0];
    assert_eq!(mine["user_agent"], "phone");
    assert_eq!(mine["auth_method"], "password");
    assert_eq!(mine["network"], "unknown");
    assert_eq!(mine["created_at"], mine["last_seen_at"]);
    assert!(mine["ends_at"].as_i64() > mine["created_at"].as_i64());
    let keys: Vec<_> = mine.as_object().unwrap().keys().map(String::as_str).collect();
    let shown =
        ["auth_method", "created_at", "current", "ends_at", "id", "last_seen_at", "network", "user_agent"];
    assert_eq!(keys.len(), shown.len(), "nothing that would be a credential: {keys:?}");
    for key in shown {
        assert!(keys.contains(&key), "{key}");
    }
}

#[test]
fn people_end_one_session_or_all_others() {
    /* SE-19, TK-15 */
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true")]);
    let here = app.sign_up("Ann", "ann@example.com");
    let bob = app.sign_up("Bob", "bob@example.com");
    let phone = sign_in(&app, "ann@example.com", "phone");
    let tablet = sign_in(&app, "ann@example.com", "tablet");
    let sessions = here.get(PATH).json();
    let of = |browser: &str| {
        let session = sessions.as_array().unwrap().iter().find(|session| session["user_agent"] == browser);
        format!("{PATH}/{}", session.unwrap()["id"].as_str().unwrap())
    };
    let foreign = delete(&bob, &of("phone"));
    assert_eq!((foreign.status, foreign.detail().as_str()), (404, "Session not found."));
    assert_eq!(phone.get(SESSION).status, 200, "nobody ends the session of another");
    assert_eq!(delete(&here, &of("phone")).json(), json!({"status": true}));
    assert_eq!(phone.get(SESSION).status, 401);
    assert_eq!(delete(&here, &of("phone")).status, 404);
    assert_eq!(delete(&here, &format!("{PATH}/%2e%2e")).status, 404);
    assert_eq!(delete(&here, PATH).json(), json!({"status": true, "ended": 1}));
    assert_eq!((tablet.get(SESSION).status, here.get(SESSION).status), (401, 200));
    assert_eq!(bob.get(SESSION).status, 200);
}

#[test]
fn ending_the_present_session_forgets_its_cookie() {
    /* SE-20 */
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    let id = ann.get(PATH).json()[0]["id"].as_str().unwrap().to_string();
    let answer = delete(&ann, &format!("{PATH}/{id}"));
    assert_eq!(answer.status, 200);
    assert!(answer.cookie("token").unwrap().contains("Max-Age=0"));
    assert_eq!(ann.get(SESSION).status, 401);
}

#[test]
fn a_cookie_ends_sessions_only_when_the_browser_says_that_a_page_of_ours_asked() {
    /* SE-06 */
    let app = TestApp::new();
    app.sign_up("Ann", "ann@example.com");
    let signed_in = app.anonymous().post("/api/v1/auths/signin", &credentials("ann@example.com", PASSWORD));
    let browser = app.anonymous().with("cookie", &format!("token={}", signed_in.token()));
    assert_eq!(browser.get(PATH).status, 200);
    assert_eq!(delete(&browser, PATH).status, 401, "nobody vouches for the cookie");
    assert_eq!(delete(&browser.clone().with("origin", "https://evil.example"), PATH).status, 403);
    assert_eq!(delete(&browser.clone().with("sec-fetch-site", "cross-site"), PATH).status, 403);
    assert_eq!(browser.get(PATH).json().as_array().unwrap().len(), 2, "nothing has changed");
    assert_eq!(delete(&browser.with("sec-fetch-site", "same-origin"), PATH).status, 200);
}

#[test]
fn signing_in_again_ends_the_session_that_the_browser_had() {
    /* SE-04 */
    let app = TestApp::new();
    let elsewhere = app.sign_up("Ann", "ann@example.com");
    let form = credentials("ann@example.com", PASSWORD);
    let first = app.anonymous().post("/api/v1/auths/signin", &form).token();
    let script = app.anonymous().with("cookie", &format!("token={first}"));
    let browser = script.clone().with("sec-fetch-site", "same-origin");
    let wrong = credentials("ann@example.com", "wrong password");
    assert_eq!(browser.post("/api/v1/auths/signin", &wrong).status, 400);
    assert_eq!(browser.get(SESSION).status, 200, "a failure ends nothing");
    assert_eq!(script.post("/api/v1/auths/signin", &form).status, 200);
    assert_eq!(browser.get(SESSION).status, 200, "a script may have several sessions");
    let second = browser.post("/api/v1/auths/signin", &form).token();
    assert_ne!(first, second);
    assert_eq!(browser.get(SESSION).status, 401);
    assert_eq!(app.anonymous().with_token(second).get(SESSION).status, 200);
    assert_eq!(elsewhere.get(SESSION).status, 200);
}
