//! Everything the authority over one user's sessions knows and decides, as a state machine: the host
//! keeps one in memory for each user and writes down what a step has changed before it answers.
//!
//! A session is alive exactly while it is in the book; whatever ends it takes it out. So nothing has to
//! be remembered about ended sessions, and a lost record can only refuse (TK-15, TK-17). What is
//! remembered about single tokens of a live session goes with the session.

mod steps;

use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use serde::{Deserialize, Serialize};

use super::{
    Challenge, EndedSessions, Ending, NewSession, Opened, SessionProof, SessionRecord,
    refresh_family::{Presented, RefreshFamily},
    refresh_token::RefreshHash,
};
use crate::{
    id::{SessionId, SessionStamp, TokenId},
    throttle::{BanPolicy, Standing, Violation},
    time::{Lifetime, UnixSeconds},
};

/// Most live sessions of one user. The next one ends whichever was used longest ago, so that a script
/// that signs in for ever can not fill the store.
pub const MAX_SESSIONS: usize = 1_000;

/// Most tokens of one session that are revoked one by one. One more ends the session: that is at least
/// as strict, and bounded.
const MAX_REVOKED_TOKENS: usize = 64;

/// How often a session's last sign of life is written down.
const SEEN_EVERY: Lifetime = Lifetime::from_minutes(1);

/// How long the step of an accepted TOTP code is remembered. Codes are good for a minute; the rest is
/// for clocks that go wrong.
const STEP_REMEMBERED: Lifetime = Lifetime::from_days(1);

/// The book of one user.
#[derive(Debug, Default)]
pub struct Book {
    account: AccountState,
    sessions: BTreeMap<SessionId, LiveSession>,
    uses: BTreeMap<UseKey, Option<UnixSeconds>>,
    /// The latest instant that was heard of: a clock that runs backwards revives nothing (FT-11).
    latest: Option<UnixSeconds>,
    changes: Changes,
}

/// What is known of the user apart from the sessions; stored as one value.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct AccountState {
    stamp: Option<SessionStamp>,
    standing: Standing,
    totp_step: Option<AcceptedStep>,
    /// How often all sessions of the deployment have been ended, as far as this book has heard.
    #[serde(default)]
    epoch: u32,
    /// Steps that wait to be taken, oldest first.
    #[serde(default)]
    challenges: Vec<Challenge>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct AcceptedStep {
    step: u64,
    at: UnixSeconds,
}

/// A live session; stored as one value.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LiveSession {
    record: SessionRecord,
    idle_limit: Lifetime,
    credential_version: u32,
    #[serde(default)]
    epoch: u32,
    refresh: Option<RefreshFamily>,
    revoked: Vec<RevokedToken>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct RevokedToken {
    jti: TokenId,
    /// The token's own expiry; `None` for as long as the session lives.
    until: Option<UnixSeconds>,
}

/// Names something that works once: what kind of thing, and a digest of the thing.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct UseKey {
    /// Such as `backup_code`.
    pub purpose: String,
    /// A digest, so that the store holds no codes.
    pub digest: String,
}

/// What steps have changed since the last time that it was written down.
#[derive(Debug, Default)]
pub struct Changes {
    /// Whether the account's own value is another.
    pub account: bool,
    /// Sessions that are new, other or gone.
    pub sessions: BTreeSet<SessionId>,
    /// Uses that are new or forgotten.
    pub uses: BTreeSet<UseKey>,
}

impl Changes {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        !self.account && self.sessions.is_empty() && self.uses.is_empty()
    }
}

/// A refresh token's digest, and that of the successor that is derived from it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RefreshUse {
    /// What was presented.
    pub presented: RefreshHash,
    /// What replaces it.
    pub successor: RefreshHash,
}

/// A refresh as far as the book knows about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BookRefresh<'a> {
    /// The account is banned.
    Banned {
        /// Until when.
        until: UnixSeconds,
    },
    /// There is no such session.
    Ended,
    /// The token was used twice; the session has been ended.
    Reused,
    /// The successor is current.
    Rotated {
        /// The generation.
        stamp: SessionStamp,
        /// The session.
        session: &'a SessionRecord,
    },
}

