use serde_json::{Value, json};

use crate::{
    harness::{Browser, PASSWORD, TestApp, with_native},
    librechat::{MAIL, OPEN, in_link, mail_to},
};

const REGISTER: &str = "/api/auth/register";
const THANKS: &str = "Please check your email to verify your email address.";

fn form(changes: &Value) -> Value {
    let mut form = json!({
        "name": "Bob Lee",
        "email": "bob@example.com",
        "password": PASSWORD,
        "confirm_password": PASSWORD,
    });
    for (name, value) in changes.as_object().unwrap() {
        form[name] = value.clone();
    }
    form
}

fn message(text: &str) -> Value {
    json!({"message": text})
}

#[test]
fn a_new_account_gets_a_message_and_no_session() {
    let app = TestApp::with_vars(&OPEN);
    let browser = Browser::of(&app);
    let answer =
        browser.post(REGISTER, &form(&json!({"username": "Bobby", "role": "ADMIN", "provider": "google"})));
    assert_eq!((answer.status, answer.json(), answer.cookies().len()), (200, message(THANKS), 0));
    let login = browser.login("bob@example.com").json();
    assert_eq!((&login["user"]["username"], &login["user"]["role"]), (&json!("bobby"), &json!("ADMIN")));
    let eve = Browser::of(&app);
    eve.post(REGISTER, &form(&json!({"email": "eve@example.com", "role": "ADMIN", "emailVerified": true})));
    assert_eq!(eve.login("eve@example.com").json()["user"]["role"], "USER", "AD-03");
}

#[test]
fn every_field_has_its_rule_and_its_words() {
    /* IN-03, PW-07; librechat.md §3 */
    let app = TestApp::with_vars(&[OPEN.as_slice(), &[("REGISTER_MAX", "100")]].concat());
    let browser = Browser::of(&app);
    let suspicious = "username: Potential injection attack detected";
    for (changes, text) in [
        (json!({"name": "Al"}), "name: String must contain at least 3 character(s)"),
        (json!({"name": "x".repeat(81)}), "name: String must contain at most 80 character(s)"),
        (json!({"name": 7}), "name: Expected string, received number"),
        (json!({"username": "b"}), "username: String must contain at least 2 character(s)"),
        (json!({"username": "b".repeat(81)}), "username: String must contain at most 80 character(s)"),
        (json!({"username": "a$NE"}), suspicious),
        (json!({"username": "a--b"}), suspicious),
        (json!({"username": "a/b"}), suspicious),
        (json!({"username": "a\u{202e}b"}), "username: Invalid characters in username"),
        (json!({"email": "bob"}), "email: Invalid email"),
        (json!({"email": {"$gt": ""}}), "email: Expected string, received object"),
        (
            json!({"password": "short", "confirm_password": "short"}),
            "password: String must contain at least 8 character(s) confirm_password: String must contain at least 8 character(s)",
        ),
        (
            json!({"password": "x".repeat(129), "confirm_password": "x".repeat(129)}),
            "password: String must contain at most 128 character(s) confirm_password: String must contain at most 128 character(s)",
        ),
        (
            json!({"password": "         ", "confirm_password": "         "}),
            "password: Password cannot be only spaces confirm_password: Password cannot be only spaces",
        ),
        (json!({"confirm_password": "another horse"}), ": The passwords did not match"),
        (
            json!({"password": "password123", "confirm_password": "password123"}),
            "password: Password is one of the most common ones",
        ),
    ] {
        let answer = browser.post(REGISTER, &form(&changes));
        assert_eq!((answer.status, answer.json()), (404, message(text)), "{changes}");
    }
    let nothing = browser.post(REGISTER, &json!({}));
    assert_eq!(
        nothing.json(),
        message("name: Required email: Required password: Required confirm_password: Required")
    );
    assert_eq!(browser.try_login("bob@example.com", PASSWORD).status, 404, "nobody was registered");
}

#[test]
fn an_address_that_is_taken_gets_the_same_answer_and_its_owner_a_mail() {
    /* R-05, TH-09; librechat.md §15.4, §13.29 */
    let app = TestApp::with_vars(&MAIL);
    let browser = Browser::of(&app);
    let first = browser.register("Ann", "ann@example.com");
    let verify = mail_to(&app, "ann@example.com").unwrap();
    assert!(verify.contains("Verify your email"), "{verify}");
    let second = Browser::from_network(&app, "203.0.113.77").post(
        REGISTER,
        &form(&json!({"email": "Ann@Example.com", "password": "another horse", "confirm_password": "another horse"})),
    );
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    let told = crate::harness::eventually(|| {
        mail_to(&app, "ann@example.com").filter(|mail| mail.contains("You have an account"))
    });
    let told = told.unwrap();
    assert!(!told.contains("token="), "{told}");
    assert_eq!(browser.try_login("ann@example.com", "another horse").status, 404, "nothing was changed");
}

