//! A provider with one key, for tests of what providers sign.

use alloc::{
    format,
    string::{String, ToString},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::discovery::Metadata;
use crate::{
    jwt::{Jwks, PrivateKey, RustSignatures},
    outbound_url::{OutboundUrl, Reach},
    ports::Signatures as _,
    time::UnixSeconds,
};

pub(super) const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);
pub(super) const ISSUER: &str = "https://id.example.com";
pub(super) const CLIENT: &str = "client-1";

const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

pub(super) fn key() -> PrivateKey {
    PrivateKey::parse(P256).unwrap()
}

pub(super) fn keys() -> Jwks {
    Jwks::parse(&format!(r#"{{"keys":[{}]}}"#, key().public().to_jwk())).unwrap()
}

pub(super) fn metadata(issuer: &str) -> Metadata {
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": "https://id.example.com/auth",
        "token_endpoint": "https://id.example.com/token",
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    let address = format!("{}/.well-known/openid-configuration", issuer.replace("{tenantid}", "common"));
    let address = OutboundUrl::parse(&address).unwrap();
    Metadata::parse(document.to_string().as_bytes(), &address, Reach::Public).unwrap()
}

pub(super) fn signed(header: &Value, claims: &Value) -> String {
    let segment = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", segment(header), segment(claims));
    let signature = pollster::block_on(RustSignatures.sign(&key(), input.as_bytes())).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Claims with some of them replaced, or taken away by null.
pub(super) fn changed(mut claims: Value, change: Value) -> Value {
    let members = claims.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.to_string(), value.clone());
        }
    }
    claims
}
