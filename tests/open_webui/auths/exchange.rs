//! `POST /api/v1/auths/oauth/{provider}/token/exchange` while no provider is configured (contract §8.9).

use serde_json::json;

use crate::harness::TestApp;

const PATH: &str = "/api/v1/auths/oauth/Google/token/exchange";

#[test]
fn tokens_are_exchanged_only_where_the_deployment_says_so() {
    let app = TestApp::new();
    let off = app.anonymous().post(PATH, &json!({"token": "a provider's"}));
    assert_eq!((off.status, off.detail().as_str()), (403, "Token exchange is disabled"));
    assert_eq!(app.anonymous().post(PATH, &json!({})).status, 422);
}

#[test]
fn a_provider_that_is_not_configured_has_no_tokens_to_exchange_and_asking_is_limited() {
    let app = TestApp::with_vars(&[
        ("ENABLE_OAUTH_TOKEN_EXCHANGE", "true"),
        ("OAUTH_TOKEN_EXCHANGE_RATE_LIMIT", "2"),
        ("OAUTH_TOKEN_EXCHANGE_RATE_LIMIT_WINDOW", "60"),
    ]);
    for _ in 0..2 {
        let unknown = app.anonymous().post(PATH, &json!({"token": "a provider's"}));
        assert_eq!((unknown.status, unknown.detail().as_str()), (404, "Provider 'google' is not configured"));
    }
    let refused = app.anonymous().post(PATH, &json!({"token": "a provider's"}));
    assert_eq!((refused.status, refused.detail().as_str()), (429, "API rate limit exceeded"));
    let elsewhere = app.anonymous().with("cf-connecting-ip", "203.0.113.9");
    assert_eq!(elsewhere.post(PATH, &json!({"token": "a provider's"})).status, 404);
}

#[test]
fn a_provider_that_nobody_can_ask_says_nothing_about_a_token() {
    let app = TestApp::with_vars(&[
        ("ENABLE_OAUTH_TOKEN_EXCHANGE", "true"),
        ("GOOGLE_CLIENT_ID", "us"),
        ("GOOGLE_CLIENT_SECRET", "secret"),
        ("OAUTH_CLIENT_ID", "us"),
        ("OAUTH_CLIENT_SECRET", "secret"),
        ("OPENID_PROVIDER_URL", "https://id.example/.well-known/openid-configuration"),
        ("MICROSOFT_CLIENT_ID", "us"),
    ]);
    let ask = |provider: &str| {
        let path = format!("/api/v1/auths/oauth/{provider}/token/exchange");
        let answer = app.anonymous().post(&path, &json!({"token": "a provider's"}));
        (answer.status, answer.detail())
    };
    for provider in ["google", "oidc", "OIDC"] {
        assert_eq!(ask(provider), (400, "Invalid token or unable to validate with provider".to_string()));
    }
    let strict = TestApp::with_vars(&[
        ("ENABLE_OAUTH_TOKEN_EXCHANGE", "true"),
        ("GOOGLE_CLIENT_ID", "us"),
        ("GOOGLE_CLIENT_SECRET", "secret"),
        ("OAUTH_TOKEN_EXCHANGE_TRUSTED_CLIENT_IDS", "them"),
    ]);
    let answer = strict.anonymous().post(PATH, &json!({"token": "a provider's"}));
    assert_eq!(
        (answer.status, answer.detail().as_str()),
        (400, "Unable to determine which client the token was issued to")
    );
    assert_eq!(ask("microsoft"), (404, "Provider 'microsoft' is not configured".to_string()));
}
