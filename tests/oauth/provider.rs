use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portico_core::{
    jwt::{PrivateKey, RustSignatures},
    ports::{Fetched, Signatures as _},
};
use serde_json::{Value, json};

use crate::harness::{Answer, Browser, Native};

/// What the provider calls itself.
pub(crate) const ISSUER: &str = "https://id.example.com";
const CLIENT: &str = "portico";
pub(crate) const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

/// What a deployment says that is a client of the provider.
pub(crate) const VARS: [(&str, &str); 6] = [
    ("OAUTH_CLIENT_ID", CLIENT),
    ("OAUTH_CLIENT_SECRET", "a secret of the provider"),
    ("OPENID_PROVIDER_URL", "https://id.example.com/.well-known/openid-configuration"),
    ("ENABLE_OAUTH_SIGNUP", "true"),
    ("ALLOW_SOCIAL_LOGIN", "true"),
    ("DEFAULT_USER_ROLE", "user"),
];

/// A provider of OpenID Connect whose every answer a test can change.
pub(crate) struct Provider<'a> {
    native: &'a Native,
}

/// A browser that has been sent to the provider.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) url: String,
}

impl Sent {
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        let query = self.url.split_once('?')?.1;
        let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        found.map(|text| text.replace("%3A", ":").replace("%2F", "/").replace('+', " "))
    }
}

impl<'a> Provider<'a> {
    /// The provider, which answers as it should.
    pub(crate) fn of(native: &'a Native) -> Self {
        let provider = Self { native };
        provider.describe(json!({}));
        provider.answer("/jwks", 200, &key_set().to_string());
        provider
    }

    /// Its discovery document, with what is different.
    pub(crate) fn describe(&self, change: Value) {
        let mut document = json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/auth"),
            "token_endpoint": format!("{ISSUER}/token"),
            "jwks_uri": format!("{ISSUER}/jwks"),
            "userinfo_endpoint": format!("{ISSUER}/me"),
            "authorization_response_iss_parameter_supported": true,
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        self.answer("/.well-known/openid-configuration", 200, &document.to_string());
    }

    pub(crate) fn answer(&self, path: &str, status: u16, body: &str) {
        let fetched = Fetched {
            status,
            content_type: "application/json".into(),
            challenge: String::new(),
            body: body.as_bytes().to_vec(),
        };
        self.native.ports.answer(&format!("{ISSUER}{path}"), fetched);
    }

    /// The claims of somebody who was sent, with what is different.
    pub(crate) fn claims(&self, sent: &Sent, change: Value) -> Value {
        let now = self.native.now().get();
        let mut claims = json!({
            "iss": ISSUER, "aud": CLIENT, "sub": "ann", "nonce": sent.param("nonce"), "iat": now, "exp": now + 300,
            "email": "ann@example.com", "email_verified": true, "name": "Ann Lee",
        });
        let members = claims.as_object_mut().unwrap();
        for (name, value) in change.as_object().unwrap() {
            match value {
                Value::Null => members.remove(name),
                value => members.insert(name.clone(), value.clone()),
            };
        }
        claims
    }

    pub(crate) fn signed(&self, header: Value, claims: &Value) -> String {
        signed(header, claims)
    }

    /// Lets the token endpoint give tokens for whoever was sent.
    pub(crate) fn grant(&self, sent: &Sent, change: Value) {
        let id_token = self.signed(json!({}), &self.claims(sent, change));
        self.give(json!({ "id_token": id_token }));
    }

    /// Lets the token endpoint give tokens with what is different.
    pub(crate) fn give(&self, change: Value) {
        let mut tokens = json!({
            "access_token": "access-1", "refresh_token": "refresh-1", "token_type": "Bearer", "expires_in": 3600,
        });
        tokens.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        self.answer("/token", 200, &tokens.to_string());
    }

    /// What has been asked of a path of the provider's.
    pub(crate) fn asked(&self, path: &str) -> usize {
        let url = format!("{ISSUER}{path}");
        self.native.ports.fetched().iter().filter(|request| request.url.as_str() == url).count()
    }
}

/// A token of whoever has the key, with what is different about its header.
pub(crate) fn signed(header: Value, claims: &Value) -> String {
    let key = PrivateKey::parse(P256).unwrap();
    let mut full = json!({"alg": "ES256", "kid": key.public().kid()});
    full.as_object_mut().unwrap().extend(header.as_object().unwrap().clone());
    let segment = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", segment(&full), segment(claims));
    let signature = pollster::block_on(RustSignatures.sign(&key, input.as_bytes())).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The key set that it is verified with.
pub(crate) fn key_set() -> Value {
    let key = PrivateKey::parse(P256).unwrap();
    json!({"keys": [serde_json::from_str::<Value>(&key.public().to_jwk()).unwrap()]})
}

/// Sends a browser to the provider.
pub(crate) fn send(browser: &Browser<'_>, path: &str) -> Sent {
    let answer = browser.get(path);
    assert_eq!(answer.status, 302, "{answer:?}");
    Sent { url: answer.header("location").to_string() }
}

/// Brings a browser back from it.
pub(crate) fn back(browser: &Browser<'_>, path: &str, sent: &Sent) -> Answer {
    let state = sent.param("state").unwrap();
    browser.get(&format!("{path}?code=code-1&state={state}&iss=https%3A%2F%2Fid.example.com"))
}
