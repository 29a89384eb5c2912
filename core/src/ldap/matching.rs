//! When two names are one to a directory (RFC 4518 with the rule `caseIgnoreMatch`; LD-15).

use alloc::string::String;

use icu_normalizer::ComposingNormalizerBorrowed;

/// A name as it is compared: without regard to case, to how letters are composed, and to spaces at the ends or in a row.
pub(crate) fn case_ignored(text: &str) -> String {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let mapped: String = text.chars().filter_map(mapped).collect();
    let lower = nfkc.normalize(&mapped).to_lowercase().replace('ß', "ss").replace('ς', "σ");
    let normal = nfkc.normalize(&lower);
    let mut words = normal.split(' ').filter(|word| !word.is_empty());
    let mut folded = String::from(words.next().unwrap_or_default());
    for word in words {
        folded.push(' ');
        folded.push_str(word);
    }
    folded
}

/// What a character is compared as; `None` for one that does not count (RFC 4518 §2.2).
const fn mapped(letter: char) -> Option<char> {
    match letter {
        '\t'..='\r' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' => Some(' '),
        '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(' '),
        '\u{ad}' | '\u{34f}' | '\u{1806}' | '\u{180b}'..='\u{180e}' | '\u{fe00}'..='\u{fe0f}' => None,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2063}' | '\u{feff}' => None,
        '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffc}' => None,
        letter => Some(letter),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn spellings_that_a_directory_takes_for_one_are_one() {
        /* LD-15 */
        for (one, other) in [
            ("Jane", "jANE"),
            (" jane  doe ", "Jane Doe"),
            ("jane\u{a0}doe", "jane doe"),
            ("J\u{fc}rgen", "ju\u{308}rgen"),
            ("STRASSE", "straße"),
            ("Ａｎｎ", "ann"),
            ("ja\u{ad}ne", "jane"),
            ("ΟΔΟΣ", "οδος"),
        ] {
            assert_eq!(case_ignored(one), case_ignored(other), "{one} {other}");
        }
        for (one, other) in [("jane", "jane doe"), ("jane", "jané"), ("jane*", "jane"), ("", "a")] {
            assert_ne!(case_ignored(one), case_ignored(other), "{one} {other}");
        }
    }
}
