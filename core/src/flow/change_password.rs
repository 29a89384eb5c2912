//! Changing one's own password.

use alloc::string::String;

use super::{Ctx, audit, current_session::Authenticated, new_password};
use crate::{
    audit::{AuditAction, AuditOutcome},
    password::{self, Password, PasswordPolicyError, PublicKnowledge, Verification},
    ports::{BucketKey, PortError, Ports, Replaced},
    secret::Secret,
    throttle::{REAUTHENTICATION_LIMIT, Spent},
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
    let bucket = BucketKey::reauthentication(user);
    let spent = ctx.ports.spend(&bucket, REAUTHENTICATION_LIMIT, None, &ctx.client.network, ctx.now).await?;
    if let Spent::Refused { retry_after } = spent {
        refused(ctx, caller, AuditOutcome::Throttled).await;
        return Err(ChangePasswordError::Throttled { retry_after });
    }
    let credential = ctx.ports.load_credential(user).await?.ok_or(ChangePasswordError::Concurrent)?;
    let current = Password::new(form.current.expose_secret());
    let verification = match &current {
        Ok(current) => {
            password::verify(current, credential.password_hash.as_ref(), &ctx.policy.peppers, ctx.ports)
                .await?
        }
        Err(_) => Verification::Mismatch,
    };
    let (Verification::Match { .. }, Some(old)) = (verification, credential.password_hash) else {
        refused(ctx, caller, AuditOutcome::WrongPassword).await;
        return Err(ChangePasswordError::WrongPassword);
    };
    // The caller knew the password: this was no guess. The port reports its own fault.
    let _ = ctx.ports.give_back(&bucket).await;
    let new = Password::new(form.new.expose_secret()).map_err(|_| ChangePasswordError::PasswordTooLong)?;
    let known = PublicKnowledge {
        email: &credential.user.email,
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
    ctx.ports.end_all_sessions(user, ctx.now).await?;
    Ok(())
}

async fn refused(ctx: &Ctx<'_, impl Ports>, caller: &Authenticated, outcome: AuditOutcome) {
    audit::record_refusal(ctx, Some(caller.user.id), AuditAction::ChangePassword, outcome).await;
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

impl From<PortError> for ChangePasswordError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
