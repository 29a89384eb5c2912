//! A user's own sessions: seeing and ending them (SE-19).

use alloc::vec::Vec;

use super::{Ctx, audit, current_session::Authenticated, sign_out};
use crate::{
    audit::{AuditAction, AuditOutcome},
    id::SessionId,
    ports::{PortError, Ports},
    session::{Ending, SessionRecord},
};

/// The caller's live sessions, oldest first.
///
/// # Errors
/// When the session authority can not be reached.
pub async fn list(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
) -> Result<Vec<SessionRecord>, PortError> {
    ctx.ports.list_sessions(caller.user.id, ctx.now).await
}

/// Ends one of the caller's sessions, their present one included.
///
/// # Errors
/// When the session authority can not be reached.
pub async fn end(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    session: SessionId,
) -> Result<Ending, PortError> {
    let ending = ctx.ports.end_session(caller.user.id, session).await?;
    if let Ending::Now { provider_session } = ending {
        sign_out::forget_tokens(ctx, provider_session).await?;
        record(ctx, caller).await?;
    }
    Ok(ending)
}

/// Ends all of the caller's sessions but the present one; says how many that were.
///
/// # Errors
/// When the session authority can not be reached.
pub async fn end_others(ctx: &Ctx<'_, impl Ports>, caller: &Authenticated) -> Result<usize, PortError> {
    let ended = ctx.ports.end_other_sessions(caller.user.id, caller.claims.sid, ctx.now).await?;
    sign_out::forget_all(ctx, &ended).await?;
    record(ctx, caller).await?;
    Ok(ended.count)
}

async fn record(ctx: &Ctx<'_, impl Ports>, caller: &Authenticated) -> Result<(), PortError> {
    audit::record(ctx, Some(caller.user.id), AuditAction::EndSessions, AuditOutcome::Success).await
}
