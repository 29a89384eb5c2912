//! One user base seen through two dialects.

use http::Method;
use serde_json::json;

use crate::{
    harness::{Authenticator, Browser, PASSWORD, TestApp, credentials, with_native},
    librechat::{MAIL, OPEN, member},
};

#[test]
fn who_signs_up_on_one_side_signs_in_on_the_other() {
    let app = TestApp::with_vars(&OPEN);
    app.sign_up("Ann", "ann@example.com");
    let ann = Browser::of(&app);
    let login = ann.login("ann@example.com").json();
    assert_eq!((&login["user"]["role"], &login["user"]["emailVerified"]), (&json!("ADMIN"), &json!(true)));
    let bob = member(&app, "Bob", "bob@example.com");
    let answer = app.anonymous().post("/api/v1/auths/signin", &credentials("bob@example.com", PASSWORD));
    assert_eq!((answer.status, &answer.json()["role"]), (200, &json!("user")));
    assert_eq!(answer.json()["id"], bob.get("/api/user").json()["id"]);
}

#[test]
fn a_token_of_one_side_is_a_session_on_the_other_and_cookies_never_cross() {
    /* TK-12 */
    let app = TestApp::with_vars(&OPEN);
    let ann = app.sign_up("Ann", "ann@example.com");
    assert_eq!(ann.get("/api/user").status, 200);
    let browser = Browser::of(&app);
    browser.login("ann@example.com");
    let access = browser.token();
    assert_eq!(app.anonymous().with_token(&access).get("/api/v1/auths/").status, 200);
    browser.reload();
    assert_eq!(browser.get("/api/v1/auths/").status, 401, "a refresh token is no session here");
    let cookie = format!("token={access}");
    let client = app.anonymous().with("cookie", &cookie).with("sec-fetch-site", "same-origin");
    assert_eq!(client.get("/api/user").status, 401);
}

#[test]
fn sessions_of_both_sides_are_one_list() {
    /* SE-19 */
    let app = TestApp::with_vars(&OPEN);
    let ann = app.sign_up("Ann", "ann@example.com");
    let browser = Browser::of(&app);
    browser.login("ann@example.com");
    let list = ann.get("/api/v1/auths/sessions").json();
    assert_eq!(list.as_array().unwrap().len(), 2);
    let ended = ann.send(Method::DELETE, "/api/v1/auths/sessions", None, Vec::new());
    assert_eq!(ended.json()["ended"], 1);
    assert_eq!(browser.get("/api/user").status, 401);
    assert_eq!(browser.poke("/api/auth/refresh").status, 401);
}

#[test]
fn signing_out_everywhere_ends_both_sides() {
    /* PW-14, TK-16 */
    let app = TestApp::with_vars(&OPEN);
    let ann = app.sign_up("Ann", "ann@example.com");
    let bob = member(&app, "Bob", "bob@example.com");
    let signed_in = app.anonymous().post("/api/v1/auths/signin", &credentials("bob@example.com", PASSWORD));
    let other = app.anonymous().with_token(signed_in.token());
    let id = bob.get("/api/user").json()["id"].as_str().unwrap().to_string();
    let revoked = ann.post(&format!("/api/v1/users/{id}/sessions/revoke"), &json!({}));
    assert_eq!(revoked.status, 200, "{revoked:?}");
    assert_eq!((bob.get("/api/user").status, other.get("/api/v1/auths/").status), (401, 401));
    assert_eq!(bob.poke("/api/auth/refresh").status, 401);
}

#[test]
fn a_demotion_on_one_side_is_felt_on_the_other_at_once() {
    /* TK-13 */
    let app = TestApp::with_vars(&OPEN);
    let ann = app.sign_up("Ann", "ann@example.com");
    let bob = member(&app, "Bob", "bob@example.com");
    let id = bob.get("/api/user").json()["id"].as_str().unwrap().to_string();
    let set = |role: &str| {
        let changed = ann.post(&format!("/api/v1/users/{id}/update"), &json!({"role": role}));
        assert_eq!(changed.status, 200, "{changed:?}");
    };
    set("admin");
    assert_eq!(bob.get("/api/roles/ADMIN").status, 200);
    assert_eq!(bob.get("/api/user").json()["role"], "ADMIN");
    set("user");
    assert_eq!(bob.get("/api/roles/ADMIN").status, 403);
    set("pending");
    assert_eq!(bob.get("/api/user").status, 401);
    assert_eq!(Browser::of(&app).try_login("bob@example.com", PASSWORD).status, 403);
}

