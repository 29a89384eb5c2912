use http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Browser, PASSWORD, TestApp, with_native},
    librechat::{MAIL, OPEN, in_link, mail_to, member},
};

const REQUEST: &str = "/api/auth/requestPasswordReset";
const RESET: &str = "/api/auth/resetPassword";
const NEW: &str = "a new horse altogether";

fn asked() -> Value {
    json!({"message": "If an account with that email exists, a password reset link has been sent to it."})
}

/// The same with limits that do not get into a test's way.
fn roomy() -> Vec<(&'static str, &'static str)> {
    const LIMITS: [(&str, &str); 3] = [
        ("RESET_PASSWORD_MAX", "100"),
        ("RESET_PASSWORD_SUBMISSION_MAX", "100"),
        ("VERIFY_EMAIL_MAX", "100"),
    ];
    [MAIL.as_slice(), &LIMITS].concat()
}

fn link(app: &TestApp, email: &str) -> (String, String) {
    let mail = crate::harness::eventually(|| mail_to(app, email).filter(|mail| mail.contains("userId=")));
    let mail = mail.unwrap();
    assert!(mail.contains("Password Reset Request"));
    (in_link(&mail, "token"), in_link(&mail, "userId"))
}

fn form(user: &str, token: &str, password: &str) -> Value {
    json!({"userId": user, "token": token, "password": password, "confirm_password": password})
}

#[test]
fn the_link_of_the_mail_gives_a_new_password_once_and_ends_every_session() {
    /* RS-01, RS-05, RS-07, PW-14; librechat.md §15.11, §15.12 */
    let app = TestApp::with_vars(&roomy());
    let ann = member(&app, "Ann", "ann@example.com");
    let browser = Browser::of(&app);
    let answer = browser.post(REQUEST, &json!({"email": "ANN@example.com"}));
    assert_eq!((answer.status, answer.json()), (200, asked()));
    let (token, user) = link(&app, "ann@example.com");
    assert_eq!((token.len(), &user), (64, &ann.get("/api/user").json()["id"].as_str().unwrap().to_string()));
    let answer = browser.post(RESET, &form(&user, &token, NEW));
    assert_eq!((answer.status, answer.json()), (200, json!({"message": "Password reset was successful"})));
    assert_eq!(answer.cookies(), [""; 0]);
    assert_eq!(ann.get("/api/user").status, 401);
    assert_eq!(ann.poke("/api/auth/refresh").status, 401);
    assert_eq!(browser.try_login("ann@example.com", PASSWORD).status, 404);
    assert_eq!(browser.try_login("ann@example.com", NEW).status, 200);
    let again = browser.post(RESET, &form(&user, &token, "yet another horse"));
    assert_eq!(
        (again.status, again.json()),
        (400, json!({"message": "Invalid or expired password reset token"}))
    );
    let done = mail_to(&app, "ann@example.com").filter(|mail| mail.contains("Password Reset Successfully"));
    let done = done.or_else(|| {
        crate::harness::eventually(|| {
            mail_to(&app, "ann@example.com").filter(|mail| mail.contains("Password Reset Successfully"))
        })
    });
    assert!(done.is_some(), "LG-05: its owner learns of it");
}

#[test]
fn known_and_unknown_addresses_get_one_answer_and_no_link() {
    /* RS-02, RS-09, TH-09; librechat.md §13.5 */
    let app = TestApp::with_vars(&roomy());
    member(&app, "Ann", "ann@example.com");
    let browser = Browser::of(&app);
    for email in ["ann@example.com", "nobody@example.com", "no address"] {
        let answer = browser.post(REQUEST, &json!({ "email": email }));
        assert_eq!((answer.status, answer.json()), (200, asked()), "{email}");
    }
    // Nor where there is no mail at all.
    let app = TestApp::with_vars(&[OPEN.as_slice(), &[("ALLOW_PASSWORD_RESET", "true")]].concat());
    member(&app, "Ann", "ann@example.com");
    let answer = Browser::of(&app).post(REQUEST, &json!({"email": "ann@example.com"}));
    assert_eq!((answer.status, answer.json()), (200, asked()));
}

#[test]
fn the_link_has_the_configured_host_whatever_the_request_says() {
    /* RS-03, RS-04 */
    let app = TestApp::with_vars(&roomy());
    member(&app, "Ann", "ann@example.com");
    let client = app
        .anonymous()
        .with("x-forwarded-host", "evil.example")
        .with("forwarded", "host=evil.example")
        .with("host", "evil.example");
    if !crate::harness::on_workerd() {
        assert_eq!(client.post(REQUEST, &json!({"email": "Ann@EXAMPLE.com"})).status, 200);
    } else {
        let client =
            app.anonymous().with("x-forwarded-host", "evil.example").with("forwarded", "host=evil.example");
        assert_eq!(client.post(REQUEST, &json!({"email": "Ann@EXAMPLE.com"})).status, 200);
    }
    link(&app, "ann@example.com");
    let mail = mail_to(&app, "ann@example.com").unwrap();
    assert!(mail.contains("http://127.0.0.1:8787/reset-password?token="), "{mail}");
    assert!(!mail.contains("evil.example"));
}

