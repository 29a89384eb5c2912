use serde_json::json;

use crate::harness::{PASSWORD, TestApp, credentials};

const PATH: &str = "/api/v1/auths/update/password";
const SESSION: &str = "/api/v1/auths/";
const SIGN_IN: &str = "/api/v1/auths/signin";
const NEW: &str = "battery staple";

#[test]
fn a_new_password_signs_out_everywhere_at_once() {
    /* PW-14 */
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    let phone = app.anonymous().post(SIGN_IN, &credentials("ann@example.com", PASSWORD)).token();
    let phone = app.anonymous().with_token(phone);
    let answer = ann.post(PATH, &json!({"password": PASSWORD, "new_password": NEW}));
    assert_eq!((answer.status, answer.json()), (200, json!(true)));
    for client in [&ann, &phone] {
        let answer = client.get(SESSION);
        assert_eq!((answer.status, answer.detail().as_str()), (401, "Invalid token"));
    }
    assert_eq!(app.anonymous().post(SIGN_IN, &credentials("ann@example.com", PASSWORD)).status, 400);
    assert_eq!(app.anonymous().post(SIGN_IN, &credentials("ann@example.com", NEW)).status, 200);
}

#[test]
fn what_is_refused_changes_nothing() {
    /* PW-07, PW-13 */
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    let incorrect = "The password provided is incorrect. Please check for typos and try again.";
    let answer = ann.post(PATH, &json!({"password": "wrong password", "new_password": NEW}));
    assert_eq!((answer.status, answer.detail().as_str()), (400, incorrect));
    for (new, words) in [("short", "at least 8"), ("password", "common"), ("ann@example.com", "your address")]
    {
        let answer = ann.post(PATH, &json!({"password": PASSWORD, "new_password": new}));
        assert_eq!(answer.status, 400, "{new}");
        assert!(answer.detail().contains(words), "{}", answer.detail());
    }
    let answer = ann.post(PATH, &json!({"password": PASSWORD, "new_password": "x".repeat(1_025)}));
    assert!(answer.detail().contains("too long"), "{answer:?}");
    let answer = ann.post(PATH, &json!({"password": 1}));
    assert_eq!(answer.status, 422);
    let fields: Vec<_> =
        answer.json()["detail"].as_array().unwrap().iter().map(|issue| issue["loc"][1].clone()).collect();
    assert_eq!(fields, [json!("password"), json!("new_password")]);
    assert_eq!(app.anonymous().post(PATH, &json!({"password": PASSWORD, "new_password": NEW})).status, 401);
    assert_eq!(ann.get(SESSION).status, 200);
    assert_eq!(app.anonymous().post(SIGN_IN, &credentials("ann@example.com", PASSWORD)).status, 200);
}

#[test]
fn guessing_the_present_password_with_a_stolen_token_ends_soon() {
    /* TH-06, TH-12 */
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    for _ in 0..10 {
        assert_eq!(ann.post(PATH, &json!({"password": "wrong password", "new_password": NEW})).status, 400);
    }
    let answer = ann.post(PATH, &json!({"password": PASSWORD, "new_password": NEW}));
    assert_eq!(
        (answer.status, answer.detail().as_str()),
        (429, "Too many attempts. Please try again later.")
    );
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
}
