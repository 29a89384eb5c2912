//! What administrators do to accounts: `update`, `DELETE`, `sessions/revoke`.

use alloc::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, PASSWORD, TestApp, credentials};

const SESSION: &str = "/api/v1/auths/";
const SIGN_IN: &str = "/api/v1/auths/signin";
const RESTRICTED: &str = "The requested action has been restricted as a security measure.";

/// An administrator and a member.
struct Office {
    app: TestApp,
}

impl Office {
    fn new() -> Self {
        Self { app: TestApp::with_vars(&[("ENABLE_SIGNUP", "true"), ("DEFAULT_USER_ROLE", "user")]) }
    }

    fn people(&self) -> (Client<'_>, Client<'_>) {
        (self.app.sign_up("Ann", "ann@example.com"), self.app.sign_up("Bob", "bob@example.com"))
    }
}

fn id(client: &Client<'_>) -> String {
    client.get(SESSION).json()["id"].as_str().unwrap().to_string()
}

fn update(admin: &Client<'_>, id: &str, change: &Value) -> Answer {
    admin.post(&format!("/api/v1/users/{id}/update"), change)
}

fn delete(admin: &Client<'_>, id: &str) -> Answer {
    admin.send(Method::DELETE, &format!("/api/v1/users/{id}"), None, Vec::new())
}

fn revoke(admin: &Client<'_>, id: &str) -> Answer {
    admin.send(Method::POST, &format!("/api/v1/users/{id}/sessions/revoke"), None, Vec::new())
}

#[test]
fn a_new_role_holds_on_the_next_request() {
    /* TK-13 */
    let office = Office::new();
    let (ann, bob) = office.people();
    let bobs = id(&bob);
    let answer = update(&ann, &bobs, &json!({"role": "admin"}));
    assert_eq!((answer.status, &answer.json()["role"]), (200, &json!("admin")));
    assert_eq!(bob.get(SESSION).json()["role"], "admin");
    assert_eq!(revoke(&bob, &bobs).status, 200, "may do what administrators do");
    let form = credentials("bob@example.com", PASSWORD);
    let bob = office.app.anonymous().with_token(office.app.anonymous().post(SIGN_IN, &form).token());
    assert_eq!(update(&ann, &bobs, &json!({"role": "user"})).status, 200);
    assert_eq!(revoke(&bob, &bobs).status, 401, "and no more");
    assert_eq!(bob.get(SESSION).json()["role"], "user", "a role is no reason to sign out");
}

#[test]
fn a_change_leaves_what_it_does_not_name() {
    /* AD-09 */
    let office = Office::new();
    let (ann, bob) = office.people();
    let bobs = id(&bob);
    let change = json!({"name": "Robert", "email": null, "password": "", "unknown": 1});
    let answer = update(&ann, &bobs, &change);
    assert_eq!(answer.status, 200, "{answer:?}");
    let model = answer.json();
    assert_eq!(
        (&model["name"], &model["email"], &model["role"]),
        (&json!("Robert"), &json!("bob@example.com"), &json!("user"))
    );
    let fields = [
        "id",
        "email",
        "username",
        "role",
        "name",
        "profile_image_url",
        "profile_banner_image_url",
        "bio",
        "gender",
        "date_of_birth",
        "timezone",
        "presence_state",
        "status_emoji",
        "status_message",
        "status_expires_at",
        "info",
        "settings",
        "oauth",
        "scim",
        "last_active_at",
        "updated_at",
        "created_at",
    ];
    assert_eq!(
        model.as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>(),
        fields.into_iter().collect()
    );
    assert_eq!(bob.get(SESSION).json()["name"], "Robert");
    let answer = update(&ann, &bobs, &json!({"email": "Robert@Example.com"}));
    assert_eq!(answer.json()["email"], "robert@example.com");
    let form = credentials("robert@example.com", PASSWORD);
    assert_eq!(office.app.anonymous().post(SIGN_IN, &form).status, 200);
    assert_eq!(office.app.anonymous().post(SIGN_IN, &credentials("bob@example.com", PASSWORD)).status, 400);
}

