use serde_json::json;

use super::directory::{APP_DN, APP_PASSWORD, BASE, Directory, Entry, HOST, JANES};
use crate::harness::{Answer, Native, PASSWORD, TestApp, credentials, with_native};

const VARS: [(&str, &str); 7] = [
    ("LOGIN_MAX", "100"),
    ("LDAP_URL", "ldaps://ldap.example.com"),
    ("LDAP_USER_SEARCH_BASE", BASE),
    ("LDAP_BIND_DN", APP_DN),
    ("LDAP_BIND_CREDENTIALS", APP_PASSWORD),
    ("LDAP_SEARCH_FILTER", "(|(uid={{username}})(mail={{username}}))"),
    ("DEFAULT_USER_ROLE", "user"),
];

fn with_members(vars: &[(&str, &str)], test: impl FnOnce(&TestApp, &Native, &Directory)) {
    let vars = [&VARS, vars].concat();
    with_native(&vars, |app, native| {
        let directory = Directory::of([Entry::jane()]);
        directory.serve(native, HOST);
        test(app, native, &directory);
    });
}

fn login(app: &TestApp, name: &str, password: &str) -> Answer {
    app.anonymous().post("/api/auth/login", &credentials(name, password))
}

#[test]
fn people_of_the_directory_log_in_and_nobody_else_does() {
    with_members(&[], |app, native, _| {
        app.sign_up("Ada", "ada@example.com");
        let first = login(app, "jane", JANES);
        assert_eq!(first.status, 200, "{first:?}");
        let user = &first.json()["user"];
        assert_eq!(
            (&user["provider"], &user["email"], &user["name"], &user["username"]),
            (&json!("ldap"), &json!("jane@example.com"), &json!("Jane Doe"), &json!("Jane"))
        );
        assert_eq!((&user["role"], &user["emailVerified"]), (&json!("USER"), &json!(true)));
        assert!(first.cookie("refreshToken").is_some());
        assert_eq!(login(app, "Jane@Example.com", JANES).json()["user"]["id"], user["id"]);
        let refused = [
            login(app, "jane", "wrong"),
            login(app, "nobody", "x"),
            login(app, "ada@example.com", PASSWORD),
            login(app, "jane", "\0x"),
        ];
        for answer in refused {
            assert_eq!(
                (answer.status, answer.json()),
                (404, json!({"message": "Invalid username/password"}))
            );
        }
        for empty in [
            json!({"email": "jane"}),
            json!({"email": "", "password": JANES}),
            json!({"email": "jane", "password": ""}),
        ] {
            let answer = app.anonymous().post("/api/auth/login", &empty);
            assert_eq!(
                (answer.status, answer.json()),
                (404, json!({"message": "Missing credentials"})),
                "{empty}"
            );
        }
        native.ports.serve_directory(HOST, |_| vec![portico_core::memory::Reaction::HangUp]);
        let down = login(app, "jane", JANES);
        assert_eq!((down.status, down.body.as_slice()), (500, &b"An unknown error occurred."[..]));
    });
}

#[test]
fn the_account_is_the_same_in_both_dialects() {
    let vars = [
        ("ENABLE_LDAP", "true"),
        ("LDAP_SERVER_HOST", HOST),
        ("LDAP_SEARCH_BASE", "ou=people,dc=example,dc=com"),
        ("LDAP_APP_DN", APP_DN),
        ("LDAP_APP_PASSWORD", APP_PASSWORD),
    ];
    with_members(&vars, |app, _, directory| {
        let first = login(app, "jane", JANES);
        let form = json!({"user": "jane", "password": JANES});
        let other = app.anonymous().post("/api/v1/auths/ldap", &form);
        assert_eq!(first.json()["user"]["id"], other.json()["id"], "{other:?}");
        let searched: Vec<_> =
            directory.asked.borrow().iter().filter(|asked| asked.starts_with("search")).cloned().collect();
        // A filter with a placeholder is LibreChat's; for Open WebUI it must be true besides.
        assert!(searched.iter().all(|searched| searched.contains("Or(")), "{searched:?}");
    });
}

#[test]
fn what_the_directory_says_about_somebody_replaces_what_was_there() {
    with_members(&[("LDAP_FULL_NAME", "givenName,sn"), ("LDAP_USERNAME", "uid")], |app, _, directory| {
        directory.become_that_of([Entry::jane().with("sn", "Doe")]);
        let user = login(app, "jane", JANES).json()["user"].clone();
        assert_eq!(
            (&user["name"], &user["username"], &user["role"]),
            (&json!("Jane Doe"), &json!("jane"), &json!("ADMIN"))
        );
        directory.become_that_of([Entry::jane()
            .with("sn", "Roe")
            .without("mail")
            .with("mail", "roe@example.com")]);
        let changed = login(app, "jane", JANES).json()["user"].clone();
        assert_eq!(changed["username"], "jane");
        assert_eq!(
            (&changed["id"], &changed["name"], &changed["email"]),
            (&user["id"], &json!("Jane Roe"), &json!("roe@example.com"))
        );
    });
}

#[test]
fn an_address_of_somebody_else_is_not_taken_over() {
    /* LD-06 */
    with_members(&[], |app, _, _| {
        app.sign_up("Ada", "jane@example.com");
        let refused = login(app, "jane", JANES);
        assert_eq!((refused.status, refused.json()), (404, json!({"message": "auth_failed"})));
    });
    with_members(&[("ALLOWED_EMAIL_DOMAINS", "example.org")], |app, _, _| {
        let refused = login(app, "jane", JANES);
        assert_eq!((refused.status, refused.json()), (404, json!({"message": "Email domain not allowed"})));
    });
}

#[test]
fn whoever_the_directory_does_not_know_gets_in_where_the_deployment_says_so() {
    with_members(&[("LDAP_LOCAL_FALLBACK", "true")], |app, _, _| {
        app.sign_up("Ada", "ada@example.com");
        assert_eq!(login(app, "ada@example.com", PASSWORD).status, 200);
        assert_eq!(login(app, "ada@example.com", "wrong").status, 404);
        assert_eq!(login(app, "jane", JANES).json()["user"]["provider"], "ldap");
    });
}

#[test]
fn a_filter_of_open_webui_holds_for_librechat_too() {
    with_members(&[("LDAP_SEARCH_FILTER", "(memberOf=cn=app,dc=example,dc=com)")], |app, _, directory| {
        assert_eq!(login(app, "jane@example.com", JANES).status, 404);
        directory.become_that_of([Entry::jane().with("memberOf", "cn=app,dc=example,dc=com")]);
        assert_eq!(login(app, "jane@example.com", JANES).status, 200);
    });
}

#[test]
fn a_local_sign_in_beside_the_directory_spends_one_attempt() {
    with_members(&[("LDAP_LOCAL_FALLBACK", "true")], |app, _, _| {
        app.sign_up("Ada", "ada@example.com");
        for attempt in 0..60 {
            assert_eq!(login(app, "ada@example.com", PASSWORD).status, 200, "{attempt}");
        }
    });
}

#[test]
fn pages_are_told_about_the_directory() {
    with_members(&[("LDAP_LOGIN_USES_USERNAME", "true")], |app, _, _| {
        let config = app.anonymous().get("/api/config").json();
        assert_eq!(config["ldap"], json!({"enabled": true, "username": true}));
        assert_eq!(config["registrationEnabled"], false);
    });
    with_members(&[], |app, _, _| {
        assert_eq!(app.anonymous().get("/api/config").json()["ldap"], json!({"enabled": true}));
    });
}
