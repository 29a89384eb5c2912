//! Creating an account.

use alloc::string::String;

use super::{
    Ctx, Grant, audit, new_password,
    open_session::OpenError,
    second_factor::{self, Next},
    sign_out,
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    display_name::DisplayName,
    email::{Email, EmailError},
    id::UserId,
    image_reference::ImageReference,
    password::{self, Password, PasswordPolicyError, PublicKnowledge},
    ports::{Admission, BucketKey, Created, PortError, Ports, sign_up_subject},
    secret::Secret,
    session::AuthMethod,
    throttle::{LOOPBACK_SIGN_UPS, Limit, SIGN_UP_LIMIT, SITE_SIGN_UP_LIMIT, Spent},
    time::Lifetime,
    user::{NewUser, SignUpPolicy},
};

/// What someone typed into a sign-up form.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// Checked display name.
    pub name: DisplayName,
    /// Any text; must turn out to be a free address.
    pub email: String,
    /// Any text; must satisfy the password policy.
    pub password: Secret<String>,
    /// Checked image reference.
    pub image: ImageReference,
    /// Whether the first account may be created, as far as the deployment's own secret for that goes (AD-02).
    pub may_be_first: bool,
    /// The session token that this browser has shown, if it has: a success ends its session (SE-04).
    pub previous_token: Option<String>,
}

/// Creates an account with a password and signs it in.
///
/// In the contract's order: closed registration first, then the address, then the password. Hashing comes last but one,
/// and the store decides again in the step that inserts.
///
/// # Errors
/// [`SignUpError`]; no account was created, except for [`SignUpError::Unavailable`], after which
/// signing in tells.
pub async fn with_password(ctx: &Ctx<'_, impl Ports>, form: SignUp) -> Result<Next, SignUpError> {
    let email = Email::parse(&form.email);
    let settings = ctx.settings().await?;
    let admission = ctx.ports.preview_admission(email.as_ref().ok(), settings.sign_up).await?;
    if admission == Admission::Closed {
        return Err(refused(ctx, AuditOutcome::Closed, SignUpError::Closed).await);
    }
    if admission == Admission::First && !form.may_be_first {
        return Err(refused(ctx, AuditOutcome::BootstrapRefused, SignUpError::Closed).await);
    }
    if let Ok(email) = &email
        && let Spent::Refused { retry_after } = spend(ctx, email).await?
        // While there is nobody, there is nobody to ask about: many may race to be the first.
        && admission != Admission::First
    {
        return Err(refused(ctx, AuditOutcome::Throttled, SignUpError::Throttled { retry_after }).await);
    }
    if admission == Admission::EmailTaken {
        return Err(refused(ctx, AuditOutcome::EmailTaken, SignUpError::EmailTaken).await);
    }
    let email = email.map_err(SignUpError::InvalidEmail)?;
    if !ctx.policy.admits_address(&email) {
        return Err(refused(ctx, AuditOutcome::DomainRefused, SignUpError::DomainRefused).await);
    }
    let password = Password::new(form.password.expose_secret()).map_err(|_| SignUpError::PasswordTooLong)?;
    let known =
        PublicKnowledge { email: email.as_str(), name: form.name.as_str(), site: &ctx.policy.site_name };
    new_password::check(ctx, &password, &known).await.map_err(SignUpError::WeakPassword)?;

    let new_user = NewUser {
        image: form.image,
        default_group: settings.default_group,
        password_hash: Some(password::create(&password, &ctx.policy.peppers, ctx.ports).await?),
        ..NewUser::new(UserId::random(ctx.ports)?, email, form.name, settings.default_role, ctx.now)
    };
    let policy = SignUpPolicy { first: settings.sign_up.first && form.may_be_first, ..settings.sign_up };
    let event = audit::event(ctx, Some(new_user.id), AuditAction::SignUp, AuditOutcome::Success)?;
    match ctx.ports.create_user(new_user, policy, event).await? {
        Created::Closed => Err(refused(ctx, AuditOutcome::Closed, SignUpError::Closed).await),
        Created::EmailTaken => Err(refused(ctx, AuditOutcome::EmailTaken, SignUpError::EmailTaken).await),
        Created::Account(account) => {
            let (user, method) = (account.user.id, AuthMethod::Password);
            let next = second_factor::after_first(ctx, *account, method, Grant::Token).await?;
            second_factor::record(ctx, user, method, &next, 0).await?;
            sign_out::end_previous(ctx, form.previous_token.as_deref()).await;
            Ok(next)
        }
    }
}

/// The answer tells whether an address is taken, so nobody may ask about many (TH-11).
async fn spend(ctx: &Ctx<'_, impl Ports>, email: &Email) -> Result<Spent, PortError> {
    let network = &ctx.client.network;
    let spend = |bucket, limit| async move {
        ctx.ports.spend(&bucket, limit, Some(sign_up_subject(email)), network, ctx.now).await
    };
    let attempts = ctx.policy.sign_ups_per_hour;
    let attempts = if network.is_loopback() { attempts.max(LOOPBACK_SIGN_UPS) } else { attempts };
    let own = Limit { attempts, ..SIGN_UP_LIMIT };
    match spend(BucketKey::sign_up(network), own).await? {
        Spent::Granted => spend(BucketKey::site_sign_up(), SITE_SIGN_UP_LIMIT).await,
        refused @ Spent::Refused { .. } => Ok(refused),
    }
}

async fn refused(ctx: &Ctx<'_, impl Ports>, outcome: AuditOutcome, error: SignUpError) -> SignUpError {
    audit::record_refusal(ctx, None, AuditAction::SignUp, outcome).await;
    error
}

/// Why no account was created.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SignUpError {
    /// Registration is closed.
    Closed,
    /// Addresses of that domain are not admitted.
    DomainRefused,
    /// The address is registered already.
    EmailTaken,
    /// Not an address.
    InvalidEmail(EmailError),
    /// Longer than anyone's password.
    PasswordTooLong,
    /// Too many addresses were tried from there.
    Throttled {
        /// When another one may be tried.
        retry_after: Lifetime,
    },
    /// The outside failed.
    Unavailable(PortError),
    /// The password breaks a rule.
    WeakPassword(PasswordPolicyError),
}

impl From<OpenError> for SignUpError {
    fn from(error: OpenError) -> Self {
        match error {
            // Nobody can have banned an account that did not exist a moment ago, except by its new id.
            OpenError::Banned { .. } => Self::Closed,
            OpenError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<PortError> for SignUpError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
