use portico_core::audit::AuditOutcome;
use serde_json::{Value, json};

use super::directory::{APP_DN, BASE, Entry, HOST, JANES, with_directory};
use crate::harness::{Answer, PASSWORD, TestApp, credentials};

const PATH: &str = "/api/v1/auths/ldap";
const GENERIC: &str = "Authentication failed.";
const EMPTY: &str =
    "The email or password provided is incorrect. Please check for typos and try logging in again.";

pub(super) fn sign_in(app: &TestApp, user: &str, password: &str) -> Answer {
    app.anonymous().post(PATH, &json!({"user": user, "password": password}))
}

fn detail(answer: &Answer) -> (u16, String) {
    (answer.status, answer.detail())
}

#[test]
fn somebody_in_the_directory_gets_an_account_and_keeps_it() {
    with_directory([Entry::jane()], &[], |app, native, directory| {
        let admin = app.sign_up("Ada", "ada@example.com");
        let first = sign_in(app, "jane", JANES);
        assert_eq!(first.status, 200, "{first:?}");
        let view = first.json();
        assert_eq!(
            (&view["name"], &view["email"], &view["role"]),
            (&json!("Jane Doe"), &json!("jane@example.com"), &json!("user"))
        );
        assert!(first.cookie("token").is_some());
        let session = app.anonymous().with_token(first.token()).get("/api/v1/auths/");
        assert_eq!(session.json()["id"], view["id"]);
        for name in ["JANE", " jane "] {
            let again = sign_in(app, name, JANES);
            assert_eq!(again.json()["id"], view["id"], "{name} {again:?}");
        }
        let asked = directory.asked.borrow().join("\n");
        assert!(
            asked.contains(&format!("bind {APP_DN}"))
                && asked.contains(&format!("bind uid=jane,ou=people,{BASE}")),
            "{asked}"
        );
        let users = admin.get("/api/v1/users/").json();
        assert_eq!(users["total"], 2);
        assert_eq!(native.ports.open_directory_connections(), 0);
        let outcomes: Vec<_> =
            native.ports.audit_events().iter().map(|event| event.action.as_str()).collect();
        assert!(outcomes.contains(&"sign_up") && outcomes.contains(&"sign_in"), "{outcomes:?}");
    });
}

#[test]
fn nothing_that_binds_nobody_reaches_a_directory() {
    /* LD-01 */
    with_directory([Entry::jane()], &[], |app, native, _| {
        for password in ["", " ", "\t\n", "\0", "jane's password\0", "\u{3000}"] {
            assert_eq!(detail(&sign_in(app, "jane", password)), (400, EMPTY.to_string()), "{password:?}");
        }
        assert_eq!(detail(&sign_in(app, "jane", &"x".repeat(1_025))), (400, EMPTY.to_string()));
        assert_eq!(detail(&sign_in(app, "  ", JANES)), (400, EMPTY.to_string()));
        for name in ["jane\0", "ja\nne", &"x".repeat(300)] {
            assert_eq!(detail(&sign_in(app, name, JANES)), (400, GENERIC.to_string()), "{name}");
        }
        assert!(native.ports.asked_directories().is_empty());
        assert_eq!(native.ports.bytes_to_directories(), 0);
    });
}

#[test]
fn whoever_is_not_let_in_learns_nothing_but_that() {
    /* LD-05, LD-13, TH-09 */
    let twin = || Entry { dn: format!("uid=twin,ou=others,{BASE}"), ..Entry::person("twin", 3, "twin") };
    let people = [Entry::jane(), Entry::person("twin", 2, "twin").with("mail", "twin@example.com"), twin()];
    with_directory(people, &[], |app, native, _| {
        let answers = [
            sign_in(app, "jane", "wrong"),
            sign_in(app, "nobody", "wrong"),
            sign_in(app, "twin", "twin"),
            sign_in(app, "*", JANES),
        ];
        for answer in &answers {
            assert_eq!(detail(answer), (400, GENERIC.to_string()));
            assert_eq!(answer.headers.len(), answers[0].headers.len());
            assert!(answer.cookies().is_empty());
        }
        let events = native.ports.audit_events();
        let outcomes: Vec<_> = events.iter().map(|event| event.outcome).collect();
        assert_eq!(
            outcomes,
            [
                AuditOutcome::WrongPassword,
                AuditOutcome::UnknownAccount,
                AuditOutcome::UnknownAccount,
                AuditOutcome::UnknownAccount,
            ]
        );
        let detail: Value = serde_json::from_str(events[0].detail.as_deref().unwrap()).unwrap();
        assert_eq!(detail["directory"]["stage"], "user_bind");
        assert_eq!(detail["directory"]["code"], 49);
        assert_eq!(native.ports.open_directory_connections(), 0);
    });
}