impl Book {
    /// The book as it was written down.
    pub fn restore(
        account: AccountState,
        sessions: impl IntoIterator<Item = LiveSession>,
        uses: impl IntoIterator<Item = (UseKey, Option<UnixSeconds>)>,
    ) -> Self {
        let sessions: BTreeMap<_, _> =
            sessions.into_iter().map(|session| (session.record.id, session)).collect();
        let latest = sessions.values().map(|session| session.record.last_seen_at).max();
        Self { account, sessions, uses: uses.into_iter().collect(), latest, changes: Changes::default() }
    }

    /// The account's own value, to be written down.
    pub const fn account(&self) -> &AccountState {
        &self.account
    }

    /// A session, to be written down; `None` when it is to be deleted.
    pub fn session(&self, id: SessionId) -> Option<&LiveSession> {
        self.sessions.get(&id)
    }

    /// Until when a use is remembered, to be written down; `None` when it is to be deleted.
    pub fn remembered_use(&self, key: &UseKey) -> Option<Option<UnixSeconds>> {
        self.uses.get(key).copied()
    }

    /// Hands over what is to be written down. Whoever fails to write it has to drop the book.
    pub fn take_changes(&mut self) -> Changes {
        core::mem::take(&mut self.changes)
    }

    /// Opens a session. `fresh` becomes the generation if there is none.
    pub fn open(&mut self, new: NewSession, fresh: SessionStamp) -> Opened {
        let now = self.at_least(new.created_at);
        self.forget_dead(now);
        if let Some(until) = self.account.standing.banned_until(now) {
            return Opened::Banned { until };
        }
        while self.sessions.len() >= MAX_SESSIONS {
            let stalest = self.sessions.values().min_by_key(|session| session.record.last_seen_at);
            let Some(id) = stalest.map(|session| session.record.id) else { break };
            self.take_out(id);
        }
        let session = LiveSession {
            record: SessionRecord {
                id: new.id,
                method: new.method,
                created_at: now,
                last_seen_at: now,
                ends_at: new.ends_at,
                mfa_verified: new.mfa_verified,
                provider_session: new.provider_session,
                network: new.network,
                user_agent: new.user_agent,
            },
            idle_limit: new.idle_limit,
            credential_version: new.credential_version,
            epoch: new.epoch,
            refresh: new.refresh.map(RefreshFamily::new),
            revoked: Vec::new(),
        };
        // One that began before all were ended is over already.
        if new.epoch >= self.account.epoch {
            self.sessions.insert(new.id, session);
            self.changes.sessions.insert(new.id);
        }
        Opened::Session { stamp: self.stamp_or(fresh) }
    }

    /// Hears how often all sessions of the deployment have been ended: those that were opened before the last
    /// time are over. To be said before anything is asked about a session.
    pub fn begin_epoch(&mut self, epoch: u32) {
        if epoch <= self.account.epoch {
            return;
        }
        self.account.epoch = epoch;
        self.account.challenges.retain(|challenge| challenge.epoch >= epoch);
        self.changes.account = true;
        let over: Vec<_> = self
            .sessions
            .values()
            .filter(|session| session.epoch < epoch)
            .map(|session| session.record.id)
            .collect();
        for id in over {
            self.take_out(id);
        }
    }

    /// Whether the session behind a token is alive, given the version of the account's credential.
    /// Counts as a sign of life if it is.
    pub fn check(&mut self, proof: &SessionProof, credential_version: u32, now: UnixSeconds) -> bool {
        let now = self.at_least(now);
        if self.account.stamp != Some(proof.stamp) {
            return false;
        }
        let Some(session) = self.sessions.get_mut(&proof.session_id) else { return false };
        let alive = session.is_alive(now)
            && session.credential_version == credential_version
            && !session.revoked.iter().any(|revoked| revoked.jti == proof.token_id);
        if alive && now.since(session.record.last_seen_at) >= SEEN_EVERY {
            session.record.last_seen_at = now;
            self.changes.sessions.insert(proof.session_id);
        }
        alive
    }

