//! Refreshing, and bans, before a dialect has routes for them.

use portico_core::{
    audit::{AuditAction, AuditOutcome},
    flow::{
        Client, Ctx, ban,
        refresh::{self, RefreshError, Refreshed},
    },
    id::{SessionId, UserId},
    network::Network,
    ports::Sessions as _,
    session::{AuthMethod, NewSession, SessionLimits},
    throttle::Violation,
    time::{Lifetime, UnixSeconds},
};
use portico_tests::Faulty;

use crate::harness::with_native;
use crate::harness::{Native, PASSWORD, TestApp, credentials};

type Memory = Faulty<portico_core::memory::Memory>;

fn ctx(native: &Native) -> Ctx<'_, Memory> {
    Ctx {
        ports: &native.ports,
        policy: native.policy(),
        now: native.now(),
        client: Client {
            network: Network::of_address("203.0.113.7"),
            user_agent: "test".to_string(),
            request_id: "request".to_string(),
        },
    }
}

/// A session with a refresh token, as a dialect that refreshes opens it.
fn open(app: &TestApp, native: &Native) -> (UserId, String) {
    let ann = app.sign_up("Ann", "ann@example.com");
    let id = ann.get("/api/v1/auths/").json()["id"].as_str().unwrap().to_string();
    let user_id = UserId::parse(&id).unwrap();
    let session_id = SessionId::random(&*native.ports).unwrap();
    let keys = &native.policy().refresh_keys;
    let first = keys.issue(user_id, session_id, &*native.ports).unwrap();
    let session = NewSession {
        id: session_id,
        user_id,
        epoch: 0,
        credential_version: 1,
        method: AuthMethod::Password,
        created_at: native.now(),
        ends_at: native.now().plus(Lifetime::from_days(7)),
        idle_limit: SessionLimits::DEFAULT.idle,
        refresh: Some(first.hash()),
        mfa_verified: false,
        provider_session: None,
        network: "203.0.113.7/32".to_string(),
        user_agent: "test".to_string(),
    };
    pollster::block_on(native.ports.open_session(session)).unwrap();
    (user_id, keys.encode(&first).expose_secret().clone())
}

fn exchange(native: &Native, token: &str) -> Result<Refreshed, RefreshError> {
    pollster::block_on(refresh::exchange(&ctx(native), token))
}

#[test]
fn a_session_goes_on_until_its_absolute_end() {
    /* SE-05, SE-14 */
    with_native(&[], |app, native| {
        let (user, mut token) = open(app, native);
        for _ in 0..7 * 24 {
            let refreshed = exchange(native, &token).unwrap();
            assert_eq!(refreshed.user.id, user);
            token = refreshed.refresh_token.expose_secret().clone();
            native.pass_seconds(3_600);
        }
        assert_eq!(exchange(native, &token).unwrap_err(), RefreshError::SessionEnded);
    });
}

#[test]
fn a_lost_answer_comes_again_and_a_copy_ends_the_session_and_is_written_down() {
    /* SE-15, SE-16, FT-17 */
    with_native(&[], |app, native| {
        let (user, first) = open(app, native);
        let second = exchange(native, &first).unwrap().refresh_token;
        native.pass_seconds(10);
        let again = exchange(native, &first).unwrap().refresh_token;
        assert_eq!(second.expose_secret(), again.expose_secret());
        let third = exchange(native, second.expose_secret()).unwrap().refresh_token;
        assert_eq!(exchange(native, &first).unwrap_err(), RefreshError::Reused);
        assert_eq!(exchange(native, third.expose_secret()).unwrap_err(), RefreshError::SessionEnded);
        let events = native.ports.audit_events();
        let last = events.last().unwrap();
        assert_eq!(
            (last.actor, last.action, last.outcome),
            (Some(user), AuditAction::Refresh, AuditOutcome::Reused)
        );
    });
}

#[test]
fn a_changed_password_and_a_deleted_account_refresh_nothing() {
    /* SE-17 */
    with_native(&[], |app, native| {
        let (_, token) = open(app, native);
        let answer = app.anonymous().post("/api/v1/auths/signin", &credentials("ann@example.com", PASSWORD));
        let form = serde_json::json!({"password": PASSWORD, "new_password": "battery staple"});
        let answer = app.anonymous().with_token(answer.token()).post("/api/v1/auths/update/password", &form);
        assert_eq!(answer.status, 200);
        assert_eq!(exchange(native, &token).unwrap_err(), RefreshError::SessionEnded);
        native.ports.delete_user("ann@example.com");
        assert_eq!(exchange(native, &token).unwrap_err(), RefreshError::NoAccount);
    });
}

#[test]
fn invented_tokens_reach_nobody_and_too_many_refreshes_wait() {
    /* TH-06 */
    with_native(&[], |app, native| {
        let (_, mut token) = open(app, native);
        native.ports.break_port("sessions");
        native.ports.break_port("throttles");
        assert_eq!(exchange(native, &"A".repeat(107)).unwrap_err(), RefreshError::NotAToken);
        native.ports.mend_port("sessions");
        native.ports.mend_port("throttles");
        for _ in 0..30 {
            token = exchange(native, &token).unwrap().refresh_token.expose_secret().clone();
        }
        assert!(matches!(exchange(native, &token), Err(RefreshError::Throttled { .. })));
        native.pass_seconds(300);
        exchange(native, &token).unwrap();
    });
}

#[test]
fn violations_ban_an_account_and_nobody_else() {
    with_native(&[("ENABLE_SIGNUP", "true"), ("BAN_VIOLATIONS", "true")], |app, native| {
        let (user, token) = open(app, native);
        let bob = app.sign_up("Bob", "bob@example.com");
        let violate = |points| pollster::block_on(ban::violate(&ctx(native), user, points)).unwrap();
        assert_eq!(violate(19), Violation::Counted);
        let until = UnixSeconds::new(native.now().get() + 7_200);
        assert_eq!(violate(1), Violation::Banned { until });
        assert_eq!(exchange(native, &token).unwrap_err(), RefreshError::Banned { until });
        let sign_in = |password| {
            app.anonymous().post("/api/v1/auths/signin", &credentials("ann@example.com", password))
        };
        let answer = sign_in(PASSWORD);
        assert_eq!((answer.status, answer.cookies().len()), (403, 0));
        assert!(answer.detail().contains("temporarily banned"));
        assert_eq!(sign_in("wrong password").status, 400, "a stranger does not learn of it");
        assert_eq!(bob.get("/api/v1/auths/").status, 200);
        pollster::block_on(ban::lift(&ctx(native), user, user)).unwrap();
        assert_eq!(sign_in(PASSWORD).status, 200);
        pollster::block_on(ban::ban(&ctx(native), user, user, until)).unwrap();
        assert_eq!(sign_in(PASSWORD).status, 403);
        native.pass_seconds(7_200);
        assert_eq!(sign_in(PASSWORD).status, 200, "it is over");
    });
}
