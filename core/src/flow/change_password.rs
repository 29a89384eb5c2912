//! Changing one's own password.

use alloc::string::String;

use super::{
    Ctx, audit,
    current_session::Authenticated,
    new_password,
    reauthentication::{self, Unproved},
    sign_out,
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    password::{self, Password, PasswordPolicyError, PublicKnowledge},
    ports::{PortError, Ports, Replaced},
    secret::Secret,
    time::Lifetime,
};

/// What someone typed into the form.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// Any text; must be the present password (PW-13).
    pub current: Secret<String>,
    /// Any text; must satisfy the password policy.
    pub new: Secret<String>,
}

/// Changes the caller's password and ends all their sessions, the present one included (PW-14).
///
/// The new version of the credential is stored first: no session of the old one outlives that by more than
/// [`SNAPSHOT_LIFETIME`](crate::session::SNAPSHOT_LIFETIME), even if ending them fails, and even one that is
/// being opened with the old password right now. Once this returns, none is alive.
///
/// # Errors
/// [`ChangePasswordError`]; the password is the old one, except for
/// [`ChangePasswordError::Unavailable`], after which signing in tells.
pub async fn change(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    form: PasswordChange,
) -> Result<(), ChangePasswordError> {
    let user = caller.user.id;
    let credential = reauthentication::prove(ctx, user, &form.current, AuditAction::ChangePassword).await?;
    let Some(old) = credential.password_hash else { return Err(ChangePasswordError::WrongPassword) };
    let new = Password::new(form.new.expose_secret()).map_err(|_| ChangePasswordError::PasswordTooLong)?;
    let known = PublicKnowledge {
        email: credential.user.email.as_str(),
        name: &credential.user.name,
        site: &ctx.policy.site_name,
    };
    new_password::check(ctx, &new, &known).await.map_err(ChangePasswordError::WeakPassword)?;
    let new = password::create(&new, &ctx.policy.peppers, ctx.ports).await?;
    let event = audit::event(ctx, Some(user), AuditAction::ChangePassword, AuditOutcome::Success)?;
    match ctx.ports.change_password(user, &old, &new, event).await {
        Ok(Replaced::Yes) => {}
        Ok(Replaced::No) => return Err(ChangePasswordError::Concurrent),
        Err(fault) => {
            // It may be stored all the same; whoever can be told shall look again.
            let _ = ctx.ports.account_changed(user).await;
            return Err(fault.into());
        }
    }
    sign_out::end_all(ctx, user).await?;
    Ok(())
}

/// Why the password was not changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ChangePasswordError {
    /// The account was changed by somebody else in this moment, or is gone.
    Concurrent,
    /// The new password is longer than anyone's.
    PasswordTooLong,
    /// Too many tries.
    Throttled {
        /// When a try will be granted again.
        retry_after: Lifetime,
    },
    /// The outside failed.
    Unavailable(PortError),
    /// The new password breaks a rule.
    WeakPassword(PasswordPolicyError),
    /// The present password is another, or there is none.
    WrongPassword,
}

impl From<Unproved> for ChangePasswordError {
    fn from(unproved: Unproved) -> Self {
        match unproved {
            Unproved::Gone => Self::Concurrent,
            Unproved::Throttled { retry_after } => Self::Throttled { retry_after },
            Unproved::Unavailable(fault) => fault.into(),
            Unproved::WrongPassword => Self::WrongPassword,
        }
    }
}

impl From<PortError> for ChangePasswordError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
