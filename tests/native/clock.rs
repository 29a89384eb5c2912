use crate::harness::with_native;
use crate::harness::{PASSWORD, credentials};

const SESSION: &str = "/api/v1/auths/";
const SIGN_IN: &str = "/api/v1/auths/signin";

#[test]
fn expired_token_is_refused_on_the_second_of_its_exp() {
    /* TK-09 */
    with_native(&[("JWT_EXPIRES_IN", "1h")], |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        assert_eq!(ann.get(SESSION).json()["expires_at"], 1_800_003_600);
        native.pass_seconds(3_599);
        let answer = ann.get(SESSION);
        assert_eq!(answer.status, 200);
        assert!(answer.cookie("token").unwrap().contains("Max-Age=1;"), "the cookie ends with the token");
        native.pass_seconds(1);
        let answer = ann.get(SESSION);
        assert_eq!((answer.status, answer.detail().as_str()), (401, "401 Unauthorized"));
    });
}

#[test]
fn a_token_from_the_future_is_refused() {
    /* TK-10 */
    with_native(&[], |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        native.pass_seconds(-1);
        assert_eq!(ann.get(SESSION).status, 401);
        native.pass_seconds(1);
        assert_eq!(ann.get(SESSION).status, 200);
    });
}

#[test]
fn a_token_without_expiry_ends_thirty_days_after_the_last_sign_of_life() {
    /* R-04, SE-05 */
    const DAY: i64 = 86_400;
    with_native(&[("JWT_EXPIRES_IN", "-1")], |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        for _ in 0..3 {
            native.pass_seconds(29 * DAY);
            assert_eq!(ann.get(SESSION).status, 200);
        }
        native.pass_seconds(30 * DAY);
        assert_eq!(ann.get(SESSION).detail(), "Invalid token");
    });
}

#[test]
fn the_sign_in_window_rolls_and_really_ends() {
    /* TH-14 */
    with_native(&[], |app, native| {
        app.sign_up("Ann", "ann@example.com");
        let attempt =
            |password: &str| app.anonymous().post(SIGN_IN, &credentials("ann@example.com", password));
        for _ in 0..15 {
            assert_eq!(attempt("wrong password").status, 400);
            native.pass_seconds(4);
        }
        let mut last = u64::MAX;
        for _ in 0..4 {
            let answer = attempt(PASSWORD);
            assert_eq!(answer.status, 429);
            let retry_after: u64 = answer.header("retry-after").parse().unwrap();
            assert!(retry_after < last, "falls");
            last = retry_after;
            native.pass_seconds(10);
        }
        native.pass_seconds(80);
        assert_eq!(attempt(PASSWORD).status, 200, "three minutes after the first attempt");
    });
}

#[test]
fn a_clock_that_runs_backwards_gives_no_attempts_back() {
    /* FT-11 */
    with_native(&[], |app, native| {
        let attempt =
            || app.anonymous().post(SIGN_IN, &credentials("ann@example.com", "wrong password")).status;
        for _ in 0..15 {
            attempt();
        }
        native.pass_seconds(-3_600);
        assert_eq!(attempt(), 429);
    });
}

#[test]
fn a_revocation_outlives_the_token_it_revokes() {
    /* TK-17 */
    const DAY: i64 = 86_400;
    for lifetime in ["-1", "520w"] {
        let vars = [("JWT_EXPIRES_IN", lifetime), ("SESSION_ABSOLUTE_LIMIT", "520w")];
        with_native(&vars, |app, native| {
            let gone = app.sign_up("Ann", "ann@example.com");
            let answer = app.anonymous().post(SIGN_IN, &credentials("ann@example.com", PASSWORD));
            let stays = app.anonymous().with_token(answer.token());
            assert_eq!(gone.get("/api/v1/auths/signout").status, 200);
            for _ in 0..36 {
                native.pass_seconds(29 * DAY);
                assert_eq!(gone.get(SESSION).status, 401);
                assert_eq!(stays.get(SESSION).status, 200, "kept alive by use");
            }
        });
    }
}

#[test]
fn a_token_without_expiry_ends_with_its_session_when_idle_and_after_a_year() {
    /* SE-05, R-04 */
    const DAY: i64 = 86_400;
    with_native(&[("JWT_EXPIRES_IN", "-1")], |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        assert_eq!(ann.get(SESSION).json()["expires_at"], serde_json::Value::Null);
        for _ in 0..12 {
            native.pass_seconds(30 * DAY - 1);
            assert_eq!(ann.get(SESSION).status, 200, "in use");
        }
        native.pass_seconds(10 * DAY);
        assert_eq!(ann.get(SESSION).status, 401, "a year has passed");
    });
    with_native(&[("JWT_EXPIRES_IN", "-1"), ("SESSION_IDLE_LIMIT", "1h")], |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        native.pass_seconds(3_600);
        assert_eq!(ann.get(SESSION).status, 401, "idle");
    });
}
