//! Showing that one reads what comes to an address (RS-01, RS-05, RS-14).

use super::{
    Ctx, audit,
    reset_password::{ResetError, ask_for_mail, ticket},
    sign_out,
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    email::Email,
    id::UserId,
    ports::{Credential, Deleted, PortError, Ports, Replaced, Updated, UserChange},
    ticket::{Purpose, Ticket, TicketToken, link},
    user::{EmailVerification, User},
};

use alloc::{string::String, vec::Vec};

/// How many accounts one call removes at most.
const EXPIRED: u32 = 100;

/// Somebody asks for another mail with a ticket. Whether they get one is nobody else's business.
///
/// # Errors
/// As [`request`](super::reset_password::request).
pub async fn request(ctx: &Ctx<'_, impl Ports>, typed: &str) -> Result<(), ResetError> {
    let unverified = |credential: &Credential| credential.user.verification != EmailVerification::Done;
    ask_for_mail(ctx, typed, AuditAction::RequestVerification, unverified).await
}

/// Shows a ticket for an address, in any of the spellings that it may have come in.
///
/// # Errors
/// [`VerifyEmailError`]
pub async fn show(ctx: &Ctx<'_, impl Ports>, typed: &[&str], token: &str) -> Result<(), VerifyEmailError> {
    let ticket = match TicketToken::parse(token) {
        Some(token) => ctx.ports.find_ticket(&token.hash(Purpose::Verify), Purpose::Verify).await?,
        None => None,
    };
    let fits = |ticket: &Ticket| {
        typed.iter().any(|text| Email::parse(text).is_ok_and(|email| email == ticket.email))
    };
    let ticket = ticket.filter(|ticket| ctx.now < ticket.expires_at && fits(ticket));
    let Some(ticket) = ticket else { return Err(wrong_ticket(ctx, None).await) };
    let user = ticket.user;
    let event = audit::event(ctx, Some(user), AuditAction::VerifyEmail, AuditOutcome::Success)?;
    let verified = ctx.ports.verify_email(&ticket, event).await;
    ctx.ports.account_changed(user).await?;
    match verified? {
        Replaced::Yes => Ok(()),
        Replaced::No => Err(wrong_ticket(ctx, Some(user)).await),
    }
}

/// Removes accounts whose owners had seven days and did not show it; at most a hundred at a time.
///
/// # Errors
/// When the store fails; the next call goes on.
pub async fn expire(ctx: &Ctx<'_, impl Ports>) -> Result<(), PortError> {
    if ctx.policy.mail.is_none() || ctx.policy.members.unverified_sign_in {
        return Ok(());
    }
    let late: Vec<UserId> = ctx.ports.list_unverified(ctx.now, EXPIRED).await?;
    for user in late {
        let event = audit::event(ctx, Some(user), AuditAction::ExpireAccount, AuditOutcome::Success)?;
        // Whoever was faster stays, and so does the last administrator.
        if ctx.ports.delete_unverified(user, ctx.now, event).await? == Deleted::Yes {
            sign_out::end_all(ctx, user).await?;
        }
    }
    Ok(())
}

/// Whoever signs in where nobody has to verify an address keeps their account, also when that changes.
pub(super) async fn waive(ctx: &Ctx<'_, impl Ports>, user: &mut User) -> Result<(), PortError> {
    if !user.is_unverified() || ctx.policy.awaits_verification(user) {
        return Ok(());
    }
    let event = audit::event(ctx, Some(user.id), AuditAction::VerifyEmail, AuditOutcome::Unverified)?;
    let change = UserChange { waives_verification: true, ..UserChange::default() };
    if let Updated::User(changed) = ctx.ports.update_user(user.id, change, event).await? {
        *user = *changed;
    }
    Ok(())
}

/// Makes a ticket in the place of all others that the account has, and the link that it stands in.
pub(super) async fn ticket_link(
    ctx: &Ctx<'_, impl Ports>,
    credential: &Credential,
    base: &str,
) -> Result<String, PortError> {
    let token = TicketToken::random(ctx.ports)?;
    ctx.ports.issue_ticket(ticket(ctx, credential, &token, Purpose::Verify)).await?;
    Ok(link::verify(base, &token, &credential.user.email))
}

async fn wrong_ticket(ctx: &Ctx<'_, impl Ports>, user: Option<UserId>) -> VerifyEmailError {
    audit::record_refusal(ctx, user, AuditAction::VerifyEmail, AuditOutcome::WrongTicket).await;
    VerifyEmailError::WrongTicket
}

/// Why nothing was shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum VerifyEmailError {
    /// The outside failed.
    Unavailable(PortError),
    /// Not a ticket, or one that was used, has expired, or is for another address.
    WrongTicket,
}

impl From<PortError> for VerifyEmailError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
