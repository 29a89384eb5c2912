use serde::{Deserialize, Serialize};

use crate::time::{Lifetime, UnixSeconds};

/// When violations ban an account, and for how long (LibreChat contract §8).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct BanPolicy {
    /// Points that lead to a ban, each time that many are full; at least one.
    pub interval: u32,
    /// How long a ban lasts.
    pub duration: Lifetime,
    /// How long the account has to behave until its points are forgotten.
    pub decay: Lifetime,
}

impl BanPolicy {
    /// 20 points, two hours, one hour.
    pub const DEFAULT: Self =
        Self { interval: 20, duration: Lifetime::from_minutes(120), decay: Lifetime::from_minutes(60) };
}

/// What an account is known for: its violations, and the ban they led to. A ban is the longest step of
/// the throttles; it is the account's, never that of everybody behind its address.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Standing {
    points: u32,
    /// When the points are forgotten.
    points_until: Option<UnixSeconds>,
    banned_until: Option<UnixSeconds>,
}

/// What a violation led to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Violation {
    /// The account is banned now.
    Banned {
        /// Until when.
        until: UnixSeconds,
    },
    /// It was counted.
    Counted,
}

impl Standing {
    /// Until when the account is banned; `None` when it is not.
    pub fn banned_until(&self, now: UnixSeconds) -> Option<UnixSeconds> {
        self.banned_until.filter(|until| now < *until)
    }

    /// Bans the account until then, at least.
    pub fn ban(&mut self, until: UnixSeconds) {
        self.banned_until = self.banned_until.max(Some(until));
    }

    /// Counts a violation. A ban follows whenever the points fill another interval.
    pub fn violate(&mut self, points: u32, policy: BanPolicy, now: UnixSeconds) -> Violation {
        if self.points_until.is_some_and(|until| until <= now) {
            self.points = 0;
        }
        let interval = policy.interval.max(1);
        let before = self.points / interval;
        self.points = self.points.saturating_add(points);
        self.points_until = Some(now.plus(policy.decay));
        if self.points / interval == before {
            return Violation::Counted;
        }
        let until = now.plus(policy.duration);
        self.ban(until);
        Violation::Banned { until: self.banned_until.unwrap_or(until) }
    }

    /// Drops what is over; says whether anything was.
    pub fn forget(&mut self, now: UnixSeconds) -> bool {
        let before = *self;
        if self.points_until.is_some_and(|until| until <= now) {
            (self.points, self.points_until) = (0, None);
        }
        if self.banned_until.is_some_and(|until| until <= now) {
            self.banned_until = None;
        }
        *self != before
    }

    /// When something of it will be over next.
    pub fn forgotten_at(&self) -> Option<UnixSeconds> {
        [self.points_until, self.banned_until].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const POLICY: BanPolicy = BanPolicy::DEFAULT;

    fn at(seconds: i64) -> UnixSeconds {
        UnixSeconds::new(seconds)
    }

    #[test]
    fn each_full_interval_bans_again() {
        let mut standing = Standing::default();
        for _ in 0..19 {
            assert_eq!(standing.violate(1, POLICY, at(0)), Violation::Counted);
        }
        assert_eq!(standing.banned_until(at(0)), None);
        assert_eq!(standing.violate(1, POLICY, at(0)), Violation::Banned { until: at(7_200) });
        assert_eq!(standing.banned_until(at(7_199)), Some(at(7_200)));
        assert_eq!(standing.banned_until(at(7_200)), None);
        assert_eq!(standing.violate(19, POLICY, at(60)), Violation::Counted);
        assert_eq!(standing.violate(41, POLICY, at(60)), Violation::Banned { until: at(7_260) });
    }

    #[test]
    fn points_are_forgotten_and_bans_are_not_shortened() {
        let mut standing = Standing::default();
        standing.violate(19, POLICY, at(0));
        assert_eq!(standing.violate(1, POLICY, at(3_600)), Violation::Counted, "an hour of peace");
        standing.ban(at(100_000));
        assert_eq!(standing.violate(19, POLICY, at(3_600)), Violation::Banned { until: at(100_000) });
        assert!(!standing.forget(at(3_601)));
        assert_eq!(standing.forgotten_at(), Some(at(7_200)));
        assert!(standing.forget(at(100_000)));
        assert_eq!(standing, Standing::default());
    }

    #[test]
    fn an_interval_of_zero_does_not_divide_by_it() {
        let policy = BanPolicy { interval: 0, ..POLICY };
        assert!(matches!(Standing::default().violate(1, policy, at(0)), Violation::Banned { .. }));
    }
}
