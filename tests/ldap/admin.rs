use serde_json::{Value, json};

use super::{
    directory::{APP_DN, APP_PASSWORD, BASE, Directory, Entry, HOST, JANES, with_directory},
    sign_in::sign_in,
};
use crate::harness::{Client, with_native};

const SERVER: &str = "/api/v1/auths/admin/config/ldap/server";
const TEST: &str = "/api/v1/auths/admin/config/ldap/test";

fn form() -> Value {
    json!({
        "label": "Company", "host": HOST, "port": 636, "attribute_for_mail": "mail", "attribute_for_username": "uid",
        "app_dn": APP_DN, "app_dn_password": APP_PASSWORD, "search_base": BASE,
    })
}

fn with(more: &Value) -> Value {
    let mut form = form();
    form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    form
}

#[test]
fn a_directory_that_makes_no_sense_is_not_stored() {
    /* LD-03, LD-07, LD-08, LD-18 */
    with_native(&[], |app, _| {
        let ada = app.sign_up("Ada", "ada@example.com");
        let refused = [
            (json!({"use_tls": false}), "use_tls"),
            (json!({"validate_cert": false}), "validate_cert"),
            (json!({"ciphers": "RC4-MD5"}), "ciphers"),
            (json!({"certificate_path": "/etc/ssl/ca.pem"}), "certificate_path"),
            (json!({"host": "127.0.0.1"}), "host"),
            (json!({"host": "169.254.169.254"}), "host"),
            (json!({"host": "localhost"}), "host"),
            (json!({"host": "10.1.2.3"}), "host"),
            (json!({"port": 22}), "host"),
            (json!({"host": "https://ldap.example.com"}), "host"),
            (json!({"search_base": "example.com"}), "search_base"),
            (json!({"app_dn": "portico"}), "app_dn"),
            (json!({"search_filters": "(objectClass=person"}), "search_filters"),
            (json!({"search_filters": "objectClass=person"}), "search_filters"),
            (json!({"search_filters": "(uid=*{{username}})"}), "search_filters"),
            (json!({"use_starttls": true, "use_tls": false, "validate_cert": false}), "validate_cert"),
            (json!({"app_dn_password": ""}), "app_dn_password"),
            (json!({"attribute_for_username": "uid;x-old"}), "attribute_for_username"),
            (json!({"attribute_for_mail": "0.9.2342.19200300.100.1.3"}), "attribute_for_mail"),
            (
                json!({"enable_group_management": true, "group_search_base": BASE, "group_search_filter": "(cn=all)"}),
                "group_search_filter",
            ),
            (json!({"attribute_for_username": "uid)(x=*"}), "attribute_for_username"),
            (json!({"attribute_for_mail": "mail="}), "attribute_for_mail"),
            (
                json!({"enable_group_management": true, "group_search_base": "x", "attribute_for_groups": "memberOf"}),
                "group_search_base",
            ),
        ];
        let before = ada.get(SERVER).json();
        for (more, field) in refused {
            let answer = ada.post(SERVER, &with(&more));
            assert_eq!(answer.status, 400, "{more} {answer:?}");
            assert!(answer.detail().starts_with(field), "{more} {}", answer.detail());
        }
        assert_eq!(ada.get(SERVER).json(), before);
        assert_eq!(ada.post(SERVER, &form()).status, 200);
    });
    let vars = [
        ("LDAP_ALLOW_PLAINTEXT", "true"),
        ("LDAP_ALLOW_PRIVATE_HOSTS", "true"),
        ("LDAP_ALLOWED_PORTS", "3890"),
    ];
    with_native(&vars, |app, _| {
        let ada = app.sign_up("Ada", "ada@example.com");
        let private = with(&json!({"host": "127.0.0.1", "port": 3890, "use_tls": false}));
        assert_eq!(ada.post(SERVER, &private).status, 200);
    });
}

