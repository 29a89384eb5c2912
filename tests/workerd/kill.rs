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

#[test]
fn what_was_acknowledged_right_before_a_kill_holds_after_it() {
    /* FT-07, TK-13, TK-14, PW-14, SE-19 */
    type Act = (&'static str, fn(&str, &str, &str, &str) -> Answer, u16);
    let acts: [Act; 5] = [
        (
            "demote",
            |url, admin, id, _| {
                send_to(
                    url,
                    "POST",
                    &format!("/api/v1/users/{id}/update"),
                    Some(admin),
                    Some(&json!({"role": "pending"})),
                )
            },
            200,
        ),
        (
            "delete",
            |url, admin, id, _| send_to(url, "DELETE", &format!("/api/v1/users/{id}"), Some(admin), None),
            401,
        ),
        (
            "revoke",
            |url, admin, id, _| {
                send_to(url, "POST", &format!("/api/v1/users/{id}/sessions/revoke"), Some(admin), None)
            },
            401,
        ),
        (
            "set password",
            |url, admin, id, _| {
                let change = json!({"password": "battery staple"});
                send_to(url, "POST", &format!("/api/v1/users/{id}/update"), Some(admin), Some(&change))
            },
            401,
        ),
        (
            "change password",
            |url, _, _, token| {
                let change = json!({"password": PASSWORD, "new_password": "battery staple"});
                send_to(url, "POST", "/api/v1/auths/update/password", Some(token), Some(&change))
            },
            401,
        ),
    ];
    for (name, act, session_afterwards) in acts {
        let state =
            env::temp_dir().join(format!("portico-kill-{}-{}", std::process::id(), name.replace(' ', "-")));
        let (node, url) = start(&state);
        let sign_up = |who: &str| {
            let form = json!({"name": who, "email": format!("{who}@example.com"), "password": PASSWORD});
            post(&url, "signup", &form)
        };
        let admin = sign_up("ann").token();
        let bob = sign_up("bob");
        let (id, token) = (bob.json()["id"].as_str().unwrap().to_string(), bob.token());
        assert_eq!(session(&url, &token).status, 200, "warm");
        let answer = act(&url, &admin, &id, &token);
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
        node.kill();

        let (node, url) = start(&state);
        let answer = session(&url, &token);
        assert_eq!(answer.status, session_afterwards, "{name}: {answer:?}");
        if name == "demote" {
            assert_eq!(answer.json()["role"], "pending");
        }
        node.kill();
        fs::remove_dir_all(&state).unwrap();
    }
}

fn start(state: &std::path::Path) -> (Node, String) {
    let mut node = Node::spawn();
    let url = node.start_worker("kill", &json!({"worker": WORKER, "state": state}), &VARS);
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
    let method = if body.is_some() { "POST" } else { "GET" };
    send_to(url, method, &format!("/api/v1/auths/{endpoint}"), token, body)
}

fn send_to(
    url: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&serde_json::Value>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = match body {
        Some(body) => {
            request.header("content-type", "application/json").body(serde_json::to_vec(body).unwrap())
        }
        None => request.body(Vec::new()),
    };
    crate::harness::send(url, request.unwrap())
}
