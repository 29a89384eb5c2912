use http::Method;
use serde_json::json;

use crate::harness::{Client, PASSWORD, TestApp, credentials};

const PATH: &str = "/api/v1/auths/signout";
const SESSION: &str = "/api/v1/auths/";

fn sign_out(client: &Client<'_>, method: Method) -> crate::harness::Answer {
    client.send(method, PATH, None, Vec::new())
}

#[test]
fn the_signed_out_token_is_refused_at_once_and_others_live_on() {
    /* TK-15, R-03 */
    let app = TestApp::new();
    let here = app.sign_up("Ann", "ann@example.com");
    let other =
        app.anonymous().post("/api/v1/auths/signin", &credentials("ann@example.com", PASSWORD)).token();
    let there = app.anonymous().with_token(&other);
    for method in [Method::POST, Method::GET] {
        let session =
            app.anonymous().post("/api/v1/auths/signin", &credentials("ann@example.com", PASSWORD)).token();
        let client = app.anonymous().with_token(&session);
        assert_eq!(client.get(SESSION).status, 200);
        let answer = sign_out(&client, method);
        assert_eq!((answer.status, answer.json()), (200, json!({"status": true})));
        let refused = client.get(SESSION);
        assert_eq!((refused.status, refused.detail().as_str()), (401, "Invalid token"));
    }
    assert_eq!(here.get(SESSION).status, 200);
    assert_eq!(there.get(SESSION).status, 200);
}

#[test]
fn a_cookie_is_enough_and_the_cookies_are_forgotten() {
    /* SE-20 */
    let app = TestApp::new();
    let token = app.sign_up("Ann", "ann@example.com").get(SESSION).token();
    let browser = app.anonymous().with("cookie", &format!("token={token}; oauth_session_id=x"));
    let answer = sign_out(&browser, Method::POST);
    let names: Vec<String> = answer
        .cookies()
        .iter()
        .map(|cookie| {
            assert!(cookie.contains("=\"\"; expires="), "{cookie}");
            assert!(cookie.ends_with(" GMT; Max-Age=0; Path=/; SameSite=lax"), "{cookie}");
            cookie.split('=').next().unwrap().to_string()
        })
        .collect();
    assert_eq!(names, ["token", "owui-session", "oui-session", "oauth_id_token", "oauth_session_id"]);
    assert_eq!(browser.get(SESSION).status, 401);
}

#[test]
fn whoever_came_from_a_provider_is_sent_where_the_deployment_says() {
    let app = TestApp::with_vars(&[
        ("WEBUI_AUTH_SIGNOUT_REDIRECT_URL", "https://chat.example/bye"),
        ("OPENID_END_SESSION_ENDPOINT", "https://id.example/end?client=us"),
    ]);
    let token = app.sign_up("Ann", "ann@example.com").get(SESSION).token();
    let from_provider = app.anonymous().with("cookie", &format!("token={token}; oauth_session_id=x"));
    let redirect = |client: &Client<'_>| sign_out(client, Method::POST).json()["redirect_url"].clone();
    assert_eq!(redirect(&from_provider), "https://id.example/end?client=us");
    assert_eq!(redirect(&app.anonymous()), "https://chat.example/bye");
}

#[test]
fn signing_out_needs_no_session() {
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    for client in [app.anonymous(), app.anonymous().with_token("garbage"), ann.clone(), ann] {
        let answer = sign_out(&client, Method::POST);
        assert_eq!((answer.status, answer.json()), (200, json!({"status": true})));
        assert_eq!(answer.cookies().len(), 4);
    }
}

#[test]
fn nobody_is_told_that_they_are_signed_out_while_they_are_not() {
    /* SE-03 */
    let app = TestApp::new();
    let token = app.sign_up("Ann", "ann@example.com").get(SESSION).token();
    let tossed = app.anonymous().with("cookie", &format!("token={token}; token=x"));
    assert_eq!(sign_out(&tossed, Method::POST).status, 401, "which of the two is meant?");
    let ann = app.anonymous().with_token(&token);
    assert_eq!(sign_out(&ann, Method::HEAD).status, 405, "asking changes nothing");
    let malformed = ann.send(Method::POST, PATH, Some("application/json"), b"{".to_vec());
    assert_eq!(malformed.status, 422);
    assert_eq!(ann.get(SESSION).status, 200, "still signed in");
}

#[test]
fn the_page_is_told_where_to_go_next_when_the_deployment_says_so() {
    let app = TestApp::with_vars(&[("WEBUI_AUTH_SIGNOUT_REDIRECT_URL", "https://www.example/bye")]);
    let answer = sign_out(&app.anonymous(), Method::POST);
    assert_eq!(answer.json(), json!({"status": true, "redirect_url": "https://www.example/bye"}));
}

#[test]
fn another_sites_page_signs_nobody_out() {
    /* */
    let app = TestApp::new();
    let token = app.sign_up("Ann", "ann@example.com").get(SESSION).token();
    let browser = app.anonymous().with("cookie", &format!("token={token}"));
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-dest", "image"),
        ("sec-fetch-dest", "iframe"),
    ] {
        for method in [Method::GET, Method::POST] {
            let answer = sign_out(&browser.clone().with(name, value), method);
            assert_eq!(answer.status, 403, "{name}: {value}");
            assert_eq!(answer.cookies(), [""; 0]);
        }
    }
    assert_eq!(browser.get(SESSION).status, 200, "still signed in");
}
