//! Backup codes for whoever has lost their authenticator (MF-10, MF-11).

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use crate::{
    id::UserId,
    ports::{Entropy, PortError},
    secret::{RootSecret, Secret},
};

/// Codes in a set (MF-10).
pub const BACKUP_CODES: usize = 10;

/// Random bytes in a code, so that a keyed hash without a slow one is enough (MF-10).
const CODE_BYTES: usize = 16;

/// A code, normalised.
#[derive(Clone, Debug)]
pub struct BackupCode(Secret<[u8; CODE_BYTES]>);

impl BackupCode {
    /// Reads a code as someone typed it: in either case, with or without hyphens and spaces.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 64 {
            return None;
        }
        let mut digits = text.chars().filter(|letter| !matches!(letter, '-' | ' '));
        let mut bytes = [0; CODE_BYTES];
        for byte in &mut bytes {
            let (high, low) = (digits.next()?.to_digit(16)?, digits.next()?.to_digit(16)?);
            *byte = u8::try_from(high << 4 | low).ok()?;
        }
        digits.next().is_none().then(|| Self(Secret::new(bytes)))
    }

    /// The code as it is shown, once: hexadecimal digits in lower case (contract §1.5).
    pub fn to_text(&self) -> Secret<String> {
        let mut text = String::with_capacity(2 * CODE_BYTES);
        for byte in self.0.expose_secret() {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        Secret::new(text)
    }

    fn random(entropy: &impl Entropy) -> Result<Self, PortError> {
        let mut bytes = [0; CODE_BYTES];
        entropy.fill(&mut bytes)?;
        Ok(Self(Secret::new(bytes)))
    }
}

/// The key under the stored hashes: without it nobody can test guesses against a stolen table.
#[derive(Clone, Debug)]
pub struct BackupCodeKey(Secret<[u8; 32]>);

impl BackupCodeKey {
    /// The deployment's key.
    pub fn derived(root: &RootSecret) -> Self {
        Self(root.derive("portico/backup-code/v1"))
    }

    /// Bound to the account, so that two accounts with one code have different hashes.
    fn hash(&self, code: &BackupCode, user: UserId) -> [u8; 32] {
        let mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret());
        let mac = mac.expect("HMAC takes keys of any length").chain_update(user.to_string());
        mac.chain_update(code.0.expose_secret()).finalize().into_bytes().into()
    }
}

/// An account's codes as they are stored: hashes, and which were used.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct BackupCodes(Vec<StoredCode>);

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct StoredCode {
    hash: [u8; 32],
    used: bool,
}

impl BackupCodes {
    /// A new set: the codes to show now and never again, and what to store. It replaces the old set as
    /// a whole (MF-11).
    ///
    /// # Errors
    /// When the host's random source fails.
    pub fn generate(
        user: UserId,
        key: &BackupCodeKey,
        entropy: &impl Entropy,
    ) -> Result<(Vec<BackupCode>, Self), PortError> {
        let codes: Vec<BackupCode> =
            (0..BACKUP_CODES).map(|_| BackupCode::random(entropy)).collect::<Result<_, _>>()?;
        let stored = codes.iter().map(|code| StoredCode { hash: key.hash(code, user), used: false });
        let stored = Self(stored.collect());
        Ok((codes, stored))
    }

    /// How many codes are left.
    pub fn left(&self) -> usize {
        self.0.iter().filter(|code| !code.used).count()
    }

    /// The set after a code was used; `None` when it is not in the set or was used before. Looks at
    /// every code, whichever matches (SR-07).
    pub fn redeem(&self, code: &BackupCode, user: UserId, key: &BackupCodeKey) -> Option<Self> {
        let hash = key.hash(code, user);
        let mut found = Choice::from(0);
        let mut after = self.clone();
        for stored in &mut after.0 {
            let fresh = Choice::from(u8::from(!stored.used));
            let matches = stored.hash.ct_eq(&hash) & fresh;
            let mut used = u8::from(stored.used);
            used.conditional_assign(&1, matches);
            stored.used = used == 1;
            found |= matches;
        }
        bool::from(found).then_some(after)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::memory::Memory;
    use alloc::format;

    fn user(last: char) -> UserId {
        UserId::parse(&format!("00000000-0000-4000-8000-00000000000{last}")).unwrap()
    }

    fn key() -> BackupCodeKey {
        BackupCodeKey::derived(&RootSecret::parse("a root secret of thirty-two bytes").unwrap())
    }

    fn generate() -> (Vec<BackupCode>, BackupCodes) {
        BackupCodes::generate(user('1'), &key(), &Memory::default()).unwrap()
    }

    #[test]
    fn there_are_ten_different_codes_of_128_bits() {
        /* MF-10 */
        let (codes, stored) = generate();
        let mut texts: Vec<String> =
            codes.iter().map(|code| code.to_text().expose_secret().clone()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!((texts.len(), stored.left()), (BACKUP_CODES, BACKUP_CODES));
        for text in texts {
            assert_eq!(text.len(), 32, "{text}");
            assert!(text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')), "{text}");
        }
    }

    #[test]
    fn a_code_works_once_and_leaves_the_others() {
        /* MF-11 */
        let (codes, stored) = generate();
        let after = stored.redeem(&codes[3], user('1'), &key()).unwrap();
        assert_eq!(after.left(), 9);
        assert_eq!(after.redeem(&codes[3], user('1'), &key()), None, "a second time");
        assert!(after.redeem(&codes[4], user('1'), &key()).is_some());
        let (_, regenerated) = BackupCodes::generate(user('1'), &key(), &{
            let entropy = Memory::default();
            entropy.fill(&mut [0; 1_000]).unwrap();
            entropy
        })
        .unwrap();
        assert_eq!(regenerated.redeem(&codes[4], user('1'), &key()), None, "the old set is dead");
    }

    #[test]
    fn a_code_is_its_owners_and_means_nothing_without_the_key() {
        /* MF-10 */
        let (codes, stored) = generate();
        let other = BackupCodeKey::derived(&RootSecret::parse("another root of thirty-two bytes!").unwrap());
        assert_eq!(stored.redeem(&codes[0], user('2'), &key()), None);
        assert_eq!(stored.redeem(&codes[0], user('1'), &other), None);
        let printed = format!("{codes:?}{stored:?}");
        assert!(codes.iter().all(|code| !printed.contains(code.to_text().expose_secret())));
        assert!(codes.iter().all(|code| !printed.contains(&format!("{:?}", code.0.expose_secret()))));
    }

    #[test]
    fn case_hyphens_and_spaces_do_not_matter_and_anything_else_does() {
        /* MF-10 */
        let shown = "0123456789abcdef0123456789abcdef";
        for text in [shown, "0123456789ABCDEF0123456789ABCDEF", " 01234567-89ab-cdef 0123-456789abcdef "] {
            assert_eq!(BackupCode::parse(text).unwrap().to_text().expose_secret(), shown, "{text}");
        }
        for text in [
            "",
            "123456",
            "0123456789abcdef0123456789abcde",
            "0123456789abcdef0123456789abcdef0",
            "g123456789abcdef0123456789abcdef",
            "0123456789abcdef\t123456789abcdef",
            "é123456789abcdef0123456789abcdef",
        ] {
            assert!(BackupCode::parse(text).is_none(), "{text:?}");
        }
        assert!(BackupCode::parse(&"-".repeat(65)).is_none());
    }
}
