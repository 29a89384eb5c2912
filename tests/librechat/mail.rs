use serde_json::json;

use crate::{
    harness::{Browser, PASSWORD, TestApp, with_native},
    librechat::{MAIL, OPEN, mail_to, member},
};

#[test]
fn a_server_that_is_down_gets_the_mail_later_and_nobody_waits() {
    /* FT-15 */
    with_native(&MAIL, |app, native| {
        native.ports.break_port("mail server");
        let browser = Browser::of(app);
        assert_eq!(browser.register("Ann", "ann@example.com").status, 200);
        assert_eq!(native.send_mail(), Some(15), "a new try comes soon");
        assert_eq!(native.send_mail(), Some(15));
        native.pass_seconds(15);
        assert_eq!(native.send_mail(), Some(60));
        native.ports.mend_port("mail server");
        native.pass_seconds(60);
        assert_eq!(native.send_mail(), None);
        let mails = native.ports.mails();
        assert_eq!(mails.iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(), ["Verify your email"]);
        assert_eq!(mails[0].to.as_str(), "ann@example.com");
    });
}

#[test]
fn what_nobody_takes_for_an_hour_is_given_up_and_the_log_says_so() {
    /* FT-15, LG-02 */
    with_native(&MAIL, |app, native| {
        native.ports.break_port("mail server");
        Browser::of(app).register("Ann", "ann@example.com");
        while let Some(wait) = native.send_mail() {
            native.pass_seconds(i64::try_from(wait).unwrap());
        }
        let events = native.ports.audit_events();
        let given_up: Vec<_> = events.iter().filter(|event| event.action.as_str() == "drop_mail").collect();
        assert_eq!(given_up.len(), 1);
        let detail = given_up[0].detail.clone().unwrap();
        assert!(detail.contains("verify") && !detail.contains('@'), "{detail}");
    });
}

#[test]
fn mail_that_was_off_tells_nobody_about_the_past() {
    with_native(&OPEN, |app, native| {
        let ann = member(app, "Ann", "ann@example.com");
        let change = json!({"password": PASSWORD, "new_password": "another horse"});
        let client = app.anonymous().with_token(ann.token());
        assert_eq!(client.post("/api/v1/auths/update/password", &change).status, 200);
        native.pass_seconds(2 * 86_400);
        native.configure_anew(&MAIL);
        assert_eq!(native.send_mail(), None);
        assert_eq!(native.ports.mails().len(), 0);
        let browser = Browser::of(app);
        browser.post("/api/auth/requestPasswordReset", &json!({"email": "ann@example.com"}));
        native.send_mail();
        assert_eq!(native.ports.mails().len(), 1);
    });
}

#[test]
fn people_learn_what_happened_to_their_account() {
    /* LG-05 */
    let app = TestApp::with_vars(&[MAIL.as_slice(), &[("ENABLE_API_KEYS", "true")]].concat());
    let ann = member(&app, "Ann", "ann@example.com");
    let told = |text: &str| {
        let found = crate::harness::eventually(|| {
            mail_to(&app, "ann@example.com").filter(|mail| mail.contains(text))
        });
        assert!(found.is_some(), "{text}");
    };
    let client = app.anonymous().with_token(ann.token());
    let key = client.post("/api/v1/auths/api_key", &json!({}));
    assert_eq!(key.status, 200, "{key:?}");
    told("A new API key was made");
    client.send(http::Method::DELETE, "/api/v1/auths/api_key", None, Vec::new());
    told("Your API key was deleted");
    for _ in 0..3 {
        assert_eq!(Browser::of(&app).try_login("ann@example.com", "wrong password").status, 404);
    }
    Browser::of(&app).login("ann@example.com");
    told("Somebody signed in to your account");
    let change = json!({"password": PASSWORD, "new_password": "another horse"});
    let changed = client.post("/api/v1/auths/update/password", &change);
    assert_eq!(changed.status, 200, "{changed:?}");
    told("Your password was changed");
}

#[test]
fn a_sign_in_after_one_wrong_password_is_no_news() {
    with_native(&MAIL, |app, native| {
        let ann = member(app, "Ann", "ann@example.com");
        let mails = native.ports.mails().len();
        for _ in 0..3 {
            ann.reload();
            ann.try_login("ann@example.com", "wrong password");
            ann.login("ann@example.com");
        }
        native.send_mail();
        assert_eq!(native.ports.mails().len(), mails);
    });
}

#[test]
fn a_turn_that_goes_wrong_anywhere_loses_no_mail() {
    /* FT-15, FT-16 */
    use portico_tests::Fault;
    for fault in [Fault::Fail, Fault::DropReply] {
        for nth in 1..12 {
            with_native(&MAIL, |app, native| {
                Browser::of(app).register("Ann", "ann@example.com");
                native.ports.plan(fault, nth);
                let _ = native.try_to_send_mail();
                native.ports.plan(Fault::Delay, u32::MAX);
                for _ in 0..4 {
                    native.pass_seconds(60);
                    native.send_mail();
                }
                let sent = native.ports.mails().len();
                assert!((1..=2).contains(&sent), "{fault:?} {nth}: {sent}");
            });
        }
    }
}

#[test]
fn a_developer_reads_mails_and_nobody_else_does() {
    let app = TestApp::with_vars(&OPEN);
    assert_eq!(app.anonymous().get("/dev/outbox").status, 404);
    let app = TestApp::with_vars(&MAIL);
    assert_eq!(app.anonymous().get("/dev/outbox").json(), json!([]));
    Browser::of(&app).register("<i>Ann</i>", "ann@example.com");
    let mail = mail_to(&app, "ann@example.com").unwrap();
    let mail: serde_json::Value = serde_json::from_str(&mail).unwrap();
    assert_eq!((&mail["to"], &mail["subject"]), (&json!("ann@example.com"), &json!("Verify your email")));
    let page = app.anonymous().with("accept", "text/html,*/*").get("/dev/outbox");
    let html = String::from_utf8(page.body.clone()).unwrap();
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(html.contains("Hello &lt;i&gt;Ann&lt;/i&gt;") && !html.contains("<i>"), "{html}");
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
}
