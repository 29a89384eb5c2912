use serde_json::json;

use crate::harness::TestApp;

const PATH: &str = "/api/config";

#[test]
fn an_empty_deployment_asks_for_its_first_account() {
    let app = TestApp::new();
    let answer = app.anonymous().get(PATH);
    assert_eq!(answer.status, 200, "{answer:?}");
    let config = answer.json();
    let of_dialect = config.as_object().unwrap().iter();
    // The other dialect's keys are that dialect's tests.
    let of_dialect = of_dialect.filter(|(name, _)| !crate::librechat::config::KEYS.contains(&name.as_str()));
    let of_dialect: serde_json::Map<_, _> =
        of_dialect.map(|(name, value)| (name.clone(), value.clone())).collect();
    assert_eq!(
        serde_json::Value::Object(of_dialect),
        json!({
            "onboarding": true,
            "status": true,
            "name": "Open WebUI",
            "version": "0.12.4",
            "default_locale": "",
            "i18n": {},
            "oauth": {"providers": {}, "auto_redirect": false},
            "features": {
                "slim": true,
                "auth": true,
                "auth_trusted_header": false,
                "enable_signup_password_confirmation": false,
                "enable_ldap": false,
                "enable_signup": true,
                "enable_login_form": true,
                "enable_websocket": true,
            },
        })
    );
}

#[test]
fn the_first_sign_up_shows_at_once() {
    let app = TestApp::new();
    assert_eq!(app.anonymous().get(PATH).json()["features"]["enable_signup"], true);
    app.sign_up("Ann", "ann@example.com");
    let config = app.anonymous().get(PATH).json();
    assert_eq!(config["features"]["enable_signup"], false);
    assert_eq!(config.get("onboarding"), None);
}

#[test]
fn people_who_are_signed_in_see_what_is_for_them() {
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true"), ("USER_PERMISSIONS_CHAT_DELETE", "False")]);
    let admin = app.sign_up("Ann", "ann@example.com").get(PATH).json();
    assert_eq!(admin["permissions"]["chat"]["delete"], false);
    assert_eq!(admin["features"]["enable_api_keys"], false);
    assert_eq!(admin["ui"]["default_interface_settings"], json!({}));
    let pending = app.sign_up("Bob", "bob@example.com").get(PATH).json();
    assert_eq!(pending.get("permissions"), None);
    assert_eq!(pending["ui"], json!({"pending_user_overlay_title": "", "pending_user_overlay_content": ""}));
}

#[test]
fn a_credential_that_does_not_work_shows_the_public_view_and_no_error() {
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    let public = app.anonymous().get(PATH).json();
    ann.send(http::Method::POST, "/api/v1/auths/signout", None, Vec::new());
    for client in
        [ann, app.anonymous().with_token("garbage"), app.anonymous().with("cookie", "token=a; token=b")]
    {
        let answer = client.get(PATH);
        assert_eq!((answer.status, answer.json()), (200, public.clone()));
    }
}

#[test]
fn the_page_shows_what_the_deployment_configured() {
    let app = TestApp::with_vars(&[
        ("WEBUI_NAME", "Chat at Example"),
        ("DEFAULT_LOCALE", "de-DE"),
        ("ENABLE_LOGIN_FORM", "false"),
        ("ENABLE_SIGNUP_PASSWORD_CONFIRMATION", "true"),
    ]);
    let config = app.anonymous().get(PATH).json();
    assert_eq!(config["name"], "Chat at Example");
    assert_eq!(config["default_locale"], "de-DE");
    assert_eq!(config["features"]["enable_login_form"], false);
    assert_eq!(config["features"]["enable_signup_password_confirmation"], true);
}
