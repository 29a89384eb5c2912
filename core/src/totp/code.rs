//! Time-based one-time codes (RFC 6238 with SHA-1, six digits, thirty seconds; MF-01 … MF-05).

use alloc::{format, string::String};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use crate::{
    ports::{Entropy, PortError},
    secret::Secret,
    time::UnixSeconds,
};

/// Bytes of a new secret: 160 bits, the length of the hash (RFC 4226 §4, R6; MF-01).
pub const SECRET_BYTES: usize = 20;
/// Seconds for which one code is shown (RFC 6238 §5.2).
pub const STEP_SECONDS: u64 = 30;
/// Steps before and after the present one that are accepted, for clocks that are a little off (MF-02).
const WINDOW: u64 = 1;
/// One more than the largest six-digit code.
const MODULUS: u32 = 1_000_000;

/// A period of thirty seconds, counted from 1970.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Step(u64);

impl Step {
    /// The step that an instant lies in; zero before 1970.
    pub const fn at(now: UnixSeconds) -> Self {
        Self(now.since(UnixSeconds::new(0)).seconds() / STEP_SECONDS)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// A code as someone typed it: exactly six ASCII digits (MF-05).
#[derive(Clone)]
pub struct TotpCode(u32);

impl TotpCode {
    /// Reads a code. Spaces, signs, other digits of Unicode and other lengths are refused.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
        if digits { text.parse().ok().map(Self) } else { None }
    }
}

impl core::fmt::Debug for TotpCode {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// The secret that an authenticator app and the server share.
#[derive(Clone, Debug)]
pub struct TotpSecret(Secret<[u8; SECRET_BYTES]>);

impl TotpSecret {
    /// A new secret.
    ///
    /// # Errors
    /// When the host's random source fails.
    pub fn random(entropy: &impl Entropy) -> Result<Self, PortError> {
        let mut bytes = [0; SECRET_BYTES];
        entropy.fill(&mut bytes)?;
        Ok(Self::from_bytes(bytes))
    }

    /// A secret that was stored, after it has been opened.
    pub fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, for sealing.
    pub fn expose_bytes(&self) -> &[u8; SECRET_BYTES] {
        self.0.expose_secret()
    }

    /// The secret as people type it into an app: 32 characters of base32 (RFC 4648 §6).
    pub fn to_base32(&self) -> String {
        base32(self.expose_bytes())
    }

    /// The address that a QR code carries to an authenticator app. Issuer and account are free text
    /// and are escaped (MF-01).
    pub fn otpauth_uri(&self, issuer: &str, account: &str) -> String {
        let (issuer, account) = (percent_encoded(issuer), percent_encoded(account));
        format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP_SECONDS}",
            self.to_base32()
        )
    }

    /// Which step a code is good for, among the present one and its neighbours and after the last one
    /// that was accepted; `None` when it is not good. Takes the same time whichever step matches, and
    /// when none does (SR-07).
    pub fn verify(&self, code: &TotpCode, now: UnixSeconds, last_accepted: Option<Step>) -> Option<Step> {
        let present = Step::at(now).0;
        let (mut found, mut step_found) = (Choice::from(0), 0);
        for step in present.saturating_sub(WINDOW)..=present.saturating_add(WINDOW) {
            let fresh = last_accepted.is_none_or(|last| step > last.0);
            let matches = self.code_at(Step(step)).ct_eq(&code.0) & Choice::from(u8::from(fresh));
            step_found.conditional_assign(&step, matches & !found);
            found |= matches;
        }
        bool::from(found).then_some(Step(step_found))
    }

    /// The code that an app shows.
    #[cfg(test)]
    pub(super) fn shown_at(&self, now: UnixSeconds) -> TotpCode {
        TotpCode(self.code_at(Step::at(now)))
    }

