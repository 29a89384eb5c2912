//! Private keys that sign our own tokens: Ed25519 and P-256, from PKCS#8 PEM (RFC 5958) or JWK.

use alloc::{format, string::String};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;

use super::{
    algorithm::Algorithm,
    jwk,
    public_key::{KeyMaterial, PublicKey},
};
use crate::secret::Secret;

/// A private key with its public half. Not `Clone`: a key has one home.
#[derive(Debug)]
pub struct PrivateKey {
    algorithm: Algorithm,
    public: PublicKey,
    secret: Secret<[u8; 32]>,
}

/// Why a private key was refused. Carries nothing of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PrivateKeyError {
    /// Neither PKCS#8 PEM nor a private JWK, or for a curve other than Ed25519 and P-256.
    Malformed,
    /// The public half belongs to another private key.
    Mismatch,
}

impl core::fmt::Display for PrivateKeyError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(match self {
            Self::Malformed => "is neither a PKCS#8 PEM nor a JWK of an Ed25519 or P-256 key",
            Self::Mismatch => "has a public half that belongs to another private key",
        })
    }
}

impl PrivateKey {
    /// Reads `-----BEGIN PRIVATE KEY-----` or a JWK with `d`.
    ///
    /// # Errors
    /// [`PrivateKeyError`].
    pub fn parse(text: &str) -> Result<Self, PrivateKeyError> {
        let text = text.trim();
        if text.starts_with('{') { Self::from_jwk(text) } else { Self::from_pem(text) }
    }

    fn from_pem(pem: &str) -> Result<Self, PrivateKeyError> {
        if let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_pem(pem) {
            return Self::ed25519(&key);
        }
        p256::SecretKey::from_pkcs8_pem(pem)
            .map_err(|_| PrivateKeyError::Malformed)
            .and_then(|key| Self::p256(&key))
    }

    fn from_jwk(text: &str) -> Result<Self, PrivateKeyError> {
        let (claimed, secret) = jwk::parse_private(text).map_err(|_| PrivateKeyError::Malformed)?;
        let secret = Secret::new(secret);
        let key = match claimed {
            KeyMaterial::Ed25519 { .. } => {
                Self::ed25519(&ed25519_dalek::SigningKey::from_bytes(secret.expose_secret()))?
            }
            KeyMaterial::P256 { .. } => {
                let key = p256::SecretKey::from_slice(secret.expose_secret());
                Self::p256(&key.map_err(|_| PrivateKeyError::Malformed)?)?
            }
            KeyMaterial::Rsa { .. } => return Err(PrivateKeyError::Malformed),
        };
        if *key.public.material() == claimed { Ok(key) } else { Err(PrivateKeyError::Mismatch) }
    }

    fn ed25519(key: &ed25519_dalek::SigningKey) -> Result<Self, PrivateKeyError> {
        let material = KeyMaterial::Ed25519 { x: key.verifying_key().to_bytes() };
        Self::new(Algorithm::EdDsa, material, key.to_bytes())
    }

    fn p256(key: &p256::SecretKey) -> Result<Self, PrivateKeyError> {
        let point = key.public_key().to_encoded_point(false);
        let (Some(x), Some(y)) = (point.x(), point.y()) else { return Err(PrivateKeyError::Malformed) };
        let material = KeyMaterial::P256 { x: (*x).into(), y: (*y).into() };
        Self::new(Algorithm::Es256, material, key.to_bytes().into())
    }

    fn new(algorithm: Algorithm, material: KeyMaterial, secret: [u8; 32]) -> Result<Self, PrivateKeyError> {
        let secret = Secret::new(secret);
        let public = PublicKey::new(algorithm, material).map_err(|_| PrivateKeyError::Malformed)?;
        Ok(Self { algorithm, public, secret })
    }

    /// The algorithm the key signs with.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The half that may be published.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The seed (Ed25519) or scalar (P-256), for the host that signs.
    pub fn expose_secret(&self) -> &[u8; 32] {
        self.secret.expose_secret()
    }

    /// The whole key as a JWK, for the host that imports it.
    pub fn expose_jwk(&self) -> Secret<String> {
        let d = Secret::new(URL_SAFE_NO_PAD.encode(self.expose_secret()));
        Secret::new(format!(r#"{{{},"d":"{}"}}"#, self.public.material().parameters(), d.expose_secret()))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    // openssl genpkey -algorithm ed25519, and -algorithm EC -pkeyopt ec_paramgen_curve:P-256
    const ED25519_PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    // RFC 8037 appendix A.1
    const ED25519_JWK: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    // RFC 7515 appendix A.3
    const P256_JWK: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

    #[test]
    fn a_key_is_the_same_from_pem_and_from_jwk() {
        let (pem, jwk) = (PrivateKey::parse(ED25519_PEM).unwrap(), PrivateKey::parse(ED25519_JWK).unwrap());
        assert_eq!((pem.algorithm(), pem.public()), (Algorithm::EdDsa, jwk.public()));
        assert_eq!(PrivateKey::parse(P256_JWK).unwrap().algorithm(), Algorithm::Es256);
        let again = PrivateKey::parse(jwk.expose_jwk().expose_secret()).unwrap();
        assert_eq!(again.public(), jwk.public());
    }

    #[test]
    fn halves_of_two_keys_are_no_key_and_nothing_else_is_read() {
        let mixed = P256_JWK.replace("jpsQ", "jpsR");
        assert_eq!(PrivateKey::parse(&mixed).unwrap_err(), PrivateKeyError::Mismatch);
        for text in [
            "",
            "{}",
            &ED25519_PEM.replace("PRIVATE", "PUBLIC"),
            &ED25519_JWK.replace("Ed25519", "X25519"),
            &ED25519_JWK.replace("\"d\"", "\"e\""),
            &P256_JWK.replace("\"kty\"", "\"use\":\"enc\",\"kty\""),
            r#"{"kty":"oct","k":"AAAA"}"#,
        ] {
            assert_eq!(PrivateKey::parse(text).unwrap_err(), PrivateKeyError::Malformed, "{text}");
        }
    }

    #[test]
    fn nothing_of_the_secret_is_printed_or_published() {
        /* TK-20 */
        let key = PrivateKey::parse(P256_JWK).unwrap();
        let printed = format!("{key:?}{}", key.public().to_jwk());
        assert!(!printed.contains("jpsQ") && !printed.contains("142, 155, 16") && !printed.contains("\"d\""));
    }
}
