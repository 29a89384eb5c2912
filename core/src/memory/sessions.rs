use alloc::{boxed::Box, string::String, vec::Vec};

use super::Memory;
use crate::{
    id::{ProviderSessionId, SessionId, SessionStamp, TokenId, UserId},
    oauth::flight::Claim,
    ports::{PortError, Sessions},
    session::{
        Attempt, Book, BookRefresh, Challenge, ChallengeLookup, Completed, EndedSessions, Ending, Member,
        NewSession, Opened, Refresh, RefreshUse, SessionCheck, SessionProof, SessionRecord, Use, UseKey,
    },
    settings::Generations,
    throttle::{BanPolicy, Violation},
    time::UnixSeconds,
    totp::Step,
};

impl Memory {
    fn in_book<T>(&self, user: UserId, act: impl FnOnce(&mut Book) -> T) -> Result<T, PortError> {
        self.reach("sessions")?;
        Ok(act(self.books.borrow_mut().entry(user).or_default()))
    }
}

impl Sessions for Memory {
    async fn open_session(&self, session: NewSession) -> Result<Opened, PortError> {
        let fresh = SessionStamp::random(self)?;
        self.in_book(session.user_id, |book| book.open(session, fresh))
    }

    async fn check_session(
        &self,
        proof: &SessionProof,
        generations: Generations,
        now: UnixSeconds,
    ) -> Result<SessionCheck, PortError> {
        self.reach("sessions")?;
        let Some(account) = self.account(proof.user_id) else {
            return Ok(SessionCheck::NoAccount);
        };
        let alive = self.in_book(proof.user_id, |book| {
            book.begin_epoch(generations.sessions);
            book.check(proof, account.credential_version, now)
        })?;
        if !alive {
            return Ok(SessionCheck::Ended);
        }
        self.users.borrow_mut().note_activity(proof.user_id, now);
        Ok(SessionCheck::Active(Box::new(Member { user: account.user, grants: account.grants })))
    }

    async fn list_sessions(&self, user: UserId, now: UnixSeconds) -> Result<Vec<SessionRecord>, PortError> {
        self.in_book(user, |book| book.list(now))
    }

    async fn end_session(&self, user: UserId, session: SessionId) -> Result<Ending, PortError> {
        self.in_book(user, |book| book.end(session))
    }

    async fn end_other_sessions(
        &self,
        user: UserId,
        kept: SessionId,
        now: UnixSeconds,
    ) -> Result<EndedSessions, PortError> {
        self.in_book(user, |book| book.end_others(kept, now))
    }

    async fn keep_session(
        &self,
        user: UserId,
        kept: SessionId,
        credential_version: u32,
        now: UnixSeconds,
    ) -> Result<EndedSessions, PortError> {
        self.in_book(user, |book| book.keep(kept, credential_version, now))
    }

    async fn end_all_sessions(&self, user: UserId, now: UnixSeconds) -> Result<EndedSessions, PortError> {
        let fresh = SessionStamp::random(self)?;
        self.in_book(user, |book| book.end_all(fresh, now))
    }

    async fn account_changed(&self, user: UserId) -> Result<(), PortError> {
        // There is no copy to drop: accounts are read where they are.
        self.in_book(user, |_| ())
    }

    async fn revoke_token(
        &self,
        user: UserId,
        session: SessionId,
        token: TokenId,
        until: Option<UnixSeconds>,
        now: UnixSeconds,
    ) -> Result<(), PortError> {
        self.in_book(user, |book| book.revoke_token(session, token, until, now))
    }

    async fn refresh_session(
        &self,
        user: UserId,
        session: SessionId,
        used: RefreshUse,
        generations: Generations,
        now: UnixSeconds,
    ) -> Result<Refresh, PortError> {
        self.reach("sessions")?;
        let Some(account) = self.account(user) else { return Ok(Refresh::NoAccount) };
        self.in_book(user, |book| {
            book.begin_epoch(generations.sessions);
            match book.refresh(session, used, account.credential_version, now) {
                BookRefresh::Banned { until } => Refresh::Banned { until },
                BookRefresh::Ended => Refresh::Ended,
                BookRefresh::Reused => Refresh::Reused,
                BookRefresh::Rotated { stamp, session } => Refresh::Rotated {
                    member: Box::new(Member { user: account.user, grants: account.grants }),
                    stamp,
                    session: Box::new(session.clone()),
                },
            }
        })
    }

    async fn ban_account(&self, user: UserId, until: UnixSeconds, now: UnixSeconds) -> Result<(), PortError> {
        let fresh = SessionStamp::random(self)?;
        self.in_book(user, |book| book.ban(until, fresh, now))
    }

    async fn lift_ban(&self, user: UserId) -> Result<(), PortError> {
        self.in_book(user, Book::lift_ban)
    }

    async fn record_violation(
        &self,
        user: UserId,
        points: u32,
        policy: BanPolicy,
        now: UnixSeconds,
    ) -> Result<Violation, PortError> {
        let fresh = SessionStamp::random(self)?;
        self.in_book(user, |book| book.violate(points, policy, fresh, now))
    }

    async fn use_once(
        &self,
        user: UserId,
        key: UseKey,
        until: Option<UnixSeconds>,
        now: UnixSeconds,
    ) -> Result<Use, PortError> {
        self.in_book(user, |book| book.use_once(key, until, now))
    }

    async fn forget_uses(&self, user: UserId, purpose: &str) -> Result<(), PortError> {
        self.in_book(user, |book| book.forget_uses(purpose))
    }

    async fn accept_totp_step(&self, user: UserId, step: Step, now: UnixSeconds) -> Result<Use, PortError> {
        self.in_book(user, |book| book.accept_step(step, now))
    }

    async fn claim_refresh(
        &self,
        user: UserId,
        tokens: ProviderSessionId,
        now: UnixSeconds,
    ) -> Result<Claim, PortError> {
        self.reach("sessions")?;
        let flights = &self.flights;
        let _ = user;
        Ok(flights.claim(tokens, now).await)
    }

    async fn release_refresh(&self, user: UserId, tokens: ProviderSessionId) -> Result<(), PortError> {
        let _ = user;
        self.reach("sessions")?;
        self.flights.release(tokens);
        Ok(())
    }

    async fn open_challenge(
        &self,
        user: UserId,
        challenge: Challenge,
        now: UnixSeconds,
    ) -> Result<Option<UnixSeconds>, PortError> {
        self.in_book(user, |book| book.open_challenge(challenge, now))
    }

    async fn find_challenge(
        &self,
        user: UserId,
        hash: &str,
        attempt: Attempt,
        generations: Generations,
        now: UnixSeconds,
    ) -> Result<ChallengeLookup, PortError> {
        self.in_book(user, |book| {
            book.begin_epoch(generations.sessions);
            book.find_challenge(hash, attempt, now)
        })
    }

    async fn stage_factor(
        &self,
        user: UserId,
        hash: &str,
        staged: String,
        now: UnixSeconds,
    ) -> Result<Option<String>, PortError> {
        self.in_book(user, |book| book.stage_factor(hash, staged, now))
    }

    async fn complete_challenge(
        &self,
        user: UserId,
        hash: &str,
        step: Option<Step>,
        now: UnixSeconds,
    ) -> Result<Completed, PortError> {
        self.in_book(user, |book| book.complete_challenge(hash, step, now))
    }
}
