//! `NumericDate` of RFC 7519 §2: seconds since 1970 as a JSON number, whole or fractional.

/// 2^53: the largest second that every JSON reader agrees on (TK-08).
const MAX: u64 = 1 << 53;

/// The first whole second that is not before the date, for a number in 0..=2^53; anything else is no
/// date (TK-08). Clocks here count whole seconds, so `now >= date` and `now >= ceiling` say the same.
///
/// Works on the digits: the text has been found to be a JSON number, and floating point would cost
/// more code than the rest of a verifier.
pub(super) fn ceiling(number: &str) -> Option<u64> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.starts_with('-') {
        return None;
    }
    // Digits before the decimal point once the exponent is applied. An exponent too large for its type
    // stands in front of nothing that could be a date.
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent.parse().ok()?)?;
    let mut seconds: u64 = 0;
    let mut has_fraction = false;
    let mut digits = whole.bytes().chain(fraction.bytes());
    let mut place = 0;
    loop {
        let digit = match digits.next() {
            Some(digit) => u64::from(digit - b'0'),
            None if place < point && seconds > 0 => 0,
            None => break,
        };
        if place < point {
            seconds = seconds.checked_mul(10)?.checked_add(digit)?;
            if seconds > MAX {
                return None;
            }
        } else {
            has_fraction |= digit > 0;
        }
        place += 1;
    }
    let ceiling = seconds + u64::from(has_fraction);
    (ceiling <= MAX).then_some(ceiling)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn numbers_round_up_to_the_next_whole_second() {
        /* TK-08 */
        for (text, expected) in [
            ("0", 0),
            ("1800000000", 1_800_000_000),
            ("1800000000.0", 1_800_000_000),
            ("1800000000.5", 1_800_000_001),
            ("1.8e9", 1_800_000_000),
            ("1.8E+9", 1_800_000_000),
            ("18000000005e-1", 1_800_000_001),
            ("0.000000001", 1),
            ("0e999", 0),
            ("1e-300", 1),
            ("9007199254740992", MAX),
        ] {
            assert_eq!(ceiling(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_negative_or_beyond_every_clock_is_no_date() {
        /* TK-08 */
        for text in [
            "-1",
            "-0.5",
            "-0",
            "9007199254740992.5",
            "9007199254740993",
            "18446744073709551616",
            "1e16",
            "1e999",
            "1e2147483647",
            "1e99999999999",
            "123456789012345678901234567890",
        ] {
            assert_eq!(ceiling(text), None, "{text}");
        }
    }
}
