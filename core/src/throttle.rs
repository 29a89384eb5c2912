//! Throttle counters as a pure function of state and time (TH-01, TH-02, TH-14).
//!
//! A window remembers when its attempts were spent. An attempt costs nothing once the window has
//! passed, so the limit is rolling: there is no bucket edge to wait for or to exploit.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::time::{Lifetime, UnixSeconds};

/// How many attempts a bucket grants in any period of the given length.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Limit {
    /// Attempts granted within one window.
    pub attempts: u32,
    /// Length of the window.
    pub window: Lifetime,
}

/// Sign-in attempts for one account from one network (Open WebUI contract §6; R-14).
pub const SIGN_IN_LIMIT: Limit = Limit { attempts: 15, window: Lifetime::from_minutes(3) };

/// Attempts from one network, whatever accounts they are for (TH-02).
pub const NETWORK_LIMIT: Limit = Limit { attempts: 100, window: Lifetime::from_minutes(15) };

/// The attempts that still count, oldest first.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Window(Vec<UnixSeconds>);

/// What became of one attempt.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Spent {
    /// The attempt may go on; it has been counted.
    Granted,
    /// The bucket is empty; nothing was counted.
    Refused {
        /// When an attempt will be granted again, at least one second.
        retry_after: Lifetime,
    },
}

impl Window {
    /// A window that holds the given attempts, in any order.
    pub fn of(mut attempts: Vec<UnixSeconds>) -> Self {
        attempts.sort_unstable();
        Self(attempts)
    }

    /// Counts one attempt at `now`, or refuses it. A clock that runs backwards neither frees nor
    /// costs anything: time is taken as at least that of the latest attempt (FT-11).
    pub fn spend(&mut self, limit: Limit, now: UnixSeconds) -> Spent {
        let now = self.0.last().map_or(now, |latest| now.max(*latest));
        self.0.retain(|attempt| attempt.plus(limit.window) > now);
        let granted = usize::try_from(limit.attempts).unwrap_or(usize::MAX);
        if self.0.len() < granted {
            self.0.push(now);
            return Spent::Granted;
        }
        let reopens = self.0.first().map_or(now, |oldest| oldest.plus(limit.window));
        Spent::Refused { retry_after: reopens.since(now).max(Lifetime::from_seconds(1)) }
    }

    /// The attempts that still counted at the last [`spend`](Self::spend), oldest first.
    pub fn attempts(&self) -> &[UnixSeconds] {
        &self.0
    }
}

