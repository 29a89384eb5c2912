//! Shutting an account out for a while: the longest step of the throttles (LibreChat contract §8).

use super::{Ctx, audit};
use crate::{
    audit::{AuditAction, AuditOutcome},
    id::UserId,
    ports::{PortError, Ports},
    throttle::Violation,
    time::UnixSeconds,
};

/// Counts a violation of an account, where the deployment bans at all. One too many ends its sessions, and it opens none
/// until the ban is over.
///
/// # Errors
/// When the session authority or the audit log can not be reached.
pub async fn violate(ctx: &Ctx<'_, impl Ports>, user: UserId, points: u32) -> Result<Violation, PortError> {
    if !ctx.policy.members.bans {
        return Ok(Violation::Counted);
    }
    let violation = ctx.ports.record_violation(user, points, ctx.policy.ban, ctx.now).await?;
    if let Violation::Banned { .. } = violation {
        audit::record(ctx, Some(user), AuditAction::Ban, AuditOutcome::Banned).await?;
    }
    Ok(violation)
}

/// Bans an account by an administrator's decision; its sessions end before this returns.
///
/// # Errors
/// [`BanError`]
pub async fn ban(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    user: UserId,
    until: UnixSeconds,
) -> Result<(), BanError> {
    if ctx.is_out_of_reach(admin, user).await? {
        return Err(BanError::PrimaryAdmin);
    }
    ctx.ports.load_credential(user).await?.ok_or(BanError::NoAccount)?;
    ctx.ports.append(audit::event_about(ctx, admin, user, AuditAction::Ban)?).await?;
    Ok(ctx.ports.ban_account(user, until, ctx.now).await?)
}

/// Lifts a ban.
///
/// # Errors
/// When the session authority or the audit log can not be reached.
pub async fn lift(ctx: &Ctx<'_, impl Ports>, admin: UserId, user: UserId) -> Result<(), PortError> {
    ctx.ports.append(audit::event_about(ctx, admin, user, AuditAction::LiftBan)?).await?;
    ctx.ports.lift_ban(user).await
}

/// Why nobody was banned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BanError {
    /// There is no such account.
    NoAccount,
    /// The account that only its owner may change.
    PrimaryAdmin,
    /// The outside failed.
    Unavailable(PortError),
}

impl From<PortError> for BanError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
