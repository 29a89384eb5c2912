use portico_core::{
    id::{ProviderSessionId, SessionId, SessionStamp, TokenId, UserId},
    oauth::flight::Claim,
    ports::{PortError, Sessions},
    session::{
        Attempt, Challenge, ChallengeLookup, Completed, EndedSessions, Ending, NewSession, Opened, Refresh,
        RefreshUse, SessionCheck, SessionProof, SessionRecord, Use, UseKey,
    },
    settings::Generations,
    throttle::{BanPolicy, Violation},
    time::UnixSeconds,
    totp::Step,
};

use super::{SESSIONS, Store, check_cache, fault};
use crate::durable::{
    ask, ask_by_address,
    session_authority::{Question, check_url},
};

impl Sessions for Store {
    async fn open_session(&self, session: NewSession) -> Result<Opened, PortError> {
        let (user, fresh) = (session.user_id, SessionStamp::random(self)?);
        self.ask(user, &Question::Open { session: Box::new(session), fresh }).await
    }

    async fn check_session(
        &self,
        proof: &SessionProof,
        generations: Generations,
        now: UnixSeconds,
    ) -> Result<SessionCheck, PortError> {
        let key = (*proof, generations);
        if let Some(member) = check_cache::find(&key, self.revocation_cache, now) {
            return Ok(SessionCheck::Active(member));
        }
        let url = check_url(proof, generations, now);
        let asked = ask_by_address(&self.env, SESSIONS, &proof.user_id.to_string(), &url).await;
        let check = asked.and_then(|text| Ok(serde_json::from_str(&text)?)).map_err(fault("sessions"))?;
        if let SessionCheck::Active(member) = &check {
            check_cache::keep(key, member, self.revocation_cache, now);
        }
        Ok(check)
    }

    async fn list_sessions(&self, user: UserId, now: UnixSeconds) -> Result<Vec<SessionRecord>, PortError> {
        self.ask(user, &Question::List { now }).await
    }

    async fn end_session(&self, user: UserId, session: SessionId) -> Result<Ending, PortError> {
        self.change(user, &Question::End { session }).await
    }

    async fn end_other_sessions(
        &self,
        user: UserId,
        kept: SessionId,
        now: UnixSeconds,
    ) -> Result<EndedSessions, PortError> {
        self.change(user, &Question::EndOthers { kept, now }).await
    }

    async fn keep_session(
        &self,
        user: UserId,
        kept: SessionId,
        credential_version: u32,
        now: UnixSeconds,
    ) -> Result<EndedSessions, PortError> {
        self.change(user, &Question::Keep { kept, credential_version, now }).await
    }

    async fn end_all_sessions(&self, user: UserId, now: UnixSeconds) -> Result<EndedSessions, PortError> {
        self.change(user, &Question::EndAll { fresh: SessionStamp::random(self)?, now }).await
    }

    async fn account_changed(&self, user: UserId) -> Result<(), PortError> {
        self.change(user, &Question::AccountChanged).await
    }

    async fn revoke_token(
        &self,
        user: UserId,
        session: SessionId,
        token: TokenId,
        until: Option<UnixSeconds>,
        now: UnixSeconds,
    ) -> Result<(), PortError> {
        self.change(user, &Question::RevokeToken { session, token, until, now }).await
    }

    async fn refresh_session(
        &self,
        user: UserId,
        session: SessionId,
        used: RefreshUse,
        generations: Generations,
        now: UnixSeconds,
    ) -> Result<Refresh, PortError> {
        self.change(user, &Question::Refresh { user, session, used: Box::new(used), generations, now }).await
    }

    async fn ban_account(&self, user: UserId, until: UnixSeconds, now: UnixSeconds) -> Result<(), PortError> {
        self.change(user, &Question::Ban { until, fresh: SessionStamp::random(self)?, now }).await
    }

    async fn lift_ban(&self, user: UserId) -> Result<(), PortError> {
        self.ask(user, &Question::LiftBan).await
    }

    async fn record_violation(
        &self,
        user: UserId,
        points: u32,
        policy: BanPolicy,
        now: UnixSeconds,
    ) -> Result<Violation, PortError> {
        self.change(user, &Question::Violate { points, policy, fresh: SessionStamp::random(self)?, now })
            .await
    }

    async fn use_once(
        &self,
        user: UserId,
        key: UseKey,
        until: Option<UnixSeconds>,
        now: UnixSeconds,
    ) -> Result<Use, PortError> {
        self.ask(user, &Question::UseOnce { purpose: key.purpose, digest: key.digest, until, now }).await
    }

    async fn forget_uses(&self, user: UserId, purpose: &str) -> Result<(), PortError> {
        self.ask(user, &Question::ForgetUses { purpose: purpose.into() }).await
    }

    async fn accept_totp_step(&self, user: UserId, step: Step, now: UnixSeconds) -> Result<Use, PortError> {
        self.ask(user, &Question::AcceptStep { step, now }).await
    }

    async fn claim_refresh(
        &self,
        user: UserId,
        tokens: ProviderSessionId,
        now: UnixSeconds,
    ) -> Result<Claim, PortError> {
        self.ask(user, &Question::ClaimRefresh { tokens, now }).await
    }

    async fn release_refresh(&self, user: UserId, tokens: ProviderSessionId) -> Result<(), PortError> {
        self.ask(user, &Question::ReleaseRefresh { tokens }).await
    }

    async fn open_challenge(
        &self,
        user: UserId,
        challenge: Challenge,
        now: UnixSeconds,
    ) -> Result<Option<UnixSeconds>, PortError> {
        self.ask(user, &Question::OpenChallenge { challenge: Box::new(challenge), now }).await
    }

    async fn find_challenge(
        &self,
        user: UserId,
        hash: &str,
        attempt: Attempt,
        generations: Generations,
        now: UnixSeconds,
    ) -> Result<ChallengeLookup, PortError> {
        self.ask(user, &Question::FindChallenge { hash: hash.into(), attempt, generations, now }).await
    }

    async fn stage_factor(
        &self,
        user: UserId,
        hash: &str,
        staged: String,
        now: UnixSeconds,
    ) -> Result<Option<String>, PortError> {
        self.ask(user, &Question::StageFactor { hash: hash.into(), staged, now }).await
    }

    async fn complete_challenge(
        &self,
        user: UserId,
        hash: &str,
        step: Option<Step>,
        now: UnixSeconds,
    ) -> Result<Completed, PortError> {
        self.ask(user, &Question::CompleteChallenge { hash: hash.into(), step, now }).await
    }
}

impl Store {
    /// Asks the authority over one user's sessions: the object that has the user's id for a name.
    async fn ask<T: for<'de> serde::Deserialize<'de>>(
        &self,
        user: UserId,
        question: &Question,
    ) -> Result<T, PortError> {
        ask(&self.env, SESSIONS, &user.to_string(), question).await.map_err(fault("sessions"))
    }

    /// The same for a question that changes what earlier checks have said.
    async fn change<T: for<'de> serde::Deserialize<'de>>(
        &self,
        user: UserId,
        question: &Question,
    ) -> Result<T, PortError> {
        let answer = self.ask(user, question).await;
        check_cache::forget(user);
        answer
    }
}
