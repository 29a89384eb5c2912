//! Each call behind each of these routes goes wrong in turn: what was refused can be done again, what was acknowledged
//! holds, and nobody is left between two states.

use http::Method;
use portico_tests::Fault;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Authenticator, Browser, Native, PASSWORD, TestApp, with_native},
    librechat::{MAIL, in_link, mail_to, member},
};

const NEW_PASSWORD: &str = "battery staple";
const BOB: &str = "bob@example.com";

/// What a flow works with.
struct Stage<'a> {
    app: &'a TestApp,
    native: &'a Native,
    bob: Browser<'a>,
    /// What the flow needs to know: a ticket, a secret.
    note: Value,
}

struct Flow {
    name: &'static str,
    prepare: fn(&Stage<'_>) -> Value,
    act: fn(&Stage<'_>) -> Answer,
    /// Afterwards, when the ports work again; whatever the answer was.
    settle: fn(&Stage<'_>, &Answer),
}

const FLOWS: [Flow; 11] = [
    Flow {
        name: "log in",
        prepare: |_| Value::Null,
        act: |stage| Browser::of(stage.app).try_login(BOB, PASSWORD),
        settle: |stage, answer| {
            let again = Browser::of(stage.app);
            again.login(BOB);
            assert_eq!(again.get("/api/user").status, 200);
            assert_eq!(answer.status == 200, answer.cookie("refreshToken").is_some());
        },
    },
    Flow {
        name: "refresh",
        prepare: |_| Value::Null,
        act: |stage| stage.bob.poke("/api/auth/refresh"),
        settle: |stage, _| stage.bob.keep(&stage.bob.poke("/api/auth/refresh")),
    },
    Flow {
        name: "log out",
        prepare: |_| Value::Null,
        act: |stage| stage.bob.poke("/api/auth/logout"),
        settle: |stage, answer| {
            if answer.status == 200 {
                assert_eq!(stage.bob.get("/api/user").status, 401);
            }
            assert!([200, 401].contains(&stage.bob.poke("/api/auth/logout").status));
            assert_eq!(stage.bob.get("/api/user").status, 401);
        },
    },
    Flow {
        name: "register",
        prepare: |_| Value::Null,
        act: |stage| Browser::of(stage.app).register("Cem", "cem@example.com"),
        settle: |stage, _| {
            let cem = Browser::from_network(stage.app, "203.0.113.70");
            assert_eq!(cem.register("Cem", "cem@example.com").status, 200);
            stage.native.pass_seconds(3_600);
            assert_eq!(cem.post("/api/user/verify/resend", &json!({"email": "cem@example.com"})).status, 200);
            let ticket = in_link(&mail_to(stage.app, "cem@example.com").unwrap(), "token");
            let form = json!({"email": "cem@example.com", "token": ticket});
            assert_eq!(cem.post("/api/user/verify", &form).status, 200);
            cem.login("cem@example.com");
        },
    },
    Flow {
        name: "verify",
        prepare: |stage| {
            Browser::of(stage.app).register("Cem", "cem@example.com");
            json!(in_link(&mail_to(stage.app, "cem@example.com").unwrap(), "token"))
        },
        act: verify,
        settle: |stage, _| {
            assert!([200, 400].contains(&verify(stage).status));
            Browser::of(stage.app).login("cem@example.com");
        },
    },
    Flow {
        name: "ask for a new password",
        prepare: |_| Value::Null,
        act: |stage| stage.bob.post("/api/auth/requestPasswordReset", &json!({ "email": BOB })),
        settle: |stage, answer| {
            if answer.status != 200 {
                assert_eq!(
                    stage.bob.post("/api/auth/requestPasswordReset", &json!({ "email": BOB })).status,
                    200
                );
            }
            in_link(&mail_to(stage.app, BOB).unwrap(), "userId");
        },
    },
    Flow {
        name: "new password",
        prepare: |stage| {
            stage.bob.post("/api/auth/requestPasswordReset", &json!({ "email": BOB }));
            let mail = mail_to(stage.app, BOB).unwrap();
            json!({
                "userId": in_link(&mail, "userId"),
                "token": in_link(&mail, "token"),
                "password": NEW_PASSWORD,
                "confirm_password": NEW_PASSWORD,
            })
        },
        act: |stage| stage.bob.post("/api/auth/resetPassword", &stage.note),
        settle: |stage, answer| {
            let try_login = |password| Browser::of(stage.app).try_login(BOB, password).status;
            if try_login(PASSWORD) == 200 {
                assert_ne!(answer.status, 200);
                assert_eq!(stage.bob.post("/api/auth/resetPassword", &stage.note).status, 200);
            }
            assert_eq!((try_login(PASSWORD), try_login(NEW_PASSWORD)), (404, 200));
            assert_eq!(stage.bob.get("/api/user").status, 401, "its sessions ended");
        },
    },
    Flow {
        name: "confirm a factor",
        prepare: |stage| stage.bob.poke("/api/auth/2fa/enable").json(),
        act: |stage| stage.bob.post("/api/auth/2fa/confirm", &code(stage)),
        settle: |stage, answer| {
            let login = Browser::of(stage.app).try_login(BOB, PASSWORD).json();
            if answer.status == 200 {
                assert_eq!(login["twoFAPending"], true);
            }
            if login["twoFAPending"] == true {
                enter(stage, &login);
            } else {
                stage.native.pass_seconds(30);
                let staged = stage.bob.poke("/api/auth/2fa/enable").json();
                let form = json!({"token": authenticator(&staged).code(stage.app.now())});
                assert_eq!(stage.bob.post("/api/auth/2fa/confirm", &form).status, 200);
            }
        },
    },
    Flow {
        name: "show a factor",
        prepare: with_factor,
        act: |stage| {
            let login = Browser::of(stage.app).try_login(BOB, PASSWORD).json();
            let form = json!({"tempToken": login["tempToken"], "token": code(stage)["token"]});
            Browser::of(stage.app).post("/api/auth/2fa/verify-temp", &form)
        },
        settle: |stage, _| enter(stage, &Browser::of(stage.app).try_login(BOB, PASSWORD).json()),
    },
    Flow {
        name: "take a factor away",
        prepare: with_factor,
        act: |stage| {
            stage.bob.post("/api/auth/2fa/disable", &json!({"backupCode": stage.note["backupCodes"][0]}))
        },
        settle: |stage, answer| {
            let login = Browser::of(stage.app).try_login(BOB, PASSWORD).json();
            if login["twoFAPending"] == true {
                assert_ne!(answer.status, 200);
                enter(stage, &login);
            }
        },
    },
    Flow {
        name: "delete",
        prepare: |_| Value::Null,
        act: delete,
        settle: |stage, answer| {
            if answer.status != 200 {
                assert!([200, 401].contains(&delete(stage).status));
            }
            assert_eq!(stage.bob.get("/api/user").status, 401);
            assert_eq!(Browser::of(stage.app).try_login(BOB, PASSWORD).status, 404);
        },
    },
];

fn verify(stage: &Stage<'_>) -> Answer {
    stage.bob.post("/api/user/verify", &json!({"email": "cem@example.com", "token": stage.note}))
}

fn delete(stage: &Stage<'_>) -> Answer {
    stage.bob.send(Method::DELETE, "/api/user/delete", None)
}

fn authenticator(staged: &Value) -> Authenticator {
    Authenticator::of(staged["secret"].as_str().unwrap())
}

fn code(stage: &Stage<'_>) -> Value {
    json!({"token": authenticator(&stage.note).code(stage.app.now())})
}

fn with_factor(stage: &Stage<'_>) -> Value {
    let staged = stage.bob.poke("/api/auth/2fa/enable").json();
    let form = json!({"token": authenticator(&staged).code(stage.app.now())});
    assert_eq!(stage.bob.post("/api/auth/2fa/confirm", &form).status, 200);
    stage.native.pass_seconds(30);
    staged
}

/// Signs in with a later code.
fn enter(stage: &Stage<'_>, login: &Value) {
    stage.native.pass_seconds(30);
    let form = json!({"tempToken": login["tempToken"], "token": code(stage)["token"]});
    let answer = Browser::of(stage.app).post("/api/auth/2fa/verify-temp", &form);
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn every_call_in_turn(flow: &Flow, fault: Fault) {
    let roomy = ["REGISTER_MAX", "RESET_PASSWORD_MAX", "VERIFY_EMAIL_MAX"].map(|name| (name, "100"));
    let vars = [MAIL.as_slice(), &roomy].concat();
    for nth in 1.. {
        let mut made = true;
        with_native(&vars, |app, native| {
            app.sign_up("Ann", "ann@example.com");
            let bob = member(app, "Bob", BOB);
            let stage = Stage { app, native, bob, note: Value::Null };
            let stage = Stage { note: (flow.prepare)(&stage), ..stage };
            native.ports.plan(fault, nth);
            let answer = (flow.act)(&stage);
            made = native.ports.heal();
            let what = format!("{}, {fault:?} of call {nth}: {answer:?}", flow.name);
            assert!(answer.status < 500 || answer.status == 503, "{what}");
            if answer.status == 503 {
                assert_eq!(answer.cookies(), [""; 0], "{what}");
            }
            if !made {
                assert_eq!(answer.status, 200, "{what}");
            }
            (flow.settle)(&stage, &answer);
        });
        if !made || crate::harness::on_workerd() {
            return;
        }
    }
}

#[test]
fn a_sign_in_that_a_new_factor_overtakes_is_asked_for_it() {
    /* MF-07, MF-13 */
    for nth in 1..20 {
        with_native(&MAIL, |app, native| {
            let bob = member(app, "Bob", BOB);
            let staged = bob.poke("/api/auth/2fa/enable").json();
            let code = json!({"token": authenticator(&staged).code(app.now())});
            let other = Browser::from_network(app, "203.0.113.71");
            let form = json!({"email": BOB, "password": PASSWORD});
            let requests = vec![
                other.client().json_request("/api/auth/login", &form),
                bob.client().json_request("/api/auth/2fa/confirm", &code),
            ];
            native.ports.plan(Fault::Delay, nth);
            let answers = app.at_once(requests);
            native.ports.heal();
            assert_eq!(answers[1].status, 200, "{nth}: {:?}", answers[1]);
            let login = answers[0].json();
            if let Some(token) = login["token"].as_str() {
                let session = app.anonymous().with_token(token).get("/api/user");
                assert_eq!(session.status, 401, "{nth}: a session without the factor is alive");
            } else {
                assert_eq!(login["twoFAPending"], true, "{nth}: {login}");
            }
        });
    }
}

#[test]
fn whichever_call_fails_people_can_do_it_again() {
    /* FT-01, FT-03, FT-05, FT-16 */
    FLOWS.iter().for_each(|flow| every_call_in_turn(flow, Fault::Fail));
}

#[test]
fn whichever_reply_is_lost_people_can_do_it_again() {
    /* FT-03, FT-16, FT-17 */
    FLOWS.iter().for_each(|flow| every_call_in_turn(flow, Fault::DropReply));
}
