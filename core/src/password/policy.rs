//! What may be a password: length and characters, no composition rules (PW-06 … PW-08, PW-10).

use alloc::string::{String, ToString};

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::secret::Secret;

/// Longest password, in bytes of UTF-8; checked before any hashing (PW-06).
pub const MAX_PASSWORD_BYTES: usize = 1_024;

/// A password as someone typed it, in NFC so that composed and decomposed accents are one password
/// (PW-11), and short enough to hash.
#[derive(Clone, Debug)]
pub struct Password(Secret<String>);

impl Password {
    /// Takes a password for checking or, after [`PasswordPolicy::check`], for storing.
    ///
    /// # Errors
    /// [`PasswordTooLong`] above [`MAX_PASSWORD_BYTES`].
    pub fn new(text: &str) -> Result<Self, PasswordTooLong> {
        if text.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordTooLong);
        }
        let normalized = ComposingNormalizerBorrowed::new_nfc().normalize(text).to_string();
        Ok(Self(Secret::new(normalized)))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }

    fn as_str(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Longer than [`MAX_PASSWORD_BYTES`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PasswordTooLong;

/// The one rule set for every path that sets a password (PW-07).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PasswordPolicy {
    /// Fewest code points.
    pub min_code_points: usize,
}

impl PasswordPolicy {
    /// Eight code points: the floor, which a deployment may raise but not lower (PW-07, R-11).
    pub const DEFAULT: Self = Self { min_code_points: 8 };

    /// Checks a password that someone wants to set.
    ///
    /// # Errors
    /// [`PasswordPolicyError`] names the rule.
    pub fn check(&self, password: &Password) -> Result<(), PasswordPolicyError> {
        if password.as_str().chars().any(char::is_control) {
            return Err(PasswordPolicyError::Control);
        }
        if password.as_str().chars().count() < self.min_code_points {
            return Err(PasswordPolicyError::TooShort { min_code_points: self.min_code_points });
        }
        Ok(())
    }
}

/// Why a new password was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PasswordPolicyError {
    /// Holds a control character (PW-10).
    Control,
    /// Too few code points.
    TooShort {
        /// Fewest code points accepted.
        min_code_points: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), PasswordPolicyError> {
        PasswordPolicy::DEFAULT.check(&Password::new(text).unwrap())
    }

    #[test]
    fn length_is_counted_in_code_points_after_composition() {
        /* PW-07, PW-11 */
        assert!(check("pässwörd").is_ok());
        assert!(check("🔑🔑🔑🔑🔑🔑🔑🔑").is_ok());
        let too_short = Err(PasswordPolicyError::TooShort { min_code_points: 8 });
        assert_eq!(check("seven77"), too_short);
        assert_eq!(check(&"e\u{301}".repeat(7)), too_short, "fourteen code points compose to seven");
    }

    #[test]
    fn spaces_and_every_printable_character_are_fine_and_controls_are_not() {
        /* PW-08, PW-10 */
        assert!(check("  spaces at the edges  ").is_ok());
        assert!(check("aaaaaaaa").is_ok(), "no composition rules");
        for text in ["password\0", "pass\nword", "pass\u{7f}word", "pass\u{85}word"] {
            assert_eq!(check(text), Err(PasswordPolicyError::Control), "{text:?}");
        }
    }

    #[test]
    fn long_passwords_are_taken_up_to_a_kibibyte() {
        /* PW-06 */
        assert!(check(&"x".repeat(1_024)).is_ok());
        assert_eq!(Password::new(&"x".repeat(1_025)).unwrap_err(), PasswordTooLong);
    }
}