#[test]
fn a_name_is_one_value_whatever_it_says() {
    /* LD-03 */
    let corpus = [
        "*",
        "jane*",
        "*)(uid=*",
        "jane)(objectClass=*",
        "jane)(|(uid=*",
        "*)(|(password=*)",
        r"\2a",
        r"jane\",
        "jane)(&)",
        "(|(uid=jane))",
        "{{username}}",
        "jane\u{0}",
        "!(uid=x)",
        "&",
        "jane)(!(uid=x",
        "uid=jane",
        "jane,ou=people",
        "../jane",
        "jane;drop",
        "${jndi:ldap://x}",
        "%2a",
    ];
    with_directory([Entry::jane()], &[], |app, _, directory| {
        for name in corpus {
            let client = app.anonymous().with("cf-connecting-ip", &format!("192.0.2.{}", name.len()));
            let answer = client.post(PATH, &json!({"user": name, "password": JANES}));
            assert_eq!(answer.status, 400, "{name} {answer:?}");
        }
        for asked in directory.asked.borrow().iter().filter(|asked| asked.starts_with("search")) {
            assert_eq!(
                asked.matches("EqualityMatch").count(),
                2,
                "one for the name, one of the administrator's: {asked}"
            );
            assert!(!asked.contains("Present") && !asked.contains("Or("), "{asked}");
        }
    });
}

#[test]
fn nobody_takes_an_account_over_by_its_address() {
    /* LD-06 */
    with_directory([Entry::jane()], &[], |app, native, directory| {
        let ada = app.sign_up("Ada", "jane@example.com");
        let refused = sign_in(app, "jane", JANES);
        assert_eq!(refused.status, 400);
        assert!(refused.detail().starts_with("Uh-oh! This email is already registered."), "{refused:?}");
        let last = native.ports.audit_events().pop().unwrap();
        assert_eq!(last.outcome, AuditOutcome::EmailTaken);
        // An administrator says whose account it is; for the first one's only they themselves.
        let id = ada.get("/api/v1/auths/").json()["id"].as_str().unwrap().to_string();
        let link = format!("/api/v1/users/{id}/directory");
        let nobody = ada.post(&link, &json!({"user": "nobody"}));
        assert!(
            nobody.status == 400 && nobody.detail().starts_with("Nobody has this name below"),
            "{nobody:?}"
        );
        assert_eq!(ada.post(&link, &json!({"user": "jane"})).json(), json!(true));
        assert_eq!(sign_in(app, "jane", JANES).json()["id"], json!(id));
        assert_eq!(ada.post(&link, &json!({"user": "jane"})).status, 409, "once");
        // Another one of the same name is somebody else.
        directory.become_that_of([Entry::person("jane", 2, JANES)
            .with("cn", "J")
            .with("mail", "other@example.com")]);
        assert_ne!(sign_in(app, "jane", JANES).json()["id"], json!(id));
    });
}

#[test]
fn an_account_follows_its_owner_to_another_address() {
    with_directory([Entry::jane()], &[], |app, _, directory| {
        let id = sign_in(app, "jane", JANES).json()["id"].clone();
        directory.become_that_of([Entry::jane()
            .without("mail")
            .with("mail", "jane.roe@example.com")
            .with("cn", "Jane Roe")]);
        let view = sign_in(app, "jane", JANES).json();
        assert_eq!((&view["id"], &view["email"]), (&id, &json!("jane.roe@example.com")));
        assert_eq!(view["name"], "Jane Doe", "people keep the name that they have here");
    });
}

#[test]
fn the_first_one_administrates_and_closes_sign_up() {
    /* LD-14, AD-01 */
    with_directory(
        [Entry::jane(), Entry::person("bob", 2, "b").with("mail", "bob@example.com")],
        &[],
        |app, _, _| {
            assert_eq!(sign_in(app, "jane", JANES).json()["role"], "admin");
            assert_eq!(sign_in(app, "bob", "b").json()["role"], "user", "and has the address for a name");
            let closed = app.anonymous().post(
                "/api/v1/auths/signup",
                &json!({"name": "x", "email": "x@example.com", "password": PASSWORD}),
            );
            assert_eq!(closed.status, 403);
        },
    );
}

