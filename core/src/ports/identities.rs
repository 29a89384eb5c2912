use alloc::{string::String, vec::Vec};

use super::{PortError, Replaced};
use crate::{
    audit::AuditEvent,
    id::{ProviderSessionId, UserId},
    identity::{
        Arrival, Arrived, Identity, Linked, LinkedIdentity, NewProviderSession, ProviderSession, Unlinked,
    },
    time::UnixSeconds,
};

/// Accounts elsewhere and what their providers gave for them.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Identities {
    /// Finds or makes the account of somebody whom a provider has identified, and brings it up to date, in one step. Of
    /// many at the same time, one makes it. What was stored is as the arrival says, or nothing is.
    ///
    /// # Errors
    /// When the store failed; nothing was stored, or everything was.
    async fn arrive(&self, arrival: Arrival) -> Result<Arrived, PortError>;

    /// The identities of an account, oldest first.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn list_identities(&self, user: UserId) -> Result<Vec<LinkedIdentity>, PortError>;

    /// Accounts that somebody of a provider and an issuer has, with what names them there, whom nobody has looked for
    /// since `before`: those longest ago first.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn due_identities(
        &self,
        provider: &str,
        issuer: &str,
        before: UnixSeconds,
        limit: u32,
    ) -> Result<Vec<(UserId, String)>, PortError>;

    /// Takes note that people have been looked for.
    ///
    /// # Errors
    /// When the store failed.
    async fn note_recognised(
        &self,
        provider: &str,
        issuer: &str,
        subjects: &[String],
        now: UnixSeconds,
    ) -> Result<(), PortError>;

    /// Links an identity to an account that has none of its provider (OA-12). The event is stored in the same step.
    ///
    /// # Errors
    /// When the store failed; it is linked with its event, or not.
    async fn link_identity(
        &self,
        user: UserId,
        identity: &Identity,
        event: AuditEvent,
    ) -> Result<Linked, PortError>;

    /// Takes the identities of a provider away from an account that has a password or another identity, and what that
    /// provider gave (OA-12, OA-22). The event is stored in the same step.
    ///
    /// # Errors
    /// When the store failed; all of it is gone, or nothing is.
    async fn unlink_identities(
        &self,
        user: UserId,
        provider: &str,
        event: AuditEvent,
    ) -> Result<Unlinked, PortError>;

    /// What a provider gave, by the row's id.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn find_provider_session(
        &self,
        id: ProviderSessionId,
    ) -> Result<Option<ProviderSession>, PortError>;

    /// What providers gave for an account, latest first.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn list_provider_sessions(&self, user: UserId) -> Result<Vec<ProviderSession>, PortError>;

    /// Replaces tokens, if they are still those that were read.
    ///
    /// # Errors
    /// When the store failed; the old tokens or the new ones are stored.
    async fn replace_provider_tokens(
        &self,
        old: &ProviderSession,
        sealed: &str,
        expires_at: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<Replaced, PortError>;

    /// Deletes what a provider gave, and gives it for the last time. `None` when there is no such row.
    ///
    /// # Errors
    /// When the store failed; it may be gone.
    async fn take_provider_session(
        &self,
        id: ProviderSessionId,
    ) -> Result<Option<ProviderSession>, PortError>;

    /// Keeps what a provider gave for an account that is there, and no more of it than is wanted. The event is stored in the
    /// same step.
    ///
    /// # Errors
    /// When the store failed; it is stored with its event, or not.
    async fn keep_provider_session(
        &self,
        user: UserId,
        provider: &str,
        session: NewProviderSession,
        event: AuditEvent,
    ) -> Result<(), PortError>;

    /// Deletes what providers gave, for sessions that have ended.
    ///
    /// # Errors
    /// When the store failed.
    async fn forget_provider_sessions(&self, sessions: &[ProviderSessionId]) -> Result<(), PortError>;

    /// Deletes everything that a provider gave for an account; says whether there was anything.
    ///
    /// # Errors
    /// When the store failed.
    async fn delete_provider_sessions(&self, user: UserId, provider: &str) -> Result<bool, PortError>;

    /// Whose sessions are over by a provider's word that somebody has signed out there: that session of theirs, or all.
    /// `None` when the word has been heard before (OA-24).
    ///
    /// # Errors
    /// When the store can not be read.
    async fn ended_by(&self, logout: &RemoteLogout) -> Result<Option<Vec<EndedRemotely>>, PortError>;

    /// Takes note of a provider's word that has had its effect: remembers it for a while, and deletes what it gave for those
    /// sessions.
    ///
    /// # Errors
    /// When the store failed; it may be told again.
    async fn hear_logout(&self, logout: &RemoteLogout) -> Result<(), PortError>;
}

/// A provider's word that somebody has signed out there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RemoteLogout {
    /// What the deployment calls the provider.
    pub provider: String,
    /// Who the provider says it is.
    pub issuer: String,
    /// Names the word.
    pub jti: String,
    /// The account there.
    pub subject: Option<String>,
    /// The session there.
    pub remote: Option<String>,
    /// Until when the word is remembered.
    pub remembered_until: UnixSeconds,
}

/// A session here that is over because one elsewhere is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct EndedRemotely {
    /// Whose.
    pub user: UserId,
    /// What the provider gave for it; `None` for all sessions of the account.
    pub session: Option<ProviderSessionId>,
}
