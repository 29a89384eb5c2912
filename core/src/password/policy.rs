//! What may be a password: length, characters and guessability, no composition rules (PW-06 … PW-11).

use alloc::{
    boxed::Box,
    string::{String, ToString},
};

use icu_normalizer::ComposingNormalizerBorrowed;

use super::blocklist;
use crate::secret::Secret;

/// Longest password, in bytes of UTF-8; checked before any hashing (PW-06).
pub const MAX_PASSWORD_BYTES: usize = 1_024;

/// A password as someone typed it, short enough to hash. Its NFC is what counts, so that composed and
/// decomposed accents are one password (PW-11).
#[derive(Clone, Debug)]
pub struct Password {
    normalized: Secret<String>,
    /// As it came, when that is not NFC: imported hashes may be over it.
    typed: Option<Secret<String>>,
}

impl Password {
    /// Takes a password for checking or, after [`PasswordPolicy::check`], for storing.
    ///
    /// # Errors
    /// [`PasswordTooLong`] above [`MAX_PASSWORD_BYTES`].
    pub fn new(text: &str) -> Result<Self, PasswordTooLong> {
        if text.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordTooLong);
        }
        Self::of_composed(text, ComposingNormalizerBorrowed::new_nfc().normalize(text).to_string())
    }

    /// The same where the host has composed the text already: browsers do that by themselves.
    ///
    /// # Errors
    /// [`PasswordTooLong`]
    pub fn of_composed(text: &str, normalized: String) -> Result<Self, PasswordTooLong> {
        if text.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordTooLong);
        }
        let typed = (normalized != text).then(|| Secret::new(text.to_string()));
        Ok(Self { normalized: Secret::new(normalized), typed })
    }

    pub(super) fn normalized(&self) -> &[u8] {
        self.as_str().as_bytes()
    }

    pub(super) fn as_typed(&self) -> Option<&[u8]> {
        self.typed.as_ref().map(|typed| typed.expose_secret().as_bytes())
    }

    fn as_str(&self) -> &str {
        self.normalized.expose_secret()
    }
}

/// Longer than [`MAX_PASSWORD_BYTES`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PasswordTooLong;

/// Something that passwords have to match. The engine is the host's.
pub trait PasswordPattern: core::fmt::Debug {
    /// Whether a password matches.
    fn matches(&self, password: &str) -> bool;
}

/// The one rule set for every path that sets a password (PW-07).
#[derive(Debug)]
pub struct PasswordPolicy {
    /// Fewest code points.
    pub min_code_points: usize,
    /// Most bytes, for deployments whose passwords another backend hashes with bcrypt as well.
    pub max_bytes: usize,
    /// Whether common passwords, and what everybody knows about an account, are refused (PW-09).
    pub refuses_guessable: bool,
    /// What passwords have to match besides, if anything (PW-08).
    pub pattern: Option<Box<dyn PasswordPattern>>,
}

impl PasswordPolicy {
    /// Eight code points: the floor, which a deployment may raise but not lower (PW-07, R-11).
    pub const DEFAULT: Self =
        Self { min_code_points: 8, max_bytes: MAX_PASSWORD_BYTES, refuses_guessable: true, pattern: None };

    /// What the stock server of Open WebUI accepts, except for the empty password: for moving accounts over, and for
    /// nothing else.
    pub const COMPAT: Self =
        Self { min_code_points: 1, max_bytes: 72, refuses_guessable: false, pattern: None };

    /// Checks a password that someone wants to set, knowing what anyone knows about them.
    ///
    /// # Errors
    /// [`PasswordPolicyError`] names the rule.
    pub fn check(&self, password: &Password, known: &PublicKnowledge<'_>) -> Result<(), PasswordPolicyError> {
        if password.as_str().chars().any(char::is_control) {
            return Err(PasswordPolicyError::Control);
        }
        if password.as_str().chars().count() < self.min_code_points {
            return Err(PasswordPolicyError::TooShort { min_code_points: self.min_code_points });
        }
        if password.as_str().len() > self.max_bytes {
            return Err(PasswordPolicyError::TooLong);
        }
        if self.pattern.as_ref().is_some_and(|pattern| !pattern.matches(password.as_str())) {
            return Err(PasswordPolicyError::Pattern);
        }
        if !self.refuses_guessable {
            return Ok(());
        }
        let lower_case = Secret::new(password.as_str().to_lowercase());
        if blocklist::is_common(lower_case.expose_secret().trim()) {
            return Err(PasswordPolicyError::Common);
        }
        if known.contains(lower_case.expose_secret()) {
            return Err(PasswordPolicyError::AboutYou);
        }
        Ok(())
    }
}

/// What everybody knows about an account, and therefore guesses first (PW-09).
#[derive(Clone, Copy, Debug)]
pub struct PublicKnowledge<'a> {
    /// The account's address.
    pub email: &'a str,
    /// Its display name.
    pub name: &'a str,
    /// What the deployment calls itself.
    pub site: &'a str,
}

impl PublicKnowledge<'_> {
    /// Whether a password in lower case is nothing but that, spaces and their absence aside.
    fn contains(&self, lower_case: &str) -> bool {
        let squeezed = |text: &str| {
            text.split_whitespace().collect::<String>().to_lowercase().replace('\u{3c2}', "\u{3c3}")
        };
        let mailbox = self.email.split('@').next().unwrap_or(self.email);
        let password = Secret::new(squeezed(lower_case));
        [self.email, mailbox, self.name, self.site]
            .into_iter()
            .any(|term| !term.is_empty() && squeezed(term) == *password.expose_secret())
    }
}

/// Why a new password was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PasswordPolicyError {
    /// The account's own address or name, or the site's (PW-09).
    AboutYou,
    /// Found in a breach (PW-09).
    Breached,
    /// One of the most common passwords (PW-09).
    Common,
    /// Holds a control character (PW-10).
    Control,
    /// Does not match the deployment's pattern.
    Pattern,
    /// Longer than the deployment's other backends can tell apart.
    TooLong,
    /// Too few code points.
    TooShort {
        /// Fewest code points accepted.
        min_code_points: usize,
    },
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn check(text: &str) -> Result<(), PasswordPolicyError> {
        let known =
            PublicKnowledge { email: "mary.poppins@example.com", name: "Mary Ann Lee", site: "Open WebUI" };
        PasswordPolicy::DEFAULT.check(&Password::new(text).unwrap(), &known)
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        /* PW-09 */
        for text in ["password", "PassWord", "12345678", "football"] {
            assert_eq!(check(text), Err(PasswordPolicyError::Common), "{text}");
        }
        for text in [
            "mary.poppins",
            "Mary.Poppins@Example.com",
            "Mary Ann Lee",
            "maryannlee",
            "open webui",
            "OpenWebUI",
        ] {
            assert_eq!(check(text), Err(PasswordPolicyError::AboutYou), "{text}");
        }
        assert!(check("mary.poppins has an umbrella").is_ok());
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
        assert!(check("kkwwkkww").is_ok(), "no composition rules");
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
