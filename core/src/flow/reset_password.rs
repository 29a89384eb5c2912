//! A new password for somebody who has forgotten theirs (RS-01 … RS-10).

use alloc::string::{String, ToString as _};

use super::{Ctx, audit, new_password, sign_out};
use crate::{
    audit::{AuditAction, AuditEvent, AuditOutcome},
    email::Email,
    id::UserId,
    password::{self, Password, PasswordPolicyError, PublicKnowledge},
    ports::{BucketKey, Credential, PortError, Ports, Replaced},
    secret::Secret,
    throttle::{MAIL_FROM_LIMIT, MAIL_TO_LIMIT, Spent},
    ticket::{Purpose, TICKET_LIFETIME, Ticket, TicketToken, link},
    time::Lifetime,
};

/// Somebody asks for a mail with which they choose a new password. Whether they get one is nobody else's business: the
/// same is written down whether or not there is such an account, and the mail is written later (RS-09).
///
/// # Errors
/// [`ResetError::Throttled`] for the network, or [`ResetError::Unavailable`].
pub async fn request(ctx: &Ctx<'_, impl Ports>, typed: &str) -> Result<(), ResetError> {
    ask_for_mail(ctx, typed, AuditAction::RequestReset, |_| true).await
}

/// Writes down that somebody wants a mail of some kind to go to an address, if its account `wants` it.
pub(super) async fn ask_for_mail(
    ctx: &Ctx<'_, impl Ports>,
    typed: &str,
    action: AuditAction,
    wants: impl Fn(&Credential) -> bool,
) -> Result<(), ResetError> {
    let network = &ctx.client.network;
    let bucket = BucketKey::mail_from(network);
    if let Spent::Refused { retry_after } =
        ctx.ports.spend(&bucket, MAIL_FROM_LIMIT, None, network, ctx.now).await?
    {
        audit::record_refusal(ctx, None, action, AuditOutcome::Throttled).await;
        return Err(ResetError::Throttled { retry_after });
    }
    let may_be_sent = may_be_sent(ctx, &BucketKey::mail_to(typed)).await?;
    let found = match Email::parse(typed) {
        Ok(email) => ctx.ports.find_credential(&email).await?,
        Err(_) => None,
    };
    let outcome = match &found {
        _ if !may_be_sent => AuditOutcome::Throttled,
        Some(credential) if wants(credential) => AuditOutcome::Success,
        Some(_) => AuditOutcome::Forbidden,
        None => AuditOutcome::UnknownAccount,
    };
    let event = audit::event(ctx, None, action, outcome)?;
    let target = found.map(|credential| credential.user.id.to_string());
    ctx.ports.append(AuditEvent { target, ..event }).await?;
    Ok(())
}

/// Whether another mail may go to an address because somebody wanted it; known and unknown ones alike.
pub(super) async fn may_be_sent(ctx: &Ctx<'_, impl Ports>, bucket: &BucketKey) -> Result<bool, PortError> {
    let spent = ctx.ports.spend(bucket, MAIL_TO_LIMIT, None, &ctx.client.network, ctx.now).await?;
    Ok(spent == Spent::Granted)
}

/// Whose tickets count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tickets {
    /// Those of mails, and those that administrators have handed on.
    All,
    /// Those that administrators have handed on: nobody may ask for a mail, any more (AD-12).
    Handed,
}

