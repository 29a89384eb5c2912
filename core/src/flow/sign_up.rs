//! Creating an account.

use alloc::string::String;

use super::{Ctx, SignedIn, audit, new_password, open_session};
use crate::{
    audit::{AuditAction, AuditOutcome},
    display_name::DisplayName,
    email::{Email, EmailError},
    id::UserId,
    image_reference::ImageReference,
    password::{self, Password, PasswordPolicyError, PublicKnowledge},
    ports::{Admission, Created, PortError, Ports},
    secret::Secret,
    session::AuthMethod,
    user::{NewUser, Role},
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
}

/// Creates an account with a password and signs it in.
///
/// In the contract's order: closed registration answers before anything is looked up, then the
/// address, then the password. Hashing comes last but one, and the store decides again in the step
/// that inserts.
///
/// # Errors
/// [`SignUpError`]; no account was created, except for [`SignUpError::Unavailable`], after which
/// signing in tells.
pub async fn with_password(ctx: &Ctx<'_, impl Ports>, form: SignUp) -> Result<SignedIn, SignUpError> {
    let email = Email::parse(&form.email);
    match ctx.ports.preview_admission(email.as_ref().ok(), ctx.policy.sign_up).await? {
        Admission::Closed => return Err(refused(ctx, AuditOutcome::Closed, SignUpError::Closed).await),
        Admission::EmailTaken => {
            return Err(refused(ctx, AuditOutcome::EmailTaken, SignUpError::EmailTaken).await);
        }
        Admission::Open => {}
    }
    let email = email.map_err(SignUpError::InvalidEmail)?;
    let password = Password::new(form.password.expose_secret()).map_err(|_| SignUpError::PasswordTooLong)?;
    let known = PublicKnowledge { email: &email, name: form.name.as_str(), site: &ctx.policy.site_name };
    new_password::check(ctx, &password, &known).await.map_err(SignUpError::WeakPassword)?;

    let new_user = NewUser {
        id: UserId::random(ctx.ports)?,
        email,
        name: form.name,
        image: form.image,
        default_role: ctx.policy.default_role,
        password_hash: password::create(&password, &ctx.policy.peppers, ctx.ports).await?,
        created_at: ctx.now,
    };
    match ctx.ports.create_user(new_user, ctx.policy.sign_up).await? {
        Created::Closed => Err(refused(ctx, AuditOutcome::Closed, SignUpError::Closed).await),
        Created::EmailTaken => Err(refused(ctx, AuditOutcome::EmailTaken, SignUpError::EmailTaken).await),
        Created::User(user) => {
            let outcome =
                if user.role == Role::Admin { AuditOutcome::FirstAdmin } else { AuditOutcome::Success };
            audit::record(ctx, Some(user.id), AuditAction::SignUp, outcome).await?;
            Ok(open_session::open(ctx, *user, AuthMethod::Password).await?)
        }
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
    /// The address is registered already.
    EmailTaken,
    /// Not an address.
    InvalidEmail(EmailError),
    /// Longer than anyone's password.
    PasswordTooLong,
    /// The outside failed.
    Unavailable(PortError),
    /// The password breaks a rule.
    WeakPassword(PasswordPolicyError),
}

impl From<PortError> for SignUpError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
