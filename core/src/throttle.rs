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

#[cfg(test)]
mod tests {
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
}
