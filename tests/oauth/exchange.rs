//! Tokens that providers gave to applications (open-webui.md §8.9).

use serde_json::{Value, json};

use super::provider::{Provider, Sent, VARS, back, send};
use crate::{
    harness::{Answer, Browser, TestApp, with_native},
    oauth::sign_in::OPEN_WEBUI,
};

const EXCHANGE: &str = "/api/v1/auths/oauth/OIDC/token/exchange";
const ON: (&str, &str) = ("ENABLE_OAUTH_TOKEN_EXCHANGE", "true");

fn exchange(app: &TestApp, token: &str) -> Answer {
    app.anonymous().post(EXCHANGE, &json!({ "token": token }))
}

/// Lets somebody come by the provider, so that they have an account.
fn known(app: &TestApp, provider: &Provider<'_>) {
    app.sign_up("Root", "root@example.com");
    let browser = Browser::of(app);
    let sent = send(&browser, OPEN_WEBUI.0);
    provider.grant(&sent, json!({}));
    assert!(back(&browser, OPEN_WEBUI.1, &sent).header("location").ends_with("/auth"));
}

/// What the provider says about an access token: its client, and whose it is.
fn describe(provider: &Provider<'_>, introspection: Value, userinfo: Value) {
    provider.describe(json!({"introspection_endpoint": "https://id.example.com/introspect"}));
    provider.answer("/introspect", 200, &introspection.to_string());
    provider.answer("/me", 200, &userinfo.to_string());
}

fn ann() -> Value {
    json!({"sub": "ann", "email": "ann@example.com"})
}

#[test]
fn an_access_token_counts_that_the_provider_says_it_gave_to_us() {
    /* OA-19 */
    with_native(&[VARS.as_slice(), &[ON]].concat(), |app, native| {
        let provider = Provider::of(native);
        describe(&provider, json!({"active": true, "client_id": "portico"}), ann());
        known(app, &provider);
        let answer = exchange(app, "opaque");
        assert_eq!(
            (answer.status, answer.json()["email"].clone()),
            (200, json!("ann@example.com")),
            "{answer:?}"
        );
        assert!(answer.cookies().is_empty());
        let session = app.anonymous().with_token(answer.token()).get("/api/v1/auths/");
        assert_eq!(session.status, 200);
        for (introspection, status, detail) in [
            (json!({"active": true, "client_id": "another"}), 403, "You do not have permission"),
            (json!({"active": false, "client_id": "portico"}), 400, "Unable to determine which client"),
            (json!({"active": true}), 400, "Unable to determine which client"),
            (json!({}), 400, "Unable to determine which client"),
            (json!("x"), 400, "Unable to determine which client"),
        ] {
            describe(&provider, introspection.clone(), ann());
            let answer = exchange(app, "opaque");
            assert_eq!(answer.status, status, "{introspection}: {answer:?}");
            assert!(answer.detail().starts_with(detail), "{introspection}: {answer:?}");
        }
        for (userinfo, status, detail) in [
            (json!([]), 400, "Invalid token or unable to validate with provider"),
            (json!({"email": "ann@example.com"}), 400, "Token missing required 'sub' claim"),
            (json!({"sub": "ann"}), 400, "Token missing required email claim"),
            (
                json!({"sub": "bob", "email": "ann@example.com"}),
                403,
                "User not found. Please sign in via the web interface first.",
            ),
        ] {
            describe(&provider, json!({"active": true, "client_id": "portico"}), userinfo.clone());
            let answer = exchange(app, "opaque");
            assert_eq!((answer.status, answer.detail().as_str()), (status, detail), "{userinfo}");
        }
    });
    // Without the provider's word there is none.
    with_native(&[VARS.as_slice(), &[ON]].concat(), |app, native| {
        let provider = Provider::of(native);
        known(app, &provider);
        provider.answer("/me", 200, &ann().to_string());
        assert_eq!(exchange(app, "opaque").status, 400);
        assert_eq!(provider.asked("/me"), 0, "a stranger's token is shown to nobody");
    });
}

#[test]
fn an_application_that_is_trusted_may_show_its_tokens() {
    /* OA-19 */
    let trusting = [VARS.as_slice(), &[ON, ("OAUTH_TOKEN_EXCHANGE_TRUSTED_CLIENT_IDS", "one, two")]].concat();
    with_native(&trusting, |app, native| {
        let provider = Provider::of(native);
        describe(&provider, json!({"active": true, "client_id": "two"}), ann());
        known(app, &provider);
        assert_eq!(exchange(app, "opaque").status, 200);
        describe(&provider, json!({"active": true, "client_id": "three"}), ann());
        assert_eq!(exchange(app, "opaque").status, 403);
    });
}

#[test]
fn an_id_token_counts_that_was_made_for_us_and_lately() {
    /* OA-19 */
    with_native(&[VARS.as_slice(), &[ON]].concat(), |app, native| {
        let provider = Provider::of(native);
        known(app, &provider);
        let sent = Sent { url: String::new() };
        let token = |change: Value| provider.signed(json!({}), &provider.claims(&sent, change));
        assert_eq!(exchange(app, &token(json!({}))).status, 200);
        let now = native.now().get();
        for change in [
            json!({"aud": "another"}),
            json!({"iss": "https://evil.example.com"}),
            json!({"exp": now - 60}),
            json!({"iat": now - 601}),
        ] {
            assert_eq!(exchange(app, &token(change.clone())).status, 400, "{change}");
        }
        let answer = exchange(app, &token(json!({"sub": "stranger"})));
        assert_eq!(
            (answer.status, answer.detail().as_str()),
            (403, "User not found. Please sign in via the web interface first.")
        );
        assert_eq!(provider.asked("/me"), 0);
    });
}

#[test]
fn roles_and_second_factors_hold_here_too() {
    /* OA-19, MF-07 */
    let managed =
        [VARS.as_slice(), &[ON, ("ENABLE_OAUTH_ROLE_MANAGEMENT", "true"), ("OAUTH_ALLOWED_ROLES", "member")]]
            .concat();
    with_native(&managed, |app, native| {
        let provider = Provider::of(native);
        provider.answer("/me", 200, &ann().to_string());
        known(app, &provider);
        let sent = Sent { url: String::new() };
        let status = |change: Value| {
            exchange(app, &provider.signed(json!({}), &provider.claims(&sent, change))).status
        };
        assert_eq!(status(json!({"roles": ["member"]})), 200);
        assert_eq!(status(json!({"roles": ["other"]})), 403);
        assert_eq!(status(json!({})), 403, "what is not known lets nobody in");
    });
    let mfa = [VARS.as_slice(), &[ON, ("ENABLE_MFA", "true")]].concat();
    with_native(&mfa, |app, native| {
        let provider = Provider::of(native);
        let browser = Browser::of(app);
        let sent = send(&browser, OPEN_WEBUI.0);
        provider.grant(&sent, json!({}));
        assert!(back(&browser, OPEN_WEBUI.1, &sent).header("location").ends_with("/auth?mfa=1"));
        let sent = Sent { url: String::new() };
        let answer = exchange(app, &provider.signed(json!({}), &provider.claims(&sent, json!({}))));
        assert_eq!((answer.status, &answer.json()["next_step"]), (200, &json!("enroll")), "{answer:?}");
        assert!(answer.json().get("token").is_none());
    });
}