#[test]
fn an_administrator_who_gives_a_role_answers_for_the_account() {
    /* RS-13 */
    let waiting = [MAIL.as_slice(), &[("DEFAULT_USER_ROLE", "pending")]].concat();
    let app = TestApp::with_vars(&waiting);
    let ann = app.sign_up("Ann", "ann@example.com");
    let browser = Browser::of(&app);
    browser.register("Bob", "bob@example.com");
    let found = ann.get("/api/v1/users/search?query=bob").json();
    let id = found["users"][0]["id"].as_str().unwrap();
    let change = |form: &serde_json::Value| {
        assert_eq!(ann.post(&format!("/api/v1/users/{id}/update"), form).status, 200);
        browser.try_login("bob@example.com", PASSWORD).status
    };
    assert_eq!(change(&json!({"name": "Robert"})), 422);
    assert_eq!(change(&json!({"role": "user"})), 200);
}

#[test]
fn a_factor_of_one_side_is_asked_for_on_the_other() {
    /* MF-03, MF-07, R-09 */
    with_native(&OPEN, |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        let staged = browser.poke("/api/auth/2fa/enable").json();
        let authenticator = Authenticator::of(staged["secret"].as_str().unwrap());
        let code = authenticator.code(app.now());
        assert_eq!(browser.post("/api/auth/2fa/confirm", &json!({ "token": code })).status, 200);
        let sign_in = app.anonymous().post("/api/v1/auths/signin", &credentials("ann@example.com", PASSWORD));
        let step = sign_in.json();
        assert_eq!((&step["next_step"], sign_in.cookies().len()), (&json!("verify"), 0));
        let verify = |code: &str| {
            let form = json!({"challenge_token": step["challenge_token"], "code": code});
            app.anonymous().post("/api/v1/auths/mfa/verify", &form).status
        };
        assert_eq!(verify(&code), 401, "it was used on the other side");
        native.pass_seconds(30);
        let next = authenticator.code(app.now());
        assert_eq!(verify(&next), 200);
        let temp = Browser::of(app).try_login("ann@example.com", PASSWORD).json()["tempToken"].clone();
        let form = json!({"tempToken": temp, "token": next});
        assert_eq!(Browser::of(app).post("/api/auth/2fa/verify-temp", &form).status, 401);
    });
}

#[test]
fn a_ban_shuts_out_of_both_until_an_administrator_lifts_it() {
    /* librechat.md §13.4 */
    let app = TestApp::with_vars(&OPEN);
    let ann = app.sign_up("Ann", "ann@example.com");
    let bob = member(&app, "Bob", "bob@example.com");
    let id = |client: &crate::harness::Client<'_>| {
        client.get("/api/user").json()["id"].as_str().unwrap().to_string()
    };
    let (id_of_ann, id_of_bob) = (id(&ann), id(&bob.client()));
    let path = format!("/api/v1/users/{id_of_bob}/ban");
    for bad in [json!({}), json!({"seconds": 0}), json!({"seconds": -1}), json!({"seconds": "soon"})] {
        assert_eq!(ann.post(&path, &bad).status, 422, "{bad}");
    }
    assert_eq!(ann.post(&format!("/api/v1/users/{id_of_ann}/ban"), &json!({"seconds": 60})).status, 400);
    assert_eq!(bob.post(&format!("/api/v1/users/{id_of_ann}/ban"), &json!({"seconds": 60})).status, 401);
    assert_eq!(ann.post(&path, &json!({"seconds": 3_600})).status, 200);
    assert_eq!(bob.get("/api/user").status, 401);
    assert_eq!(bob.poke("/api/auth/refresh").status, 403);
    assert_eq!(Browser::of(&app).try_login("bob@example.com", PASSWORD).status, 403);
    let form = credentials("bob@example.com", PASSWORD);
    assert_eq!(app.anonymous().post("/api/v1/auths/signin", &form).status, 403);
    assert_eq!(ann.send(Method::DELETE, &path, None, Vec::new()).status, 200);
    Browser::of(&app).login("bob@example.com");
}