#[test]
fn a_ticket_is_its_accounts_alone_and_of_its_own_kind() {
    /* RS-08, RS-12, TK-12 */
    let app = TestApp::with_vars(&roomy());
    let ann = member(&app, "Ann", "ann@example.com");
    let bob = member(&app, "Bob", "bob@example.com");
    let browser = Browser::of(&app);
    browser.post(REQUEST, &json!({"email": "ann@example.com"}));
    let (token, user) = link(&app, "ann@example.com");
    let id_of_bob = bob.get("/api/user").json()["id"].as_str().unwrap().to_string();
    for (user, token) in [
        (id_of_bob.as_str(), token.as_str()),
        (&user, &"0".repeat(64)),
        (&user, &token.to_uppercase()),
        (&user, ""),
        ("", &token),
        (&user, &ann.token()),
    ] {
        let answer = browser.post(RESET, &form(user, token, NEW));
        assert_eq!(answer.status, 400, "{user} {token}: {answer:?}");
    }
    for body in [
        json!({}),
        json!({"userId": {"$ne": null}, "token": {"$ne": null}, "password": NEW}),
        json!({"userId": [user.clone()], "token": token, "password": NEW}),
        json!({"userId": user, "token": token, "password": 12_345_678}),
    ] {
        assert_eq!(browser.post(RESET, &body).status, 400, "{body}");
    }
    let verify = browser.post("/api/user/verify", &json!({"email": "ann@example.com", "token": token}));
    assert_eq!(verify.status, 400, "it verifies no address");
    // What comes from a query is nobody's ticket.
    let path = format!("{RESET}?userId={user}&token={token}&password={NEW}").replace(' ', "%20");
    assert_eq!(browser.poke(&path).status, 400);
    assert_eq!(browser.post(RESET, &form(&user, &token, NEW)).status, 200, "it is as good as it was");
}

#[test]
fn a_new_password_obeys_the_rules_and_a_bad_one_costs_nothing() {
    /* PW-07, PW-09; librechat.md §13.6 */
    let app = TestApp::with_vars(&roomy());
    member(&app, "Ann", "ann@example.com");
    let browser = Browser::of(&app);
    browser.post(REQUEST, &json!({"email": "ann@example.com"}));
    let (token, user) = link(&app, "ann@example.com");
    for bad in ["short", "password123", "ann@example.com", &"x".repeat(1_025)] {
        let answer = browser.post(RESET, &form(&user, &token, bad));
        assert_eq!(answer.status, 400, "{bad}");
        assert!(answer.json()["message"].as_str().unwrap().starts_with("password: "), "{answer:?}");
    }
    assert_eq!(browser.post(RESET, &form(&user, &token, NEW)).status, 200);
}

#[test]
fn a_newer_request_another_change_and_time_make_a_ticket_worthless() {
    /* RS-01, RS-06 */
    with_native(&roomy(), |app, native| {
        let ann = member(app, "Ann", "ann@example.com");
        let browser = Browser::of(app);
        let ask = || {
            browser.post(REQUEST, &json!({"email": "ann@example.com"}));
            link(app, "ann@example.com")
        };
        let status = |(token, user): &(String, String)| browser.post(RESET, &form(user, token, NEW)).status;
        let (first, second) = (ask(), ask());
        assert_ne!(first, second);
        assert_eq!(status(&first), 400, "a newer one is out");
        native.pass_seconds(900);
        assert_eq!(status(&second), 400, "a quarter of an hour is over");
        native.pass_seconds(3_600);
        let third = ask();
        let form = json!({"password": PASSWORD, "new_password": "changed by hand"});
        browser.post("/api/auth/login", &json!({"email": "ann@example.com", "password": PASSWORD}));
        ann.login("ann@example.com");
        let changed = app.anonymous().with_token(ann.token()).post("/api/v1/auths/update/password", &form);
        assert_eq!(changed.status, 200, "{changed:?}");
        assert_eq!(status(&third), 400, "the password is another");
        native.pass_seconds(3_600);
        let fourth = ask();
        native.pass_seconds(899);
        assert_eq!(status(&fourth), 200);
    });
}

#[test]
fn of_many_who_show_one_ticket_at_once_one_gets_a_password() {
    /* RS-05 */
    let app = TestApp::with_vars(&roomy());
    member(&app, "Ann", "ann@example.com");
    let browser = Browser::of(&app);
    browser.post(REQUEST, &json!({"email": "ann@example.com"}));
    let (token, user) = link(&app, "ann@example.com");
    let passwords: Vec<_> = (0..8).map(|number| format!("horse number {number}")).collect();
    let requests =
        passwords.iter().map(|new| browser.client().json_request(RESET, &form(&user, &token, new)));
    let answers = app.at_once(requests.collect());
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 400].contains(status)), "{statuses:?}");
    let winner = statuses.iter().position(|status| *status == 200).unwrap();
    assert_eq!(browser.try_login("ann@example.com", &passwords[winner]).status, 200);
}

