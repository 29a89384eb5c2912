use alloc::{string::String, vec::Vec};

use super::PortError;
use crate::{
    id::{ProviderSessionId, SessionId, TokenId, UserId},
    oauth::flight::Claim,
    session::{
        Attempt, Challenge, ChallengeLookup, Completed, EndedSessions, Ending, NewSession, Opened, Refresh,
        RefreshUse, SessionCheck, SessionProof, SessionRecord, Use, UseKey,
    },
    settings::Generations,
    throttle::{BanPolicy, Violation},
    time::UnixSeconds,
    totp::Step,
};

/// The authority over each user's sessions. What it has acknowledged holds for every later call,
/// whatever happens to the host in between (FT-07).
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Sessions {
    /// Records a session durably and returns the generation its tokens belong to (FT-04).
    ///
    /// # Errors
    /// When the record could not be written; no token may be issued then.
    async fn open_session(&self, session: NewSession) -> Result<Opened, PortError>;

    /// Holds a token's claims about its session against the record, and the record and the copy of the account
    /// against the deployment's generations. Notes that the account was active, to the minute.
    ///
    /// # Errors
    /// When the authority can not be reached; the token is then neither good nor bad (FT-05).
    async fn check_session(
        &self,
        proof: &SessionProof,
        generations: Generations,
        now: UnixSeconds,
    ) -> Result<SessionCheck, PortError>;

    /// A user's live sessions, oldest first (SE-19).
    ///
    /// # Errors
    /// When the authority can not be reached.
    async fn list_sessions(&self, user: UserId, now: UnixSeconds) -> Result<Vec<SessionRecord>, PortError>;

    /// Ends a session for good, before it returns (TK-15). Ending a session that is not there is
    /// fine: it is what the caller wanted.
    ///
    /// # Errors
    /// When the end could not be recorded.
    async fn end_session(&self, user: UserId, session: SessionId) -> Result<Ending, PortError>;

    /// Ends all sessions of a user but one; says how many that were.
    ///
    /// # Errors
    /// When the end could not be recorded; some may have ended.
    async fn end_other_sessions(
        &self,
        user: UserId,
        kept: SessionId,
        now: UnixSeconds,
    ) -> Result<EndedSessions, PortError>;

    /// Ends all sessions of a user but one, which belongs to a new version of the credential from now on, if it belonged
    /// to the one before it. The authority reads the account anew before it answers for it again.
    ///
    /// # Errors
    /// When the end could not be recorded; some may have ended.
    async fn keep_session(
        &self,
        user: UserId,
        kept: SessionId,
        credential_version: u32,
        now: UnixSeconds,
    ) -> Result<EndedSessions, PortError>;

    /// Ends all sessions of a user with a new generation; says how many that were. The authority reads
    /// the account anew before it answers for it again.
    ///
    /// # Errors
    /// When the end could not be recorded.
    async fn end_all_sessions(&self, user: UserId, now: UnixSeconds) -> Result<EndedSessions, PortError>;

    /// The account has just been changed: the authority reads it anew before it answers for it again.
    ///
    /// # Errors
    /// When the authority can not be reached; it notices by itself within
    /// [`SNAPSHOT_LIFETIME`](crate::session::SNAPSHOT_LIFETIME).
    async fn account_changed(&self, user: UserId) -> Result<(), PortError>;

    /// Revokes one token of a live session for as long as the token lives; `None` for one without
    /// expiry (TK-17).
    ///
    /// # Errors
    /// When the revocation could not be recorded.
    async fn revoke_token(
        &self,
        user: UserId,
        session: SessionId,
        token: TokenId,
        until: Option<UnixSeconds>,
        now: UnixSeconds,
    ) -> Result<(), PortError>;

    /// Rotates a session's refresh token, or notices that it was used twice, in one step (SE-14 … SE-17).
    /// The account is read anew.
    ///
    /// # Errors
    /// When the authority or the account could not be reached; the token may have been spent, and
    /// repeating the call within the tolerance is safe.
    async fn refresh_session(
        &self,
        user: UserId,
        session: SessionId,
        used: RefreshUse,
        generations: Generations,
        now: UnixSeconds,
    ) -> Result<Refresh, PortError>;

    /// Ends all sessions of a user and opens none until then.
    ///
    /// # Errors
    /// When the ban could not be recorded.
    async fn ban_account(&self, user: UserId, until: UnixSeconds, now: UnixSeconds) -> Result<(), PortError>;

    /// Lifts a ban and forgets what led to it.
    ///
    /// # Errors
    /// When that could not be recorded.
    async fn lift_ban(&self, user: UserId) -> Result<(), PortError>;

    /// Counts a violation; one too many bans the account.
    ///
    /// # Errors
    /// When it could not be recorded.
    async fn record_violation(
        &self,
        user: UserId,
        points: u32,
        policy: BanPolicy,
        now: UnixSeconds,
    ) -> Result<Violation, PortError>;

    /// Uses something of a user's that works once; of many at the same time, one succeeds (MF-11). It is
    /// remembered until then; `None` until it is [forgotten](Self::forget_uses).
    ///
    /// # Errors
    /// When the use could not be recorded; whatever depends on it must not happen.
    async fn use_once(
        &self,
        user: UserId,
        key: UseKey,
        until: Option<UnixSeconds>,
        now: UnixSeconds,
    ) -> Result<Use, PortError>;

    /// Forgets all uses of one purpose, because none of these things works any more.
    ///
    /// # Errors
    /// When that could not be recorded.
    async fn forget_uses(&self, user: UserId, purpose: &str) -> Result<(), PortError>;

    /// Accepts the step of a TOTP code once, and no earlier step after it (MF-03).
    ///
    /// # Errors
    /// When it could not be recorded; the code must not count.
    async fn accept_totp_step(&self, user: UserId, step: Step, now: UnixSeconds) -> Result<Use, PortError>;

    /// Whose turn it is to ask a provider for new tokens: waits until whoever has it is done.
    ///
    /// # Errors
    /// When the authority can not be reached.
    async fn claim_refresh(
        &self,
        user: UserId,
        tokens: ProviderSessionId,
        now: UnixSeconds,
    ) -> Result<Claim, PortError>;

    /// Says that new tokens are stored, or that there will be none.
    ///
    /// # Errors
    /// When the authority can not be reached; it notices by itself after [`LEASE`](crate::oauth::flight::LEASE).
    async fn release_refresh(&self, user: UserId, tokens: ProviderSessionId) -> Result<(), PortError>;

    /// Lets a step wait to be taken; gives the end of the ban of an account that is banned.
    ///
    /// # Errors
    /// When it could not be recorded.
    async fn open_challenge(
        &self,
        user: UserId,
        challenge: Challenge,
        now: UnixSeconds,
    ) -> Result<Option<UnixSeconds>, PortError>;

    /// Looks a step up by the digest of its token. An attempt is counted durably before it returns (MF-04).
    ///
    /// # Errors
    /// When the authority can not be reached.
    async fn find_challenge(
        &self,
        user: UserId,
        hash: &str,
        attempt: Attempt,
        generations: Generations,
        now: UnixSeconds,
    ) -> Result<ChallengeLookup, PortError>;

    /// Keeps a new factor's secret, in its envelope, with the step that sets it up; an earlier one stays. Gives the one
    /// that is kept, or `None` when there is no such step.
    ///
    /// # Errors
    /// When it could not be recorded.
    async fn stage_factor(
        &self,
        user: UserId,
        hash: &str,
        staged: String,
        now: UnixSeconds,
    ) -> Result<Option<String>, PortError>;

    /// Takes a step, once, and uses the code of that step of time, if there is one (MF-03, MF-06).
    ///
    /// # Errors
    /// When it could not be recorded; it must not count as taken.
    async fn complete_challenge(
        &self,
        user: UserId,
        hash: &str,
        step: Option<Step>,
        now: UnixSeconds,
    ) -> Result<Completed, PortError>;
}
