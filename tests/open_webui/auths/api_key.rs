//! `/api/v1/auths/api_key`, and what a key opens (contract §1.3, §3.6).

use http::Method;
use serde_json::json;

use crate::{
    harness::{Answer, Client, PASSWORD, TestApp},
    open_webui::{ACCESS, ADMIN_CONFIG, SESSION, configure, delete, id_of, open_app},
};

const API_KEY: &str = "/api/v1/auths/api_key";
const ON: [(&str, &str); 1] = [("ENABLE_API_KEYS", "true")];
const FORBIDDEN: &str = "API key creation is not allowed in the environment.";
const MISSING: &str = "Oops! It looks like there's a hiccup. The API key is missing. Please make sure to provide a valid API key to access this feature.";
const HUMAN: &str = "A human session is required.";

fn create(client: &Client<'_>) -> String {
    let answer = client.send(Method::POST, API_KEY, None, Vec::new());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["api_key"].as_str().unwrap().to_string()
}

fn script<'a>(app: &'a TestApp, key: &str) -> Client<'a> {
    app.anonymous().with_token(key)
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, answer.detail())
}

#[test]
fn one_key_for_each_account_shown_as_often_as_asked_for() {
    /* AK-01, AK-03, AK-05 */
    let app = open_app(&ON);
    let ann = app.sign_up("Ann", "ann@example.com");
    assert_eq!(said(&ann.get(API_KEY)), (404, MISSING.to_string()));
    let first = create(&ann);
    let secret = first.strip_prefix("sk-").unwrap();
    // 160 bits need 27 characters of base64.
    assert!(secret.len() >= 27 && secret.bytes().all(|b| b.is_ascii_alphanumeric()), "{first}");
    let shown = ann.get(API_KEY);
    assert_eq!((shown.status, &shown.json()), (200, &json!({"api_key": first})));
    assert_eq!(shown.header("cache-control"), "no-store");
    let view = script(&app, &first).get(SESSION);
    let body = view.json();
    assert_eq!((view.status, &body["token"], &body["expires_at"]), (200, &json!(first), &json!(null)));
    assert!(view.cookies().is_empty(), "a key is not turned into a cookie");
    let second = create(&ann);
    assert_ne!(first, second);
    assert_eq!(script(&app, &first).get(SESSION).status, 401, "one key at a time");
    assert_eq!(script(&app, &second).get(SESSION).status, 200);
    assert_eq!(delete(&ann, API_KEY).json(), json!(true));
    assert_eq!(script(&app, &second).get(SESSION).status, 401);
    assert_eq!(delete(&ann, API_KEY).json(), json!(true), "also when there is none");
}

#[test]
fn of_keys_made_at_once_one_works() {
    /* AK-05 */
    let app = open_app(&ON);
    let ann = app.sign_up("Ann", "ann@example.com");
    let answers = app.at_once((0..5).map(|_| ann.json_request(API_KEY, &json!({}))).collect());
    let keys: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .map(|answer| answer.json()["api_key"].as_str().unwrap().to_string())
        .collect();
    let working = keys.iter().filter(|key| script(&app, key).get(SESSION).status == 200);
    assert_eq!(working.count(), 1, "{answers:?}");
}

#[test]
fn the_owner_is_who_asks() {
    /* AK-06 */
    let app = open_app(&ON);
    let (ann, bob) = (app.sign_up("Ann", "ann@example.com"), app.sign_up("Bob", "bob@example.com"));
    let form = json!({"user_id": id_of(&bob), "role": "admin", "permissions": {}, "api_key": "sk-mine"});
    let answer = ann.post(API_KEY, &form);
    let key = answer.json()["api_key"].as_str().unwrap().to_string();
    assert_eq!(script(&app, &key).get(SESSION).json()["id"], id_of(&ann).as_str());
    assert_eq!(script(&app, "sk-mine").get(SESSION).status, 401);
}

#[test]
fn keys_are_for_those_whom_the_deployment_lets_have_them() {
    /* AK-04 */
    let app = open_app(&[]);
    let (ann, bob) = (app.sign_up("Ann", "ann@example.com"), app.sign_up("Bob", "bob@example.com"));
    for method in [Method::POST, Method::GET, Method::DELETE] {
        let off = ann.send(method, API_KEY, None, Vec::new());
        assert_eq!(said(&off), (403, FORBIDDEN.to_string()));
    }
    assert_eq!(configure(&ann, &json!({"ENABLE_API_KEYS": true})).status, 200);
    create(&ann);
    assert_eq!(said(&bob.get(API_KEY)), (403, FORBIDDEN.to_string()), "a member without the permission");
    let mut defaults = ann.get("/api/v1/users/default/permissions").json();
    defaults["features"]["api_keys"] = json!(true);
    assert_eq!(ann.post("/api/v1/users/default/permissions", &defaults).status, 200);
    let key = create(&bob);
    assert_eq!(script(&app, &key).get(SESSION).status, 200);
}

