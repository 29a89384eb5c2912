//! An optional secret under every password hash, kept outside the database (PW-16): whoever steals the
//! rows alone can not guess passwords.

use alloc::{string::String, vec::Vec};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::secret::{RootSecret, Secret};

/// Longest version, in bytes: what the `keyid` of a PHC string can hold.
const MAX_VERSION_BYTES: usize = 8;

/// The peppers of a deployment. New hashes take the newest; older ones verify hashes that were made
/// with them, until each is made anew at its owner's next sign-in.
#[derive(Debug, Default)]
pub struct Peppers(Vec<Pepper>);

#[derive(Debug)]
struct Pepper {
    version: String,
    key: Secret<[u8; 32]>,
}

/// Why peppers were refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PepperError {
    /// A version that stands twice.
    Duplicate,
    /// Not one to eight letters and digits.
    Version,
}

impl Peppers {
    /// Adds a pepper, which becomes the newest.
    ///
    /// # Errors
    /// [`PepperError`].
    pub fn add(&mut self, version: &str, secret: &RootSecret) -> Result<(), PepperError> {
        let letters = version.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !letters || !(1..=MAX_VERSION_BYTES).contains(&version.len()) {
            return Err(PepperError::Version);
        }
        if self.0.iter().any(|pepper| pepper.version == version) {
            return Err(PepperError::Duplicate);
        }
        self.0.push(Pepper { version: version.into(), key: secret.derive("portico/pepper/v1") });
        Ok(())
    }

    /// The version that new hashes take; `None` without peppers.
    pub(super) fn newest(&self) -> Option<&str> {
        self.0.last().map(|pepper| pepper.version.as_str())
    }

    /// What is hashed for a password under a version: HMAC-SHA256 of it. `None` when that pepper is
    /// gone: its hashes then verify nothing, rather than everything.
    pub(super) fn apply(&self, version: Option<&str>, password: &[u8]) -> Option<Secret<Vec<u8>>> {
        let Some(version) = version else { return Some(Secret::new(password.to_vec())) };
        let pepper = self.0.iter().find(|pepper| pepper.version == version)?;
        let mac = Hmac::<Sha256>::new_from_slice(pepper.key.expose_secret());
        let mac = mac.expect("HMAC takes keys of any length").chain_update(password);
        Some(Secret::new(mac.finalize().into_bytes().to_vec()))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn secret(text: &str) -> RootSecret {
        RootSecret::parse(&text.repeat(4)).unwrap()
    }

    #[test]
    fn versions_are_short_plain_and_different() {
        /* PW-16 */
        let mut peppers = Peppers::default();
        for version in ["", "123456789", "a b", "é", "a,b", "a$"] {
            assert_eq!(peppers.add(version, &secret("0123456789")), Err(PepperError::Version), "{version:?}");
        }
        assert_eq!(peppers.newest(), None);
        peppers.add("1", &secret("0123456789")).unwrap();
        assert_eq!(peppers.add("1", &secret("abcdefghij")), Err(PepperError::Duplicate));
        peppers.add("2026", &secret("abcdefghij")).unwrap();
        assert_eq!(peppers.newest(), Some("2026"));
    }

    #[test]
    fn each_version_makes_something_else_of_a_password_and_a_lost_one_makes_nothing() {
        /* PW-16 */
        let mut peppers = Peppers::default();
        peppers.add("1", &secret("0123456789")).unwrap();
        peppers.add("2", &secret("abcdefghij")).unwrap();
        let made =
            |version| peppers.apply(version, b"correct horse").map(|made| made.expose_secret().clone());
        assert_eq!(made(None).unwrap(), b"correct horse");
        assert_ne!(made(Some("1")), made(Some("2")));
        assert_eq!(made(Some("1")).unwrap().len(), 32);
        assert_eq!(made(Some("3")), None);
    }
}
