//! Signing in.

use alloc::string::String;

use super::{Ctx, SignedIn, audit, open_session};
use crate::{
    audit::{AuditAction, AuditOutcome},
    email::Email,
    id::UserId,
    password::{self, Password, PasswordHash, Verification},
    ports::{BucketKey, Credential, PortError, Ports, Replaced},
    secret::Secret,
    session::AuthMethod,
    throttle::{SIGN_IN_LIMIT, Spent},
    time::Lifetime,
};

/// What someone typed into a sign-in form.
#[derive(Clone, Debug)]
pub struct PasswordLogin {
    /// Any text; only a registered address leads anywhere.
    pub email: String,
    /// Any text.
    pub password: Secret<String>,
}

/// Signs in with an e-mail address and a password.
///
/// An attempt is spent before anything is looked up or hashed (TH-01). Unknown accounts, accounts
/// without a password and wrong passwords cost the same work and differ only in the audit log
/// (PW-12, TH-09).
///
/// # Errors
/// [`SignInError`]; no session was opened.
pub async fn with_password(ctx: &Ctx<'_, impl Ports>, login: PasswordLogin) -> Result<SignedIn, SignInError> {
    if !ctx.policy.password_sign_in {
        return Err(SignInError::PasswordSignInOff);
    }
    let bucket = BucketKey::sign_in(&login.email, &ctx.client.network);
    if let Spent::Refused { retry_after } = ctx.ports.spend(&bucket, SIGN_IN_LIMIT, ctx.now).await? {
        refused(ctx, None, AuditOutcome::Throttled).await;
        return Err(SignInError::Throttled { retry_after });
    }
    let Ok(password) = Password::new(login.password.expose_secret()) else {
        refused(ctx, None, AuditOutcome::WrongPassword).await;
        return Err(SignInError::WrongPassword);
    };
    let credential = match Email::parse(&login.email) {
        Ok(email) => ctx.ports.find_credential(&email).await?,
        Err(_) => None,
    };
    let hash = credential.as_ref().and_then(|credential| credential.password_hash.as_ref());
    let verification = password::verify(&password, hash, &ctx.policy.peppers, ctx.ports).await?;
    let Some(Credential { user, password_hash }) = credential else {
        refused(ctx, None, AuditOutcome::UnknownAccount).await;
        return Err(SignInError::UnknownAccount);
    };
    match verification {
        Verification::Match { needs_rehash: false } => {}
        Verification::Match { needs_rehash: true } => {
            rehash(ctx, user.id, &password, password_hash.as_ref()).await?;
        }
        Verification::Mismatch => {
            refused(ctx, Some(user.id), AuditOutcome::WrongPassword).await;
            return Err(SignInError::WrongPassword);
        }
        Verification::NoUsableHash => {
            refused(ctx, Some(user.id), AuditOutcome::NoPassword).await;
            return Err(SignInError::NoPassword);
        }
        Verification::TooLongForBcrypt => {
            refused(ctx, Some(user.id), AuditOutcome::PasswordTooLongForBcrypt).await;
            return Err(SignInError::WrongPassword);
        }
    }
    ctx.ports.reset(&bucket).await?;
    audit::record(ctx, Some(user.id), AuditAction::SignIn, AuditOutcome::Success).await?;
    Ok(open_session::open(ctx, user, AuthMethod::Password).await?)
}

/// Replaces a hash of older parameters, from elsewhere or under an older pepper, now that the password
/// is known (PW-02). When somebody else was faster, theirs stays.
async fn rehash(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    password: &Password,
    old: Option<&PasswordHash>,
) -> Result<(), PortError> {
    let Some(old) = old else { return Ok(()) };
    let new = password::create(password, &ctx.policy.peppers, ctx.ports).await?;
    match ctx.ports.replace_password_hash(user, old, &new, ctx.now).await? {
        Replaced::Yes => audit::record(ctx, Some(user), AuditAction::Rehash, AuditOutcome::Success).await,
        Replaced::No => Ok(()),
    }
}

async fn refused(ctx: &Ctx<'_, impl Ports>, actor: Option<UserId>, outcome: AuditOutcome) {
    audit::record_refusal(ctx, actor, AuditAction::SignIn, outcome).await;
}

/// Why nobody was signed in. Dialects answer several of these alike (TH-09).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SignInError {
    /// The account has no password, or none that can be checked.
    NoPassword,
    /// The deployment does not let anyone sign in with a password.
    PasswordSignInOff,
    /// Too many attempts; whether this password was right was not looked at (TH-12).
    Throttled {
        /// When an attempt will be granted again.
        retry_after: Lifetime,
    },
    /// The outside failed.
    Unavailable(PortError),
    /// No such account.
    UnknownAccount,
    /// The password is wrong, or too long to be anyone's.
    WrongPassword,
}

impl From<PortError> for SignInError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
