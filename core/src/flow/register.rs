//! Creating an account without signing in, and without telling whether the address had one (LibreChat contract §3).

use alloc::string::String;

use serde_json::json;

use super::{Ctx, audit, new_password};
use crate::{
    audit::{AuditAction, AuditOutcome},
    display_name::DisplayName,
    email::Email,
    id::UserId,
    password::{self, Password, PasswordPolicyError, PublicKnowledge},
    ports::{Admission, BucketKey, Created, PortError, Ports},
    secret::Secret,
    throttle::{SITE_SIGN_UP_LIMIT, Spent},
    ticket::{Invitation, Purpose, TicketToken},
    time::Lifetime,
    user::{EmailVerification, NewUser, Role, SignUpPolicy},
};

/// How long an account waits for its owner to show that they read its address (LibreChat contract §3).
const UNVERIFIED_FOR: Lifetime = Lifetime::from_days(7);

/// What someone typed into a form, checked as far as it can be without anybody else.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Checked display name.
    pub name: DisplayName,
    /// Checked; lower case.
    pub username: Option<String>,
    /// The address.
    pub email: Email,
    /// Any text; must satisfy the password policy.
    pub password: Secret<String>,
}

/// Somebody may go on: registration is open, or they are invited.
#[derive(Clone, Debug)]
pub struct Admitted {
    invitation: Option<Invitation>,
    may_be_first: bool,
}

/// Whether anybody may register now, or whoever shows this invitation. `may_be_first` tells whether the deployment's own
/// secret for its first account was shown (AD-02).
///
/// # Errors
/// [`RegisterError::Closed`], [`RegisterError::WrongInvitation`] or [`RegisterError::Unavailable`].
pub async fn admit(
    ctx: &Ctx<'_, impl Ports>,
    invitation: Option<&str>,
    may_be_first: bool,
) -> Result<Admitted, RegisterError> {
    if let Some(text) = invitation {
        let Some(token) = TicketToken::parse(text) else { return Err(wrong_invitation(ctx).await) };
        let found = ctx.ports.find_invitation(&token.hash(Purpose::Join), ctx.now).await?;
        return match found {
            Some(invitation) => Ok(Admitted { invitation: Some(invitation), may_be_first }),
            None => Err(wrong_invitation(ctx).await),
        };
    }
    let admission = ctx.ports.preview_admission(None, ctx.settings().await?.sign_up).await?;
    match admission {
        Admission::Closed => Err(refused(ctx, AuditOutcome::Closed, RegisterError::Closed).await),
        Admission::First if !may_be_first => {
            Err(refused(ctx, AuditOutcome::BootstrapRefused, RegisterError::Closed).await)
        }
        Admission::First | Admission::EmailTaken | Admission::Open => {
            Ok(Admitted { invitation: None, may_be_first })
        }
    }
}

/// Creates the account, unless there is one: then its owner is told, and nobody else (TH-09, R-05). Either way the same
/// work is done.
///
/// # Errors
/// [`RegisterError`]; no account was created, except for [`RegisterError::Unavailable`], after which registering again
/// is safe.
pub async fn create(
    ctx: &Ctx<'_, impl Ports>,
    admitted: Admitted,
    form: Registration,
) -> Result<(), RegisterError> {
    let Registration { name, username, email, password } = form;
    let invitation = admitted.invitation;
    if invitation.as_ref().is_some_and(|invitation| invitation.email != email) {
        return Err(wrong_invitation(ctx).await);
    }
    if !ctx.policy.admits_address(&email) {
        return Err(refused(ctx, AuditOutcome::DomainRefused, RegisterError::DomainRefused).await);
    }
    let password = Password::new(password.expose_secret()).map_err(|_| RegisterError::PasswordTooLong)?;
    let known = PublicKnowledge { email: email.as_str(), name: name.as_str(), site: &ctx.policy.site_name };
    new_password::check(ctx, &password, &known).await.map_err(RegisterError::WeakPassword)?;
    let (network, bucket) = (&ctx.client.network, BucketKey::site_sign_up());
    let spent = ctx.ports.spend(&bucket, SITE_SIGN_UP_LIMIT, None, network, ctx.now).await?;
    if let Spent::Refused { retry_after } = spent {
        return Err(refused(ctx, AuditOutcome::Throttled, RegisterError::Throttled { retry_after }).await);
    }
    let settings = ctx.settings().await?;
    // Whoever got an invitation reads what comes to its address.
    let verification = match (&invitation, &ctx.policy.mail) {
        (Some(_), Some(_)) => EmailVerification::Done,
        (None, Some(_)) if !ctx.policy.members.unverified_sign_in => {
            EmailVerification::DueBy(ctx.now.plus(UNVERIFIED_FOR))
        }
        _ => EmailVerification::Unasked,
    };
    // An owner learns that somebody tried their address, as often as somebody may ask for a mail; counted for every
    // address, so that those that are taken take no longer (TH-09).
    let is_told = super::reset_password::may_be_sent(ctx, &BucketKey::mail_about(email.as_str())).await?;
    let taken = if is_told { AuditOutcome::EmailTaken } else { AuditOutcome::Throttled };
    let invited = invitation.is_some();
    // Whom an administrator invited waits for nobody's approval.
    let role = match settings.default_role {
        Role::Pending if invited => Role::User,
        role => role,
    };
    let new_user = NewUser {
        username,
        verification,
        invitation: invitation.map(|invitation| invitation.hash),
        default_group: settings.default_group,
        password_hash: Some(password::create(&password, &ctx.policy.peppers, ctx.ports).await?),
        if_taken: Some(audit::event(ctx, None, AuditAction::SignUp, taken)?),
        ..NewUser::new(UserId::random(ctx.ports)?, email, name, role, ctx.now)
    };
    let first = settings.sign_up.first && admitted.may_be_first;
    let policy = SignUpPolicy { first, ..settings.sign_up };
    let event = audit::event(ctx, Some(new_user.id), AuditAction::SignUp, AuditOutcome::Success)?;
    let asks = ctx.policy.mail.is_some() && verification != EmailVerification::Done;
    let event = audit::detailed(event, &json!({"source": "register", "verify": asks}));
    match ctx.ports.create_user(new_user, policy, event).await? {
        Created::Account(_) | Created::EmailTaken => Ok(()),
        // Another registration with it was faster.
        Created::Closed if invited => Err(wrong_invitation(ctx).await),
        Created::Closed => Err(refused(ctx, AuditOutcome::Closed, RegisterError::Closed).await),
    }
}

async fn wrong_invitation(ctx: &Ctx<'_, impl Ports>) -> RegisterError {
    refused(ctx, AuditOutcome::WrongTicket, RegisterError::WrongInvitation).await
}

async fn refused(ctx: &Ctx<'_, impl Ports>, outcome: AuditOutcome, error: RegisterError) -> RegisterError {
    audit::record_refusal(ctx, None, AuditAction::SignUp, outcome).await;
    error
}

/// Why no account was created.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RegisterError {
    /// Registration is closed.
    Closed,
    /// Addresses of that domain are not admitted.
    DomainRefused,
    /// Longer than anyone's password.
    PasswordTooLong,
    /// Too many registrations.
    Throttled {
        /// When another one may be tried.
        retry_after: Lifetime,
    },
    /// The outside failed.
    Unavailable(PortError),
    /// The password breaks a rule.
    WeakPassword(PasswordPolicyError),
    /// Not an invitation, or not for this address.
    WrongInvitation,
}

impl From<PortError> for RegisterError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
