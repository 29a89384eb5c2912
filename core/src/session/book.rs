//! Everything the authority over one user's sessions knows and decides, as a state machine: the host
//! keeps one in memory for each user and writes down what a step has changed before it answers.
//!
//! A session is alive exactly while it is in the book; whatever ends it takes it out. So nothing has to
//! be remembered about ended sessions, and a lost record can only refuse (TK-15, TK-17). What is
//! remembered about single tokens of a live session goes with the session.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use serde::{Deserialize, Serialize};

use super::{
    Ending, NewSession, Opened, SessionProof, SessionRecord, Use,
    refresh_family::{Presented, RefreshFamily},
    refresh_token::RefreshHash,
};
use crate::{
    id::{SessionId, SessionStamp, TokenId},
    throttle::{BanPolicy, Standing, Violation},
    time::{Lifetime, UnixSeconds},
    totp::Step,
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
                network: new.network,
                user_agent: new.user_agent,
            },
            idle_limit: new.idle_limit,
            credential_version: new.credential_version,
            refresh: new.refresh.map(RefreshFamily::new),
            revoked: Vec::new(),
        };
        self.sessions.insert(new.id, session);
        self.changes.sessions.insert(new.id);
        Opened::Session { stamp: self.stamp_or(fresh) }
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
        if self.take_out(id) { Ending::Now } else { Ending::Before }
    }

    /// Ends all sessions but one; says how many.
    pub fn end_others(&mut self, kept: SessionId, now: UnixSeconds) -> usize {
        let now = self.at_least(now);
        self.forget_dead(now);
        let others: Vec<_> = self.sessions.keys().copied().filter(|id| *id != kept).collect();
        others.iter().filter(|id| self.take_out(**id)).count()
    }

    /// Ends all sessions by starting a new generation, so that a token of an earlier one is dead even
    /// if its session's id came back (TK-16); says how many.
    pub fn end_all(&mut self, fresh: SessionStamp, now: UnixSeconds) -> usize {
        let now = self.at_least(now);
        self.forget_dead(now);
        let all: Vec<_> = self.sessions.keys().copied().collect();
        // Without a generation no token was ever issued: there is nothing to write down.
        if self.account.stamp.is_none() {
            return 0;
        }
        self.account.stamp = Some(fresh);
        self.changes.account = true;
        all.iter().filter(|id| self.take_out(**id)).count()
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
    }

    /// When there will be something to forget; `None` when never.
    pub fn next_death(&self) -> Option<UnixSeconds> {
        let sessions = self.sessions.values().map(LiveSession::dies_at);
        let uses = self.uses.values().filter_map(|until| *until);
        let step = self.account.totp_step.map(|accepted| accepted.at.plus(STEP_REMEMBERED));
        sessions.chain(uses).chain(step).chain(self.account.standing.forgotten_at()).min()
    }

    /// Whether nothing in the book matters: no session to protect, nothing to remember. The generation
    /// goes too; without sessions no token of it can be alive.
    pub fn is_blank(&self) -> bool {
        self.sessions.is_empty()
            && self.uses.is_empty()
            && self.account.totp_step.is_none()
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
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        id::UserId,
        memory::Memory,
        secret::RootSecret,
        session::{AuthMethod, LOST_ANSWER_TOLERANCE, RefreshKeys, RefreshToken},
    };
    use alloc::string::ToString as _;

    const START: UnixSeconds = UnixSeconds::new(1_800_000_000);
    const IDLE: Lifetime = Lifetime::from_days(30);

    fn after(seconds: u64) -> UnixSeconds {
        START.plus(Lifetime::from_seconds(seconds))
    }

    fn id(number: u8) -> [u8; 16] {
        [number; 16]
    }

    fn stamp(number: u8) -> SessionStamp {
        SessionStamp::from_bytes(id(number))
    }

    fn session(number: u8) -> SessionId {
        SessionId::from_bytes(id(number))
    }

    fn new_session(number: u8, at: UnixSeconds) -> NewSession {
        NewSession {
            id: session(number),
            user_id: UserId::from_bytes(id(1)),
            credential_version: 1,
            method: AuthMethod::Password,
            created_at: at,
            ends_at: at.plus(Lifetime::from_days(365)),
            idle_limit: IDLE,
            refresh: None,
            network: "203.0.113.7/32".to_string(),
            user_agent: "test".to_string(),
        }
    }

    fn proof(number: u8, generation: u8) -> SessionProof {
        SessionProof {
            user_id: UserId::from_bytes(id(1)),
            session_id: session(number),
            stamp: stamp(generation),
            token_id: TokenId::from_bytes(id(number)),
        }
    }

    /// A book with sessions of the first generation.
    fn with_sessions(numbers: &[u8]) -> Book {
        let mut book = Book::default();
        for number in numbers {
            let opened = book.open(new_session(*number, START), stamp(1));
            assert_eq!(opened, Opened::Session { stamp: stamp(1) });
        }
        book
    }

    /// The book as it comes back from the store.
    fn restored(book: &Book) -> Book {
        Book::restore(
            book.account.clone(),
            book.sessions.values().cloned(),
            book.uses.iter().map(|(key, until)| (key.clone(), *until)),
        )
    }

    #[test]
    fn a_session_ends_when_idle_and_at_its_absolute_end() {
        /* R-04, SE-05 */
        let mut book = with_sessions(&[1]);
        let mut now = START;
        // Used every 29 days it lives for a year, and not a second longer.
        for _ in 0..12 {
            now = now.plus(Lifetime::from_days(29));
            assert!(book.check(&proof(1, 1), 1, now));
        }
        let end = START.plus(Lifetime::from_days(365));
        assert!(book.check(&proof(1, 1), 1, UnixSeconds::new(end.get() - 1)));
        assert!(!book.check(&proof(1, 1), 1, end));
        let mut idle = with_sessions(&[1]);
        assert!(!idle.check(&proof(1, 1), 1, START.plus(IDLE)));
    }

    #[test]
    fn a_backwards_clock_revives_nothing() {
        /* FT-11 */
        let mut book = with_sessions(&[1]);
        assert!(!book.check(&proof(1, 1), 1, START.plus(IDLE)));
        assert!(!book.check(&proof(1, 1), 1, START));
    }

    #[test]
    fn a_new_generation_ends_everything_even_a_session_whose_id_comes_back() {
        /* TK-16 */
        let mut book = with_sessions(&[1, 2]);
        assert_eq!(book.end_all(stamp(2), START), 2);
        assert!(!book.check(&proof(1, 1), 1, START));
        book.open(new_session(1, START), stamp(9));
        assert!(!book.check(&proof(1, 1), 1, START), "the token of the first generation");
        assert!(book.check(&proof(1, 2), 1, START));
        assert!(!book.check(&proof(1, 9), 1, START), "there is a generation already");
    }

    #[test]
    fn a_session_of_an_older_password_is_dead_even_if_it_was_opened_too_late_to_be_ended() {
        /* PW-14 */
        let mut book = Book::default();
        book.end_all(stamp(1), START);
        book.open(new_session(1, START), stamp(9));
        assert!(book.check(&proof(1, 9), 1, START));
        assert!(!book.check(&proof(1, 9), 2, START));
    }

    #[test]
    fn a_revoked_token_is_dead_and_its_session_is_not() {
        /* TK-17 */
        let mut book = with_sessions(&[1]);
        let (old, new) = (proof(1, 1), SessionProof { token_id: TokenId::from_bytes(id(7)), ..proof(1, 1) });
        book.revoke_token(session(1), old.token_id, None, START);
        assert!(!book.check(&old, 1, START));
        assert!(book.check(&new, 1, START));
        let mut book = restored(&book);
        assert!(!book.check(&old, 1, after(86_400)), "as long as the session lives");
        for number in 0..=200 {
            let jti = TokenId::from_bytes(id(number));
            book.revoke_token(session(1), jti, Some(after(10)), after(u64::from(number)));
        }
        assert!(book.check(&new, 1, after(200)), "tokens that have expired are not remembered");
        for number in 0..=64 {
            book.revoke_token(session(1), TokenId::from_bytes(id(number)), None, after(200));
        }
        assert!(!book.check(&new, 1, after(200)), "one too many ends the session");
    }

    #[test]
    fn ten_thousand_sign_ins_leave_no_more_than_the_live_sessions() {
        let mut book = Book::default();
        let entropy = Memory::default();
        for number in 0..10_000 {
            let at = after(number * 60);
            let short = NewSession {
                id: SessionId::random(&entropy).unwrap(),
                ends_at: at.plus(Lifetime::from_minutes(5)),
                ..new_session(1, at)
            };
            book.open(short, stamp(1));
        }
        assert_eq!(book.sessions.len(), 5);
        for _ in 0..MAX_SESSIONS {
            let long =
                NewSession { id: SessionId::random(&entropy).unwrap(), ..new_session(1, after(600_000)) };
            book.open(long, stamp(1));
        }
        assert_eq!(book.sessions.len(), MAX_SESSIONS, "the ones used longest ago have made room");
    }

    #[test]
    fn signs_of_life_are_written_once_a_minute() {
        let mut book = with_sessions(&[1]);
        book.take_changes();
        assert!(book.check(&proof(1, 1), 1, after(59)));
        assert!(book.take_changes().is_empty());
        assert!(book.check(&proof(1, 1), 1, after(60)));
        assert_eq!(book.take_changes().sessions.len(), 1);
        assert_eq!(book.list(after(60)).first().unwrap().last_seen_at, after(60));
    }

    #[test]
    fn ending_others_keeps_one() {
        /* SE-19 */
        let mut book = with_sessions(&[1, 2, 3]);
        assert_eq!(book.end_others(session(2), START), 2);
        assert_eq!(book.list(START).iter().map(|record| record.id).collect::<Vec<_>>(), [session(2)]);
        assert!(book.check(&proof(2, 1), 1, START));
        assert_eq!(book.end(session(2)), Ending::Now);
        assert_eq!(book.end(session(2)), Ending::Before);
    }

    /// A session with a family, and a way to present its tokens.
    struct Family {
        book: Book,
        keys: RefreshKeys,
        tokens: Vec<RefreshToken>,
    }

    #[derive(Debug, Eq, PartialEq)]
    enum Is {
        Rotated,
        Reused,
        Ended,
    }

    impl Family {
        /// With the first five tokens of the family.
        fn new() -> Self {
            let keys = RefreshKeys::derived(&RootSecret::parse(&"portico ".repeat(4)).unwrap());
            let first = keys.issue(UserId::from_bytes(id(1)), session(1), &Memory::default()).unwrap();
            let mut tokens = alloc::vec![first];
            for _ in 0..4 {
                tokens.push(keys.successor(tokens.last().unwrap()));
            }
            let mut book = Book::default();
            let hash = tokens.first().unwrap().hash();
            book.open(NewSession { refresh: Some(hash), ..new_session(1, START) }, stamp(1));
            Self { book, keys, tokens }
        }

        fn present(&mut self, token: usize, now: UnixSeconds) -> Is {
            let token = &self.tokens[token];
            let used = RefreshUse { presented: token.hash(), successor: self.keys.successor(token).hash() };
            match self.book.refresh(session(1), used, 1, now) {
                BookRefresh::Rotated { .. } => Is::Rotated,
                BookRefresh::Reused => Is::Reused,
                BookRefresh::Ended | BookRefresh::Banned { .. } => Is::Ended,
            }
        }
    }

    /// What is presented, in order, with seconds between; and what comes of the last one.
    #[test]
    fn the_state_table_of_refreshing() {
        /* SE-14, SE-15, SE-16 */
        let tolerance = LOST_ANSWER_TOLERANCE.seconds();
        let table: [(&[(usize, u64)], Is); 12] = [
            (&[(0, 0)], Is::Rotated),
            (&[(0, 0), (1, 60)], Is::Rotated),
            (&[(0, 0), (1, 60), (2, 60)], Is::Rotated),
            (&[(1, 0)], Is::Reused),
            // The answer was lost, and the client asks again in time; any number of times.
            (&[(0, 0), (0, tolerance)], Is::Rotated),
            (&[(0, 0), (0, 3), (0, 3), (0, 4)], Is::Rotated),
            (&[(0, 0), (0, 3), (1, 1)], Is::Rotated),
            // Asking again does not start the tolerance anew.
            (&[(0, 0), (0, 6), (0, 5)], Is::Reused),
            // Too late, or the successor was used: two holders.
            (&[(0, 0), (0, tolerance + 1)], Is::Reused),
            (&[(0, 0), (1, 1), (0, 1)], Is::Reused),
            (&[(0, 0), (1, 1), (2, 1), (0, 1)], Is::Reused),
            // The family is over for both of them.
            (&[(0, 0), (1, 1), (0, 1), (2, 1)], Is::Ended),
        ];
        for (steps, expected) in table {
            let (mut family, mut at, mut last) = (Family::new(), 0, Is::Ended);
            for (token, wait) in steps {
                at += wait;
                // What was acknowledged survives a restart at any point.
                family.book = restored(&family.book);
                last = family.present(*token, after(at));
            }
            assert_eq!(last, expected, "{steps:?}");
            let alive = family.book.check(&proof(1, 1), 1, after(at));
            assert_eq!(alive, expected == Is::Rotated, "{steps:?}");
        }
    }

    #[test]
    fn a_refresh_needs_a_live_session_and_the_present_password() {
        /* SE-17 */
        let mut family = Family::new();
        assert_eq!(family.present(0, START.plus(IDLE)), Is::Ended);
        let mut family = Family::new();
        let (first, second) = (&family.tokens[0], &family.tokens[1]);
        let used = RefreshUse { presented: first.hash(), successor: second.hash() };
        assert_eq!(family.book.refresh(session(1), used, 2, START), BookRefresh::Ended);
        let mut without_family = with_sessions(&[1]);
        let used = RefreshUse { presented: first.hash(), successor: second.hash() };
        assert_eq!(without_family.refresh(session(1), used, 1, START), BookRefresh::Ended);
    }

    #[test]
    fn a_ban_ends_what_is_there_and_opens_nothing_until_it_is_over() {
        let mut book = with_sessions(&[1]);
        let policy = BanPolicy { interval: 3, ..BanPolicy::DEFAULT };
        assert_eq!(book.violate(2, policy, stamp(2), START), Violation::Counted);
        assert!(book.check(&proof(1, 1), 1, START));
        let until = START.plus(policy.duration);
        assert_eq!(book.violate(1, policy, stamp(2), START), Violation::Banned { until });
        assert!(!book.check(&proof(1, 1), 1, START));
        assert_eq!(book.open(new_session(2, after(10)), stamp(3)), Opened::Banned { until });
        assert_eq!(restored(&book).open(new_session(2, after(10)), stamp(3)), Opened::Banned { until });
        assert_eq!(book.open(new_session(2, until), stamp(3)), Opened::Session { stamp: stamp(2) });
        book.ban(until.plus(policy.duration), stamp(4), until);
        book.lift_ban();
        assert_eq!(book.open(new_session(3, until), stamp(3)), Opened::Session { stamp: stamp(4) });
    }

    #[test]
    fn what_works_once_works_once() {
        /* MF-03, MF-11 */
        let mut book = Book::default();
        let key = |digest: &str| UseKey { purpose: "backup_code".to_string(), digest: digest.to_string() };
        assert_eq!(book.use_once(key("a"), None, START), Use::Now);
        assert_eq!(book.use_once(key("a"), None, START), Use::Before);
        assert_eq!(book.use_once(key("b"), Some(after(10)), START), Use::Now);
        assert_eq!(restored(&book).use_once(key("b"), Some(after(10)), after(9)), Use::Before);
        book.forget_uses("backup_code");
        assert_eq!(book.use_once(key("a"), None, START), Use::Now);
        let step = |seconds| Step::at(after(seconds));
        assert_eq!(book.accept_step(step(60), START), Use::Now);
        assert_eq!(book.accept_step(step(60), START), Use::Before);
        assert_eq!(restored(&book).accept_step(step(30), START), Use::Before, "an earlier one");
        assert_eq!(book.accept_step(step(90), START), Use::Now);
    }

    #[test]
    fn what_is_remembered_for_good_keeps_the_book() {
        /* MF-11 */
        let mut book = with_sessions(&[1]);
        book.use_once(UseKey { purpose: "backup_code".to_string(), digest: "a".to_string() }, None, START);
        book.forget_dead(START.plus(Lifetime::from_days(400)));
        assert_eq!(book.next_death(), None);
        assert!(!book.is_blank(), "the used code is still used");
    }

    #[test]
    fn in_the_end_nothing_is_left() {
        let mut book = with_sessions(&[1]);
        book.use_once(
            UseKey { purpose: "reset".to_string(), digest: "a".to_string() },
            Some(after(100)),
            START,
        );
        book.accept_step(Step::at(START), START);
        book.violate(1, BanPolicy::DEFAULT, stamp(2), START);
        book.take_changes();
        let mut deaths = 0;
        while let Some(death) = book.next_death() {
            assert!(!book.is_blank());
            book.forget_dead(death);
            assert!(!book.take_changes().is_empty(), "{death:?}");
            deaths += 1;
        }
        assert!(book.is_blank());
        assert_eq!(deaths, 4);
    }
}