    /// The live sessions, oldest first.
    pub fn list(&mut self, now: UnixSeconds) -> Vec<SessionRecord> {
        let now = self.at_least(now);
        let alive = self.sessions.values().filter(|session| session.is_alive(now));
        let mut records: Vec<_> = alive.map(|session| session.record.clone()).collect();
        records.sort_by_key(|record| (record.created_at, record.id));
        records
    }

    /// Ends one session.
    pub fn end(&mut self, id: SessionId) -> Ending {
        let provider_session = self.sessions.get(&id).and_then(|session| session.record.provider_session);
        if self.take_out(id) { Ending::Now { provider_session } } else { Ending::Before }
    }

    /// Ends all sessions but one; says which.
    pub fn end_others(&mut self, kept: SessionId, now: UnixSeconds) -> EndedSessions {
        let now = self.at_least(now);
        self.forget_dead(now);
        let others: Vec<_> = self.sessions.keys().copied().filter(|id| *id != kept).collect();
        self.take_all_out(&others)
    }

    fn take_all_out(&mut self, sessions: &[SessionId]) -> EndedSessions {
        let mut ended = EndedSessions::default();
        for id in sessions {
            if let Ending::Now { provider_session } = self.end(*id) {
                ended.count += 1;
                ended.provider_sessions.extend(provider_session);
            }
        }
        ended
    }

    /// Ends all sessions but one, which belongs to this version of the credential from now on. One that did not prove the
    /// version before it stays what it is: dead.
    pub fn keep(&mut self, kept: SessionId, credential_version: u32, now: UnixSeconds) -> EndedSessions {
        let ended = self.end_others(kept, now);
        let kept_session = self.sessions.get_mut(&kept);
        if let Some(session) = kept_session.filter(|kept| kept.credential_version + 1 == credential_version) {
            session.credential_version = credential_version;
            self.changes.sessions.insert(kept);
        }
        ended
    }

    /// Ends all sessions by starting a new generation, so that a token of an earlier one is dead even
    /// if its session's id came back (TK-16); says which.
    pub fn end_all(&mut self, fresh: SessionStamp, now: UnixSeconds) -> EndedSessions {
        let now = self.at_least(now);
        self.forget_dead(now);
        let all: Vec<_> = self.sessions.keys().copied().collect();
        // Without a generation no token was ever issued: there is nothing to write down.
        if self.account.stamp.is_none() && self.account.challenges.is_empty() {
            return EndedSessions::default();
        }
        self.account.stamp = Some(fresh);
        self.account.challenges.clear();
        self.changes.account = true;
        self.take_all_out(&all)
    }

    /// Revokes one token of a session, for as long as the token lives (TK-17).
    pub fn revoke_token(
        &mut self,
        session: SessionId,
        jti: TokenId,
        until: Option<UnixSeconds>,
        now: UnixSeconds,
    ) {
        let now = self.at_least(now);
        let Some(live) = self.sessions.get_mut(&session) else { return };
        live.revoked.retain(|revoked| revoked.jti != jti && revoked.until.is_none_or(|until| now < until));
        live.revoked.push(RevokedToken { jti, until });
        if live.revoked.len() > MAX_REVOKED_TOKENS {
            self.take_out(session);
        }
        self.changes.sessions.insert(session);
    }

