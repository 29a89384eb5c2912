use alloc::string::String;

use super::{PortError, Replaced};
use crate::{audit::AuditEvent, id::UserId, time::UnixSeconds, totp::BackupCodes, user::FactorState};

/// An account's second factor as it is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredFactor {
    /// The secret, in its envelope; `None` while an operator has taken it away.
    pub secret: Option<String>,
    /// For whoever has lost the app.
    pub backup_codes: BackupCodes,
    /// What an operator gave out to set up a new factor with.
    pub reset: Option<ResetTicket>,
}

impl StoredFactor {
    /// Whether it is asked for: an operator has not taken it away.
    pub const fn is_in_force(&self) -> bool {
        self.secret.is_some()
    }

    /// What the account says about it.
    pub const fn state(&self) -> FactorState {
        if self.is_in_force() { FactorState::InForce } else { FactorState::TakenAway }
    }
}

/// What became of replacing a factor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FactorReplaced {
    /// Somebody else was faster, or the account is gone; nothing was stored.
    No,
    /// The new factor is stored.
    Yes {
        /// The version of the account's credential that begins with it.
        credential_version: u32,
    },
}

/// Lets somebody set up a second factor whose old one was taken away.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResetTicket {
    /// Digest of the token.
    pub hash: String,
    /// When it is too late.
    pub expires_at: UnixSeconds,
}

/// Second factors.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait SecondFactors {
    /// An account's factor.
    ///
    /// # Errors
    /// When the store can not be read: whoever asks has to refuse.
    async fn find_second_factor(&self, user: UserId) -> Result<Option<StoredFactor>, PortError>;

    /// Replaces an account's factor, or takes it away, if it is still the one that was read, and starts a new version of
    /// the credential: what was begun without the new factor leads to no session that lives. The event is stored in the
    /// same step.
    ///
    /// # Errors
    /// When the store failed; the old factor or the new one is stored.
    async fn replace_second_factor(
        &self,
        user: UserId,
        old: Option<&StoredFactor>,
        new: Option<StoredFactor>,
        event: AuditEvent,
    ) -> Result<FactorReplaced, PortError>;

    /// Replaces backup codes, if they are still those that were read: of many that use one code, one succeeds (MF-11).
    ///
    /// # Errors
    /// When the store failed; the code must not count.
    async fn swap_backup_codes(
        &self,
        user: UserId,
        old: &BackupCodes,
        new: &BackupCodes,
    ) -> Result<Replaced, PortError>;
}
