//! Signing in.

use alloc::string::String;

use futures_util::future::join;

use super::{
    Ctx, Grant, NotAdmitted, audit, directory,
    open_session::OpenError,
    second_factor::{self, Next},
    sign_out, verify_email,
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    email::Email,
    id::UserId,
    password::{self, Password, PasswordHash, Verification},
    ports::{BucketKey, PortError, Ports, Replaced, SignInAttempt},
    secret::Secret,
    session::AuthMethod,
    throttle::{FIRST_FACTOR_LIMIT, Spent},
    time::{Lifetime, UnixSeconds},
    user::Account,
};

/// What someone typed into a sign-in form.
#[derive(Clone, Debug)]
pub struct PasswordLogin {
    /// Any text; only a registered address leads anywhere.
    pub email: String,
    /// Any text.
    pub password: Secret<String>,
    /// The session token that this browser has shown, if it has: a success ends its session (SE-04).
    pub previous_token: Option<String>,
    /// What they get.
    pub grant: Grant,
}

/// Signs in with an e-mail address and a password.
///
/// An attempt is spent before anything is looked up or hashed (TH-01). Unknown accounts, accounts
/// without a password and wrong passwords cost the same work and differ only in the audit log
/// (PW-12, TH-09).
///
/// # Errors
/// [`SignInError`]; no session was opened.
pub async fn with_password(ctx: &Ctx<'_, impl Ports>, login: PasswordLogin) -> Result<Next, SignInError> {
    if !ctx.policy.password_sign_in {
        return Err(SignInError::PasswordSignInOff);
    }
    let attempt = SignInAttempt::of(&login.email, &ctx.client.network);
    if let Spent::Refused { retry_after } = ctx.ports.spend_sign_in(&attempt, ctx.now).await? {
        refused(ctx, None, AuditOutcome::Throttled).await;
        return Err(SignInError::Throttled { retry_after });
    }
    let first_factor = spend_first_factor(ctx, &login).await?;
    let mut account = match prove(ctx, &login).await {
        Ok(account) => account,
        Err(Unproved::Refused { actor, outcome, error }) => {
            refused(ctx, actor, outcome).await;
            return Err(error);
        }
        Err(Unproved::Unavailable(fault)) => return Err(fault.into()),
    };
    let user = account.user.id;
    if let Err(refusal) = ctx.policy.admit(&account.user, login.grant) {
        // They knew the password: this was no guess. The port reports its own fault.
        let _ = settle(ctx, &attempt, first_factor.as_ref()).await;
        refused(ctx, Some(user), refusal.outcome()).await;
        return Err(refusal.into());
    }
    verify_email::waive(ctx, &mut account.user).await?;
    let (next, failures) = join(
        second_factor::after_first(ctx, account, AuthMethod::Password, login.grant),
        // An attempt that stays spent is merely strict; the port reports its own fault.
        settle(ctx, &attempt, first_factor.as_ref()),
    )
    .await;
    let next = match next {
        Ok(next) => next,
        Err(OpenError::Banned { until }) => {
            refused(ctx, Some(user), AuditOutcome::Banned).await;
            return Err(SignInError::Banned { until });
        }
        Err(OpenError::Unavailable(fault)) => return Err(fault.into()),
    };
    let (recorded, _) = join(
        second_factor::record(ctx, user, AuthMethod::Password, &next, failures.unwrap_or_default()),
        sign_out::end_previous(ctx, login.previous_token.as_deref()),
    )
    .await;
    recorded?;
    Ok(next)
}

/// Where second factors are asked for, wrong passwords for one account are counted from everywhere (open-webui.md §6).
/// Known and unknown accounts alike (TH-09).
async fn spend_first_factor(
    ctx: &Ctx<'_, impl Ports>,
    login: &PasswordLogin,
) -> Result<Option<BucketKey>, SignInError> {
    if !ctx.settings().await?.is_on("ENABLE_MFA") {
        return Ok(None);
    }
    let bucket = BucketKey::first_factor(&login.email);
    match ctx.ports.spend(&bucket, FIRST_FACTOR_LIMIT, None, &ctx.client.network, ctx.now).await? {
        Spent::Granted => Ok(Some(bucket)),
        Spent::Refused { retry_after } => {
            refused(ctx, None, AuditOutcome::Throttled).await;
            Err(SignInError::TooManyPasswords { retry_after })
        }
    }
}

