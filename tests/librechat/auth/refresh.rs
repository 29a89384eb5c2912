use serde_json::json;

use crate::{
    harness::{Answer, Browser, PASSWORD, TestApp, with_native},
    librechat::{OPEN, member},
};

const REFRESH: &str = "/api/auth/refresh";

fn text(answer: &Answer) -> (u16, String, &str) {
    (answer.status, String::from_utf8(answer.body.clone()).unwrap(), answer.header("content-type"))
}

#[test]
fn whoever_never_signed_in_gets_a_quiet_200() {
    /* SE-18; librechat.md §15.1 */
    let app = TestApp::with_vars(&OPEN);
    member(&app, "Ann", "ann@example.com");
    let answer = Browser::of(&app).poke(REFRESH);
    assert_eq!(text(&answer), (200, "Refresh token not provided".to_string(), "text/html; charset=utf-8"));
    assert_eq!(answer.cookies(), [""; 0]);
}

#[test]
fn a_session_goes_on_with_another_token_and_ends_when_it_always_would_have() {
    /* SE-14, SE-05; librechat.md §15.6 */
    with_native(&OPEN, |app, native| {
        let browser = Browser::of(app);
        browser.register("Ann", "ann@example.com");
        let login = browser.login("ann@example.com");
        let expires = |answer: &Answer| {
            let cookie = answer.cookie("refreshToken").unwrap();
            cookie.split("Expires=").nth(1).unwrap().to_string()
        };
        let before = (browser.token(), browser.cookie("refreshToken").unwrap());
        native.pass_seconds(1_000);
        assert_eq!(browser.get("/api/user").status, 401, "a quarter of an hour is over");
        let answer = browser.poke(REFRESH);
        browser.keep(&answer);
        assert_ne!((browser.token(), browser.cookie("refreshToken").unwrap()), before);
        assert_eq!(expires(&answer), expires(&login));
        assert_eq!(
            answer.cookie("token_provider").unwrap().split(';').next(),
            Some("token_provider=librechat")
        );
        assert_eq!(answer.json()["user"], login.json()["user"]);
        assert_eq!(browser.get("/api/user").status, 200);
        native.pass_seconds(7 * 86_400 - 1_001);
        let late = browser.poke(REFRESH);
        browser.keep(&late);
        native.pass_seconds(1);
        assert_eq!(browser.get("/api/user").status, 401, "no token outlives its session");
        let over = browser.poke(REFRESH);
        assert_eq!(over.status, 401);
        assert_eq!(browser.cookie("refreshToken"), None, "what is good for nothing is forgotten");
    });
}

#[test]
fn a_spent_token_ends_the_session_of_both_who_have_it() {
    /* SE-15; librechat.md §15.7 */
    with_native(&OPEN, |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        let old = browser.cookie("refreshToken").unwrap();
        browser.keep(&browser.poke(REFRESH));
        browser.keep(&browser.poke(REFRESH));
        let thief = Browser::from_network(app, "203.0.113.99");
        native.pass_seconds(11);
        thief.set_cookie("refreshToken", &old);
        let answer = thief.poke(REFRESH);
        assert_eq!(
            text(&answer),
            (401, "Refresh token expired or not found for this user".to_string(), "text/html; charset=utf-8")
        );
        thief.set_cookie("refreshToken", &old);
        let again = thief.poke("/api/auth/refresh?retry=true");
        assert_eq!((again.status, again.body.as_slice()), (403, &b"No session found"[..]));
        assert_eq!(browser.get("/api/user").status, 401);
        assert_eq!(browser.poke(REFRESH).status, 401);
        let events = native.ports.audit_events();
        assert!(events.iter().any(|event| event.outcome.as_str() == "reused"));
    });
}

#[test]
fn two_tabs_that_refresh_at_once_get_the_same_successor() {
    /* SE-16, FT-17 */
    let app = TestApp::with_vars(&OPEN);
    let browser = member(&app, "Ann", "ann@example.com");
    browser.reload();
    let requests: Vec<_> = (0..8).map(|_| browser.client().json_request(REFRESH, &json!({}))).collect();
    let answers = app.at_once(requests);
    let successors: Vec<_> = answers
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, 200, "{answer:?}");
            answer.cookie("refreshToken").unwrap().split(';').next().unwrap().to_string()
        })
        .collect();
    assert!(successors.iter().all(|successor| *successor == successors[0]), "no second branch");
    assert_eq!(app.anonymous().with_token(answers[3].token()).get("/api/user").status, 200);
}

