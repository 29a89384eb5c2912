//! HMAC keys and the ring they are chosen from by `kid` (TK-01, TK-02, TK-04).

use alloc::{string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use jwt_compact::{
    Algorithm as _, AlgorithmSignature as _,
    alg::{Hs256, Hs256Key, Hs256Signature},
};
use serde::Serialize;
use sha2::Sha256;

use super::{
    claims::{Claims, Expected, VerifyError, check_claims},
    token::{Algorithm, UntrustedToken},
};
use crate::time::UnixSeconds;

/// Length of an HMAC-SHA256 tag, in bytes.
const TAG_BYTES: usize = 32;

/// A symmetric key for HS256 (RFC 7518 §3.2), wiped on drop.
#[derive(Clone, Debug)]
pub struct HmacKey {
    kid: String,
    key: Hs256Key,
}

impl HmacKey {
    /// A key from its bytes. The `kid` is derived from them one-way, so that every host that holds
    /// the key gives it the same name and the name tells nothing about the key.
    pub fn new(bytes: &[u8]) -> Self {
        let mut kid = [0; 9];
        Hkdf::<Sha256>::new(None, bytes)
            .expand(b"portico/kid/v1", &mut kid)
            .expect("9 bytes are fewer than the 8,160 that HKDF-SHA256 can expand to");
        Self { kid: URL_SAFE_NO_PAD.encode(kid), key: Hs256Key::new(bytes) }
    }

    /// The key's identifier, 12 characters.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    fn verifies(&self, token: &UntrustedToken<'_>) -> bool {
        token.signature().len() == TAG_BYTES
            && Hs256Signature::try_from_slice(token.signature()).is_ok_and(|signature| {
                Hs256.verify_signature(&signature, &self.key, token.signing_input().as_bytes())
            })
    }
}

/// The keys of one kind of token: one that signs, and earlier ones that still verify.
#[derive(Clone, Debug)]
pub struct KeyRing {
    signing: HmacKey,
    retired: Vec<HmacKey>,
}

impl KeyRing {
    /// A ring that signs with one key and verifies with it alone.
    pub const fn new(signing: HmacKey) -> Self {
        Self { signing, retired: Vec::new() }
    }

    /// Signs claims as a compact token.
    pub fn sign(&self, claims: &impl Serialize) -> String {
        let header = Header { alg: Algorithm::Hs256.as_str(), typ: "JWT", kid: self.signing.kid() };
        let mut token = URL_SAFE_NO_PAD.encode(to_json(&header));
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(to_json(claims), &mut token);
        let tag = Hs256.sign(&self.signing.key, token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(tag.as_bytes(), &mut token);
        token
    }

    /// Verifies a token: key by exact `kid`, algorithm by the key, then signature, then claims.
    ///
    /// # Errors
    /// [`VerifyError`]; nothing about the token may be believed.
    pub fn verify(
        &self,
        token: &UntrustedToken<'_>,
        expected: &Expected<'_>,
        now: UnixSeconds,
    ) -> Result<Claims, VerifyError> {
        let kid = token.kid().ok_or(VerifyError::UnknownKey)?;
        let key = core::iter::once(&self.signing)
            .chain(&self.retired)
            .find(|key| key.kid == kid)
            .ok_or(VerifyError::UnknownKey)?;
        if token.alg() != Algorithm::Hs256 {
            return Err(VerifyError::WrongAlgorithm);
        }
        if !key.verifies(token) {
            return Err(VerifyError::BadSignature);
        }
        check_claims(token.unverified_claims(), expected, now)
    }
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("claims and headers are plain structs with string keys")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);
    const EXPECTED: Expected<'_> = Expected { issuer: "portico", audience: None, leeway_seconds: 0 };

    fn ring(byte: u8) -> KeyRing {
        KeyRing::new(HmacKey::new(&[byte; 32]))
    }

    fn claims() -> serde_json::Value {
        json!({"iss": "portico", "iat": NOW.get(), "exp": NOW.get() + 60, "id": "u"})
    }

    fn verify(ring: &KeyRing, token: &str) -> Result<Claims, VerifyError> {
        ring.verify(&UntrustedToken::parse(token).unwrap(), &EXPECTED, NOW)
    }

    #[test]
    fn the_example_of_rfc_7515_appendix_a_1_has_a_valid_signature() {
        let key = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let text = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(HmacKey::new(&key).verifies(&UntrustedToken::parse(text).unwrap()));
    }

    #[test]
    fn a_signed_token_verifies_with_its_own_key_only() {
        let token = ring(1).sign(&claims());
        assert_eq!(verify(&ring(1), &token).unwrap().member("id"), Some(&json!("u")));
        assert_eq!(verify(&ring(2), &token).unwrap_err(), VerifyError::UnknownKey);
    }

    #[test]
    fn a_retired_key_still_verifies_and_no_longer_signs() {
        let token = ring(1).sign(&claims());
        let rotated =
            KeyRing { signing: HmacKey::new(&[2; 32]), retired: alloc::vec![HmacKey::new(&[1; 32])] };
        assert!(verify(&rotated, &token).is_ok());
        assert_eq!(verify(&ring(1), &rotated.sign(&claims())).unwrap_err(), VerifyError::UnknownKey);
    }

    #[test]
    fn the_key_decides_the_algorithm_and_the_kid_is_required() {
        /* TK-01, TK-04 */
        let ring = ring(1);
        let sign = |header: serde_json::Value| {
            let mut token = URL_SAFE_NO_PAD.encode(to_json(&header));
            token.push('.');
            URL_SAFE_NO_PAD.encode_string(to_json(&claims()), &mut token);
            let tag = Hs256.sign(&ring.signing.key, token.as_bytes());
            token.push('.');
            URL_SAFE_NO_PAD.encode_string(tag.as_bytes(), &mut token);
            token
        };
        let kid = ring.signing.kid();
        assert!(verify(&ring, &sign(json!({"alg": "HS256", "kid": kid}))).is_ok());
        let wrong = sign(json!({"alg": "ES256", "kid": kid}));
        assert_eq!(verify(&ring, &wrong).unwrap_err(), VerifyError::WrongAlgorithm);
        for header in [
            json!({"alg": "HS256"}),
            json!({"alg": "HS256", "kid": ""}),
            json!({"alg": "HS256", "kid": kid[..11]}),
        ] {
            assert_eq!(verify(&ring, &sign(header)).unwrap_err(), VerifyError::UnknownKey);
        }
    }

    #[test]
    fn any_changed_bit_of_the_signature_is_refused() {
        let token = ring(1).sign(&claims());
        let (input, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        for bit in 0..signature.len() * 8 {
            let mut changed = signature.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let forged = alloc::format!("{input}.{}", URL_SAFE_NO_PAD.encode(changed));
            assert_eq!(verify(&ring(1), &forged).unwrap_err(), VerifyError::BadSignature);
        }
        let truncated = alloc::format!("{input}.{}", URL_SAFE_NO_PAD.encode(&signature[..31]));
        assert_eq!(verify(&ring(1), &truncated).unwrap_err(), VerifyError::BadSignature);
    }

    #[test]
    fn a_public_key_used_as_secret_verifies_nothing_it_did_not_sign() {
        /* TK-02 */
        let pem = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n";
        let named_like_ours = HmacKey { kid: ring(1).signing.kid, ..HmacKey::new(pem) };
        let forged = KeyRing::new(named_like_ours).sign(&claims());
        assert_eq!(verify(&ring(1), &forged).unwrap_err(), VerifyError::BadSignature);
    }
}
