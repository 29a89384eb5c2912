//! Public keys that verify signatures, checked when they are made: a point off its curve, of small
//! order or in a second spelling never becomes a key, whatever the host would say (TK-18, TK-23).

use alloc::{format, string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::{algorithm::Algorithm, jwk::JwkError};
use crate::json::quoted;

/// Shortest RSA modulus, in bits (RFC 7518 §3.3).
const MIN_RSA_BITS: usize = 2_048;
/// Longest RSA modulus, in bits: verification takes time that grows with its square.
const MAX_RSA_BITS: usize = 8_192;

/// The numbers of a public key, big-endian without leading zeros except where the length is fixed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KeyMaterial {
    /// Ed25519 (RFC 8032): the compressed point.
    Ed25519 {
        /// 32 bytes.
        x: [u8; 32],
    },
    /// A point on P-256 (RFC 7518 §6.2).
    P256 {
        /// First coordinate.
        x: [u8; 32],
        /// Second coordinate.
        y: [u8; 32],
    },
    /// RSA (RFC 7518 §6.3).
    Rsa {
        /// Modulus.
        n: Vec<u8>,
        /// Exponent.
        e: Vec<u8>,
    },
}

/// A public key under its name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicKey {
    kid: String,
    algorithm: Option<Algorithm>,
    material: KeyMaterial,
}

impl PublicKey {
    /// A key named by its thumbprint (RFC 7638; TK-20), for the one algorithm that we use it with.
    ///
    /// # Errors
    /// [`JwkError`] when the numbers are no usable key.
    pub fn new(algorithm: Algorithm, material: KeyMaterial) -> Result<Self, JwkError> {
        let kid = material.thumbprint();
        Self::named(kid, Some(algorithm), material)
    }

    /// A key that somebody else has named; without `algorithm`, for any that its type can do.
    ///
    /// # Errors
    /// [`JwkError`] when the numbers are no usable key, or not one for that algorithm.
    pub fn named(kid: String, algorithm: Option<Algorithm>, material: KeyMaterial) -> Result<Self, JwkError> {
        if algorithm.is_some_and(|algorithm| !material.can(algorithm)) {
            return Err(JwkError::Contradiction);
        }
        material.check()?;
        Ok(Self { kid, algorithm, material })
    }

    /// The key's name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key's numbers.
    pub const fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// Whether the key may verify signatures of this algorithm (TK-01).
    pub fn is_for(&self, algorithm: Algorithm) -> bool {
        self.material.can(algorithm) && self.algorithm.is_none_or(|own| own == algorithm)
    }

    /// The key as a member of a JWK set: public parameters only (TK-20).
    pub fn to_jwk(&self) -> String {
        let alg = self.algorithm.map_or_else(String::new, |alg| format!(r#","alg":"{}""#, alg.as_str()));
        // A name of ours is base64url; one that somebody else chose may need escapes.
        let kid = quoted(&self.kid);
        format!(r#"{{{}{alg},"use":"sig","kid":{kid}}}"#, self.material.parameters())
    }
}

impl KeyMaterial {
    /// RFC 7638 §3: SHA-256 over the required parameters in the order of their names.
    fn thumbprint(&self) -> String {
        let canonical = match self {
            Self::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(x)),
            Self::P256 { x, y } => {
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, encode(x), encode(y))
            }
            Self::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(e), encode(n)),
        };
        encode(&Sha256::digest(canonical))
    }

