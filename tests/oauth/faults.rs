//! Providers that are down, rotate their keys or are configured wrongly, and what that must not lead to.

use portico_worker::config::Config;
use serde_json::{Value, json};

use super::{
    provider::{Provider, VARS, back, key_set, send},
    sign_in::OPEN_WEBUI,
};
use crate::harness::{Browser, PASSWORD, TestApp, with_native};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Whether somebody who comes by the provider is let in.
fn comes(app: &TestApp, provider: &Provider<'_>) -> bool {
    let browser = Browser::of(app);
    let answer = browser.get(OPEN_WEBUI.0);
    if answer.status != 302 {
        assert!(answer.header("location").contains("/auth?error="), "{answer:?}");
        return false;
    }
    let sent = super::provider::Sent { url: answer.header("location").to_string() };
    provider.grant(&sent, json!({}));
    back(&browser, OPEN_WEBUI.1, &sent).header("location").ends_with("/auth")
}

#[test]
fn what_a_provider_said_last_counts_for_a_while_when_it_does_not_answer() {
    /* FT-12, FT-13, OA-06 */
    with_native(&VARS, |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        assert!(comes(app, &provider));
        provider.answer("/.well-known/openid-configuration", 503, "");
        provider.answer("/jwks", 503, "");
        for (later, is_let_in) in [(2 * HOUR, true), (21 * HOUR, true), (HOUR, false), (4 * DAY, false)] {
            native.pass_seconds(later);
            assert_eq!(comes(app, &provider), is_let_in, "{later} s later");
        }
        provider.answer("/jwks", 200, &key_set().to_string());
        assert!(comes(app, &provider), "its document counts for a week");
        native.pass_seconds(2 * DAY);
        assert!(!comes(app, &provider), "and not for longer");
        let form = json!({"email": "root@example.com", "password": PASSWORD});
        assert_eq!(app.anonymous().post("/api/v1/auths/signin", &form).status, 200, "others sign in as ever");
        provider.describe(json!({}));
        native.pass_seconds(60);
        assert!(comes(app, &provider), "and it may come back");
    });
}

#[test]
fn a_key_that_a_provider_takes_away_is_gone_within_the_hour() {
    /* FT-13 */
    with_native(&VARS, |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        assert!(comes(app, &provider));
        let mut others = key_set();
        others["keys"][0]["kid"] = json!("another");
        provider.answer("/jwks", 200, &others.to_string());
        native.pass_seconds(HOUR - 1);
        assert!(comes(app, &provider), "nobody has asked yet");
        native.pass_seconds(1);
        assert!(!comes(app, &provider));
        // Back again: asked for because nobody knows it.
        provider.answer("/jwks", 200, &key_set().to_string());
        native.pass_seconds(60);
        assert!(comes(app, &provider));
    });
}

#[test]
fn a_document_that_speaks_for_somebody_else_or_leads_inside_is_not_believed() {
    /* OA-06, OA-20 */
    for change in [
        json!({"issuer": "https://evil.example.com"}),
        json!({"token_endpoint": "http://id.example.com/token"}),
        json!({"token_endpoint": "https://10.0.0.1/token"}),
        json!({"jwks_uri": "https://[::1]/jwks"}),
        json!({"authorization_endpoint": null}),
        json!({"padding": "x".repeat(256 * 1_024)}),
    ] {
        with_native(&VARS, |app, native| {
            let provider = Provider::of(native);
            provider.describe(change.clone());
            app.sign_up("Root", "root@example.com");
            assert!(!comes(app, &provider), "{}", change.to_string().get(..60).unwrap_or_default());
        });
    }
}

#[test]
fn a_picture_is_an_address_that_browsers_fetch_and_we_do_not() {
    /* OA-21 */
    let vars = [VARS.as_slice(), &[("OAUTH_UPDATE_PICTURE_ON_LOGIN", "true")]].concat();
    with_native(&vars, |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        let picture = |url: Value| {
            let browser = Browser::of(app);
            let sent = send(&browser, OPEN_WEBUI.0);
            provider.grant(&sent, json!({"picture": url}));
            back(&browser, OPEN_WEBUI.1, &sent);
            browser.get("/api/v1/auths/").json()["profile_image_url"].as_str().unwrap().to_string()
        };
        for url in [
            json!("http://id.example.com/a.png"),
            json!("javascript:alert(1)"),
            json!("data:image/svg+xml,<svg onload=alert(1)>"),
            json!("//id.example.com/a.png"),
            json!(["https://id.example.com/a.png"]),
        ] {
            assert_eq!(picture(url.clone()), "/user.png", "{url}");
        }
        assert_eq!(picture(json!("https://id.example.com/a.png")), "https://id.example.com/a.png");
        assert_eq!(provider.asked("/a.png"), 0);
    });
}

