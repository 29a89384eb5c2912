//! The canonical form of an e-mail address, made once and compared byte for byte afterwards
//! (IN-04 … IN-07).
//!
//! The local part is ASCII and lower-cased; the domain is stored as its A-label. `+tag` and dots
//! stay: they are different accounts.

use alloc::{format, string::String};
use core::fmt;

use idna::AsciiDenyList;
use serde::{Deserialize, Serialize};

/// A canonical e-mail address.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// Parses and canonicalises an address. Limits: 254 bytes in all, 64 for the local part
    /// (RFC 5321 §4.5.3), both of the canonical form.
    ///
    /// The domain needs a dot, or is exactly `localhost`, which the Open WebUI contract uses for
    /// accounts without a mailbox.
    ///
    /// # Errors
    /// [`EmailError`] for everything that mail systems or people could read as another address.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        // Bounds the work below; canonical forms only get longer by the `xn--` of their labels.
        if text.len() > 1_024 {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::Malformed)?;
        let canonical = format!("{}@{}", canonical_local(local)?, canonical_domain(domain)?);
        if canonical.len() > 254 {
            return Err(EmailError::TooLong);
        }
        Ok(Self(canonical))
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

/// Why an address was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EmailError {
    /// Not `local@domain` with plain characters and a domain of letters, digits and hyphens.
    Malformed,
    /// Longer than RFC 5321 allows.
    TooLong,
}

impl fmt::Display for EmailError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Malformed => "malformed e-mail address",
            Self::TooLong => "e-mail address too long",
        })
    }
}

/// `dot-atom` of RFC 5322 §3.2.3: no quoting, no comments, no control characters, ASCII only.
fn canonical_local(local: &str) -> Result<String, EmailError> {
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    if local.len() > 64 {
        return Err(EmailError::TooLong);
    }
    if local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom)) {
        Ok(local.to_ascii_lowercase())
    } else {
        Err(EmailError::Malformed)
    }
}

fn canonical_domain(domain: &str) -> Result<String, EmailError> {
    // STD3 rules: letters, digits and hyphens; also checks the punycode of labels that come as `xn--`.
    let ascii = idna::domain_to_ascii_cow(domain.as_bytes(), AsciiDenyList::STD3)
        .map_err(|_| EmailError::Malformed)?
        .into_owned();
    let label =
        |label: &str| (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
    let numeric_host = ascii.rsplit('.').next().is_some_and(|tld| tld.bytes().all(|b| b.is_ascii_digit()));
    let shape = ascii.contains('.') || ascii == "localhost";
    if !shape || numeric_host || !ascii.split('.').all(label) || !displays_as_typed(domain, &ascii) {
        return Err(EmailError::Malformed);
    }
    Ok(ascii)
}

/// Whether the mapping to an A-label changed nothing but letter case. UTS #46 folds look-alikes
/// (`K` the Kelvin sign, `ſ`, full-width letters) and drops invisible characters; an address that
/// needs this would show as one account and be another (IN-07).
fn displays_as_typed(typed: &str, ascii: &str) -> bool {
    if typed.is_ascii() {
        return true;
    }
    // Letters of their own in a domain, and read as `i` and `ss` by most people.
    if typed.contains(['\u{131}', '\u{df}', '\u{1e9e}']) {
        return false;
    }
    let (unicode, _) = idna::domain_to_unicode(ascii);
    let mut shown = unicode.chars();
    let same_letters = typed.chars().all(|typed| {
        if typed.is_ascii() {
            return shown.next() == Some(typed.to_ascii_lowercase());
        }
        typed.to_lowercase().all(|lower| !lower.is_ascii() && shown.next() == Some(lower))
    });
    same_letters && shown.next().is_none()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn canonical(text: &str) -> String {
        Email::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}")).0
    }

    #[test]
    fn letter_case_is_folded_and_tags_and_dots_stay() {
        /* IN-05 */
        assert_eq!(canonical("Ann.Lee+News@Example.COM"), "ann.lee+news@example.com");
        assert_eq!(canonical("loc@localhost"), "loc@localhost");
    }

    #[test]
    fn an_international_domain_is_stored_as_its_a_label() {
        /* IN-04 */
        assert_eq!(canonical("a@münchen.example"), "a@xn--mnchen-3ya.example");
        assert_eq!(canonical("a@MÜNCHEN.example"), "a@xn--mnchen-3ya.example");
        assert_eq!(canonical("a@xn--mnchen-3ya.example"), "a@xn--mnchen-3ya.example");
        assert_eq!(canonical("a@xn--strae-oqa.example"), "a@xn--strae-oqa.example");
    }

    #[test]
    fn letters_that_read_as_others_are_refused_in_a_domain_too() {
        /* IN-07 */
        for text in
            ["a@straße.example", "a@STRAẞE.example", "a@gıthub.example", "a@gİthub.example", "a@ſite.example"]
        {
            assert!(Email::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn canonical_form_is_a_fixed_point() {
        for text in ["Ann@Example.com", "a@münchen.example", "x.y+z@sub.b-c.example"] {
            let once = canonical(text);
            assert_eq!(canonical(&once), once);
        }
    }

    #[test]
    fn look_alikes_never_reach_an_ascii_account() {
        /* IN-07: Kelvin sign, long s, dotted and dotless i, full-width at and letters, zero width, overrides */
        for text in [
            "\u{212a}@example.com",
            "a@example\u{212a}.com",
            "a@\u{17f}tore.example",
            "a@\u{130}stanbul.example",
            "\u{131}@example.com",
            "a\u{ff20}example.com",
            "a@\u{ff45}xample.com",
            "a@exa\u{200b}mple.com",
            "a@exa\u{ad}mple.com",
            "a\u{202e}@example.com",
            "ß@example.com",
            "a@example\u{3002}com",
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn everything_that_is_not_a_plain_address_is_refused() {
        /* IN-04 */
        for text in [
            "",
            "@",
            "a@",
            "@b.co",
            "ann",
            "a@b",
            "a@b@c.co",
            "a b@c.co",
            " a@b.co",
            "a@b.co ",
            "a@b.co\n",
            "\"a b\"@c.co",
            "a(x)@b.co",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@-b.co",
            "a@b-.co",
            "a@b..co",
            "a@.co",
            "a@b.co.",
            ".a@b.co",
            "a.@b.co",
            "a..b@c.co",
            "a@b_c.co",
            "a@xn--zzzzzz.co",
            "a\0@b.co",
            "a<b>@c.co",
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn lengths_end_where_rfc_5321_ends_them() {
        let local = "a".repeat(64);
        assert!(Email::parse(&format!("{local}@b.co")).is_ok());
        assert_eq!(Email::parse(&format!("{local}a@b.co")), Err(EmailError::TooLong));
        let domain = |last: usize| format!("{0}.{0}.{1}.example", "d".repeat(63), "d".repeat(last));
        assert!(Email::parse(&format!("{local}@{}", domain(53))).is_ok(), "254 bytes");
        assert_eq!(Email::parse(&format!("{local}@{}", domain(54))), Err(EmailError::TooLong));
    }
}
