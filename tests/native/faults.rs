use http::Method;
use serde_json::json;

use super::with_native;
use crate::harness::{Answer, PASSWORD, credentials};

const SESSION: &str = "/api/v1/auths/";
const SIGN_IN: &str = "/api/v1/auths/signin";
const SIGN_UP: &str = "/api/v1/auths/signup";
const SIGN_OUT: &str = "/api/v1/auths/signout";

fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.json(), json!({"detail": "Authentication is temporarily unavailable."}));
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(answer.cookies(), [""; 0], "neither a session nor a reason to forget one");
}

#[test]
fn an_unreachable_session_authority_is_503_and_never_401_or_200() {
    /* FT-05 */
    with_native(&[], |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        native.ports.break_port("sessions");
        assert_unavailable(&ann.get(SESSION));
        assert_unavailable(&ann.send(Method::POST, SIGN_OUT, None, Vec::new()));
        assert_eq!(
            app.anonymous().with_token("garbage").get(SESSION).status,
            401,
            "bad tokens never get there"
        );
        native.ports.mend_port("sessions");
        assert_eq!(ann.get(SESSION).status, 200, "the session that could not be ended is alive");
    });
}

#[test]
fn without_throttles_few_attempts_go_on_and_then_none() {
    /* FT-06 */
    with_native(&[], |app, native| {
        app.sign_up("Ann", "ann@example.com");
        native.ports.break_port("throttles");
        let attempt = |address: &str| {
            let form = credentials("ann@example.com", "wrong password");
            app.anonymous().with("cf-connecting-ip", address).post(SIGN_IN, &form)
        };
        for _ in 0..5 {
            assert_eq!(attempt("203.0.113.7").status, 400);
        }
        assert_unavailable(&attempt("203.0.113.7"));
        assert_eq!(attempt("203.0.113.8").status, 400, "another network");
        native.pass_seconds(60);
        assert_eq!(attempt("203.0.113.7").status, 400, "a minute later");
    });
}

#[test]
fn a_sign_up_that_fails_on_the_way_leaves_nothing_or_an_account_that_can_sign_in() {
    /* FT-01, FT-03, FT-04 */
    let form = json!({"name": "Ann", "email": "ann@example.com", "password": PASSWORD});
    for (port, account_exists) in [("users", false), ("entropy", false), ("audit", true), ("sessions", true)]
    {
        with_native(&[], |app, native| {
            native.ports.break_port(port);
            assert_unavailable(&app.anonymous().post(SIGN_UP, &form));
            native.ports.mend_port(port);
            let again = app.anonymous().post(SIGN_UP, &form);
            assert_eq!(again.status, if account_exists { 403 } else { 200 }, "{port}: {again:?}");
            let signed_in = app.anonymous().post(SIGN_IN, &credentials("ann@example.com", PASSWORD));
            assert_eq!(signed_in.status, 200, "{port}: no half-state blocks the address");
            assert_eq!(signed_in.json()["role"], "admin");
        });
    }
}

#[test]
fn a_sign_in_that_fails_on_the_way_gives_no_token() {
    /* FT-04 */
    for port in ["users", "audit", "sessions", "entropy"] {
        with_native(&[], |app, native| {
            app.sign_up("Ann", "ann@example.com");
            native.ports.break_port(port);
            assert_unavailable(&app.anonymous().post(SIGN_IN, &credentials("ann@example.com", PASSWORD)));
            native.ports.mend_port(port);
            assert_eq!(app.anonymous().post(SIGN_IN, &credentials("ann@example.com", PASSWORD)).status, 200);
        });
    }
}

#[test]
fn a_refusal_stays_a_refusal_when_it_cannot_be_written_down() {
    /* LG-04 */
    with_native(&[], |app, native| {
        app.sign_up("Ann", "ann@example.com");
        native.ports.break_port("audit");
        let answer = app.anonymous().post(SIGN_IN, &credentials("ann@example.com", "wrong password"));
        assert_eq!(answer.status, 400);
    });
}

#[test]
fn the_public_configuration_fails_closed_when_it_cannot_be_read() {
    with_native(&[], |app, native| {
        native.ports.break_port("instance");
        assert_unavailable(&app.anonymous().get("/api/config"));
        assert_eq!(app.anonymous().get("/health").status, 200, "the Worker itself is up");
    });
}

#[test]
fn the_session_of_a_deleted_account_is_refused() {
    /* TK-14 */
    with_native(&[], |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        native.ports.delete_user("ann@example.com");
        let answer = ann.get(SESSION);
        assert_eq!((answer.status, answer.detail().as_str()), (401, "Invalid authentication request."));
    });
}
