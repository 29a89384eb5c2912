//! `/api/v1/auths/admin/*`: settings (contract §1.4).

use http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{PASSWORD, TestApp, credentials},
    open_webui::{ACCESS, ADMIN_CONFIG, SESSION, configure, id_of, open_app},
};

const LDAP: &str = "/api/v1/auths/admin/config/ldap";
const LDAP_SERVER: &str = "/api/v1/auths/admin/config/ldap/server";
const OAUTH: &str = "/api/v1/auths/admin/config/oauth";
const DETAILS: &str = "/api/v1/auths/admin/details";
const SIGN_IN: &str = "/api/v1/auths/signin";
const SENTINEL: &str = "********";

fn directory() -> Value {
    json!({
        "label": "Company", "host": "ldap.example.com", "port": 636, "app_dn": "cn=portico",
        "app_dn_password": "of the directory", "search_base": "dc=example,dc=com", "use_tls": true
    })
}

/// What an Open WebUI of the year before sent: no second factor, no login form, no limits of skills.
fn old_form(config: &Value) -> Value {
    let mut form = config.clone();
    for newer in [
        "ENABLE_MFA",
        "MFA_ALLOW_OAUTH_BYPASS",
        "MFA_ALLOW_TRUSTED_HEADER_BYPASS",
        "ENABLE_LOGIN_FORM",
        "ENABLE_ENCRYPTED_CHANNELS",
        "ENABLE_APPS",
        "ENABLE_SKILL_LAZY_LOADING",
        "SKILL_CONTENT_MAX_CHARS",
        "SKILL_PREVIEW_MAX_CHARS",
        "I18N",
    ] {
        assert!(form.as_object_mut().unwrap().remove(newer).is_some(), "{newer}");
    }
    form
}

#[test]
fn a_client_that_does_not_know_newer_settings_loses_none() {
    /* AD-09 */
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let newer = json!({
        "ENABLE_LOGIN_FORM": false,
        "ENABLE_APPS": true,
        "SKILL_CONTENT_MAX_CHARS": 12,
        "I18N": {"de-DE": {"Sign in": "Hinein"}},
        "WEBUI_URL": "https://chat.example.com",
    });
    assert_eq!(configure(&ann, &newer).status, 200);
    let before = ann.get(ADMIN_CONFIG).json();
    let mut form = old_form(&before);
    form["JWT_EXPIRES_IN"] = json!("1h");
    form["SOMETHING_OF_NEXT_YEAR"] = json!({"a": 1});
    let written = ann.post(ADMIN_CONFIG, &form);
    assert_eq!(written.status, 200, "{written:?}");
    let mut expected = before;
    expected["JWT_EXPIRES_IN"] = json!("1h");
    assert_eq!(ann.get(ADMIN_CONFIG).json(), expected);
    expected["sessions_revoked"] = json!(false);
    assert_eq!(written.json(), expected, "the answer is what is stored");
}

#[test]
fn a_bad_value_is_refused_and_the_rest_of_its_form_with_it() {
    /* AD-06, AD-07, AD-08, AD-13 */
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let before = ann.get(ADMIN_CONFIG).json();
    for (name, value) in [
        ("JWT_EXPIRES_IN", json!("-5m")),
        ("JWT_EXPIRES_IN", json!("0s")),
        ("JWT_EXPIRES_IN", json!("NaN")),
        ("JWT_EXPIRES_IN", json!("1y")),
        ("JWT_EXPIRES_IN", json!("")),
        ("JWT_EXPIRES_IN", json!("99999999999999999999w")),
        ("DEFAULT_USER_ROLE", json!("admin")),
        ("DEFAULT_USER_ROLE", json!("king")),
        ("WEBUI_URL", json!("javascript:alert(1)")),
        ("WEBUI_URL", json!("https://user:pass@chat.example.com")),
        ("WEBUI_URL", json!("https://chat.example.com/#there")),
        ("WEBUI_URL", json!("http://chat.example.com")),
        ("WEBUI_URL", json!("//chat.example.com")),
        ("CHANNEL_MODEL_RESPONSE_MODE", json!("shout")),
    ] {
        let refused =
            configure(&ann, &json!({name: value, "ENABLE_SIGNUP": false, "RESPONSE_WATERMARK": "x"}));
        assert_eq!(refused.status, 400, "{name} {value}: {refused:?}");
        assert!(refused.detail().contains(name), "{refused:?}");
    }
    assert_eq!(ann.get(ADMIN_CONFIG).json(), before, "nothing of it was stored");
    for good in ["-1", "0", "90s", "1h30m", "1.5h", "4w"] {
        assert_eq!(configure(&ann, &json!({"JWT_EXPIRES_IN": good})).status, 200, "{good}");
    }
    assert_eq!(configure(&ann, &json!({"WEBUI_URL": "http://localhost:3000"})).status, 200);
}