    /// Takes a refresh token that we issued for a session. One step decides and rotates, so that of
    /// many at once exactly one begins the next generation of the family (SE-14 … SE-16).
    pub fn refresh(
        &mut self,
        id: SessionId,
        used: RefreshUse,
        credential_version: u32,
        now: UnixSeconds,
    ) -> BookRefresh<'_> {
        let now = self.at_least(now);
        if let Some(until) = self.account.standing.banned_until(now) {
            return BookRefresh::Banned { until };
        }
        let (Some(session), Some(stamp)) = (self.sessions.get_mut(&id), self.account.stamp) else {
            return BookRefresh::Ended;
        };
        if !session.is_alive(now) || session.credential_version != credential_version {
            self.take_out(id);
            return BookRefresh::Ended;
        }
        let presented =
            session.refresh.as_mut().map(|family| family.present(used.presented, used.successor, now));
        match presented {
            None => return BookRefresh::Ended,
            Some(Presented::Reused) => {
                self.take_out(id);
                return BookRefresh::Reused;
            }
            Some(Presented::Repeated) => {}
            Some(Presented::Rotated) => {
                session.record.last_seen_at = now;
                self.changes.sessions.insert(id);
            }
        }
        match self.sessions.get(&id) {
            Some(session) => BookRefresh::Rotated { stamp, session: &session.record },
            None => BookRefresh::Ended,
        }
    }

    /// Bans the account: no session until then, and those there are end.
    pub fn ban(&mut self, until: UnixSeconds, fresh: SessionStamp, now: UnixSeconds) {
        self.account.standing.ban(until);
        self.end_all(fresh, now);
    }

    /// Lifts a ban and forgets the violations that led to it.
    pub fn lift_ban(&mut self) {
        self.account.standing = Standing::default();
        self.changes.account = true;
    }

    /// Counts a violation; one too many bans the account.
    pub fn violate(
        &mut self,
        points: u32,
        policy: BanPolicy,
        fresh: SessionStamp,
        now: UnixSeconds,
    ) -> Violation {
        let now = self.at_least(now);
        let violation = self.account.standing.violate(points, policy, now);
        self.changes.account = true;
        if let Violation::Banned { .. } = violation {
            self.end_all(fresh, now);
        }
        violation
    }

    /// Drops what can not matter any more.
    pub fn forget_dead(&mut self, now: UnixSeconds) {
        let now = self.at_least(now);
        let dead: Vec<_> = self
            .sessions
            .values()
            .filter(|session| !session.is_alive(now))
            .map(|session| session.record.id)
            .collect();
        for id in dead {
            self.take_out(id);
        }
        let over: Vec<_> = self
            .uses
            .iter()
            .filter(|(_, until)| until.is_some_and(|until| until <= now))
            .map(|(key, _)| key.clone())
            .collect();
        for key in over {
            self.uses.remove(&key);
            self.changes.uses.insert(key);
        }
        if self.account.totp_step.is_some_and(|accepted| accepted.at.plus(STEP_REMEMBERED) <= now) {
            self.account.totp_step = None;
            self.changes.account = true;
        }
        self.changes.account |= self.account.standing.forget(now);
        let waiting = self.account.challenges.len();
        self.account.challenges.retain(|challenge| now < challenge.expires_at);
        self.changes.account |= self.account.challenges.len() < waiting;
    }

    /// When there will be something to forget; `None` when never.
    pub fn next_death(&self) -> Option<UnixSeconds> {
        let sessions = self.sessions.values().map(LiveSession::dies_at);
        let uses = self.uses.values().filter_map(|until| *until);
        let step = self.account.totp_step.map(|accepted| accepted.at.plus(STEP_REMEMBERED));
        let challenges = self.account.challenges.iter().map(|challenge| challenge.expires_at);
        sessions.chain(uses).chain(step).chain(challenges).chain(self.account.standing.forgotten_at()).min()
    }

    /// Whether nothing in the book matters: no session to protect, nothing to remember. The generation
    /// goes too; without sessions no token of it can be alive.
    pub fn is_blank(&self) -> bool {
        self.sessions.is_empty()
            && self.uses.is_empty()
            && self.account.totp_step.is_none()
            && self.account.challenges.is_empty()
            && self.account.standing == Standing::default()
    }

    fn at_least(&mut self, now: UnixSeconds) -> UnixSeconds {
        let now = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(now);
        now
    }

    fn stamp_or(&mut self, fresh: SessionStamp) -> SessionStamp {
        if let Some(stamp) = self.account.stamp {
            return stamp;
        }
        self.account.stamp = Some(fresh);
        self.changes.account = true;
        fresh
    }

    fn take_out(&mut self, id: SessionId) -> bool {
        let was_there = self.sessions.remove(&id).is_some();
        if was_there {
            self.changes.sessions.insert(id);
        }
        was_there
    }
}

impl LiveSession {
    fn is_alive(&self, now: UnixSeconds) -> bool {
        now < self.dies_at()
    }

    /// At its absolute end, or when it has been idle for too long.
    fn dies_at(&self) -> UnixSeconds {
        self.record.ends_at.min(self.record.last_seen_at.plus(self.idle_limit))
    }
}

#[cfg(test)]
mod tests;
