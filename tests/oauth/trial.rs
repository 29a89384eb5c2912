//! `POST /api/v1/auths/admin/config/oauth/test`: what administrators are told about the provider that they have configured.

use serde_json::{Value, json};

use super::provider::{Provider, VARS, key_set};
use crate::harness::{Client, TestApp, with_native};

const PATH: &str = "/api/v1/auths/admin/config/oauth/test";

/// The last finding: whether all works, the step, and what is said about it.
fn trial(administrator: &Client<'_>) -> (bool, String, String) {
    let answer = administrator.post(PATH, &json!({}));
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    let last = body["steps"].as_array().unwrap().last().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    assert_eq!(body["ok"], last["ok"], "only the last one fails");
    (body["ok"].as_bool().unwrap(), text(&last["step"]), text(&last["detail"]))
}

#[test]
fn administrators_are_told_in_plain_words_what_works_and_what_does_not() {
    with_native(&VARS, |app, native| {
        let provider = Provider::of(native);
        let root = app.sign_up("Root", "root@example.com");
        assert_eq!(trial(&root).1, "scopes");
        let metadata = "/.well-known/openid-configuration";
        for (change, step, word) in [
            (json!({"issuer": "https://other.example.com"}), "discovery", "issuer"),
            (json!({"authorization_endpoint": null}), "discovery", "authorization_endpoint"),
            (json!({"token_endpoint": "http://10.0.0.1/token"}), "discovery", "token_endpoint"),
            (json!({"jwks_uri": null}), "discovery", "jwks_uri"),
            (
                json!({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}),
                "client_auth",
                "private_key_jwt",
            ),
            (json!({"scopes_supported": ["openid", "email"]}), "scopes", "profile"),
        ] {
            provider.describe(change);
            let (works, at, said) = trial(&root);
            assert_eq!((works, at.as_str()), (false, step), "{said}");
            assert!(said.contains(word), "{said}");
        }
        provider.describe(json!({}));
        for keys in [json!({"keys": []}), json!({"keys": [{"kty": "oct", "k": "AAAA"}]}), json!([])] {
            provider.answer("/jwks", 200, &keys.to_string());
            assert_eq!((trial(&root).0, trial(&root).1.as_str()), (false, "keys"), "{keys}");
        }
        provider.answer("/jwks", 500, "");
        assert_eq!(trial(&root).1, "connect");
        provider.answer("/jwks", 200, &key_set().to_string());
        provider.answer(metadata, 404, "");
        let (works, at, said) = trial(&root);
        assert_eq!((works, at.as_str()), (false, "connect"), "what is kept of it does not count");
        assert!(said.contains(metadata), "{said}");
    });
}

#[test]
fn without_a_provider_the_trial_says_so() {
    let app = TestApp::new();
    let root = app.sign_up("Root", "root@example.com");
    let (works, at, said) = trial(&root);
    assert_eq!((works, at.as_str()), (false, "configuration"));
    assert!(said.contains("OPENID_PROVIDER_URL"), "{said}");
}
