//! How long a token lives: the grammar of `JWT_EXPIRES_IN` (Open WebUI contract §3.2; AD-07, R-04).

use crate::time::{Lifetime, UnixSeconds};

/// How long a session token lives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenLifetime {
    /// No `exp` claim; the idle limit and revocation still end the session.
    Unlimited,
    /// Expires this long after it was issued.
    Limited(Lifetime),
}

impl TokenLifetime {
    /// Four weeks, the contract's default.
    pub const DEFAULT: Self = Self::Limited(Lifetime::from_days(28));

    /// Parses `-1`, `0` (both unlimited) or one or more `<number><unit>` with unit `ms`, `s`, `m`,
    /// `h`, `d` or `w`, which add up: `4w`, `1h30m`, `1.5h`. Fractions of a second are dropped.
    ///
    /// # Errors
    /// [`DurationError`] names what is wrong; nothing outside the grammar is guessed at.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        if text == "-1" || text == "0" {
            return Ok(Self::Unlimited);
        }
        let millis = parse_millis(text)?;
        match millis / 1_000 {
            0 => Err(DurationError::UnderOneSecond),
            seconds if seconds > MAX_SECONDS => Err(DurationError::TooLong),
            seconds => Ok(Self::Limited(Lifetime::from_seconds(seconds))),
        }
    }

    /// When a token issued at `issued_at` expires; `None` for never.
    pub const fn expires_at(self, issued_at: UnixSeconds) -> Option<UnixSeconds> {
        match self {
            Self::Unlimited => None,
            Self::Limited(lifetime) => Some(issued_at.plus(lifetime)),
        }
    }
}

/// Why a duration was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DurationError {
    /// Not `-1`, `0` or a sequence of numbers with units.
    Malformed,
    /// More than ten years.
    TooLong,
    /// Adds up to less than one second, so tokens would be born expired.
    UnderOneSecond,
}

impl core::fmt::Display for DurationError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(match self {
            Self::Malformed => "expected `-1`, `0` or a duration such as `4w`, `12h` or `1h30m`",
            Self::TooLong => "longer than ten years; use `-1` for tokens that do not expire",
            Self::UnderOneSecond => "shorter than one second",
        })
    }
}

/// Ten years: far beyond any session, and small enough that no sum overflows.
const MAX_SECONDS: u64 = 10 * 366 * 86_400;

fn parse_millis(text: &str) -> Result<u64, DurationError> {
    let mut rest = text;
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err(DurationError::Malformed);
    }
    while !rest.is_empty() {
        let number_end =
            rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(DurationError::Malformed)?;
        let (number, after) = rest.split_at(number_end);
        let unit_end = after.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let part =
            thousandths(number)?.checked_mul(unit_millis(unit)?).ok_or(DurationError::TooLong)? / 1_000;
        total = total.checked_add(part).ok_or(DurationError::TooLong)?;
        rest = after;
    }
    Ok(total)
}

fn unit_millis(unit: &str) -> Result<u64, DurationError> {
    match unit {
        "ms" => Ok(1),
        "s" => Ok(1_000),
        "m" => Ok(60_000),
        "h" => Ok(3_600_000),
        "d" => Ok(86_400_000),
        "w" => Ok(604_800_000),
        _ => Err(DurationError::Malformed),
    }
}

/// `12.5` as 12 500. Digits after the third decimal are dropped.
fn thousandths(number: &str) -> Result<u64, DurationError> {
    let (whole, fraction) = match number.split_once('.') {
        None => (number, ""),
        Some((_, "")) => return Err(DurationError::Malformed),
        Some(parts) => parts,
    };
    if whole.is_empty() || fraction.contains('.') {
        return Err(DurationError::Malformed);
    }
    let whole: u64 = whole.parse().map_err(|_| DurationError::TooLong)?;
    let mut thousandths = whole.checked_mul(1_000).ok_or(DurationError::TooLong)?;
    for (digit, weight) in fraction.bytes().zip([100, 10, 1]) {
        thousandths = thousandths.saturating_add(u64::from(digit - b'0') * weight);
    }
    Ok(thousandths)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn seconds(text: &str) -> u64 {
        match TokenLifetime::parse(text) {
            Ok(TokenLifetime::Limited(lifetime)) => lifetime.seconds(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn parts_add_up_and_fractions_count() {
        assert_eq!(seconds("4w"), 2_419_200);
        assert_eq!(seconds("1h30m"), 5_400);
        assert_eq!(seconds("1.5h"), 5_400);
        assert_eq!(seconds("1500ms"), 1);
        assert_eq!(seconds("0.25d"), 21_600);
    }

    #[test]
    fn minus_one_and_zero_mean_unlimited() {
        /* */
        assert_eq!(TokenLifetime::parse("-1"), Ok(TokenLifetime::Unlimited));
        assert_eq!(TokenLifetime::parse("0"), Ok(TokenLifetime::Unlimited));
    }

    #[test]
    fn everything_outside_the_grammar_is_refused() {
        /* AD-07 */
        for text in
            ["", "90", "abc", "1y", "-5m", "-2", "1h ", " 1h", "1h 30m", "x1hx", "1.h", ".5h", "1..5h", "1H"]
        {
            assert_eq!(TokenLifetime::parse(text), Err(DurationError::Malformed), "{text:?}");
        }
        for text in ["0s", "0m", "999ms", "0.0001s"] {
            assert_eq!(TokenLifetime::parse(text), Err(DurationError::UnderOneSecond), "{text:?}");
        }
        for text in ["1000w", "99999999999999999999w", "18446744073709551615s"] {
            assert_eq!(TokenLifetime::parse(text), Err(DurationError::TooLong), "{text:?}");
        }
    }
}
