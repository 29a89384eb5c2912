//! A pattern that new passwords have to match, for deployments that want one (open-webui.md §5). Off by default: length
//! and guessability are better rules (PW-08).
//!
//! Patterns are matched from the start, by an engine whose time is linear in the password. It has no look-ahead; those
//! that stand at the beginning of a pattern, as in the usual "one of each kind", are taken as further patterns.

use portico_core::password::PasswordPattern;
use regex_lite::Regex;

/// The pattern that the contract has for a default.
pub(super) const DEFAULT_PATTERN: &str = r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^\w\s]).{8,}$";

/// A pattern and the look-aheads before it: all have to match, some must not.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    required: Vec<Regex>,
    forbidden: Vec<Regex>,
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
        let mut pattern = Self { required: Vec::new(), forbidden: Vec::new() };
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
        self.required.iter().all(|regex| regex.is_match(password))
            && !self.forbidden.iter().any(|regex| regex.is_match(password))
    }
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
        assert!(pattern.matches("Passw0rd!") && pattern.matches("é Aa1!bcd"));
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
