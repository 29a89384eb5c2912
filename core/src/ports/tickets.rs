use alloc::vec::Vec;

use super::{PortError, Replaced};
use crate::{
    audit::AuditEvent,
    email::Email,
    id::{InvitationId, UserId},
    password::PasswordHash,
    ticket::{Invitation, Purpose, Ticket},
    time::UnixSeconds,
};

/// Tickets and invitations.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Tickets {
    /// Stores a ticket in the place of every other one that its account has for the same purpose (RS-06).
    ///
    /// # Errors
    /// When the store failed; the old tickets or the new one are stored.
    async fn issue_ticket(&self, ticket: Ticket) -> Result<(), PortError>;

    /// The ticket of a digest, alive or not.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn find_ticket(&self, hash: &str, purpose: Purpose) -> Result<Option<Ticket>, PortError>;

    /// Uses a ticket up and gives its account a new password, with a new version of the credential, if the ticket is
    /// alive and the account is as it was when the ticket was made: of many at once, one succeeds (RS-05, RS-06). The
    /// event is stored in the same step, and every other ticket of the account is gone.
    ///
    /// # Errors
    /// When the store failed; the old state or the new one is stored.
    async fn reset_password(
        &self,
        ticket: &Ticket,
        new: &PasswordHash,
        event: AuditEvent,
    ) -> Result<Replaced, PortError>;

    /// Uses a ticket up and notes that its address is read by its account's owner, under the same conditions. The event is stored in the same step.
    ///
    /// # Errors
    /// When the store failed; the old state or the new one is stored.
    async fn verify_email(&self, ticket: &Ticket, event: AuditEvent) -> Result<Replaced, PortError>;

    /// The address that an account had before its present one.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn previous_email(&self, user: UserId) -> Result<Option<Email>, PortError>;

    /// Stores an invitation, in the place of another one for the same address. The event is stored in the same step.
    ///
    /// # Errors
    /// When the store failed; the old state or the new one is stored.
    async fn create_invitation(&self, invitation: Invitation, event: AuditEvent) -> Result<(), PortError>;

    /// Gives an invitation another token. `No` when it is gone.
    ///
    /// # Errors
    /// When the store failed.
    async fn renew_invitation(&self, id: InvitationId, hash: &str) -> Result<Replaced, PortError>;

    /// The invitation of an id.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn load_invitation(&self, id: InvitationId) -> Result<Option<Invitation>, PortError>;

    /// The invitation of a token's digest, while it is alive.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn find_invitation(&self, hash: &str, now: UnixSeconds) -> Result<Option<Invitation>, PortError>;

    /// Invitations that are alive, oldest first.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn list_invitations(&self, now: UnixSeconds) -> Result<Vec<Invitation>, PortError>;

    /// Takes an invitation back. The event is stored in the same step. `No` when it is gone.
    ///
    /// # Errors
    /// When the store failed.
    async fn delete_invitation(&self, id: InvitationId, event: AuditEvent) -> Result<Replaced, PortError>;

    /// Accounts whose owners had to show that they read their address before then, and have not; at most `limit`.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn list_unverified(&self, before: UnixSeconds, limit: u32) -> Result<Vec<UserId>, PortError>;
}
