//! Names people choose for themselves (IN-08): stored raw, escaped where they are shown.

use alloc::string::String;

use icu_normalizer::ComposingNormalizerBorrowed;

/// Longest accepted name, in Unicode code points.
pub const MAX_NAME_CODE_POINTS: usize = 128;

/// A display name in NFC, free of characters that would change the text around it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DisplayName(String);

impl DisplayName {
    /// Normalises and checks a name. The empty name is accepted: the Open WebUI contract allows it.
    ///
    /// # Errors
    /// [`DisplayNameError`] names the rule.
    pub fn parse(text: &str) -> Result<Self, DisplayNameError> {
        let name = ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned();
        if name.chars().count() > MAX_NAME_CODE_POINTS {
            return Err(DisplayNameError::TooLong);
        }
        if name.chars().any(|c| c.is_control() || is_bidi_control(c) || matches!(c, '\u{2028}' | '\u{2029}'))
        {
            return Err(DisplayNameError::Control);
        }
        if !name.is_empty() && name.chars().all(is_invisible) {
            return Err(DisplayNameError::Invisible);
        }
        Ok(Self(name))
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name itself, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Why a name was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DisplayNameError {
    /// Holds a control character or a bidirectional override.
    Control,
    /// Holds nothing that can be seen.
    Invisible,
    /// Longer than [`MAX_NAME_CODE_POINTS`].
    TooLong,
}

/// Embeddings, overrides and isolates of UAX #9 §2, which reorder the text that follows.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// White space, the default-ignorable code points of Unicode, and a Braille pattern without dots.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn names_are_counted_in_code_points_after_composition() {
        /* IN-08 */
        assert!(DisplayName::parse(&"é".repeat(128)).is_ok());
        assert!(DisplayName::parse(&"e\u{301}".repeat(128)).is_ok());
        assert_eq!(DisplayName::parse(&"é".repeat(129)), Err(DisplayNameError::TooLong));
    }

    #[test]
    fn names_that_rewrite_their_surroundings_are_refused() {
        /* IN-08 */
        assert_eq!(DisplayName::parse("a\nb"), Err(DisplayNameError::Control));
        assert_eq!(DisplayName::parse("abc\u{202e}cba"), Err(DisplayNameError::Control));
        assert_eq!(DisplayName::parse("\u{200b}\u{200d}"), Err(DisplayNameError::Invisible));
        assert!(DisplayName::parse("👩\u{200d}🔬 Ann").is_ok(), "a joiner inside an emoji is seen");
    }
}