    pub(super) fn parameters(&self) -> String {
        match self {
            Self::Ed25519 { x } => format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, encode(x)),
            Self::P256 { x, y } => {
                format!(r#""kty":"EC","crv":"P-256","x":"{}","y":"{}""#, encode(x), encode(y))
            }
            Self::Rsa { n, e } => format!(r#""kty":"RSA","n":"{}","e":"{}""#, encode(n), encode(e)),
        }
    }

    pub(super) const fn can(&self, algorithm: Algorithm) -> bool {
        matches!(
            (self, algorithm),
            (Self::Ed25519 { .. }, Algorithm::EdDsa)
                | (Self::P256 { .. }, Algorithm::Es256)
                | (Self::Rsa { .. }, Algorithm::Rs256 | Algorithm::Ps256)
        )
    }

    /// Whether the numbers are a usable key.
    fn check(&self) -> Result<(), JwkError> {
        let sound = match self {
            Self::Ed25519 { x } => ed25519_dalek::VerifyingKey::from_bytes(x)
                .is_ok_and(|key| !key.is_weak() && key.to_edwards().compress().to_bytes() == *x),
            Self::P256 { x, y } => {
                let point = p256::EncodedPoint::from_affine_coordinates(x.into(), y.into(), false);
                p256::PublicKey::try_from(&point).is_ok()
            }
            Self::Rsa { n, e } => {
                let odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
                // Up to 2^32 in four bytes: larger exponents only make verification slow.
                let exponent = e.len() <= 4 && bits(e) > 1 && odd(e);
                (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits(n)) && odd(n) && exponent
            }
        };
        if sound { Ok(()) } else { Err(JwkError::Unsound) }
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Length of a number in bits; zero when it has leading zeros, which a JWK must not have.
fn bits(number: &[u8]) -> usize {
    match number.first() {
        Some(first) if *first > 0 => number.len() * 8 - first.leading_zeros() as usize,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
    }

    #[test]
    fn thumbprints_are_those_of_the_rfcs() {
        /* TK-20 */
        // RFC 7638 §3.1
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let rsa = KeyMaterial::Rsa { n: URL_SAFE_NO_PAD.decode(n).unwrap(), e: bytes::<3>("AQAB").to_vec() };
        let key = PublicKey::new(Algorithm::Rs256, rsa).unwrap();
        assert_eq!(key.kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        // RFC 8037 appendix A.3
        let ed25519 = KeyMaterial::Ed25519 { x: bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo") };
        let key = PublicKey::new(Algorithm::EdDsa, ed25519).unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_key_is_for_the_algorithms_of_its_type_and_for_its_own_only() {
        /* TK-01 */
        let x = bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let key = PublicKey::new(Algorithm::EdDsa, KeyMaterial::Ed25519 { x }).unwrap();
        assert!(
            key.is_for(Algorithm::EdDsa) && !key.is_for(Algorithm::Es256) && !key.is_for(Algorithm::Hs256)
        );
        let mixed = PublicKey::new(Algorithm::Es256, KeyMaterial::Ed25519 { x });
        assert_eq!(mixed.unwrap_err(), JwkError::Contradiction);
    }

    #[test]
    fn points_that_are_weak_or_spelled_twice_or_off_their_curve_are_no_keys() {
        /* TK-18, TK-23 */
        let mut identity = [0; 32];
        identity[0] = 1;
        // 2^255 - 18 is one again, in a second spelling; 2 is the y of no point.
        let (mut second_spelling, mut nowhere) = ([0xff; 32], [0; 32]);
        (second_spelling[0], second_spelling[31], nowhere[0]) = (0xee, 0x7f, 2);
        for x in [[0; 32], identity, second_spelling, nowhere] {
            assert_eq!(PublicKey::new(Algorithm::EdDsa, KeyMaterial::Ed25519 { x }), Err(JwkError::Unsound));
        }
        let (x, y) = (
            bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
            bytes::<32>("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
        );
        assert!(PublicKey::new(Algorithm::Es256, KeyMaterial::P256 { x, y }).is_ok());
        for (x, y) in [(y, x), ([0; 32], [0; 32]), (x, [0xff; 32])] {
            assert_eq!(PublicKey::new(Algorithm::Es256, KeyMaterial::P256 { x, y }), Err(JwkError::Unsound));
        }
    }

    #[test]
    fn rsa_keys_are_long_enough_and_have_a_sensible_exponent() {
        /* TK-23 */
        let key =
            |n: Vec<u8>, e: &[u8]| PublicKey::new(Algorithm::Rs256, KeyMaterial::Rsa { n, e: e.to_vec() });
        let long = alloc::vec![0xff; 256];
        assert!(key(long.clone(), &[1, 0, 1]).is_ok());
        assert!(key(long.clone(), &[3]).is_ok());
        for exponent in [&[][..], &[0], &[1], &[2], &[1, 0, 0, 0, 1]] {
            assert!(key(long.clone(), exponent).is_err(), "{exponent:?}");
        }
        let mut short = long.clone();
        short[0] = 0x7f;
        let mut even = long.clone();
        even[255] = 0xfe;
        let mut padded = long.clone();
        padded.insert(0, 0);
        for n in [short, even, padded, alloc::vec![0xff; 1_025], Vec::new()] {
            assert!(key(n, &[1, 0, 1]).is_err());
        }
    }
}