#[test]
fn what_was_never_a_token_is_403_and_forgotten() {
    let app = TestApp::with_vars(&OPEN);
    let browser = member(&app, "Ann", "ann@example.com");
    let access = browser.token();
    for bad in ["x", &access, &"A".repeat(107)] {
        browser.set_cookie("refreshToken", bad);
        let answer = browser.poke(REFRESH);
        assert_eq!((answer.status, answer.body.as_slice()), (403, &b"Invalid refresh token"[..]), "{bad}");
        assert_eq!(browser.cookie("refreshToken"), None);
        assert_eq!(answer.cookie("token"), None, "what other pages keep is not this one's to lose");
    }
}

#[test]
fn a_cookie_counts_only_when_the_browser_says_who_sent_it() {
    /* SE-03, SE-06, SE-07 */
    let app = TestApp::with_vars(&OPEN);
    let browser = member(&app, "Ann", "ann@example.com");
    let cookie = format!("refreshToken={}", browser.cookie("refreshToken").unwrap());
    let silent = app.anonymous().with("cookie", &cookie).post(REFRESH, &json!({}));
    assert_eq!((silent.status, silent.body.as_slice()), (200, &b"Refresh token not provided"[..]));
    let foreign = app.anonymous().with("cookie", &cookie).with("sec-fetch-site", "cross-site");
    assert_eq!(foreign.post(REFRESH, &json!({})).status, 403);
    let twice = format!("{cookie}; refreshToken=planted");
    let twice = app.anonymous().with("cookie", &twice).with("sec-fetch-site", "same-origin");
    assert_eq!(twice.post(REFRESH, &json!({})).status, 401);
    browser.reload();
    browser.keep(&browser.poke(REFRESH));
}

#[test]
fn the_account_is_looked_at_again() {
    /* SE-17, TK-13 */
    let app = TestApp::with_vars(&OPEN);
    let ann = member(&app, "Ann", "ann@example.com");
    let admin = app.anonymous().with_token(ann.token());
    let role = |id: &str, role: &str| {
        let answer = admin.post(&format!("/api/v1/users/{id}/update"), &json!({"role": role}));
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    let bob = member(&app, "Bob", "bob@example.com");
    let id = bob.get("/api/user").json()["id"].as_str().unwrap().to_string();
    role(&id, "pending");
    assert_eq!(bob.get("/api/user").status, 401);
    let refused = bob.poke(REFRESH);
    assert_eq!(refused.status, 403, "{refused:?}");
    assert_eq!(bob.cookie("refreshToken"), None);
    role(&id, "user");
    let bob = Browser::of(&app);
    bob.login("bob@example.com");
    let password = json!({"password": "another password"});
    assert_eq!(admin.post(&format!("/api/v1/users/{id}/update"), &password).status, 200);
    assert_eq!(bob.poke(REFRESH).status, 401, "PW-14");
    let bob = Browser::of(&app);
    bob.keep(&bob.try_login("bob@example.com", "another password"));
    assert_eq!(
        admin.send(http::Method::DELETE, &format!("/api/v1/users/{id}"), None, Vec::new()).status,
        200
    );
    assert_eq!(bob.poke(REFRESH).status, 401);
    assert_eq!(bob.try_login("bob@example.com", PASSWORD).status, 404);
}

#[test]
fn lengths_of_time_are_expressions_of_milliseconds() {
    /* librechat.md §0.1 */
    let vars = [
        OPEN.as_slice(),
        &[("SESSION_EXPIRY", "1000 * 60 * 5"), ("REFRESH_TOKEN_EXPIRY", "(1000 * 60 * 60) * 2")],
    ]
    .concat();
    with_native(&vars, |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        native.pass_seconds(299);
        assert_eq!(browser.get("/api/user").status, 200);
        native.pass_seconds(1);
        assert_eq!(browser.get("/api/user").json(), json!({"message": "jwt expired"}));
        native.pass_seconds(7_200 - 301);
        browser.keep(&browser.poke(REFRESH));
        native.pass_seconds(1);
        assert_eq!(browser.poke(REFRESH).status, 401);
    });
}

#[test]
fn a_lost_authority_is_503_and_no_reason_to_forget_anything() {
    /* FT-05 */
    with_native(&OPEN, |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        native.ports.break_port("sessions");
        let answer = browser.poke(REFRESH);
        assert_eq!((answer.status, answer.cookies().len()), (503, 0), "{answer:?}");
        assert!(answer.json()["message"].is_string());
        native.ports.mend_port("sessions");
        browser.keep(&browser.poke(REFRESH));
    });
}