#[test]
fn the_password_of_the_service_account_goes_only_where_it_was_entered_for() {
    /* LD-17 */
    with_native(&[], |app, _| {
        let ada = app.sign_up("Ada", "ada@example.com");
        assert_eq!(ada.post(SERVER, &form()).json()["app_dn_password"], "********");
        assert!(!ada.get("/api/v1/audit").json().to_string().contains(APP_PASSWORD));
        let elsewhere = [
            json!({"host": "ldap.attacker.example"}),
            json!({"port": 3269}),
            json!({"app_dn": "cn=other,dc=example,dc=com"}),
            json!({"use_starttls": true}),
        ];
        for change in elsewhere {
            let mut kept = with(&change);
            kept["app_dn_password"] = json!("********");
            let refused = ada.post(SERVER, &kept);
            assert_eq!(
                refused.detail(),
                "The server has changed. Please enter its password again.",
                "{change}"
            );
            assert_eq!(ada.get(SERVER).json()["host"], HOST);
        }
        let mut label = with(&json!({"label": "Other"}));
        label["app_dn_password"] = json!("********");
        assert_eq!(ada.post(SERVER, &label).status, 200);
    });
}

#[test]
fn no_administrator_becomes_the_first_one_by_another_directory() {
    /* LD-06, AD-05 */
    let bob = Entry::person("bob", 2, "b").with("mail", "bob@example.com");
    with_directory([Entry::jane(), bob], &[], |app, native, _| {
        let jane = sign_in(app, "jane", JANES);
        assert_eq!(sign_in(app, "bob", "b").status, 200);
        assert_eq!(jane.json()["role"], "admin");
        native.ports.set_role("bob@example.com", portico_core::user::Role::Admin);
        let (jane, bob) = (jane.token(), sign_in(app, "bob", "b").token());
        let of = |token: &str| app.anonymous().with_token(token);
        let moved = with(&json!({"host": "ldap.attacker.example"}));
        assert_eq!(of(&bob).post(SERVER, &moved).status, 403);
        assert_eq!(of(&bob).post(SERVER, &with(&json!({"port": null, "label": "Other"}))).status, 403);
        assert_eq!(of(&jane).post(SERVER, &moved).status, 200);
    });
}

#[test]
fn a_test_says_in_plain_words_what_works_and_what_does_not() {
    with_directory([Entry::jane()], &[("ENABLE_SIGNUP", "true")], |app, native, directory| {
        let ada = app.sign_up("Ada", "ada@example.com");
        let steps = |client: &Client<'_>, form: Value| {
            let tried = client.post(TEST, &form).json();
            let steps = tried["steps"].as_array().unwrap().clone();
            let last = steps.last().unwrap().clone();
            assert_eq!(tried["ok"], last["ok"], "{tried}");
            (
                steps.len(),
                last["step"].as_str().unwrap().to_string(),
                last["ok"] == true,
                last["detail"].as_str().unwrap().to_string(),
            )
        };
        let (count, step, works, _) = steps(&ada, json!({}));
        assert_eq!((count, step.as_str(), works), (4, "search", true));
        let (_, step, works, text) = steps(&ada, json!({"user": "jane"}));
        assert!(step == "person" && works && text.contains("jane@example.com"), "{text}");
        let (_, step, works, text) = steps(&ada, json!({"user": "nobody"}));
        assert!(step == "search" && !works && text.contains("Nobody has this name"), "{text}");
        assert!(
            !directory.asked.borrow().iter().any(|asked| asked.contains("bind uid=jane")),
            "nobody's password is tried"
        );
        native.ports.serve_directory(HOST, |_| vec![portico_core::memory::Reaction::Refuse]);
        let (_, step, works, text) = steps(&ada, json!({}));
        assert!(step == "connect" && !works && text.contains("refused"), "{text}");
        Directory::of([]).serve(native, HOST);
        let (_, step, _, text) = steps(&ada, json!({"user": "jane"}));
        assert!(step == "search" && text.contains("Nobody"), "{text}");
        assert_eq!(native.ports.open_directory_connections(), 0);
        let bob = app.sign_up("Bob", "bob@example.com");
        assert_eq!(bob.post(TEST, &json!({})).status, 401);
    });
    with_directory([], &[("LDAP_APP_PASSWORD", "wrong")], |app, _, _| {
        let ada = app.sign_up("Ada", "ada@example.com");
        let tried = ada.post(TEST, &json!({})).json();
        assert_eq!(tried["steps"][2]["step"], "service_bind");
        assert!(tried["steps"][2]["detail"].as_str().unwrap().contains("password is wrong"), "{tried}");
    });
    with_directory([], &[("LDAP_SERVER_HOST", "localhost")], |app, _, _| {
        let ada = app.sign_up("Ada", "ada@example.com");
        let tried = ada.post(TEST, &json!({})).json();
        assert_eq!((&tried["ok"], &tried["steps"][0]["step"]), (&json!(false), &json!("configuration")));
    });
}
