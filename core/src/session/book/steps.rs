//! What works once or waits for a code: steps of TOTP codes, challenges on the way in, and whatever else is used up.

use alloc::{string::String, vec::Vec};

use super::{AcceptedStep, Book, UseKey};
use crate::{
    session::{
        Attempt, CHALLENGE_ATTEMPTS, Challenge, ChallengeLookup, Completed, Use, challenge::MAX_CHALLENGES,
    },
    time::UnixSeconds,
    totp::Step,
};

impl Book {
    /// Accepts the step of a TOTP code once, and no earlier step after it (MF-03).
    pub fn accept_step(&mut self, step: Step, now: UnixSeconds) -> Use {
        let now = self.at_least(now);
        if self.account.totp_step.is_some_and(|accepted| step.get() <= accepted.step) {
            return Use::Before;
        }
        self.account.totp_step = Some(AcceptedStep { step: step.get(), at: now });
        self.changes.account = true;
        Use::Now
    }

    /// Lets a step wait to be taken, in the place of one that the same token opens. A banned account has nothing to
    /// wait for.
    pub fn open_challenge(&mut self, challenge: Challenge, now: UnixSeconds) -> Option<UnixSeconds> {
        let now = self.at_least(now);
        if let Some(until) = self.account.standing.banned_until(now) {
            return Some(until);
        }
        self.account.challenges.retain(|known| now < known.expires_at && known.hash != challenge.hash);
        if self.account.challenges.len() >= MAX_CHALLENGES {
            self.account.challenges.remove(0);
        }
        self.account.challenges.push(challenge);
        self.changes.account = true;
        None
    }

    /// Looks a step up.
    pub fn find_challenge(&mut self, hash: &str, attempt: Attempt, now: UnixSeconds) -> ChallengeLookup {
        let now = self.at_least(now);
        let Some(challenge) = self.live_challenge(hash, now) else { return ChallengeLookup::Gone };
        if attempt == Attempt::Free {
            return ChallengeLookup::Alive(challenge.clone());
        }
        challenge.attempts += 1;
        let found = if challenge.attempts > CHALLENGE_ATTEMPTS {
            ChallengeLookup::Spent
        } else {
            ChallengeLookup::Alive(challenge.clone())
        };
        if found == ChallengeLookup::Spent {
            self.account.challenges.retain(|known| known.hash != hash);
        }
        self.changes.account = true;
        found
    }

    /// Keeps a new factor's secret with the step that sets it up; an earlier one stays. Gives the one that is kept.
    pub fn stage_factor(&mut self, hash: &str, staged: String, now: UnixSeconds) -> Option<String> {
        let now = self.at_least(now);
        let challenge = self.live_challenge(hash, now)?;
        if challenge.staged.is_none() {
            challenge.staged = Some(staged);
            let kept = challenge.staged.clone();
            self.changes.account = true;
            return kept;
        }
        challenge.staged.clone()
    }

    /// Takes a step, once: with the code of this step of time, if it is one (MF-03, MF-06).
    pub fn complete_challenge(&mut self, hash: &str, step: Option<Step>, now: UnixSeconds) -> Completed {
        let now = self.at_least(now);
        if self.live_challenge(hash, now).is_none() {
            return Completed::No;
        }
        if let Some(step) = step
            && self.accept_step(step, now) == Use::Before
        {
            return Completed::No;
        }
        self.account.challenges.retain(|known| known.hash != hash);
        self.changes.account = true;
        Completed::Yes
    }

    fn live_challenge(&mut self, hash: &str, now: UnixSeconds) -> Option<&mut Challenge> {
        self.account.challenges.iter_mut().find(|known| known.hash == hash && now < known.expires_at)
    }

    /// Uses something that works once. Remembered until then; `None` until it is
    /// [forgotten](Self::forget_uses).
    pub fn use_once(&mut self, key: UseKey, until: Option<UnixSeconds>, now: UnixSeconds) -> Use {
        let now = self.at_least(now);
        self.forget_dead(now);
        if self.uses.contains_key(&key) {
            return Use::Before;
        }
        self.changes.uses.insert(key.clone());
        self.uses.insert(key, until);
        Use::Now
    }

    /// Forgets all uses of one purpose, because none of these things works any more.
    pub fn forget_uses(&mut self, purpose: &str) {
        let gone: Vec<_> = self.uses.keys().filter(|key| key.purpose == purpose).cloned().collect();
        for key in gone {
            self.uses.remove(&key);
            self.changes.uses.insert(key);
        }
    }
}