#[test]
fn of_many_registrations_of_one_address_at_once_one_makes_an_account() {
    /* FT-02, AD-01 */
    let app = TestApp::with_vars(&[OPEN.as_slice(), &[("REGISTER_MAX", "100")]].concat());
    let requests: Vec<_> = (0..8)
        .map(|number| {
            let email = if number % 2 == 0 { "bob@example.com" } else { "BOB@example.com" };
            Browser::of(&app).client().json_request(REGISTER, &form(&json!({"email": email})))
        })
        .collect();
    for answer in app.at_once(requests) {
        assert_eq!((answer.status, answer.json()), (200, message(THANKS)));
    }
    let bob = Browser::of(&app);
    bob.login("bob@example.com");
    let users = app.anonymous().with_token(bob.token()).get("/api/v1/users/").json();
    assert_eq!(users["total"], 1);
}

#[test]
fn the_switches_of_both_dialects_close_registration_before_anything_is_looked_up() {
    /* AD-12, TH-11 */
    let closed = message("Registration is not allowed.");
    let app = TestApp::with_vars(&[("ALLOW_REGISTRATION", "false")]);
    let answer = Browser::of(&app).register("Ann", "ann@example.com");
    assert_eq!((answer.status, answer.json()), (403, closed.clone()));
    assert_eq!(app.anonymous().get("/api/config").json()["registrationEnabled"], false);
    let app = TestApp::with_vars(&[("DEFAULT_USER_ROLE", "user")]);
    assert_eq!(app.anonymous().get("/api/config").json()["registrationEnabled"], true);
    assert_eq!(Browser::of(&app).register("Ann", "ann@example.com").status, 200);
    // The first account has closed it.
    assert_eq!(app.anonymous().get("/api/config").json()["registrationEnabled"], false);
    for email in ["bob@example.com", "ann@example.com", "nonsense"] {
        let answer = Browser::of(&app).register("Bob", email);
        assert_eq!((answer.status, answer.json()), (403, closed.clone()), "{email}");
    }
}

#[test]
fn the_first_account_needs_the_deployments_secret_where_there_is_one() {
    /* AD-02 */
    let app = TestApp::with_vars(&[OPEN.as_slice(), &[("BOOTSTRAP_SECRET", "let me in")]].concat());
    let browser = Browser::of(&app);
    assert_eq!(browser.register("Ann", "ann@example.com").status, 403);
    assert_eq!(browser.post(REGISTER, &form(&json!({"bootstrap_secret": "let me"}))).status, 403);
    assert_eq!(browser.post(REGISTER, &form(&json!({"bootstrap_secret": "let me in"}))).status, 200);
    assert_eq!(browser.login("bob@example.com").json()["user"]["role"], "ADMIN");
}

#[test]
fn addresses_are_as_plain_as_the_contract_has_them() {
    /* librechat.md §3 */
    let app = TestApp::with_vars(&[OPEN.as_slice(), &[("REGISTER_MAX", "100")]].concat());
    let browser = Browser::of(&app);
    for email in
        ["o'brien@example.com", "a!#$@example.com", "a%41@example.com", "ann@bücher.example", "ann@localhost"]
    {
        let answer = browser.register("Ann", email);
        assert_eq!((answer.status, answer.json()), (404, message("email: Invalid email")), "{email}");
    }
    assert_eq!(browser.register("Ann", "Ann.Lee+x_y-z@sub.example.com").status, 200);
}

#[test]
fn only_listed_domains_are_admitted_in_either_dialect() {
    /* RS-15 */
    let app = TestApp::with_vars(
        &[OPEN.as_slice(), &[("ALLOWED_EMAIL_DOMAINS", "example.com, Example.ORG")]].concat(),
    );
    let browser = Browser::of(&app);
    for (email, status) in [
        ("ann@example.com", 200),
        ("bob@EXAMPLE.org", 200),
        ("eve@sub.example.com", 403),
        ("eve@example.com.evil.test", 403),
    ] {
        let answer = browser.register("Somebody", email);
        assert_eq!(answer.status, status, "{email}: {answer:?}");
    }
    let sign_up = |email: &str| {
        let form = json!({"name": "Eve", "email": email, "password": PASSWORD});
        app.anonymous().with("cf-connecting-ip", "198.51.100.7").post("/api/v1/auths/signup", &form)
    };
    assert_eq!(sign_up("eve@evil.test").status, 403);
    assert_eq!(sign_up("eve@example.org").status, 200);
    // Not by an administrator's mistake either.
    browser.login("ann@example.com");
    let ann = app.anonymous().with_token(browser.token());
    let id = browser.get("/api/user").json()["id"].as_str().unwrap().to_string();
    let eve = json!({"name": "Eve", "email": "eve@evil.test", "password": PASSWORD, "role": "user"});
    for (path, form) in [
        ("/api/v1/invitations".to_string(), json!({"email": "eve@evil.test"})),
        ("/api/v1/auths/add".to_string(), eve),
        (format!("/api/v1/users/{id}/update"), json!({"email": "ann@evil.test"})),
    ] {
        let answer = ann.post(&path, &form);
        assert_eq!((answer.status, answer.detail().contains("other domains")), (400, true), "{path}");
    }
}

