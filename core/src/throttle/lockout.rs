use serde::{Deserialize, Serialize};

use super::Spent;
use crate::time::{Lifetime, UnixSeconds};

/// Failures of one account from anywhere, and how long nobody may try because of them (TH-02).
///
/// The first hundred cost nothing here: they are what the narrower buckets let through. Each one after
/// that closes the account for a while, longer each time, never for good. Nobody's success opens it,
/// only time: whoever guesses can have an account of their own to succeed with (TH-13).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Lockout {
    failures: u32,
    last_failure_at: Option<UnixSeconds>,
    /// The one before, for when the last one turns out to be none.
    #[serde(default)]
    failure_before_at: Option<UnixSeconds>,
}

/// Failures that an account has before it closes.
const FREE_FAILURES: u32 = 100;
/// For how long each failure after those closes it; the last step is repeated.
const STEPS: [Lifetime; 5] = [
    Lifetime::from_minutes(1),
    Lifetime::from_minutes(5),
    Lifetime::from_minutes(15),
    Lifetime::from_minutes(30),
    Lifetime::from_minutes(60),
];
/// A day without a failure, and the account starts over.
const FORGOTTEN_AFTER: Lifetime = Lifetime::from_days(1);

impl Lockout {
    /// Whether somebody may try now. Looks only.
    pub fn check(&self, now: UnixSeconds) -> Spent {
        let Some(last) = self.last_failure_at else { return Spent::Granted };
        let reopens = last.plus(self.closed_for());
        if now < reopens {
            return Spent::Refused { retry_after: reopens.since(now.max(last)) };
        }
        Spent::Granted
    }

    /// Takes a failure back that turned out to be none.
    pub fn give_back(&mut self) {
        self.failures = self.failures.saturating_sub(1);
        self.last_failure_at = self.failure_before_at.filter(|_| self.failures > 0);
    }

    /// When nothing of it will matter any more.
    pub fn forgotten_at(&self) -> Option<UnixSeconds> {
        let last = self.last_failure_at.filter(|_| self.failures > 0)?;
        Some(last.plus(FORGOTTEN_AFTER))
    }

    /// Counts a failure.
    pub fn fail(&mut self, now: UnixSeconds) {
        // A clock that runs backwards shortens nothing (FT-11).
        let now = self.last_failure_at.map_or(now, |last| now.max(last));
        if self.last_failure_at.is_some_and(|last| now >= last.plus(FORGOTTEN_AFTER)) {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.failure_before_at = self.last_failure_at;
        self.last_failure_at = Some(now);
    }

    fn closed_for(&self) -> Lifetime {
        let Some(beyond) = self.failures.checked_sub(FREE_FAILURES + 1) else {
            return Lifetime::from_seconds(0);
        };
        let step = usize::try_from(beyond).unwrap_or(usize::MAX).min(STEPS.len() - 1);
        STEPS.get(step).copied().unwrap_or(FORGOTTEN_AFTER)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn at(seconds: i64) -> UnixSeconds {
        UnixSeconds::new(seconds)
    }

    fn refused(seconds: u64) -> Spent {
        Spent::Refused { retry_after: Lifetime::from_seconds(seconds) }
    }

    #[test]
    fn an_account_closes_after_a_hundred_failures_and_for_longer_each_time() {
        /* TH-02, TH-14 */
        let mut account = Lockout::default();
        for _ in 0..100 {
            assert_eq!(account.check(at(0)), Spent::Granted);
            account.fail(at(0));
        }
        assert_eq!(account.check(at(0)), Spent::Granted, "a hundred are free");
        let mut now = 0;
        for minutes in [1, 5, 15, 30, 60, 60] {
            account.fail(at(now));
            assert_eq!(account.check(at(now)), refused(minutes * 60));
            assert_eq!(account.check(at(now + 59)), refused(minutes * 60 - 59));
            now += i64::try_from(minutes * 60).unwrap();
            assert_eq!(account.check(at(now - 1)), refused(1));
            assert_eq!(account.check(at(now)), Spent::Granted);
        }
        account.fail(at(now + 86_400));
        assert_eq!(account.check(at(now + 86_400)), Spent::Granted, "after a quiet day it starts over");
    }

    #[test]
    fn what_is_given_back_was_no_failure_and_keeps_nothing_alive() {
        let mut account = Lockout::default();
        account.fail(at(0));
        // Signed in to once an hour for a day: the one failure is forgotten all the same.
        for hour in 1..24 {
            account.fail(at(hour * 3_600));
            account.give_back();
        }
        assert_eq!(account.forgotten_at(), Some(at(86_400)));
        account.fail(at(86_400));
        assert_eq!(account.failures, 1);
    }

    #[test]
    fn a_backwards_clock_opens_no_account() {
        /* FT-11 */
        let mut account = Lockout::default();
        for _ in 0..101 {
            account.fail(at(1_000));
        }
        assert_eq!(account.check(at(0)), refused(60));
        account.fail(at(0));
        assert_eq!(account.check(at(1_000)), refused(300));
    }
}
