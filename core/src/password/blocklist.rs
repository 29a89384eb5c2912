//! Passwords that everybody tries first (PW-09).

use sha2::{Digest as _, Sha256};

/// The first four bytes of SHA-256 of each of 5,000 common passwords, sorted: 20 KB in place of 45.
/// Another password is refused by accident once in 860,000. `common.mjs` makes the file.
const COMMON: &[u8] = include_bytes!("common.bin");

/// Whether a password, in lower case, is one of the most common.
pub(super) fn is_common(lower_case: &str) -> bool {
    let digest = Sha256::digest(lower_case);
    let (prefixes, _) = COMMON.as_chunks::<4>();
    digest.first_chunk::<4>().is_some_and(|prefix| prefixes.binary_search(prefix).is_ok())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_list_is_long_enough_sorted_and_knows_the_usual_ones() {
        /* PW-09 */
        let (prefixes, rest) = COMMON.as_chunks::<4>();
        assert!(prefixes.len() >= 3_000 && rest.is_empty() && prefixes.is_sorted());
        for common in ["password", "12345678", "iloveyou", "princess", "baseball1", "trustno1", "passw0rd"] {
            assert!(is_common(common), "{common}");
        }
        for rare in ["correct horse", "Tr0ub4dor&3", "", "qzjfkwpx"] {
            assert!(!is_common(rare), "{rare}");
        }
    }
}
