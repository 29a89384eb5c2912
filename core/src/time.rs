//! The only two time types: an instant in whole Unix seconds and a length in whole seconds.
//!
//! Dialects that speak milliseconds or ISO dates convert at their border.

use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct UnixSeconds(i64);

impl UnixSeconds {
    /// An instant from Unix seconds.
    pub const fn new(seconds: i64) -> Self {
        Self(seconds)
    }

    /// The instant as Unix seconds.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The instant `lifetime` later, saturating at the end of the range.
    pub const fn plus(self, lifetime: Lifetime) -> Self {
        Self(self.0.saturating_add_unsigned(lifetime.seconds()))
    }

    /// The instant that much earlier; saturates at the end of the range.
    #[must_use]
    pub const fn minus(self, lifetime: Lifetime) -> Self {
        Self(self.0.saturating_sub_unsigned(lifetime.0))
    }

    /// How much time passed since `earlier`; zero when `earlier` is in the future.
    pub const fn since(self, earlier: Self) -> Lifetime {
        let passed = self.0.saturating_sub(earlier.0);
        Lifetime::from_seconds(if passed > 0 { passed.unsigned_abs() } else { 0 })
    }
}

/// A length of time in whole seconds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Lifetime(u64);

impl Lifetime {
    /// A length of `seconds` seconds.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// A length of `minutes` minutes.
    pub const fn from_minutes(minutes: u64) -> Self {
        Self(minutes * 60)
    }

    /// A length of `days` days of 86,400 seconds.
    pub const fn from_days(days: u64) -> Self {
        Self(days * 86_400)
    }

    /// The length in seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_clock_that_ran_backwards_gives_zero_and_not_a_huge_length() {
        assert_eq!(UnixSeconds::new(5).since(UnixSeconds::new(9)), Lifetime::from_seconds(0));
        assert_eq!(UnixSeconds::new(9).since(UnixSeconds::new(5)), Lifetime::from_seconds(4));
    }

    #[test]
    fn the_end_of_the_range_saturates() {
        assert_eq!(UnixSeconds::new(i64::MAX).plus(Lifetime::from_days(1)), UnixSeconds::new(i64::MAX));
    }
}
