use http::Method;
use portico_tests::Fault;
use serde_json::json;

use crate::harness::with_native;
use crate::harness::{Answer, Client, PASSWORD, TestApp, credentials};

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
fn an_attempt_stays_counted_when_the_rest_of_its_request_fails() {
    /* TH-07 */
    with_native(&[], |app, native| {
        app.sign_up("Ann", "ann@example.com");
        let attempt = || app.anonymous().post(SIGN_IN, &credentials("ann@example.com", PASSWORD));
        native.ports.break_port("users");
        for _ in 0..15 {
            assert_unavailable(&attempt());
        }
        native.ports.mend_port("users");
        assert_eq!(attempt().status, 429);
    });
}

#[test]
fn a_sign_up_that_fails_on_the_way_leaves_nothing_or_an_account_that_can_sign_in() {
    /* FT-01, FT-03, FT-04 */
    let form = json!({"name": "Ann", "email": "ann@example.com", "password": PASSWORD});
    for (port, account_exists) in
        [("users", false), ("entropy", false), ("settings", false), ("sessions", true)]
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
        native.ports.break_port("settings");
        let answer = app.anonymous().get("/api/config");
        assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
        let body = answer.json();
        // In the words of both dialects, which share the path.
        assert!(["detail", "message", "error"].iter().all(|name| body[name].is_string()), "{body}");
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

/// What one test of [`every_call_in_turn`] does to an account.
struct Flow {
    name: &'static str,
    act: fn(&TestApp, &People<'_>) -> Answer,
    /// Answers that a fault may leave as they are, because it does not matter to them.
    tolerant: bool,
}

/// An administrator, a member with two sessions, and what identifies them.
struct People<'a> {
    ann: Client<'a>,
    bob: Client<'a>,
    phone: Client<'a>,
    bobs: String,
}

const NEW_PASSWORD: &str = "battery staple";

const FLOWS: [Flow; 12] = [
    Flow { name: "check", act: |_, people| people.bob.get(SESSION), tolerant: false },
    Flow { name: "list", act: |_, people| people.bob.get("/api/v1/auths/sessions"), tolerant: false },
    Flow {
        name: "sign in",
        act: |app, _| app.anonymous().post(SIGN_IN, &credentials("bob@example.com", PASSWORD)),
        tolerant: true,
    },
    Flow {
        name: "sign in wrongly",
        act: |app, _| app.anonymous().post(SIGN_IN, &credentials("bob@example.com", "wrong password")),
        tolerant: true,
    },
    Flow {
        name: "sign up",
        act: |app, _| {
            let form = json!({"name": "Cem", "email": "cem@example.com", "password": PASSWORD});
            app.anonymous().with("cf-connecting-ip", "203.0.113.99").post(SIGN_UP, &form)
        },
        tolerant: true,
    },
    Flow { name: "sign out", act: |_, people| people.phone.get(SIGN_OUT), tolerant: false },
    Flow {
        name: "end others",
        act: |_, people| people.bob.send(Method::DELETE, "/api/v1/auths/sessions", None, Vec::new()),
        tolerant: false,
    },
    Flow {
        name: "change password",
        act: |_, people| {
            let form = json!({"password": PASSWORD, "new_password": NEW_PASSWORD});
            people.bob.post("/api/v1/auths/update/password", &form)
        },
        tolerant: true,
    },
    Flow {
        name: "promote",
        act: |_, people| {
            people.ann.post(&format!("/api/v1/users/{}/update", people.bobs), &json!({"role": "admin"}))
        },
        tolerant: false,
    },
    Flow {
        name: "set password",
        act: |_, people| {
            let form = json!({"password": NEW_PASSWORD});
            people.ann.post(&format!("/api/v1/users/{}/update", people.bobs), &form)
        },
        tolerant: false,
    },
    Flow {
        name: "revoke",
        act: |_, people| {
            let path = format!("/api/v1/users/{}/sessions/revoke", people.bobs);
            people.ann.send(Method::POST, &path, None, Vec::new())
        },
        tolerant: false,
    },
    Flow {
        name: "delete",
        act: |_, people| {
            people.ann.send(Method::DELETE, &format!("/api/v1/users/{}", people.bobs), None, Vec::new())
        },
        tolerant: false,
    },
];

/// Lets each call of a flow go wrong in turn, until the flow makes no such call any more.
fn every_call_in_turn(flow: &Flow, fault: Fault) {
    for nth in 1.. {
        let vars = [("ENABLE_SIGNUP", "true"), ("DEFAULT_USER_ROLE", "user")];
        let mut made = false;
        with_native(&vars, |app, native| {
            let ann = app.sign_up("Ann", "ann@example.com");
            let bob = app.sign_up("Bob", "bob@example.com");
            let second = app.anonymous().post(SIGN_IN, &credentials("bob@example.com", PASSWORD)).token();
            let phone = app.anonymous().with_token(second);
            let bobs = bob.get(SESSION).json()["id"].as_str().unwrap().to_string();
            let people = People { ann, bob, phone, bobs };

            native.ports.plan(fault, nth);
            let answer = (flow.act)(app, &people);
            made = native.ports.heal();
            let what = format!("{}, {fault:?} of call {nth}: {answer:?}", flow.name);
            if !made {
                assert!(answer.status < 500, "{what}");
                return;
            }
            match (fault, answer.status) {
                (Fault::Delay, status) => assert!(status < 500, "{what}"),
                (_, 503) => {
                    assert_unavailable(&answer);
                }
                (_, status) => assert!(flow.tolerant && [200, 400].contains(&status), "{what}"),
            }
            assert_whole(app, &people, flow.name, &answer, &what);
        });
        if !made {
            assert!(nth > 1, "{} makes calls", flow.name);
            return;
        }
    }
}

/// There is no half-state: everybody has one password that works, a role, and sessions that agree with it;
/// and what was refused can be done again.
fn assert_whole(app: &TestApp, people: &People<'_>, flow: &str, answer: &Answer, what: &str) {
    assert_eq!(people.ann.get(SESSION).status, 200, "{what}: the administrator is as before");
    let sign_in = |password| app.anonymous().post(SIGN_IN, &credentials("bob@example.com", password)).status;
    let passwords = (sign_in(PASSWORD), sign_in(NEW_PASSWORD));
    let sessions = people.bob.get(SESSION).status;
    match passwords {
        (200, 400) => {}
        // The new password is stored: no session of the old one is alive (PW-14), acknowledged or not.
        (400, 200) => assert_eq!((sessions, people.phone.get(SESSION).status), (401, 401), "{what}"),
        (400, 400) if flow == "delete" => assert_eq!(sessions, 401, "{what}"),
        other => panic!("{what}: {other:?}"),
    }
    if answer.status == 503 {
        assert_eq!(answer.cookies(), [""; 0], "{what}");
    }
}

#[test]
fn whichever_call_fails_there_is_no_half_state_and_no_token() {
    /* FT-01, FT-03, FT-04, FT-05, FT-16 */
    for flow in &FLOWS {
        every_call_in_turn(flow, Fault::Fail);
    }
}

#[test]
fn whichever_reply_is_lost_there_is_no_half_state_and_no_token() {
    /* FT-03, FT-16, FT-17 */
    for flow in &FLOWS {
        every_call_in_turn(flow, Fault::DropReply);
    }
}

#[test]
fn whichever_call_is_late_the_outcome_is_the_same() {
    for flow in &FLOWS {
        every_call_in_turn(flow, Fault::Delay);
    }
}
