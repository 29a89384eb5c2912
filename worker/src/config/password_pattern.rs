//! A pattern that new passwords have to match, for deployments that want one (open-webui.md §5). Off by default: length
//! and guessability are better rules (PW-08).
//!
//! In a pattern of ASCII, `\w` and its like mean letters of every alphabet, as they do where these patterns come from.
//!
//! Patterns are matched from the start, by an engine whose time is linear in the password. It has no look-ahead; those
//! that stand at the beginning of a pattern, as in the usual "one of each kind", are taken as further patterns.

use alloc::borrow::Cow;

use portico_core::password::PasswordPattern;
use regex_lite::Regex;

/// The pattern that the contract has for a default.
pub(super) const DEFAULT_PATTERN: &str = r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^\w\s]).{8,}$";

/// A pattern and the look-aheads before it: all have to match, some must not.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    required: Vec<Regex>,
    forbidden: Vec<Regex>,
    /// Whether classes such as `\w` stand in it, and nothing that a stand-in for a letter could match instead.
    has_classes: bool,
}

/// Not a pattern, or one with look-around elsewhere than at its beginning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct PatternError;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`].
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let has_classes = text.is_ascii() && text.contains('\\') && !text.contains('_');
        let mut pattern = Self { required: Vec::new(), forbidden: Vec::new(), has_classes };
        let mut rest = text.strip_prefix('^').unwrap_or(text);
        while let Some((kind, inside, after)) = look_ahead(rest) {
            match kind {
                Kind::Negative => pattern.forbidden.push(anchored(inside)?),
                Kind::Positive => pattern.required.push(anchored(inside)?),
            }
            rest = after;
        }
        pattern.required.push(anchored(rest)?);
        Ok(pattern)
    }
}

impl PasswordPattern for Pattern {
    fn matches(&self, password: &str) -> bool {
        let password = if self.has_classes { in_ascii(password) } else { Cow::Borrowed(password) };
        self.required.iter().all(|regex| regex.is_match(&password))
            && !self.forbidden.iter().any(|regex| regex.is_match(&password))
    }
}

/// The engine's classes know ASCII only: other letters and digits become `_`, which is of `\w` and neither `a-z` nor `A-Z`,
/// other blanks become a blank.
fn in_ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let stand_in = |letter: char| match letter {
        letter if letter.is_ascii() => letter,
        letter if letter.is_alphanumeric() => '_',
        letter if letter.is_whitespace() => ' ',
        letter => letter,
    };
    Cow::Owned(text.chars().map(stand_in).collect())
}

enum Kind {
    Negative,
    Positive,
}

/// What stands inside a look-ahead at the start of a pattern, and what comes after it.
fn look_ahead(text: &str) -> Option<(Kind, &str, &str)> {
    let (kind, rest) = match (text.strip_prefix("(?="), text.strip_prefix("(?!")) {
        (Some(rest), _) => (Kind::Positive, rest),
        (None, Some(rest)) => (Kind::Negative, rest),
        (None, None) => return None,
    };
    let (mut depth, mut in_class, mut escaped) = (1_usize, false, false);
    for (at, letter) in rest.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((kind, rest.get(..at)?, rest.get(at + 1..)?));
        }
    }
    None
}

fn anchored(text: &str) -> Result<Regex, PatternError> {
    let mut anchored = String::from("^(?:");
    anchored.push_str(text);
    anchored.push(')');
    Regex::new(&anchored).map_err(|_| PatternError)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_default_asks_for_one_of_each_kind_and_eight_in_all() {
        let pattern = Pattern::parse(DEFAULT_PATTERN).unwrap();
        assert!(pattern.matches("Passw0rd!") && pattern.matches("é Aa1!bcd") && pattern.matches("Passw0rd€"));
        assert!(!pattern.matches("Passw0rdé") && !pattern.matches("Passw0rd\u{a0}"), "neither is a symbol");
        for weak in ["", "Pass0!x", "passw0rd!", "PASSW0RD!", "Password!", "Passw0rdx", "Passw0rd_"] {
            assert!(!pattern.matches(weak), "{weak}");
        }
    }

    #[test]
    fn patterns_match_from_the_start_and_may_forbid() {
        let pattern = Pattern::parse(r"(?!.*(?:admin|[)]))[a-z]{4}").unwrap();
        assert!(pattern.matches("abcdEFG") && !pattern.matches("1abcd"));
        assert!(!pattern.matches("abcdadmin") && !pattern.matches("abcd)"));
        for bad in ["(", "[a", "(?<=a)b", "a(?=b)", "(?=a"] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