#[test]
fn nobody_comes_in_from_an_unlisted_domain_by_a_proxys_word() {
    /* RS-15 */
    let secret = "proxy-secret-0123456789abcdef0123456789abcdef";
    let app = TestApp::with_vars(&[
        ("ALLOWED_EMAIL_DOMAINS", "example.com"),
        ("WEBUI_AUTH_TRUSTED_EMAIL_HEADER", "X-User-Email"),
        ("TRUSTED_PROXY_SECRET", secret),
    ]);
    let vouch = |email: &str| {
        let client = app.anonymous().with("x-portico-proxy-secret", secret).with("x-user-email", email);
        client.post("/api/v1/auths/signin", &json!({"email": "", "password": ""})).status
    };
    assert_eq!((vouch("eve@evil.test"), vouch("ann@example.com")), (403, 200));
}

#[test]
fn the_sixth_registration_of_an_address_within_an_hour_is_refused() {
    /* TH-06; librechat.md §8 */
    let app = TestApp::with_vars(&OPEN);
    let browser = Browser::of(&app);
    for number in 0..5 {
        assert_eq!(browser.register("Somebody", &format!("u{number}@example.com")).status, 200);
    }
    let refused = browser.register("Somebody", "u6@example.com");
    assert_eq!(
        (refused.status, refused.json()),
        (429, message("Too many accounts created, please try again after 60 minutes"))
    );
    assert!(refused.headers.contains_key("retry-after"));
}

#[test]
fn an_account_whose_address_nobody_verifies_is_gone_after_a_week() {
    /* librechat.md §3, §13.30 */
    with_native(&MAIL, |app, native| {
        let browser = Browser::of(app);
        browser.register("Ann", "ann@example.com");
        let token = in_link(&mail_to(app, "ann@example.com").unwrap(), "token");
        let verified = browser.post("/api/user/verify", &json!({"email": "ann@example.com", "token": token}));
        assert_eq!(verified.status, 200);
        browser.register("Bob", "bob@example.com");
        native.pass_seconds(7 * 86_400);
        native.expire_accounts();
        assert_eq!(browser.try_login("bob@example.com", PASSWORD).status, 422, "it has all of the last day");
        native.pass_seconds(1);
        native.expire_accounts();
        assert_eq!(browser.try_login("bob@example.com", PASSWORD).status, 404);
        browser.login("ann@example.com");
        assert_eq!(browser.register("Bob", "bob@example.com").status, 200);
    });
}

#[test]
fn whoever_signed_in_while_nobody_had_to_verify_keeps_their_account() {
    /* librechat.md §1.4, §13.30 */
    with_native(&MAIL, |app, native| {
        let browser = Browser::of(app);
        for (name, email) in
            [("Ann", "ann@example.com"), ("Bob", "bob@example.com"), ("Cid", "cid@example.com")]
        {
            browser.register(name, email);
        }
        native.configure_anew(&[MAIL.as_slice(), &[("ALLOW_UNVERIFIED_EMAIL_LOGIN", "true")]].concat());
        browser.login("bob@example.com");
        native.configure_anew(&MAIL);
        native.pass_seconds(8 * 86_400);
        native.expire_accounts();
        assert_eq!(browser.try_login("bob@example.com", PASSWORD).status, 200);
        assert_eq!(browser.try_login("cid@example.com", PASSWORD).status, 404);
    });
}

#[test]
fn an_unverified_account_waits_in_the_other_dialect_too() {
    /* RS-13; librechat.md §14 */
    let app = TestApp::with_vars(&MAIL);
    crate::librechat::member(&app, "Ann", "ann@example.com");
    let bob = Browser::from_network(&app, "203.0.113.52");
    bob.register("Bob", "bob@example.com");
    let form = crate::harness::credentials("bob@example.com", PASSWORD);
    let signed_in = app.anonymous().post("/api/v1/auths/signin", &form);
    assert_eq!((signed_in.status, &signed_in.json()["role"]), (200, &json!("pending")));
    let client = app.anonymous().with_token(signed_in.token());
    assert_eq!(client.get("/api/v1/users/permissions").status, 401);
    let token = in_link(&mail_to(&app, "bob@example.com").unwrap(), "token");
    assert_eq!(
        bob.post("/api/user/verify", &json!({"email": "bob@example.com", "token": token})).status,
        200
    );
    assert_eq!(client.get("/api/v1/users/permissions").status, 200);
}
