//! The process is killed without warning and started again on the same storage.

use std::{env, fs};

use http::Request;
use serde_json::json;

use super::Node;
use crate::harness::{Answer, PASSWORD, WORKER};

const VARS: [(&str, &str); 2] =
    [("PORTICO_SECRET", "test-secret-0123456789abcdef0123456789abcdef"), ("ENABLE_SIGNUP", "true")];

#[test]
fn killing_the_worker_loses_no_user_no_session_no_revocation_and_no_counter() {
    /* FT-07, TK-15 */
    let state = env::temp_dir().join(format!("portico-kill-{}", std::process::id()));
    let (node, url) = start(&state);
    let signed_up =
        post(&url, "signup", &json!({"name": "Ann", "email": "ann@example.com", "password": PASSWORD}));
    let (kept, ended) = (signed_up.token(), sign_in(&url, PASSWORD).token());
    assert_eq!(session(&url, &ended).status, 200);
    let signed_out = send(&url, "signout", Some(&ended), None);
    assert_eq!(signed_out.status, 200);
    for _ in 0..10 {
        assert_eq!(sign_in(&url, "wrong password").status, 400);
    }
    node.kill();

    let (node, url) = start(&state);
    assert_eq!(session(&url, &kept).status, 200, "the session is alive");
    assert_eq!(session(&url, &ended).status, 401, "the revocation holds");
    for _ in 0..5 {
        assert_eq!(sign_in(&url, "wrong password").status, 400);
    }
    assert_eq!(sign_in(&url, PASSWORD).status, 429, "ten attempts were spent before the kill");
    node.kill();
    fs::remove_dir_all(&state).unwrap();
}

fn start(state: &std::path::Path) -> (Node, String) {
    let mut node = Node::spawn();
    let url = node.start_worker("kill", WORKER, &VARS, Some(state));
    (node, url)
}

fn session(url: &str, token: &str) -> Answer {
    send(url, "", Some(token), None)
}

fn sign_in(url: &str, password: &str) -> Answer {
    post(url, "signin", &json!({"email": "ann@example.com", "password": password}))
}

fn post(url: &str, endpoint: &str, body: &serde_json::Value) -> Answer {
    send(url, endpoint, None, Some(body))
}

fn send(url: &str, endpoint: &str, token: Option<&str>, body: Option<&serde_json::Value>) -> Answer {
    let mut request = Request::builder().uri(format!("/api/v1/auths/{endpoint}"));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = match body {
        Some(body) => request
            .method("POST")
            .header("content-type", "application/json")
            .body(serde_json::to_vec(body).unwrap()),
        None => request.body(Vec::new()),
    };
    crate::harness::send(url, request.unwrap())
}
