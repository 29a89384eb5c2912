//! Tokens, from and to JSON.

use portico_core::{
    jwt::{self, Claims, HmacKey, KeyRing, UntrustedToken},
    time::UnixSeconds,
};
use serde::Deserialize;
use serde_json::json;

use crate::error::Refusal;

/// What the caller expects of a token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Expected {
    issuer: String,
    audience: Option<String>,
    now: i64,
    clock_tolerance: u32,
}

impl Expected {
    fn parse(json: &str) -> Result<Self, Refusal> {
        serde_json::from_str(json).map_err(|_| Refusal::BAD_OPTIONS)
    }

    fn of_token(&self) -> jwt::Expected<'_> {
        jwt::Expected {
            issuer: &self.issuer,
            audience: self.audience.as_deref(),
            leeway_seconds: self.clock_tolerance,
        }
    }

    const fn now(&self) -> UnixSeconds {
        UnixSeconds::new(self.now)
    }
}

pub(crate) fn decode_unverified(token: &str) -> Result<String, Refusal> {
    let token = UntrustedToken::parse(token)?;
    let header = json!({"alg": token.alg().as_str(), "kid": token.kid()});
    Ok(json!({"header": header, "claims": token.unverified_claims()}).to_string())
}

pub(crate) fn signature_parts(token: &str) -> Result<String, Refusal> {
    let token = UntrustedToken::parse(token)?;
    let (alg, kid) = (token.alg().as_str(), token.kid());
    let (signing_input, signature) = (token.signing_input(), token.signature());
    Ok(json!({"alg": alg, "kid": kid, "signingInput": signing_input, "signature": signature}).to_string())
}

pub(crate) fn check_claims(token: &str, expected: &str) -> Result<String, Refusal> {
    let (token, expected) = (UntrustedToken::parse(token)?, Expected::parse(expected)?);
    to_json(&jwt::check_claims(token.unverified_claims(), &expected.of_token(), expected.now())?)
}

pub(crate) fn verify_with_secret(token: &str, secret: &[u8], expected: &str) -> Result<String, Refusal> {
    let (token, expected) = (UntrustedToken::parse(token)?, Expected::parse(expected)?);
    let keys = KeyRing::new(HmacKey::new(secret));
    to_json(&keys.verify(&token, &expected.of_token(), expected.now())?)
}

fn to_json(claims: &Claims) -> Result<String, Refusal> {
    serde_json::to_string(claims.members()).map_err(|_| Refusal::BAD_OPTIONS)
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const EXPECTED: &str = r#"{"issuer":"portico","now":1800000000,"clockTolerance":0}"#;

    fn signed(claims: &serde_json::Value) -> String {
        KeyRing::new(HmacKey::new(SECRET)).sign(claims)
    }

    #[wasm_bindgen_test]
    fn a_token_signed_in_wasm_verifies_in_wasm() {
        let token = signed(&json!({"iss": "portico", "exp": 1_800_000_060, "__proto__": {"admin": true}}));
        let claims = verify_with_secret(&token, SECRET, EXPECTED).unwrap();
        assert!(claims.contains(r#""__proto__":{"admin":true}"#), "an ordinary member: {claims}");
    }

    #[wasm_bindgen_test]
    fn a_refusal_has_the_code_of_its_cause() {
        let expired = signed(&json!({"iss": "portico", "exp": 1_800_000_000}));
        let code =
            |token: &str, secret: &[u8]| verify_with_secret(token, secret, EXPECTED).unwrap_err().code();
        assert_eq!(code(&expired, SECRET), "token_expired");
        assert_eq!(code(&expired, b"another secret of thirty-two bytes!"), "unknown_kid");
        assert_eq!(code("a.b", SECRET), "malformed");
        assert_eq!(code("eyJhbGciOiJub25lIn0.e30.", SECRET), "wrong_algorithm");
    }

    #[wasm_bindgen_test]
    fn passwords_hash_alike_natively_and_in_wasm() {
        use portico_core::password::{Password, PasswordHash, Verification, verify};
        let hash = PasswordHash::from_stored(String::from(
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AdweBLwcflnNX2HVW8i1Mtu7frrn4Ki7h/rYSGuU7Is",
        ));
        let password = |text: &str| Password::new(text).unwrap();
        assert_eq!(verify(&password("correct horse"), Some(&hash)), Verification::Match);
        assert_eq!(verify(&password("correct horsf"), Some(&hash)), Verification::Mismatch);
    }
}