#[test]
fn many_at_once_are_one_account_and_one_administrator() {
    /* AD-01, FT-02 */
    with_directory(
        [Entry::jane(), Entry::person("bob", 2, "b").with("mail", "bob@example.com")],
        &[],
        |app, _, _| {
            let form = |user: &str, password: &str| {
                app.anonymous().json_request(PATH, &json!({"user": user, "password": password}))
            };
            let requests =
                (0..6).map(|place| if place % 2 == 0 { form("jane", JANES) } else { form("bob", "b") });
            let views: Vec<_> = app.at_once(requests.collect()).iter().map(Answer::json).collect();
            let janes = views.iter().step_by(2);
            assert!(janes.clone().all(|view| view["id"] == views[0]["id"]));
            let admins = [&views[0], &views[1]].into_iter().filter(|view| view["role"] == "admin").count();
            assert_eq!(admins, 1, "{views:?}");
        },
    );
}

#[test]
fn somebody_without_an_address_is_told_so_or_gets_one() {
    let jane = || Entry::jane().without("mail");
    with_directory([jane()], &[], |app, _, _| {
        let refused = sign_in(app, "jane", JANES);
        assert_eq!(detail(&refused), (400, "User does not have a valid email address.".to_string()));
        assert_eq!(
            detail(&sign_in(app, "jane", "wrong")).1,
            GENERIC,
            "only whoever knows the password is told"
        );
    });
    with_directory([jane()], &[("LDAP_DEFAULT_EMAIL_DOMAIN", "example.org")], |app, _, _| {
        assert_eq!(sign_in(app, "Jane", JANES).json()["email"], "jane@example.org");
    });
}

#[test]
fn attempts_are_throttled_whatever_a_name_is_typed_like() {
    /* TH-03, TH-06, TH-10 */
    let vars = [("LDAP_SEARCH_FILTER", "(objectClass=person)")];
    with_directory([Entry::jane()], &vars, |app, native, _| {
        for name in ["jane", "nobody"] {
            let spellings = [name.to_string(), name.to_uppercase(), format!(" {name} ")];
            for attempt in 0..15 {
                assert_eq!(sign_in(app, &spellings[attempt % 3], "wrong").status, 400, "{name} {attempt}");
            }
            let bytes = native.ports.bytes_to_directories();
            let throttled = sign_in(app, name, JANES);
            assert_eq!(throttled.status, 429, "{name}");
            assert!(!throttled.header("retry-after").is_empty());
            assert_eq!(native.ports.bytes_to_directories(), bytes, "the directory hears nothing of it");
        }
        native.pass_seconds(181);
        assert_eq!(sign_in(app, "jane", JANES).status, 200);
    });
}

#[test]
fn every_name_of_somebody_is_one_budget() {
    /* TH-03 */
    let jane = Entry::jane().with("uid", "jdoe");
    with_directory([jane], &[], |app, native, _| {
        for attempt in 0..15 {
            assert_eq!(sign_in(app, "jdoe", "wrong").status, 400, "{attempt}");
        }
        // The right password too, and nobody learns from it that the names are one person's (TH-10, TH-12).
        assert_eq!(detail(&sign_in(app, "jane", JANES)), (400, GENERIC.to_string()));
        native.pass_seconds(181);
        assert_eq!(sign_in(app, "jane", JANES).status, 200);
    });
}

#[test]
fn whoever_is_let_in_by_a_name_frees_nobody_elses_attempts() {
    /* TH-13 */
    let mallory = Entry::person("mallory", 7, "m").with("mail", "ada@example.com");
    let vars = [("LDAP_ATTRIBUTE_FOR_USERNAME", "mail")];
    with_directory([mallory], &vars, |app, _, _| {
        app.sign_up("Ada", "ada@example.com");
        let guess =
            || app.anonymous().post("/api/v1/auths/signin", &credentials("ada@example.com", "wrong")).status;
        for attempt in 0..14 {
            assert_eq!(guess(), 400, "{attempt}");
        }
        assert_eq!(
            sign_in(app, "ada@example.com", "m").status,
            400,
            "the address is taken, the password right"
        );
        assert_eq!((guess(), guess()), (400, 429));
    });
}

