//! Asking a list of breached passwords without telling it the password (PW-09): it learns five of the
//! forty hexadecimal digits of a SHA-1, and answers with everything that begins so.

use alloc::string::String;

use sha1::{Digest as _, Sha1};

use super::policy::Password;
use crate::secret::Secret;

/// Digits that are told.
const PREFIX_DIGITS: usize = 5;

/// A question about one password.
#[derive(Debug)]
pub struct BreachQuery {
    prefix: String,
    suffix: Secret<String>,
}

impl BreachQuery {
    /// The question for a password.
    pub fn of(password: &Password) -> Self {
        let digest = Secret::new(<[u8; 20]>::from(Sha1::digest(password.normalized())));
        let digits = digest.expose_secret().iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
        let mut digits = digits.map(|digit| digit.to_ascii_uppercase());
        let prefix = digits.by_ref().take(PREFIX_DIGITS).collect();
        let mut suffix = String::with_capacity(35);
        suffix.extend(digits);
        Self { prefix, suffix: Secret::new(suffix) }
    }

    /// What the list is asked for: five hexadecimal digits in capitals.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether the list's answer, lines of `<35 digits>:<times seen>`, holds the password. Lines that were
    /// seen no times are there to hide how long the answer is.
    pub fn is_in(&self, answer: &str) -> bool {
        answer.lines().filter_map(|line| line.trim().split_once(':')).any(|(suffix, seen)| {
            suffix.eq_ignore_ascii_case(self.suffix.expose_secret()) && seen.trim().parse() != Ok(0_u64)
        })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::format;

    #[test]
    fn five_digits_are_told_and_the_rest_is_looked_up_here() {
        /* PW-09 */
        // printf password | sha1sum: 5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8
        let query = BreachQuery::of(&Password::new("password").unwrap());
        assert_eq!(query.prefix(), "5BAA6");
        assert!(query.is_in(
            "0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n1E4C9B93F3F0682250B6CF8331B7EE68FD8:10434004\r\n"
        ));
        assert!(query.is_in("1e4c9b93f3f0682250b6cf8331b7ee68fd8:1"));
        for answer in
            ["", "1E4C9B93F3F0682250B6CF8331B7EE68FD8:0", "1E4C9B93F3F0682250B6CF8331B7EE68FD9:7", "<html>"]
        {
            assert!(!query.is_in(answer), "{answer}");
        }
        assert!(!format!("{query:?}").contains("1E4C9"));
    }
}