/// Failures of one account from anywhere, and how long nobody may try because of them (TH-02).
///
/// The first hundred cost nothing here: they are what the narrower buckets let through. Each one after
/// that closes the account for a while, longer each time, never for good. Nobody's success opens it,
/// only time: whoever guesses can have an account of their own to succeed with (TH-13).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Lockout {
    failures: u32,
    last_failure_at: Option<UnixSeconds>,
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

    /// Counts a failure.
    pub fn fail(&mut self, now: UnixSeconds) {
        // A clock that runs backwards shortens nothing (FT-11).
        let now = self.last_failure_at.map_or(now, |last| now.max(last));
        if self.last_failure_at.is_some_and(|last| now >= last.plus(FORGOTTEN_AFTER)) {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
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

/// The three buckets of one attempt (TH-02): the account, the account from this network, the network.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SignInBuckets {
    /// The account, from anywhere.
    pub account: Lockout,
    /// The account from one network.
    pub account_and_network: Window,
    /// The network, for any account.
    pub network: Window,
}

impl SignInBuckets {
    /// Spends one attempt of all three, or of none.
    pub fn spend(&mut self, now: UnixSeconds) -> Spent {
        let (mut pair, mut network) = (self.account_and_network.clone(), self.network.clone());
        let verdicts =
            [self.account.check(now), pair.spend(SIGN_IN_LIMIT, now), network.spend(NETWORK_LIMIT, now)];
        let longest = verdicts.into_iter().filter_map(|verdict| match verdict {
            Spent::Granted => None,
            Spent::Refused { retry_after } => Some(retry_after),
        });
        if let Some(retry_after) = longest.max() {
            return Spent::Refused { retry_after };
        }
        (self.account_and_network, self.network) = (pair, network);
        Spent::Granted
    }

    /// The attempt failed.
    pub fn fail(&mut self, now: UnixSeconds) {
        self.account.fail(now);
    }

    /// The attempt succeeded: forgets what was spent for this account from this network, and nothing
    /// else (TH-13).
    pub fn succeed(&mut self) {
        self.account_and_network = Window::default();
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const LIMIT: Limit = Limit { attempts: 3, window: Lifetime::from_seconds(60) };

    fn at(seconds: i64) -> UnixSeconds {
        UnixSeconds::new(seconds)
    }

    fn refused(seconds: u64) -> Spent {
        Spent::Refused { retry_after: Lifetime::from_seconds(seconds) }
    }

    #[test]
    fn the_window_rolls() {
        /* TH-14 */
        let mut window = Window::default();
        for second in [0, 20, 40] {
            assert_eq!(window.spend(LIMIT, at(second)), Spent::Granted);
        }
        assert_eq!(window.spend(LIMIT, at(41)), refused(19));
        assert_eq!(window.spend(LIMIT, at(59)), refused(1));
        assert_eq!(window.spend(LIMIT, at(60)), Spent::Granted, "the first attempt has left the window");
        assert_eq!(window.spend(LIMIT, at(61)), refused(19), "the second leaves at 80");
    }

    #[test]
    fn refused_attempts_cost_nothing_so_the_window_really_ends() {
        /* TH-14 */
        let mut window = Window::default();
        for _ in 0..3 {
            window.spend(LIMIT, at(0));
        }
        for second in 1..60 {
            assert_eq!(window.spend(LIMIT, at(second)), refused(60 - second.unsigned_abs()));
        }
        assert_eq!(window.spend(LIMIT, at(60)), Spent::Granted);
    }

    #[test]
    fn a_clock_that_runs_backwards_frees_nothing() {
        /* FT-11 */
        let mut window = Window::default();
        for _ in 0..3 {
            window.spend(LIMIT, at(1_000));
        }
        assert_eq!(window.spend(LIMIT, at(0)), refused(60));
        assert_eq!(window.spend(LIMIT, at(1_059)), refused(1));
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

    #[test]
    fn the_narrowest_bucket_decides_and_a_refusal_spends_nothing() {
        /* TH-02 */
        let mut buckets = SignInBuckets::default();
        for _ in 0..15 {
            assert_eq!(buckets.spend(at(0)), Spent::Granted);
        }
        let spent = buckets.clone();
        assert_eq!(buckets.spend(at(10)), refused(170));
        assert_eq!(buckets, spent);
        // Another account from the same network has its own fifteen, until the network has spent its hundred.
        for _ in 0..85 {
            let mut other = SignInBuckets { network: buckets.network.clone(), ..SignInBuckets::default() };
            assert_eq!(other.spend(at(20)), Spent::Granted);
            buckets.network = other.network;
        }
        let mut other = SignInBuckets { network: buckets.network.clone(), ..SignInBuckets::default() };
        assert_eq!(other.spend(at(30)), refused(870));
    }

    #[test]
    fn success_forgets_this_account_from_this_network_and_nothing_else() {
        /* TH-13 */
        let mut buckets = SignInBuckets::default();
        for _ in 0..15 {
            buckets.spend(at(0));
            buckets.fail(at(0));
        }
        let (account, network) = (buckets.account, buckets.network.clone());
        buckets.succeed();
        assert_eq!(buckets, SignInBuckets { account, network, ..SignInBuckets::default() });
        assert_eq!(buckets.spend(at(1)), Spent::Granted);
    }
}
