//! `GET /api/v1/audit`, and what stands in it.

use serde_json::{Value, json};

use crate::{
    harness::{Answer, Client, PASSWORD, credentials},
    open_webui::{ACCESS, SESSION, delete, id_of, open_app},
};

const AUDIT: &str = "/api/v1/audit";

fn events(admin: &Client<'_>, query: &str) -> Vec<Value> {
    let answer = admin.get(&format!("{AUDIT}{query}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["events"].as_array().unwrap().clone()
}

fn of<'e>(events: &'e [Value], action: &str, outcome: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| event["action"] == action && event["outcome"] == outcome).collect()
}

#[test]
fn the_log_is_read_page_by_page_by_administrators() {
    /* LG-03, AD-04 */
    let app = open_app(&[]);
    let (ann, bob) = (app.sign_up("Ann", "ann@example.com"), app.sign_up("Bob", "bob@example.com"));
    assert_eq!(app.anonymous().get(AUDIT).status, 401);
    let refused = bob.get(AUDIT);
    assert_eq!((refused.status, refused.detail().as_str()), (401, ACCESS));
    for _ in 0..3 {
        app.anonymous().post("/api/v1/auths/signin", &credentials("bob@example.com", "wrong password"));
    }
    let all = events(&ann, "");
    let mut paged = Vec::new();
    loop {
        let before = paged
            .last()
            .map_or(String::new(), |event: &Value| format!("&before={}", event["id"].as_str().unwrap()));
        let page = events(&ann, &format!("?limit=2{before}"));
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, all);
    let about_bob = events(&ann, &format!("?user={}", id_of(&bob)));
    assert_eq!(of(&about_bob, "sign_in", "wrong_password").len(), 3);
    assert!(of(&about_bob, "sign_up", "first_admin").is_empty(), "that was Ann");
    for bad in ["?user=bob", "?before=1", "?limit=x"] {
        assert!(matches!(ann.get(&format!("{AUDIT}{bad}")).status, 400 | 422), "{bad}");
    }
    for path in [AUDIT, "/api/v1/audit/"] {
        assert!(matches!(delete(&ann, path).status, 404 | 405), "nothing is deleted");
    }
}

#[test]
fn a_row_says_who_what_how_and_from_where() {
    /* LG-01, LG-02 */
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let caller = app
        .anonymous()
        .with("cf-connecting-ip", "203.0.113.9")
        .with("user-agent", &format!("tool\tone {}", "x".repeat(400)));
    let answer = caller.post("/api/v1/auths/signin", &credentials("ann@example.com", PASSWORD));
    let logged = events(&ann, "?limit=1").remove(0);
    assert_eq!((&logged["action"], &logged["outcome"]), (&json!("sign_in"), &json!("success")));
    assert_eq!(logged["actor_id"], id_of(&ann).as_str());
    assert_eq!(logged["request_id"], answer.header("x-request-id"));
    assert_eq!(logged["network"], "203.0.113.9/32");
    let agent = logged["user_agent"].as_str().unwrap();
    assert!(agent.len() <= 256 && agent.chars().all(|c| !c.is_control()), "{agent}");
    let text = String::from_utf8(ann.get(AUDIT).body).unwrap();
    for secret in [PASSWORD, &answer.token(), "ann@example.com"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn what_guards_refuse_is_written_down() {
    /* LG-01, SE-03 */
    let app = open_app(&[("ENABLE_API_KEYS", "true")]);
    let (ann, bob) = (app.sign_up("Ann", "ann@example.com"), app.sign_up("Bob", "bob@example.com"));
    assert_eq!(bob.get("/api/v1/users/all").status, 401);
    let token =
        app.anonymous().post("/api/v1/auths/signin", &credentials("bob@example.com", PASSWORD)).token();
    for pair in [format!("token={token}; token={token}"), format!("token={token}; a=b; token=x")] {
        let twice = app.anonymous().with("cookie", &pair).get("/api/v1/users/permissions");
        assert_eq!(twice.status, 401, "neither is believed");
        assert_eq!(app.anonymous().with("cookie", &pair).get(SESSION).status, 401);
    }
    let log = events(&ann, "");
    let denied = of(&log, "access", "forbidden");
    assert_eq!(denied.len(), 1);
    assert_eq!(denied[0]["actor_id"], id_of(&bob).as_str());
    assert_eq!(denied[0]["detail"], json!({"path": "/api/v1/users/all"}));
    let twice = of(&log, "access", "duplicate_cookie").len();
    assert!((1..=2).contains(&twice), "once a minute for one network: {twice}");
}

#[test]
fn whatever_the_deployment_does_not_take_is_written_down_once_a_minute() {
    /* LG-01 */
    let app = open_app(&[("ENABLE_API_KEYS", "true"), ("ENABLE_LDAP", "true")]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let key = ann.post("/api/v1/auths/api_key", &json!({})).json()["api_key"].as_str().unwrap().to_string();
    type Refused<'r> = &'r dyn Fn(&Client<'_>) -> Answer;
    let refusals: [(&str, Refused<'_>); 4] = [
        ("/api/v1/auths/signin", &|client| {
            client.clone().with("origin", "https://evil.example").post("/api/v1/auths/signin", &json!({}))
        }),
        ("/api/v1/auths/ldap", &|client| {
            client.post("/api/v1/auths/ldap", &json!({"user": "ann", "password": PASSWORD}))
        }),
        ("/api/v1/auths/oauth/google/token/exchange", &|client| {
            client.post("/api/v1/auths/oauth/google/token/exchange", &json!({"token": "x"}))
        }),
        (SESSION, &|client| client.clone().with("cookie", &format!("token={key}")).get(SESSION)),
    ];
    for (number, (path, refused)) in refusals.iter().enumerate() {
        let client = app.anonymous().with("cf-connecting-ip", &format!("203.0.113.{number}"));
        for _ in 0..3 {
            let status = refused(&client).status;
            assert!((400..404).contains(&status), "{path}: {status}");
        }
        let log = events(&ann, "");
        let network = format!("203.0.113.{number}/32");
        let rows = of(&log, "access", "forbidden").into_iter().filter(|row| row["network"] == *network);
        let paths: Vec<_> = rows.map(|row| row["detail"]["path"].clone()).collect();
        assert!((1..=2).contains(&paths.len()) && paths[0] == **path, "{path}: {paths:?}");
    }
}
