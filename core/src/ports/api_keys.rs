use alloc::string::String;

use super::{PortError, Replaced};
use crate::{
    api_key::{ApiKeyDigest, StoredApiKey},
    audit::AuditEvent,
    id::UserId,
    time::UnixSeconds,
    user::Account,
};

/// API keys: one for each account.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait ApiKeys {
    /// Stores an account's key in the place of any earlier one, which fails from then on (AK-05). The event is
    /// stored in the same step (LG-04). `false` when there is no such account.
    ///
    /// # Errors
    /// When the store failed; the old key or the new one works.
    async fn replace_api_key(
        &self,
        user: UserId,
        key: StoredApiKey,
        event: AuditEvent,
    ) -> Result<bool, PortError>;

    /// An account's key, sealed.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn find_api_key(&self, user: UserId) -> Result<Option<StoredApiKey>, PortError>;

    /// Removes an account's key, if it has one. The event is stored in the same step.
    ///
    /// # Errors
    /// When the store failed.
    async fn delete_api_key(&self, user: UserId, event: AuditEvent) -> Result<(), PortError>;

    /// Seals an account's key under another envelope, if it is still in the one that was read.
    ///
    /// # Errors
    /// When the store failed.
    async fn reseal_api_key(
        &self,
        user: UserId,
        old: &StoredApiKey,
        sealed: String,
    ) -> Result<Replaced, PortError>;

    /// Whose key has one of these digests: one indexed read (AK-10). Notes that it was used, to the minute.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn find_key_holder(
        &self,
        digests: &[ApiKeyDigest],
        now: UnixSeconds,
    ) -> Result<Option<Account>, PortError>;
}