async fn settle(
    ctx: &Ctx<'_, impl Ports>,
    attempt: &SignInAttempt,
    first_factor: Option<&BucketKey>,
) -> Result<u32, PortError> {
    let failures = ctx.ports.settle_sign_in(attempt, ctx.now).await?;
    if let Some(bucket) = first_factor {
        ctx.ports.give_back(bucket).await?;
    }
    Ok(failures)
}

/// Whose password this is.
async fn prove(ctx: &Ctx<'_, impl Ports>, login: &PasswordLogin) -> Result<Account, Unproved> {
    let refused = |actor, outcome, error| Unproved::Refused { actor, outcome, error };
    let Ok(password) = Password::new(login.password.expose_secret()) else {
        return Err(refused(None, AuditOutcome::WrongPassword, SignInError::WrongPassword));
    };
    let credential = match Email::parse(&login.email) {
        Ok(email) => ctx.ports.find_credential(&email).await?,
        Err(_) => None,
    };
    let hash = credential.as_ref().and_then(|credential| credential.password_hash.as_ref());
    let verification = password::verify(&password, hash, &ctx.policy.peppers, ctx.ports).await?;
    let Some(credential) = credential else {
        return Err(refused(None, AuditOutcome::UnknownAccount, SignInError::UnknownAccount));
    };
    let (id, password_hash) = (credential.user.id, credential.password_hash.as_ref());
    let actor = Some(id);
    match verification {
        Verification::Match { needs_rehash: false } => {}
        Verification::Match { needs_rehash: true } => {
            rehash(ctx, id, &password, password_hash).await?;
        }
        Verification::Mismatch => {
            return Err(refused(actor, AuditOutcome::WrongPassword, SignInError::WrongPassword));
        }
        Verification::NoUsableHash => {
            let outcome =
                if password_hash.is_some() { AuditOutcome::UnusableHash } else { AuditOutcome::NoPassword };
            return Err(refused(actor, outcome, SignInError::NoPassword));
        }
        Verification::TooLongForBcrypt => {
            return Err(refused(actor, AuditOutcome::PasswordTooLongForBcrypt, SignInError::WrongPassword));
        }
    }
    // Whoever the directory knows signs in with its password, so that whoever it locks out is locked out (LD-19).
    if credential.user.means.is_of(directory::PROVIDER) && directory::rules_passwords(ctx).await? {
        return Err(refused(actor, AuditOutcome::NoPassword, SignInError::NoPassword));
    }
    Ok(credential.into_account())
}

enum Unproved {
    Refused { actor: Option<UserId>, outcome: AuditOutcome, error: SignInError },
    Unavailable(PortError),
}

impl From<PortError> for Unproved {
    fn from(fault: PortError) -> Self {
        Self::Unavailable(fault)
    }
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
    /// The account is banned; only somebody who knows the password learns that.
    Banned {
        /// Until when.
        until: UnixSeconds,
    },
    /// The account has no password, or none that can be checked.
    NoPassword,
    /// The account waits for approval.
    Pending,
    /// The deployment does not let anyone sign in with a password.
    PasswordSignInOff,
    /// Too many attempts; whether this password was right was not looked at (TH-12).
    Throttled {
        /// When an attempt will be granted again.
        retry_after: Lifetime,
    },
    /// Too many wrong passwords for this account, where second factors are asked for.
    TooManyPasswords {
        /// When one will be looked at again.
        retry_after: Lifetime,
    },
    /// The outside failed.
    Unavailable(PortError),
    /// Nobody has shown that they read the account's address.
    Unverified,
    /// No such account.
    UnknownAccount,
    /// The password is wrong, or too long to be anyone's.
    WrongPassword,
}

impl From<NotAdmitted> for SignInError {
    fn from(refusal: NotAdmitted) -> Self {
        match refusal {
            NotAdmitted::Pending => Self::Pending,
            NotAdmitted::Unverified => Self::Unverified,
        }
    }
}

impl From<PortError> for SignInError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
