//! Answers of session authorities that this isolate may use again, for deployments that allow it
//! (`REVOCATION_CACHE_SECONDS`). Only positive ones, and never past what was configured.

use core::cell::RefCell;
use std::collections::HashMap;

use portico_core::{
    id::UserId,
    session::{Member, SessionProof},
    settings::Generations,
    time::{Lifetime, UnixSeconds},
};

/// What was asked. An answer of an older generation answers nothing.
pub(super) type Key = (SessionProof, Generations);

/// Most answers that are kept; when that many are young, new ones are not kept.
const MAX_ANSWERS: usize = 10_000;

thread_local! {
    static ANSWERS: RefCell<Answers> = RefCell::default();
}

/// What an authority has said about a proof no longer ago than `lifetime`.
pub(super) fn find(key: &Key, lifetime: Lifetime, now: UnixSeconds) -> Option<Box<Member>> {
    if lifetime.seconds() == 0 {
        return None;
    }
    ANSWERS.with_borrow(|answers| answers.find(key, lifetime, now))
}

/// Keeps what an authority has just said.
pub(super) fn keep(key: Key, member: &Member, lifetime: Lifetime, now: UnixSeconds) {
    if lifetime.seconds() > 0 {
        ANSWERS.with_borrow_mut(|answers| answers.keep(key, member.clone(), lifetime, now));
    }
}

/// Forgets what was said about a user: this isolate has just changed it.
pub(super) fn forget(user: UserId) {
    ANSWERS.with_borrow_mut(|answers| answers.0.retain(|(proof, _), _| proof.user_id != user));
}

#[derive(Debug, Default)]
struct Answers(HashMap<Key, (Member, UnixSeconds)>);

impl Answers {
    fn find(&self, key: &Key, lifetime: Lifetime, now: UnixSeconds) -> Option<Box<Member>> {
        let (member, said_at) = self.0.get(key)?;
        is_young(*said_at, lifetime, now).then(|| Box::new(member.clone()))
    }

    fn keep(&mut self, key: Key, member: Member, lifetime: Lifetime, now: UnixSeconds) {
        if self.0.len() >= MAX_ANSWERS {
            self.0.retain(|_, (_, said_at)| is_young(*said_at, lifetime, now));
        }
        if self.0.len() < MAX_ANSWERS {
            self.0.insert(key, (member, now));
        }
    }
}

/// A clock that ran backwards makes nothing young again (FT-11).
fn is_young(said_at: UnixSeconds, lifetime: Lifetime, now: UnixSeconds) -> bool {
    said_at <= now && now < said_at.plus(lifetime)
}
