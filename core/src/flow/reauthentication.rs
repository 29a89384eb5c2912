//! The caller shows once more that they know their password.

use alloc::string::String;

use super::{Ctx, audit};
use crate::{
    audit::{AuditAction, AuditOutcome},
    id::UserId,
    password::{self, Password, Verification},
    ports::{BucketKey, Credential, PortError, Ports},
    secret::Secret,
    throttle::{REAUTHENTICATION_LIMIT, Spent},
    time::Lifetime,
};

/// Checks a password that somebody claims to be the caller's present one, for the sake of `action`. What it guards.
pub(super) async fn prove(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    typed: &Secret<String>,
    action: AuditAction,
) -> Result<Credential, Unproved> {
    let bucket = BucketKey::reauthentication(user);
    let spent = ctx.ports.spend(&bucket, REAUTHENTICATION_LIMIT, None, &ctx.client.network, ctx.now).await?;
    if let Spent::Refused { retry_after } = spent {
        audit::record_refusal(ctx, Some(user), action, AuditOutcome::Throttled).await;
        return Err(Unproved::Throttled { retry_after });
    }
    let credential = ctx.ports.load_credential(user).await?.ok_or(Unproved::Gone)?;
    let hash = credential.password_hash.as_ref();
    let verification = match Password::new(typed.expose_secret()) {
        Ok(typed) => password::verify(&typed, hash, &ctx.policy.peppers, ctx.ports).await?,
        Err(_) => Verification::Mismatch,
    };
    if !matches!(verification, Verification::Match { .. }) {
        audit::record_refusal(ctx, Some(user), action, AuditOutcome::WrongPassword).await;
        return Err(Unproved::WrongPassword);
    }
    // The caller knew the password: this was no guess. The port reports its own fault.
    let _ = ctx.ports.give_back(&bucket).await;
    Ok(credential)
}

/// Why nothing was shown.
pub(super) enum Unproved {
    /// There is no such account, any more.
    Gone,
    /// Too many tries.
    Throttled { retry_after: Lifetime },
    /// The outside failed.
    Unavailable(PortError),
    /// It is another, or there is none.
    WrongPassword,
}

impl From<PortError> for Unproved {
    fn from(fault: PortError) -> Self {
        Self::Unavailable(fault)
    }
}