#[test]
fn what_is_configured_wrongly_lets_nobody_in() {
    /* OA-26 */
    for wrong in [
        ("OAUTH_TOKEN_ENDPOINT_AUTH_METHOD", "client_secret_basic"),
        ("OPENID_PROVIDER_URL", "https://10.0.0.1/.well-known/openid-configuration"),
    ] {
        let without_secret = VARS.into_iter().map(|(name, value)| match name {
            "OAUTH_CLIENT_SECRET" => ("OAUTH_CODE_CHALLENGE_METHOD", "S256"),
            _ => (name, value),
        });
        let vars: Vec<_> = without_secret.chain([wrong]).collect();
        with_native(&vars, |app, native| {
            let provider = Provider::of(native);
            app.sign_up("Root", "root@example.com");
            assert!(!comes(app, &provider), "{wrong:?}");
        });
    }
    with_native(&[], |app, _| {
        app.sign_up("Root", "root@example.com");
        for path in ["/oauth/oidc/login", "/oauth/google/login", "/oauth/nobody/login"] {
            assert_eq!(app.anonymous().get(path).status, 404, "{path}");
        }
    });
    // What can not work at all is said at once.
    for (name, value) in [
        ("OPENID_REQUIRED_ROLE", "chat"),
        ("OAUTH_AUTHORIZE_PARAMS", "[]"),
        ("OAUTH_TRUSTED_EMAIL_PROVIDERS", "gogle"),
        ("GITHUB_ENTERPRISE_BASE_URL", "http://git.example.com"),
    ] {
        let refused = Config::parse(|asked| match asked {
            "PORTICO_SECRET" => Some("test-secret-0123456789abcdef0123456789abcdef".to_string()),
            "GITHUB_CLIENT_ID" | "GITHUB_CLIENT_SECRET" => Some("g".to_string()),
            asked => (asked == name).then(|| value.to_string()),
        });
        let problems = format!("{:?}", refused.err().unwrap());
        assert!(problems.contains(name), "{name}: {problems}");
    }
}

#[test]
fn nobody_gets_codes_from_us() {
    /* OA-27: there is no authorization server here whose codes could leak or be used twice. */
    let app = TestApp::new();
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/oauth/authorize?response_type=code&client_id=x",
        "/oauth/token",
        "/authorize",
        "/token",
    ] {
        let answer = app.anonymous().get(path);
        assert!(matches!(answer.status, 302 | 404 | 405), "{path}: {answer:?}");
        assert!(!answer.header("location").contains("code="), "{path}");
    }
}

#[test]
fn an_answer_comes_the_way_it_was_asked_for_and_while_providers_are_on() {
    /* OA-16, OA-26 */
    with_native(&VARS, |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        let browser = Browser::of(app);
        let sent = send(&browser, OPEN_WEBUI.0);
        provider.grant(&sent, json!({}));
        let form = format!("code=c&iss=https%3A%2F%2Fid.example.com&state={}", sent.param("state").unwrap());
        let kind = Some("application/x-www-form-urlencoded");
        let posted = browser.client().send(http::Method::POST, OPEN_WEBUI.1, kind, form.into_bytes());
        assert!(posted.header("location").contains("error="), "{posted:?}");
        assert_eq!(provider.asked("/token"), 0);
        let root = Browser::of(app);
        root.post("/api/v1/auths/signin", &json!({"email": "root@example.com", "password": PASSWORD}));
        let sent = send(&browser, OPEN_WEBUI.0);
        provider.grant(&sent, json!({}));
        let mut settings = root.get("/api/v1/auths/admin/config/oauth").json();
        settings["ENABLE_OAUTH"] = json!(false);
        assert_eq!(root.post("/api/v1/auths/admin/config/oauth", &settings).status, 200);
        assert!(back(&browser, OPEN_WEBUI.1, &sent).header("location").contains("error="));
        assert_eq!(provider.asked("/token"), 0, "switched off while they were away");
    });
}
