//! Shutting an account out for a while: the longest step of the throttles (LibreChat contract §8).

use super::{Ctx, audit};
use crate::{
    audit::{AuditAction, AuditOutcome},
    id::UserId,
    ports::{PortError, Ports},
    throttle::Violation,
    time::UnixSeconds,
};

/// Counts a violation of an account. One too many ends its sessions and opens none until the ban is over.
///
/// # Errors
/// When the session authority or the audit log can not be reached.
pub async fn violate(ctx: &Ctx<'_, impl Ports>, user: UserId, points: u32) -> Result<Violation, PortError> {
    let violation = ctx.ports.record_violation(user, points, ctx.policy.ban, ctx.now).await?;
    if let Violation::Banned { .. } = violation {
        audit::record(ctx, Some(user), AuditAction::Ban, AuditOutcome::Banned).await?;
    }
    Ok(violation)
}

/// Bans an account by an administrator's decision; its sessions end before this returns.
///
/// # Errors
/// When the session authority or the audit log can not be reached.
pub async fn ban(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    user: UserId,
    until: UnixSeconds,
) -> Result<(), PortError> {
    ctx.ports.append(audit::event_about(ctx, admin, user, AuditAction::Ban)?).await?;
    ctx.ports.ban_account(user, until, ctx.now).await
}

/// Lifts a ban.
///
/// # Errors
/// When the session authority or the audit log can not be reached.
pub async fn lift(ctx: &Ctx<'_, impl Ports>, admin: UserId, user: UserId) -> Result<(), PortError> {
    ctx.ports.append(audit::event_about(ctx, admin, user, AuditAction::LiftBan)?).await?;
    ctx.ports.lift_ban(user).await
}
