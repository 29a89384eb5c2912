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

/// The attempts that still count, oldest first.
///
/// An attempt costs nothing once the window has passed, so the limit is rolling: there is no edge to wait
/// for or to exploit.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Window(Vec<Attempt>);

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Attempt {
    at: UnixSeconds,
    /// What it was for, where repeating it costs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<u64>,
}

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

/// An attempt, and what is left of its limit.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Metered {
    /// What became of it.
    pub spent: Spent,
    /// How many more are granted now.
    pub left: u32,
    /// When the oldest attempt stops counting.
    pub resets_at: UnixSeconds,
}

impl Metered {
    /// What whoever counts for itself knows, without the others.
    pub const fn unknown(spent: Spent, now: UnixSeconds) -> Self {
        Self { spent, left: 0, resets_at: now }
    }
}

impl Spent {
    /// Both have to grant; the longer wait counts.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Granted, verdict) | (verdict, Self::Granted) => verdict,
            (Self::Refused { retry_after: one }, Self::Refused { retry_after: two }) => {
                Self::Refused { retry_after: one.max(two) }
            }
        }
    }
}

impl Window {
    /// Counts one attempt at `now`, or refuses it. A clock that runs backwards neither frees nor
    /// costs anything: time is taken as at least that of the latest attempt (FT-11).
    pub fn spend(&mut self, limit: Limit, now: UnixSeconds) -> Spent {
        self.spend_on(limit, None, now)
    }

    /// The same for an attempt on a subject: within the window a repetition is free, because it tells
    /// nobody anything new.
    pub fn spend_on(&mut self, limit: Limit, subject: Option<u64>, now: UnixSeconds) -> Spent {
        let now = self.0.last().map_or(now, |latest| now.max(latest.at));
        self.0.retain(|attempt| attempt.at.plus(limit.window) > now);
        if subject.is_some() && self.0.iter().any(|attempt| attempt.subject == subject) {
            return Spent::Granted;
        }
        let granted = usize::try_from(limit.attempts).unwrap_or(usize::MAX);
        if self.0.len() < granted {
            self.0.push(Attempt { at: now, subject });
            return Spent::Granted;
        }
        let reopens = self.0.first().map_or(now, |oldest| oldest.at.plus(limit.window));
        Spent::Refused { retry_after: reopens.since(now).max(Lifetime::from_seconds(1)) }
    }

    /// The same as [`spend`](Self::spend), with what is left afterwards.
    pub fn meter(&mut self, limit: Limit, now: UnixSeconds) -> Metered {
        let spent = self.spend(limit, now);
        let used = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let resets_at = self.0.first().map_or(now, |oldest| oldest.at.plus(limit.window));
        Metered { spent, left: limit.attempts.saturating_sub(used), resets_at }
    }

    /// Takes the latest attempt back: it turned out not to be what the limit is for.
    pub fn give_back(&mut self) {
        self.0.pop();
    }

    /// When the last attempt will have left the window; `None` when there is none.
    pub fn empty_at(&self, limit: Limit) -> Option<UnixSeconds> {
        self.0.last().map(|latest| latest.at.plus(limit.window))
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
    fn repeating_a_subject_is_free_and_another_one_is_not() {
        /* TH-11 */
        let mut window = Window::default();
        for subject in [1, 1, 2, 2, 3, 1, 3] {
            assert_eq!(window.spend_on(LIMIT, Some(subject), at(0)), Spent::Granted);
        }
        assert_eq!(window.spend_on(LIMIT, Some(4), at(1)), refused(59));
        assert_eq!(window.spend_on(LIMIT, Some(2), at(1)), Spent::Granted);
        assert_eq!(window.spend_on(LIMIT, Some(4), at(60)), Spent::Granted, "the window has passed");
    }

    #[test]
    fn what_is_given_back_is_one_attempt_and_not_the_window() {
        /* TH-13 */
        let mut window = Window::default();
        for second in [0, 10, 20] {
            window.spend(LIMIT, at(second));
        }
        window.give_back();
        assert_eq!(window.spend(LIMIT, at(21)), Spent::Granted);
        assert_eq!(window.spend(LIMIT, at(22)), refused(38));
    }

    #[test]
    fn two_verdicts_make_the_stricter_one() {
        assert_eq!(Spent::Granted.and(Spent::Granted), Spent::Granted);
        assert_eq!(Spent::Granted.and(refused(3)), refused(3));
        assert_eq!(refused(7).and(refused(3)), refused(7));
    }
}