#[test]
fn a_password_set_by_an_administrator_signs_the_account_out() {
    /* PW-14, PW-07 */
    let office = Office::new();
    let (ann, bob) = office.people();
    let bobs = id(&bob);
    assert_eq!(update(&ann, &bobs, &json!({"password": "short"})).status, 400);
    assert_eq!(bob.get(SESSION).status, 200);
    assert_eq!(update(&ann, &bobs, &json!({"password": "battery staple"})).status, 200);
    assert_eq!(bob.get(SESSION).status, 401);
    let sign_in =
        |password| office.app.anonymous().post(SIGN_IN, &credentials("bob@example.com", password)).status;
    assert_eq!((sign_in(PASSWORD), sign_in("battery staple")), (400, 200));
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    /* AD-06 */
    let office = Office::new();
    let (ann, bob) = office.people();
    let bobs = id(&bob);
    let before = bob.get(SESSION).json();
    for (change, status, words) in [
        (json!({"role": "owner", "name": "X"}), 400, "role"),
        (json!({"email": "ann@example.com", "name": "X"}), 400, "already registered"),
        (json!({"email": "no address", "name": "X"}), 400, "email format"),
        (json!({"name": "a\u{202e}b"}), 422, ""),
        (json!({"name": "X", "profile_image_url": "javascript:alert(1)"}), 422, ""),
        (json!({"name": ["X"]}), 422, ""),
        (json!([]), 422, ""),
    ] {
        let answer = update(&ann, &bobs, &change);
        assert_eq!(answer.status, status, "{change}: {answer:?}");
        assert!(status == 422 || answer.detail().contains(words), "{change}: {answer:?}");
    }
    let after = bob.get(SESSION).json();
    assert_eq!(
        (&after["name"], &after["role"], &after["email"]),
        (&before["name"], &before["role"], &before["email"])
    );
    let nobody = "6f1c1c0e-8c1f-4d5e-9a55-0b0b7f6f2d11";
    for id in [nobody, "nobody"] {
        let answer = update(&ann, id, &json!({"name": "X"}));
        assert_eq!(
            (answer.status, answer.detail().as_str()),
            (400, "We could not find what you're looking for :/")
        );
        let answer = revoke(&ann, id);
        assert_eq!((answer.status, answer.detail().as_str()), (404, "User not found."));
        assert_eq!(delete(&ann, id).json(), json!(true));
    }
}

#[test]
fn a_deleted_account_is_gone_at_once_and_its_address_is_free() {
    /* TK-14, FT-21 */
    let office = Office::new();
    let (ann, bob) = office.people();
    let bobs = id(&bob);
    assert_eq!(delete(&ann, &bobs).json(), json!(true));
    let answer = bob.get(SESSION);
    assert_eq!((answer.status, answer.detail().as_str()), (401, "Invalid authentication request."));
    assert_eq!(office.app.anonymous().post(SIGN_IN, &credentials("bob@example.com", PASSWORD)).status, 400);
    assert_eq!(delete(&ann, &bobs).json(), json!(true), "repeating it is fine");
    let again = office.app.sign_up("Bob", "bob@example.com");
    assert_ne!(id(&again), bobs);
    assert_eq!(bob.get(SESSION).status, 401);
}

#[test]
fn revoking_sessions_signs_out_and_lets_in_again() {
    /* SE-19 */
    let office = Office::new();
    let (ann, bob) = office.people();
    assert_eq!(revoke(&ann, &id(&bob)).json(), json!(true));
    let answer = bob.get(SESSION);
    assert_eq!((answer.status, answer.detail().as_str()), (401, "Invalid token"));
    assert_eq!(office.app.anonymous().post(SIGN_IN, &credentials("bob@example.com", PASSWORD)).status, 200);
    assert_eq!(revoke(&ann, &id(&ann)).json(), json!(true));
    assert_eq!(ann.get(SESSION).status, 401);
}

#[test]
fn the_first_administrator_is_safe_from_the_others() {
    /* AD-05 */
    let office = Office::new();
    let (ann, bob) = office.people();
    let (anns, bobs) = (id(&ann), id(&bob));
    assert_eq!(update(&ann, &anns, &json!({"role": "user"})).detail(), RESTRICTED);
    assert_eq!(delete(&ann, &anns).detail(), RESTRICTED);
    assert_eq!(update(&ann, &bobs, &json!({"role": "admin"})).status, 200);
    for answer in [
        update(&bob, &anns, &json!({"role": "user"})),
        update(&bob, &anns, &json!({"name": "X"})),
        update(&bob, &anns, &json!({"password": "battery staple"})),
        delete(&bob, &anns),
        revoke(&bob, &anns),
        delete(&bob, &bobs),
    ] {
        assert_eq!((answer.status, answer.detail().as_str()), (403, RESTRICTED));
    }
    assert_eq!(ann.get(SESSION).json()["role"], "admin");
    assert_eq!(update(&ann, &anns, &json!({"name": "Anna"})).status, 200, "she herself may");
}