#[test]
fn settings_hold_on_the_next_request_and_are_written_down() {
    /* AD-08, AD-12, LG-01 */
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let form = json!({"name": "Bob", "email": "bob@example.com", "password": PASSWORD});
    assert_eq!(configure(&ann, &json!({"ENABLE_SIGNUP": false, "JWT_EXPIRES_IN": "1h"})).status, 200);
    assert_eq!(app.anonymous().post("/api/v1/auths/signup", &form).status, 403);
    assert_eq!(app.anonymous().get("/api/config").json()["features"]["enable_signup"], false);
    let cookie =
        app.anonymous().post(SIGN_IN, &credentials("ann@example.com", PASSWORD)).cookie("token").unwrap();
    assert!(cookie.contains("Max-Age=3600"), "{cookie}");
    let event = ann.get("/api/v1/audit?limit=5").json()["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["action"] == "change_settings")
        .unwrap()
        .clone();
    assert_eq!(event["actor_id"], id_of(&ann).as_str());
    assert_eq!(event["detail"]["JWT_EXPIRES_IN"], json!({"from": "4w", "to": "1h"}), "{event}");
    assert_eq!(event["detail"]["ENABLE_SIGNUP"], json!({"from": true, "to": false}), "{event}");
}

#[test]
fn forms_written_at_once_lose_nothing_of_each_other() {
    /* AD-08, AD-09 */
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    // Forms of one member each: what the others set stays.
    let names = ["OAUTH_EMAIL_CLAIM", "OAUTH_USERNAME_CLAIM", "OAUTH_PICTURE_CLAIM", "OAUTH_SUB_CLAIM"];
    let requests = names.map(|name| ann.json_request(OAUTH, &json!({name: "mine"}))).into_iter().collect();
    let answers = app.at_once(requests);
    let stored = ann.get(OAUTH).json();
    for (name, answer) in names.iter().zip(&answers) {
        assert!(matches!(answer.status, 200 | 409), "{answer:?}");
        assert_eq!(stored[*name] == "mine", answer.status == 200, "{name}: {stored}");
    }
}

#[test]
fn settings_are_for_administrators() {
    /* AD-04 */
    let app = open_app(&[]);
    let (ann, bob) = (app.sign_up("Ann", "ann@example.com"), app.sign_up("Bob", "bob@example.com"));
    for path in [ADMIN_CONFIG, LDAP, LDAP_SERVER, OAUTH] {
        assert_eq!(app.anonymous().get(path).status, 401, "{path}");
        for refused in [bob.get(path), bob.post(path, &json!({}))] {
            assert_eq!((refused.status, refused.detail().as_str()), (401, ACCESS), "{path}");
        }
        assert_eq!(ann.get(path).status, 200, "{path}");
    }
}

#[test]
fn a_stored_secret_is_shown_to_nobody_and_kept_by_its_sentinel() {
    /* SR-04, AD-09 */
    let app = TestApp::with_vars(&[("ENABLE_OAUTH_PERSISTENT_CONFIG", "true")]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let written = ann.post(LDAP_SERVER, &directory());
    assert_eq!((written.status, &written.json()["app_dn_password"]), (200, &json!(SENTINEL)), "{written:?}");
    let mut read = ann.get(LDAP_SERVER).json();
    assert_eq!(read["app_dn_password"], SENTINEL);
    read["label"] = json!("Everybody");
    assert_eq!(ann.post(LDAP_SERVER, &read).json(), read, "what was read can be written");
    read["host"] = json!("ldap.attacker.example");
    let moved = ann.post(LDAP_SERVER, &read);
    assert_eq!(moved.status, 400, "the secret is not sent to another server: {moved:?}");
    assert_eq!(ann.get(LDAP_SERVER).json()["host"], "ldap.example.com");
    read["app_dn_password"] = json!("of the other");
    assert_eq!(ann.post(LDAP_SERVER, &read).status, 200);
    let provider = json!({"OAUTH_CLIENT_ID": "portico", "OAUTH_CLIENT_SECRET": "of the provider"});
    assert_eq!(ann.post(OAUTH, &provider).json()["OAUTH_CLIENT_SECRET"], SENTINEL);
    let moved = ann.post(OAUTH, &json!({"OPENID_PROVIDER_URL": "https://attacker.example"}));
    assert_eq!(moved.status, 400, "{moved:?}");
    let log = ann.get("/api/v1/audit").body;
    let log = String::from_utf8(log).unwrap();
    assert!(!log.contains("of the directory") && !log.contains("of the provider"), "{log}");
    assert!(log.contains("OAUTH_CLIENT_SECRET"), "{log}");
}

#[test]
fn a_directory_needs_its_fields_and_null_changes_nothing() {
    /* LD-08, AD-09 */
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    for field in ["label", "host", "attribute_for_mail", "attribute_for_username", "search_base"] {
        let mut form = directory();
        form[field] = json!(" ");
        let refused = ann.post(LDAP_SERVER, &form);
        assert_eq!((refused.status, refused.detail()), (400, format!("Required field {field} is empty")));
    }
    let mut form = directory();
    form["validate_cert"] = json!(false);
    assert_eq!(ann.post(LDAP_SERVER, &form).status, 400, "certificates are verified whatever is said");
    assert_eq!(ann.post(LDAP, &json!({"enable_ldap": true})).json(), json!({"ENABLE_LDAP": true}));
    for nothing in [json!({}), json!({"enable_ldap": null})] {
        assert_eq!(ann.post(LDAP, &nothing).json(), json!({"ENABLE_LDAP": true}));
    }
    assert_eq!(app.anonymous().get("/api/config").json()["features"]["enable_ldap"], true);
}

#[test]
fn lists_are_read_back_as_they_are_kept() {
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    let form = json!({"OAUTH_ALLOWED_DOMAINS": " example.com ,, example.org", "OAUTH_BLOCKED_GROUPS": "[\"a\", \"b\"]"});
    let written = ann.post(OAUTH, &form).json();
    assert_eq!(written["OAUTH_ALLOWED_DOMAINS"], "example.com,example.org");
    assert_eq!(ann.get(OAUTH).json()["OAUTH_BLOCKED_GROUPS"], r#"["a", "b"]"#);
}

#[test]
fn whom_to_ask_is_told_to_people_who_are_signed_in() {
    /* AD-11 */
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let bob = app.sign_up("Bob", "bob@example.com");
    assert_eq!(app.anonymous().get(DETAILS).status, 401);
    assert_eq!(bob.get(DETAILS).json(), json!({"name": "Ann", "email": "ann@example.com"}));
    configure(&ann, &json!({"ADMIN_EMAIL": "bob@example.com"}));
    assert_eq!(bob.get(DETAILS).json(), json!({"name": "Bob", "email": "bob@example.com"}));
    configure(&ann, &json!({"SHOW_ADMIN_DETAILS": false}));
    let refused = bob.get(DETAILS);
    assert_eq!(
        (refused.status, refused.detail().as_str()),
        (400, "The requested action has been restricted as a security measure.")
    );
}

#[test]
fn an_account_that_an_administrator_adds_has_a_short_token() {
    /* AD-10, TK-09 */
    const ADD: &str = "/api/v1/auths/add";
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    let form = json!({"name": "Bob", "email": "BOB@example.com", "password": PASSWORD, "role": "user"});
    let added = ann.post(ADD, &form);
    assert_eq!((added.status, &added.json()["email"]), (200, &json!("bob@example.com")), "{added:?}");
    assert!(added.cookies().is_empty(), "the administrator stays who they are");
    let bob = app.anonymous().with_token(added.token());
    let session = bob.get(SESSION).json();
    let left = session["expires_at"].as_i64().unwrap() - app.now();
    assert!((1..=900).contains(&left), "{left} s");
    assert_eq!(session["id"], added.json()["id"]);
    let again = ann.post(ADD, &form);
    assert_eq!(again.status, 400);
    assert!(again.detail().starts_with("Uh-oh! This email is already registered."));
    let unknown =
        ann.post(ADD, &json!({"name": "C", "email": "c@example.com", "password": PASSWORD, "role": "king"}));
    assert_eq!(unknown.status, 400);
    let default = ann.post(ADD, &json!({"name": "D", "email": "d@example.com", "password": PASSWORD}));
    assert_eq!(default.json()["role"], "pending");
    let log = ann.get("/api/v1/audit?limit=10").json();
    let of_bob = |event: &&Value| event["action"] == "add_user" && event["target_id"] == added.json()["id"];
    assert_eq!(log["events"].as_array().unwrap().iter().filter(of_bob).count(), 1, "{log}");
}

#[test]
fn provider_sign_in_is_off_until_it_is_there() {
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let exchange = app.anonymous().post("/api/v1/auths/oauth/google/token/exchange", &json!({"token": "x"}));
    assert_eq!(exchange.status, 403, "{exchange:?}");
    let gone = ann.send(Method::DELETE, "/api/v1/auths/oauth/sessions/mcp:server%2F1", None, Vec::new());
    assert_eq!((gone.status, gone.detail().as_str()), (404, "No OAuth session found for this provider"));
    let ldap = app.anonymous().post("/api/v1/auths/ldap", &json!({"user": "ann", "password": "x"}));
    assert_eq!((ldap.status, ldap.detail().as_str()), (400, "LDAP authentication is not enabled"));
}
