use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portico_core::{
    duration::TokenLifetime,
    jwt::{
        Algorithm, DatedKey, Expected, HmacKey, Jwks, KeyRing, PrivateKey, RustSignatures, Session,
        SigningKey, UntrustedToken,
    },
    time::UnixSeconds,
};
use serde_json::{Value, json};

use super::ask;

const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const EXPECTED: Expected<'_> = Expected { issuer: "portico", audience: Some("web"), leeway_seconds: 0 };
const PRIVATE_KEYS: [&str; 2] = [
    r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#,
];

fn sign(ring: &KeyRing<Session>) -> String {
    let claims =
        json!({"iss": "portico", "aud": "web", "iat": NOW.get(), "exp": NOW.get() + 60, "id": "ann"});
    pollster::block_on(ring.sign(&claims, NOW, &RustSignatures)).unwrap()
}

#[test]
fn jose_verifies_what_we_sign() {
    let mut tokens = vec![json!({
        "token": sign(&KeyRing::shared(HmacKey::new(SECRET))),
        "secret": URL_SAFE_NO_PAD.encode(SECRET), "alg": "HS256",
    })];
    for jwk in PRIVATE_KEYS {
        let key = PrivateKey::parse(jwk).unwrap();
        let alg = key.algorithm().as_str();
        let key = DatedKey { key: SigningKey::Private(key), added_at: NOW };
        let ring = KeyRing::new(vec![key], TokenLifetime::DEFAULT).unwrap();
        let jwks: Value = serde_json::from_str(&ring.jwks(NOW)).unwrap();
        tokens.push(json!({"token": sign(&ring), "jwks": jwks, "alg": alg}));
    }
    let verified = ask("PORTICO_NODE", "jose.mjs", &json!({"verify": tokens, "now": NOW.get()}));
    assert_eq!(verified["subjects"], json!(["ann", "ann", "ann"]));
}

#[test]
fn we_verify_what_jose_signs_with_every_algorithm() {
    /* TK-25 */
    let kid = HmacKey::new(SECRET).kid().to_string();
    let question = json!({"sign": {"secret": URL_SAFE_NO_PAD.encode(SECRET), "kid": kid}, "now": NOW.get()});
    let answer = ask("PORTICO_NODE", "jose.mjs", &question);
    let signed = answer["signed"].as_array().unwrap();
    assert_eq!(signed.len(), 5);
    for each in signed {
        let (alg, text) = (each["alg"].as_str().unwrap(), each["token"].as_str().unwrap());
        let token = UntrustedToken::parse(text).unwrap();
        let claims = if alg == "HS256" {
            HmacKey::new(SECRET).verify(token, &EXPECTED, NOW).unwrap()
        } else {
            let keys = Jwks::parse(&json!({"keys": [each["jwk"]]}).to_string()).unwrap();
            let allowed = [Algorithm::parse(alg).unwrap()];
            let verifying = keys.verify(token.clone(), &allowed, &EXPECTED, NOW, &RustSignatures);
            let claims = pollster::block_on(verifying).unwrap();
            // The provider's metadata decides, not the token.
            let others = [Algorithm::Hs256];
            let refused = keys.verify(token, &others, &EXPECTED, NOW, &RustSignatures);
            assert!(pollster::block_on(refused).is_err());
            claims
        };
        assert_eq!(claims.members().string("id").as_deref(), Some("ann"), "{alg}");
    }
}