#[test]
fn an_account_without_a_password_gets_an_explanation_and_none_either() {
    /* RS-10 */
    let proxy = [
        ("WEBUI_AUTH_TRUSTED_EMAIL_HEADER", "X-User-Email"),
        ("TRUSTED_PROXY_SECRET", "a proxy secret of thirty-two bytes or more"),
    ];
    let app = TestApp::with_vars(&[roomy().as_slice(), &proxy].concat());
    let proxied = app
        .anonymous()
        .with("x-user-email", "ann@example.com")
        .with("x-portico-proxy-secret", "a proxy secret of thirty-two bytes or more");
    let signed_in = proxied.post("/api/v1/auths/signin", &json!({"email": "", "password": ""}));
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    let answer = Browser::of(&app).post(REQUEST, &json!({"email": "ann@example.com"}));
    assert_eq!((answer.status, answer.json()), (200, asked()));
    let mail = mail_to(&app, "ann@example.com").unwrap();
    assert!(mail.contains("It has none") && !mail.contains("token="), "{mail}");
}

#[test]
fn mails_for_one_account_and_requests_of_one_network_are_few() {
    /* RS-09, TH-06, TH-10 */
    with_native(&roomy(), |app, native| {
        member(app, "Ann", "ann@example.com");
        let mails =
            || native.ports.mails().iter().filter(|mail| mail.subject == "Password Reset Request").count();
        for number in 0..5 {
            let browser = Browser::from_network(app, &format!("203.0.113.{number}"));
            assert_eq!(browser.post(REQUEST, &json!({"email": "ann@example.com"})).json(), asked());
            native.send_mail();
        }
        assert_eq!(mails(), 3);
        let one = Browser::from_network(app, "203.0.113.90");
        for number in 0..10 {
            let email = format!("u{number}@example.com");
            assert_eq!(one.post(REQUEST, &json!({ "email": email })).status, 200);
        }
        let refused = one.post(REQUEST, &json!({"email": "u99@example.com"}));
        assert_eq!(refused.status, 429);
        assert!(refused.headers.contains_key("retry-after"));
    });
}

#[test]
fn the_contracts_limits_hold_for_asking_and_for_showing() {
    /* TH-06; librechat.md §8 */
    let app = TestApp::with_vars(&MAIL);
    let browser = Browser::of(&app);
    let text = json!({"message": "Too many attempts, please try again after 2 minute(s)"});
    for (path, form) in [(REQUEST, json!({"email": "a@example.com"})), (RESET, form("x", "y", NEW))] {
        for _ in 0..2 {
            assert_ne!(browser.post(path, &form).status, 429);
        }
        let refused = browser.post(path, &form);
        assert_eq!((refused.status, refused.json()), (429, text.clone()), "{path}");
    }
}

#[test]
fn without_the_switch_there_is_no_reset() {
    /* AD-12 */
    let app = TestApp::with_vars(&OPEN);
    for path in [REQUEST, RESET] {
        let answer = Browser::of(&app).post(path, &json!({"email": "ann@example.com"}));
        assert_eq!(
            (answer.status, answer.body.as_slice(), answer.header("content-type")),
            (403, &b"Password reset is not allowed."[..], "text/html; charset=utf-8"),
            "{path}"
        );
    }
    assert_eq!(app.anonymous().get("/api/config").json()["passwordResetEnabled"], false);
}

#[test]
fn an_administrator_hands_a_link_on_where_there_is_no_mail() {
    /* R-12, RS-02 */
    // Nobody can ask for one; what an administrator hands on is good all the same.
    let app = TestApp::with_vars(&OPEN);
    let ann = member(&app, "Ann", "ann@example.com");
    let bob = member(&app, "Bob", "bob@example.com");
    let id = |browser: &Browser<'_>| browser.get("/api/user").json()["id"].as_str().unwrap().to_string();
    let mint = |by: &Browser<'_>, id: &str| {
        let path = format!("/api/v1/users/{id}/password/link");
        app.anonymous().with_token(by.token()).send(Method::POST, &path, None, Vec::new())
    };
    assert_eq!(mint(&bob, &id(&ann)).status, 401, "not an administrator");
    let answer = mint(&ann, &id(&bob));
    assert_eq!(answer.status, 200, "{answer:?}");
    let link = answer.json()["link"].as_str().unwrap().to_string();
    assert!(link.starts_with("/reset-password?token="), "no host that nobody has configured: {link}");
    let form = form(&in_link(&link, "userId"), &in_link(&link, "token"), NEW);
    assert_eq!(Browser::of(&app).post(RESET, &form).status, 200);
    let again = Browser::of(&app).post(RESET, &form);
    assert_eq!((again.status, again.body.as_slice()), (403, b"Password reset is not allowed.".as_slice()));
    assert_eq!(Browser::of(&app).try_login("bob@example.com", NEW).status, 200);
    assert_eq!(mint(&ann, "00000000-0000-4000-8000-000000000000").status, 404);
}
