//! Inviting people, whatever the rules for others are (LibreChat contract §3).

use alloc::{string::String, vec::Vec};

use super::{Ctx, audit};
use crate::{
    audit::AuditAction,
    email::{Email, EmailError},
    id::{InvitationId, UserId},
    ports::{PortError, Ports, Replaced},
    ticket::{INVITATION_LIFETIME, Invitation, Purpose, TicketToken, link},
};

/// Somebody was invited.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// The link, for an administrator to hand on; `None` where a mail carries it.
    pub link: Option<String>,
}

/// Invites an address, once, for seven days. Where there is no mail, the administrator gets the link.
///
/// # Errors
/// [`InviteError`]
pub async fn invite(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    typed: &str,
    base: &str,
) -> Result<Invited, InviteError> {
    let email = Email::parse(typed).map_err(InviteError::InvalidEmail)?;
    if !ctx.policy.admits_address(&email) {
        return Err(InviteError::DomainRefused);
    }
    if ctx.ports.find_credential(&email).await?.is_some() {
        return Err(InviteError::EmailTaken);
    }
    let token = TicketToken::random(ctx.ports)?;
    let invitation = Invitation {
        id: InvitationId::random(ctx.ports)?,
        hash: token.hash(Purpose::Join),
        email,
        created_by: admin,
        created_at: ctx.now,
        expires_at: ctx.now.plus(INVITATION_LIFETIME),
    };
    let event = audit::event_about(ctx, admin, invitation.id, AuditAction::Invite)?;
    ctx.ports.create_invitation(invitation.clone(), event).await?;
    let link = ctx.policy.mail.is_none().then(|| link::join(base, &token));
    Ok(Invited { invitation, link })
}

/// Invitations that nobody has used yet, oldest first.
///
/// # Errors
/// When the store can not be read.
pub async fn list(ctx: &Ctx<'_, impl Ports>) -> Result<Vec<Invitation>, PortError> {
    ctx.ports.list_invitations(ctx.now).await
}

/// Takes an invitation back; `No` when there is none, any more.
///
/// # Errors
/// When the store fails.
pub async fn withdraw(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    id: InvitationId,
) -> Result<Replaced, PortError> {
    let event = audit::event_about(ctx, admin, id, AuditAction::WithdrawInvitation)?;
    ctx.ports.delete_invitation(id, event).await
}

/// The invitation with another token, and the link that it stands in, for the mail that goes out now.
pub(super) async fn renewed_link(
    ctx: &Ctx<'_, impl Ports>,
    id: InvitationId,
    base: &str,
) -> Result<Option<(Email, String)>, PortError> {
    let Some(invitation) = ctx.ports.load_invitation(id).await? else { return Ok(None) };
    let token = TicketToken::random(ctx.ports)?;
    match ctx.ports.renew_invitation(id, &token.hash(Purpose::Join)).await? {
        Replaced::Yes => Ok(Some((invitation.email, link::join(base, &token)))),
        Replaced::No => Ok(None),
    }
}

/// Why nobody was invited.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum InviteError {
    /// Addresses of that domain are not admitted.
    DomainRefused,
    /// The address has an account.
    EmailTaken,
    /// Not an address.
    InvalidEmail(EmailError),
    /// The outside failed.
    Unavailable(PortError),
}

impl From<PortError> for InviteError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
