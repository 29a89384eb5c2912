use http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Browser, PASSWORD, TestApp, with_native},
    librechat::{MAIL, OPEN, in_link, mail_to, member},
};

const PATH: &str = "/api/v1/invitations";

fn form(email: &str, token: &str) -> Value {
    json!({
        "name": "Bob Lee",
        "email": email,
        "password": PASSWORD,
        "confirm_password": PASSWORD,
        "token": token,
    })
}

#[test]
fn an_invitation_opens_a_closed_door_once_for_one_address() {
    /* librechat.md §3, §13.28 */
    let closed = [
        MAIL.as_slice(),
        &[("ENABLE_SIGNUP", ""), ("DEFAULT_USER_ROLE", "pending"), ("REGISTER_MAX", "100")],
    ]
    .concat();
    let app = TestApp::with_vars(&closed);
    let ann = member(&app, "Ann", "ann@example.com");
    let admin = app.anonymous().with_token(ann.token());
    let invited = admin.post(PATH, &json!({"email": "Bob@example.com"}));
    assert_eq!(invited.status, 200, "{invited:?}");
    assert_eq!((&invited.json()["email"], invited.json().get("link")), (&json!("bob@example.com"), None));
    let mail = mail_to(&app, "bob@example.com").unwrap();
    assert!(mail.contains("Invite to join Open WebUI!"), "{mail}");
    let token = in_link(&mail, "token");
    let bob = Browser::of(&app);
    let register = |form: &Value| bob.post("/api/auth/register", form);
    let refused = (400, json!({"message": "Invalid invite token"}));
    for (email, token) in
        [("eve@example.com", token.as_str()), ("bob@example.com", "x"), ("bob@example.com", &"0".repeat(64))]
    {
        let answer = register(&form(email, token));
        assert_eq!((answer.status, answer.json()), refused, "{email} {token}");
    }
    for none in ["", "undefined"] {
        assert_eq!(register(&form("bob@example.com", none)).status, 403, "no invitation at all");
    }
    assert_eq!(register(&form("BOB@example.com", &token)).status, 200);
    bob.login("bob@example.com");
    assert_eq!(bob.get("/api/user").json()["emailVerified"], true, "the mail has shown it");
    assert_eq!(Browser::of(&app).post("/api/auth/register", &form("bob@example.com", &token)).status, 400);
    assert_eq!(admin.get(PATH).json(), json!([]));
    assert_eq!(admin.post(PATH, &json!({"email": "bob@example.com"})).status, 400, "there is an account");
    assert_eq!(admin.post(PATH, &json!({"email": "nonsense"})).status, 400);
    assert_eq!(admin.post(PATH, &json!({"email": 7})).status, 422);
}

#[test]
fn an_invitation_ends_after_a_week_or_when_it_is_taken_back() {
    with_native(&OPEN, |app, native| {
        let ann = member(app, "Ann", "ann@example.com");
        let admin = || {
            ann.reload();
            ann.login("ann@example.com");
            app.anonymous().with_token(ann.token())
        };
        let invite = |email: &str| {
            let answer = admin().post(PATH, &json!({ "email": email })).json();
            let link = answer["link"].as_str().unwrap();
            (answer["id"].as_str().unwrap().to_string(), in_link(link, "token"))
        };
        let (id, token) = invite("bob@example.com");
        let listed = admin().get(PATH).json();
        assert_eq!((&listed[0]["id"], listed[0].get("link")), (&json!(id), None), "the link is shown once");
        let path = format!("{PATH}/{id}");
        assert_eq!(admin().send(Method::DELETE, &path, None, Vec::new()).status, 200);
        assert_eq!(admin().send(Method::DELETE, &path, None, Vec::new()).status, 404);
        let register = |email: &str, token: &str| {
            let network = format!("203.0.113.{}", token.len());
            Browser::from_network(app, &network).post("/api/auth/register", &form(email, token)).status
        };
        assert_eq!(register("bob@example.com", &token), 400);
        let (_, token) = invite("bob@example.com");
        native.pass_seconds(7 * 86_400);
        assert_eq!(register("bob@example.com", &token), 400);
        let (_, token) = invite("bob@example.com");
        native.pass_seconds(7 * 86_400 - 1);
        assert_eq!(register("bob@example.com", &token), 200);
    });
}

#[test]
fn members_invite_nobody() {
    let app = TestApp::with_vars(&OPEN);
    member(&app, "Ann", "ann@example.com");
    let bob = member(&app, "Bob", "bob@example.com");
    let client = app.anonymous().with_token(bob.token());
    assert_eq!(client.post(PATH, &json!({"email": "eve@example.com"})).status, 401);
    assert_eq!(client.get(PATH).status, 401);
}