#[test]
fn nobody_takes_as_many_steps_as_somebody() {
    /* TH-09 */
    with_directory([Entry::jane()], &[], |app, native, directory| {
        let steps = |user: &str| {
            directory.asked.borrow_mut().clear();
            let events = native.ports.audit_events().len();
            assert_eq!(detail(&sign_in(app, user, "wrong")), (400, GENERIC.to_string()));
            assert_eq!(native.ports.audit_events().len(), events + 1);
            let asked = directory.asked.borrow();
            asked.iter().map(|asked| asked.split(' ').next().unwrap().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(steps("jane"), ["bind", "search", "bind"]);
        assert_eq!(steps("nobody"), ["bind", "search", "bind"]);
    });
}

#[test]
fn a_local_password_lets_nobody_in_whom_the_directory_knows() {
    /* LD-19 */
    with_directory([Entry::jane()], &[], |app, native, _| {
        let ada = app.sign_up("Ada", "ada@example.com");
        let id = sign_in(app, "jane", JANES).json()["id"].as_str().unwrap().to_string();
        let form = json!({"role": "user", "name": "Jane", "email": "jane@example.com", "profile_image_url": "/user.png", "password": PASSWORD});
        assert_eq!(ada.post(&format!("/api/v1/users/{id}/update"), &form).status, 200);
        let refused =
            app.anonymous().post("/api/v1/auths/signin", &credentials("jane@example.com", PASSWORD));
        assert_eq!(refused.status, 400, "{refused:?}");
        assert_eq!(native.ports.audit_events().pop().unwrap().outcome, AuditOutcome::NoPassword);
        let member = app.anonymous().post("/api/auth/login", &credentials("jane@example.com", PASSWORD));
        assert_eq!(member.status, 404);
        // Where there is no directory any more, nobody is locked out for good; and an administrator can undo the link.
        assert_eq!(ada.post("/api/v1/auths/admin/config/ldap", &json!({"enable_ldap": false})).status, 200);
        let local = || {
            app.anonymous().post("/api/v1/auths/signin", &credentials("jane@example.com", PASSWORD)).status
        };
        assert_eq!(local(), 200);
        ada.post("/api/v1/auths/admin/config/ldap", &json!({"enable_ldap": true}));
        assert_eq!(local(), 400);
        let unlink =
            || ada.send(http::Method::DELETE, &format!("/api/v1/users/{id}/directory"), None, Vec::new());
        assert_eq!((unlink().json(), local()), (json!(true), 200));
        assert_eq!(unlink().json(), json!(false));
    });
}

#[test]
fn groups_are_those_of_the_directory() {
    /* LD-16, AD-14 */
    let jane = Entry::jane()
        .with("memberOf", r"cn=Sales\, EMEA,ou=groups,dc=example,dc=com")
        .with("memberOf", "CN=Staff,ou=groups,dc=example,dc=com")
        .with("memberOf", "cn=Admins,ou=groups,dc=example,dc=com")
        .with("memberOf", "ou=nothing,dc=example,dc=com");
    let vars = [("ENABLE_LDAP_GROUP_MANAGEMENT", "true"), ("ENABLE_LDAP_GROUP_CREATION", "true")];
    with_directory([jane], &vars, |app, _, directory| {
        let ada = app.sign_up("Ada", "ada@example.com");
        let groups = |user: &Value| {
            let groups = ada.get(&format!("/api/v1/users/{}/groups", user.as_str().unwrap())).json();
            let mut names: Vec<_> = groups
                .as_array()
                .unwrap()
                .iter()
                .map(|group| group["name"].as_str().unwrap().to_string())
                .collect();
            names.sort();
            names
        };
        ada.post("/api/v1/groups/create", &json!({"name": "Admins", "description": ""}));
        let manual = ada.post("/api/v1/groups/create", &json!({"name": "Manual", "description": ""})).json();
        let id = sign_in(app, "jane", JANES).json()["id"].clone();
        assert_eq!(groups(&id), ["Sales, EMEA", "Staff"], "and no administrators by a name");
        let add = format!("/api/v1/groups/id/{}/users/add", manual["id"].as_str().unwrap());
        assert_eq!(ada.post(&add, &json!({"user_ids": [id]})).status, 200);
        directory.become_that_of([Entry::jane().with("memberOf", "cn=Staff,dc=example,dc=com")]);
        sign_in(app, "jane", JANES);
        assert_eq!(groups(&id), ["Manual", "Staff"], "what somebody did by hand stays");
    });
}

#[test]
fn groups_that_list_their_members_are_searched() {
    let group = |name: &str, attribute: &str, member: &str| {
        Entry { dn: format!("cn={name},ou=groups,{BASE}"), password: None, attributes: Vec::new() }
            .with("cn", name)
            .with(attribute, member)
    };
    let people = [
        Entry::jane(),
        group("By name", "member", &format!("uid=jane,ou=people,{BASE}")),
        group("By uid", "memberUid", "jane"),
        group("Others", "member", &format!("uid=bob,ou=people,{BASE}")),
    ];
    let vars = [
        ("ENABLE_LDAP_GROUP_MANAGEMENT", "true"),
        ("ENABLE_LDAP_GROUP_CREATION", "true"),
        ("LDAP_GROUP_SEARCH_BASE", "ou=groups,dc=example,dc=com"),
    ];
    with_directory(people, &vars, |app, _, directory| {
        let id = sign_in(app, "jane", JANES).json()["id"].clone();
        let jane = app.anonymous().with_token(sign_in(app, "jane", JANES).token());
        let groups = jane.get(&format!("/api/v1/users/{}/groups", id.as_str().unwrap())).json();
        let mut names: Vec<_> =
            groups.as_array().unwrap().iter().map(|group| group["name"].clone()).collect();
        names.sort_by_key(Value::to_string);
        assert_eq!(names, ["By name", "By uid"]);
        let binds = directory.asked.borrow().iter().filter(|asked| asked.starts_with("bind")).count();
        assert_eq!(binds, 2 * 3, "who searches groups is the service account again");
    });
}

#[test]
fn another_server_answers_where_one_does_not_and_is_asked_first_for_a_while() {
    /* LD-11 */
    let vars = [("LDAP_SERVER_HOST", "down.example.com, ldap.example.com")];
    with_directory([Entry::jane()], &vars, |app, native, directory| {
        assert_eq!(sign_in(app, "jane", JANES).status, 200);
        assert_eq!(sign_in(app, "jane", JANES).status, 200);
        assert_eq!(native.ports.asked_directories(), ["down.example.com", HOST, HOST]);
        native.pass_seconds(61);
        directory.serve(native, "down.example.com");
        assert_eq!(sign_in(app, "jane", JANES).status, 200);
        assert_eq!(native.ports.asked_directories().last().unwrap(), "down.example.com");
        // A wrong password is a verdict: nobody else is asked.
        let asked = native.ports.asked_directories().len();
        assert_eq!(sign_in(app, "jane", "wrong").status, 400);
        assert_eq!(native.ports.asked_directories().len(), asked + 1);
        native.ports.break_port("directories");
        assert_eq!(sign_in(app, "jane", JANES).status, 200, "without a memory too");
    });
}

#[test]
fn a_second_factor_is_asked_for_after_the_directory() {
    let vars = [("ENABLE_MFA", "true")];
    with_directory([Entry::jane()], &vars, |app, _, _| {
        assert_eq!(sign_in(app, "jane", JANES).json()["next_step"], "enroll");
        for attempt in 0..10 {
            assert_eq!(sign_in(app, "jane", "wrong").status, 400, "{attempt}");
        }
        assert_eq!(
            detail(&sign_in(app, "jane", JANES)),
            (429, "Too many attempts. Please try again later.".to_string())
        );
    });
}

#[test]
fn every_fault_of_our_own_storage_leaves_nothing_half_done() {
    /* FT-01, FT-14 */
    for nth in 1..20 {
        with_directory([Entry::jane()], &[], |app, native, _| {
            native.ports.plan(portico_tests::Fault::Fail, nth);
            let answer = sign_in(app, "jane", JANES);
            let was_called = native.ports.heal();
            assert!(matches!(answer.status, 200 | 503), "{nth} {answer:?}");
            assert_eq!(native.ports.open_directory_connections(), 0, "{nth}");
            assert!(!was_called || answer.status == 503 || nth > 5, "{nth}");
            assert_eq!(sign_in(app, "jane", JANES).status, 200, "{nth}");
        });
    }
}