/// Chooses a new password with a ticket. Signs nobody in, ends all sessions, and leaves a second factor as it is (RS-07).
///
/// # Errors
/// [`ResetError`]; the password is the old one, except for [`ResetError::Unavailable`], after which signing in tells.
pub async fn choose(
    ctx: &Ctx<'_, impl Ports>,
    user: &str,
    token: &str,
    password: &Secret<String>,
    tickets: Tickets,
) -> Result<(), ResetError> {
    let ticket = match TicketToken::parse(token) {
        Some(token) => find(ctx, &token, tickets).await?,
        None => None,
    };
    // Both have to name the same account (RS-08).
    let ticket = ticket.filter(|ticket| ctx.now < ticket.expires_at && ticket.user.to_string() == user);
    let Some(ticket) = ticket else { return Err(wrong_ticket(ctx, None).await) };
    let Some(credential) = ctx.ports.load_credential(ticket.user).await? else {
        return Err(wrong_ticket(ctx, None).await);
    };
    let user = &credential.user;
    let password = Password::new(password.expose_secret()).map_err(|_| ResetError::PasswordTooLong)?;
    let known = PublicKnowledge { email: user.email.as_str(), name: &user.name, site: &ctx.policy.site_name };
    new_password::check(ctx, &password, &known).await.map_err(ResetError::WeakPassword)?;
    let hash = password::create(&password, &ctx.policy.peppers, ctx.ports).await?;
    let event = audit::event(ctx, Some(user.id), AuditAction::ResetPassword, AuditOutcome::Success)?;
    match ctx.ports.reset_password(&ticket, &hash, event).await {
        Ok(Replaced::Yes) => {}
        Ok(Replaced::No) => return Err(wrong_ticket(ctx, Some(user.id)).await),
        Err(fault) => {
            // It may be stored all the same; whoever can be told shall look again.
            let _ = ctx.ports.account_changed(user.id).await;
            return Err(fault.into());
        }
    }
    sign_out::end_all(ctx, user.id).await?;
    Ok(())
}

async fn find(
    ctx: &Ctx<'_, impl Ports>,
    token: &TicketToken,
    tickets: Tickets,
) -> Result<Option<Ticket>, PortError> {
    let of = async |purpose| ctx.ports.find_ticket(&token.hash(purpose), purpose).await;
    match of(Purpose::Handed).await? {
        None if tickets == Tickets::All => of(Purpose::Reset).await,
        found => Ok(found),
    }
}

/// A link with which an account's owner chooses a new password, for an administrator to hand on where no mail can.
///
/// # Errors
/// [`ResetError`]
pub async fn mint(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    user: UserId,
    base: &str,
) -> Result<String, ResetError> {
    let credential = ctx.ports.load_credential(user).await?.ok_or(ResetError::NoAccount)?;
    if credential.password_hash.is_none() {
        return Err(ResetError::NoPassword);
    }
    if ctx.is_out_of_reach(admin, user).await? {
        return Err(ResetError::PrimaryAdmin);
    }
    ctx.ports.append(audit::event_about(ctx, admin, user, AuditAction::MintResetLink)?).await?;
    Ok(ticket_link(ctx, &credential, base, Purpose::Handed).await?)
}

/// Makes a ticket in the place of all others that the account has, and the link that it stands in.
pub(super) async fn ticket_link(
    ctx: &Ctx<'_, impl Ports>,
    credential: &Credential,
    base: &str,
    purpose: Purpose,
) -> Result<String, PortError> {
    let token = TicketToken::random(ctx.ports)?;
    ctx.ports.issue_ticket(ticket(ctx, credential, &token, purpose)).await?;
    Ok(link::reset(base, &token, credential.user.id))
}

pub(super) fn ticket(
    ctx: &Ctx<'_, impl Ports>,
    credential: &Credential,
    token: &TicketToken,
    purpose: Purpose,
) -> Ticket {
    Ticket {
        hash: token.hash(purpose),
        purpose,
        user: credential.user.id,
        email: credential.user.email.clone(),
        credential_version: credential.version,
        expires_at: ctx.now.plus(TICKET_LIFETIME),
    }
}

async fn wrong_ticket(ctx: &Ctx<'_, impl Ports>, user: Option<UserId>) -> ResetError {
    audit::record_refusal(ctx, user, AuditAction::ResetPassword, AuditOutcome::WrongTicket).await;
    ResetError::WrongTicket
}

/// Why there is no new password.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ResetError {
    /// There is no such account.
    NoAccount,
    /// The account has no password here, and gets none this way (RS-10).
    NoPassword,
    /// Longer than anyone's password.
    PasswordTooLong,
    /// The account that only its owner may change.
    PrimaryAdmin,
    /// Too many requests.
    Throttled {
        /// When another one is granted.
        retry_after: Lifetime,
    },
    /// The outside failed.
    Unavailable(PortError),
    /// The password breaks a rule.
    WeakPassword(PasswordPolicyError),
    /// Not a ticket, or one that was used or has expired.
    WrongTicket,
}

impl From<PortError> for ResetError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