#[test]
fn a_key_dies_with_what_it_rests_on() {
    /* AK-07, TK-13 */
    let app = open_app(&[("ENABLE_API_KEYS", "true"), ("USER_PERMISSIONS_FEATURES_API_KEYS", "true")]);
    let (ann, bob) = (app.sign_up("Ann", "ann@example.com"), app.sign_up("Bob", "bob@example.com"));
    let (bobs, key) = (id_of(&bob), create(&bob));
    let works = || script(&app, &key).get("/api/v1/users/permissions").status;
    assert_eq!(works(), 200);
    let change = |change| assert_eq!(ann.post(&format!("/api/v1/users/{bobs}/update"), &change).status, 200);
    change(json!({"role": "pending"}));
    assert_eq!(works(), 403);
    change(json!({"role": "user"}));
    assert_eq!(works(), 200);
    configure(&ann, &json!({"ENABLE_API_KEYS": false}));
    assert_eq!(works(), 403);
    configure(&ann, &json!({"ENABLE_API_KEYS": true}));
    let mut defaults = ann.get("/api/v1/users/default/permissions").json();
    defaults["features"]["api_keys"] = json!(false);
    ann.post("/api/v1/users/default/permissions", &defaults);
    assert_eq!(works(), 403);
    defaults["features"]["api_keys"] = json!(true);
    ann.post("/api/v1/users/default/permissions", &defaults);
    assert_eq!(works(), 200);
    assert_eq!(delete(&ann, &format!("/api/v1/users/{bobs}")).status, 200);
    assert_eq!(works(), 401);
}