    /// RFC 4226 §5.3 with the step as counter.
    fn code_at(&self, step: Step) -> u32 {
        let mut mac =
            Hmac::<Sha1>::new_from_slice(self.expose_bytes()).expect("HMAC takes keys of any length");
        mac.update(&step.0.to_be_bytes());
        let tag = mac.finalize().into_bytes();
        let offset = usize::from(tag.last().map_or(0, |byte| byte & 15));
        let word = tag.iter().skip(offset).take(4).fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        (word & 0x7fff_ffff) % MODULUS
    }
}

/// Base 32 of whole groups: five bytes are eight characters (RFC 4648 §6).
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letters = bytes.chunks_exact(5).flat_map(|chunk| {
        let bits = chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        (0..8).rev().filter_map(move |n| ALPHABET.get((bits >> (5 * n) & 31) as usize))
    });
    letters.map(|letter| char::from(*letter)).collect()
}

/// RFC 3986 §2.1: everything but unreserved characters.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::memory::Memory;

    fn rfc_secret() -> TotpSecret {
        TotpSecret::from_bytes(*b"12345678901234567890")
    }

    fn code(text: &str) -> TotpCode {
        TotpCode::parse(text).unwrap()
    }

    fn verify(text: &str, now: i64, last: Option<u64>) -> Option<u64> {
        rfc_secret().verify(&code(text), UnixSeconds::new(now), last.map(Step)).map(|step| step.0)
    }

    #[test]
    fn counters_give_the_codes_of_rfc_4226_appendix_d() {
        /* MF-01 */
        let codes =
            [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489];
        for (counter, expected) in codes.into_iter().enumerate() {
            assert_eq!(rfc_secret().code_at(Step(counter as u64)), expected);
        }
    }

    #[test]
    fn instants_give_the_codes_of_rfc_6238_appendix_b() {
        /* MF-01: the last six of the eight digits printed there */
        for (now, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(verify(expected, now, None), Some(now.unsigned_abs() / 30), "{now}");
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_one_on_either_side() {
        /* MF-02: "287082" is the code of step 1 */
        assert_eq!(verify("287082", 0, None), Some(1));
        assert_eq!(verify("287082", 89, None), Some(1));
        assert_eq!(verify("287082", 90, None), None);
        assert_eq!(verify("359152", 29, None), None, "two steps ahead");
    }

    #[test]
    fn a_step_is_accepted_once_and_never_after_a_later_one() {
        /* MF-03 */
        assert_eq!(verify("287082", 59, Some(0)), Some(1));
        assert_eq!(verify("287082", 59, Some(1)), None);
        assert_eq!(verify("287082", 59, Some(2)), None);
        assert_eq!(verify("359152", 59, Some(1)), Some(2));
    }

    #[test]
    fn a_code_is_exactly_six_ascii_digits() {
        /* MF-05 */
        for text in [
            "",
            "28708",
            "2870820",
            " 287082",
            "287082 ",
            "287 082",
            "+87082",
            "-87082",
            "28708a",
            "２８７０８２",
            "0x1234",
        ] {
            assert!(TotpCode::parse(text).is_none(), "{text:?}");
        }
        assert_eq!(format!("{:?}", code("287082")), "[redacted]");
    }

    #[test]
    fn the_secret_is_shown_as_apps_read_it_and_labels_are_escaped() {
        /* MF-01 */
        assert_eq!(rfc_secret().to_base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            rfc_secret().otpauth_uri("Chat & Co", "ann+x@münchen.example"),
            "otpauth://totp/Chat%20%26%20Co:ann%2Bx%40m%C3%BCnchen.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Chat%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn new_secrets_differ_and_stay_out_of_logs() {
        let entropy = Memory::default();
        let (first, second) = (TotpSecret::random(&entropy).unwrap(), TotpSecret::random(&entropy).unwrap());
        assert_ne!(first.expose_bytes(), second.expose_bytes());
        assert!(!format!("{first:?}").contains(char::is_numeric));
    }
}
