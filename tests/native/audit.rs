use http::Method;
use portico_core::audit::{AuditAction, AuditOutcome};

use crate::harness::with_native;
use crate::harness::{PASSWORD, credentials};

#[test]
fn every_result_is_written_down_with_its_own_reason_and_no_secret() {
    /* LG-01, LG-02, PW-17 */
    with_native(&[], |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        let browser =
            app.anonymous().with("cf-connecting-ip", "2001:db8::7").with("user-agent", "Firefox/140");
        let sign_in = |email: &str, password: &str| {
            browser.post("/api/v1/auths/signin", &credentials(email, password));
        };
        sign_in("ann@example.com", PASSWORD);
        sign_in("ann@example.com", "wrong password");
        sign_in("nobody@example.com", PASSWORD);
        for _ in 0..15 {
            sign_in("ann@example.com", "wrong password");
        }
        ann.post(
            "/api/v1/auths/signup",
            &serde_json::json!({"name": "x", "email": "b@example.com", "password": PASSWORD}),
        );
        ann.send(Method::POST, "/api/v1/auths/signout", None, Vec::new());

        let events = native.ports.audit_events();
        let mut summary: Vec<_> = events.iter().map(|event| (event.action, event.outcome)).collect();
        summary.dedup();
        assert_eq!(
            summary,
            [
                (AuditAction::SignUp, AuditOutcome::FirstAdmin),
                (AuditAction::SignIn, AuditOutcome::Success),
                (AuditAction::SignIn, AuditOutcome::WrongPassword),
                (AuditAction::SignIn, AuditOutcome::UnknownAccount),
                (AuditAction::SignIn, AuditOutcome::WrongPassword),
                (AuditAction::SignIn, AuditOutcome::Throttled),
                (AuditAction::SignUp, AuditOutcome::Closed),
                (AuditAction::SignOut, AuditOutcome::Success),
            ]
        );
        assert_eq!(
            (events[2].network.as_str(), events[2].user_agent.as_str()),
            ("2001:db8::/64", "Firefox/140")
        );
        assert!(
            events[2].actor.is_some() && events[2].actor == events[3].actor,
            "the account is named by id"
        );
        assert_eq!(events[4].actor, None);
        let log = format!("{events:?}");
        for secret in [PASSWORD, "wrong password", "example.com", "eyJ"] {
            assert!(!log.contains(secret), "{secret} is in the log");
        }
    });
}