#[test]
fn a_key_opens_the_paths_that_are_listed_and_their_other_spellings_not() {
    /* AK-08, IN-11 */
    let app = open_app(&[
        ("ENABLE_API_KEYS", "true"),
        ("ENABLE_API_KEYS_ENDPOINT_RESTRICTIONS", "true"),
        ("API_KEYS_ALLOWED_ENDPOINTS", "/api/v1/users/permissions, /api/v1/groups"),
    ]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let key = create(&ann);
    let plain = app.anonymous().with("x-api-key", &key);
    for client in [script(&app, &key), plain] {
        for open in ["/api/v1/users/permissions", "/api/v1/groups/", "/api/v1/groups"] {
            assert_eq!(client.get(open).status, 200, "{open}");
        }
        for shut in [
            "/api/v1/users/all",
            "/api/v1/users/permissions/../all",
            "/api/v1/groups/../users/all",
            "/api/v1/groups/%2e%2e/users/all",
            "/api/v1/groups;x/../users/all",
            "/api/v1//users/all",
            "/api/v1/users/./all",
            "/API/V1/users/all",
            "/api/v1/users/all/",
            "/api/v1/users/all?path=/api/v1/groups",
            "/api/v1/auths/",
        ] {
            let status = client.get(shut).status;
            assert!(matches!(status, 400 | 403 | 404), "{shut}: {status}");
        }
        let shut = client.get("/api/v1/users/all");
        assert_eq!(said(&shut), (403, ACCESS.to_string()));
    }
}

#[test]
fn a_key_is_no_cookie_no_parameter_and_no_person() {
    /* AK-04, AK-09 */
    let app = open_app(&ON);
    let ann = app.sign_up("Ann", "ann@example.com");
    let key = create(&ann);
    let cookie = app.anonymous().with("cookie", &format!("token={key}")).get(SESSION);
    assert_eq!(cookie.status, 401);
    assert!(cookie.cookie("token").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    for parameter in ["token", "api_key", "access_token", "key"] {
        assert_eq!(app.anonymous().get(&format!("{SESSION}?{parameter}={key}")).status, 401);
    }
    let script = script(&app, &key);
    let posts = [
        (
            "/api/v1/auths/update/password",
            json!({"password": "correct horse", "new_password": "battery staple"}),
        ),
        ("/api/v1/auths/mfa/replace", json!({"code": "000000"})),
        ("/api/v1/auths/mfa/recovery/codes", json!({"code": "000000"})),
        (API_KEY, json!({})),
    ];
    for (path, form) in posts {
        assert_eq!(said(&script.post(path, &form)), (403, HUMAN.to_string()), "{path}");
    }
    for path in [API_KEY, "/api/v1/auths/mfa/status", "/api/v1/auths/sessions"] {
        assert_eq!(said(&script.get(path)), (403, HUMAN.to_string()), "{path}");
    }
    assert_eq!(delete(&script, API_KEY).status, 403);
    assert_eq!(delete(&script, "/api/v1/auths/sessions").status, 403);
    assert_eq!(ann.get(API_KEY).json()["api_key"], key.as_str(), "nothing of it happened");
}

#[test]
fn other_cookies_do_not_hide_a_key() {
    let app = open_app(&ON);
    let key = create(&app.sign_up("Ann", "ann@example.com"));
    for cookie in ["theme=dark", "token=\"\"; theme=dark", "a=b; c"] {
        let answer = app.anonymous().with("x-api-key", &key).with("cookie", cookie).get(SESSION);
        assert_eq!(answer.status, 200, "{cookie}: {answer:?}");
    }
}

#[test]
fn a_key_opens_no_way_in_as_an_administrator() {
    /* AK-09 */
    let app = open_app(&ON);
    let ann = app.sign_up("Ann", "ann@example.com");
    let script = script(&app, &create(&ann)).clone();
    let form =
        |role: &str| json!({"name": "X", "email": "x@example.com", "password": PASSWORD, "role": role});
    assert_eq!(said(&script.post("/api/v1/auths/add", &form("admin"))), (403, HUMAN.to_string()));
    let bob = script
        .post("/api/v1/auths/add", &json!({"name": "Bob", "email": "bob@example.com", "password": PASSWORD}));
    let update = format!("/api/v1/users/{}/update", bob.json()["id"].as_str().unwrap());
    for change in
        [json!({"role": "admin"}), json!({"email": "b@example.com"}), json!({"password": "battery staple"})]
    {
        assert_eq!(said(&script.post(&update, &change)), (403, HUMAN.to_string()), "{change}");
    }
    assert_eq!(script.post(&update, &json!({"role": "user"})).status, 200, "approving is no more than that");
    let added = script.post("/api/v1/auths/add", &form("user"));
    assert_eq!((added.status, &added.json()["token"]), (200, &json!("")), "an account, no session");
    let mut config = ann.get(ADMIN_CONFIG).json();
    let refused = script.post(ADMIN_CONFIG, &config);
    let words = "A human administrator session is required to change MFA settings.";
    assert_eq!(said(&refused), (403, words.to_string()));
    for name in ["ENABLE_MFA", "MFA_ALLOW_OAUTH_BYPASS", "MFA_ALLOW_TRUSTED_HEADER_BYPASS"] {
        config.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(script.post(ADMIN_CONFIG, &config).status, 200);
}

#[test]
fn guessing_keys_is_slowed_down() {
    /* AK-10 */
    let app = open_app(&ON);
    let guesser = app.anonymous().with("cf-connecting-ip", "203.0.113.77");
    let statuses: Vec<_> = (0..400)
        .map(|n| guesser.clone().with_token(format!("sk-{n:032}")).get(SESSION))
        .take_while(|answer| answer.status == 401)
        .collect();
    assert!(statuses.len() < 400, "nobody stopped it");
    let refused = guesser.with_token(format!("sk-{:032}", 500)).get(SESSION);
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(app.anonymous().get("/health").status, 200);
}

#[test]
fn asking_for_keys_is_slowed_down_and_written_down_without_them() {
    /* AK-04, AK-11, LG-01, LG-02 */
    let app = open_app(&ON);
    let ann = app.sign_up("Ann", "ann@example.com");
    let key = create(&ann);
    let mut last = ann.get(API_KEY);
    for _ in 0..100 {
        if last.status != 200 {
            break;
        }
        last = ann.get(API_KEY);
    }
    assert_eq!(last.status, 429);
    let log = ann.get("/api/v1/audit?limit=100");
    let text = String::from_utf8(log.body.clone()).unwrap();
    assert!(!text.contains(&key) && !text.contains(&key[3..]), "the log has a key");
    let events = log.json()["events"].clone();
    let of = |action: &str, outcome: &str| {
        let events = events.as_array().unwrap().iter();
        events.filter(|event| event["action"] == action && event["outcome"] == outcome).count()
    };
    assert_eq!(of("create_api_key", "success"), 1);
    assert!(of("read_api_key", "success") > 0);
    assert_eq!(of("read_api_key", "throttled"), 1);
}

#[test]
fn a_deployment_may_show_a_key_once() {
    let app = open_app(&[("ENABLE_API_KEYS", "true"), ("API_KEY_REVEAL", "once")]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let key = create(&ann);
    assert_eq!(ann.get(API_KEY).json()["api_key"], key.as_str());
    assert_eq!(ann.get(API_KEY).status, 404);
    assert_eq!(script(&app, &key).get(SESSION).status, 200, "it works on");
}
