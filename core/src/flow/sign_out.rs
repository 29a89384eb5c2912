//! Signing out.

use super::{
    Ctx, audit,
    current_session::{AuthenticateError, verified_claims},
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    id::{SessionId, UserId},
    ports::{PortError, Ports},
    session::Ending,
};

/// Ends the session that a browser had so far, whose cookie is about to be replaced (SE-04). That it goes on is no
/// reason to refuse the new one; the port reports its own fault.
pub(super) async fn end_previous(ctx: &Ctx<'_, impl Ports>, token: Option<&str>) {
    let Some(token) = token else { return };
    let Ok(claims) = verified_claims(ctx, token).await else { return };
    let _ = ctx.ports.end_session(claims.id, claims.sid).await;
}

/// The same, for a browser that keeps a refresh token.
pub async fn end_previous_refreshable(ctx: &Ctx<'_, impl Ports>, token: &str) {
    let _ = end_refreshable(ctx, token).await;
}

/// Ends the session behind a token, before it returns (TK-15). A token that is not ours or has
/// expired has no session to end, which is what its bearer wanted.
///
/// # Errors
/// When the session authority can not be reached: nobody may be told that they are signed out then.
pub async fn end(ctx: &Ctx<'_, impl Ports>, token: &str) -> Result<(), PortError> {
    match end_known(ctx, token).await {
        Err(AuthenticateError::Unavailable(error)) => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The same, for those who are told what was wrong with the token.
///
/// # Errors
/// [`AuthenticateError`]
pub async fn end_known(ctx: &Ctx<'_, impl Ports>, token: &str) -> Result<(), AuthenticateError> {
    let claims = verified_claims(ctx, token).await?;
    Ok(ended(ctx, claims.id, claims.sid).await?)
}

/// Ends the session behind a refresh token, current or spent: whoever has one may end it. Whether it was one of ours.
///
/// # Errors
/// As [`end`].
pub async fn end_refreshable(ctx: &Ctx<'_, impl Ports>, token: &str) -> Result<bool, PortError> {
    let Some(token) = ctx.policy.refresh_keys.parse(token) else { return Ok(false) };
    ended(ctx, token.user_id, token.session_id).await?;
    Ok(true)
}

async fn ended(ctx: &Ctx<'_, impl Ports>, user: UserId, session: SessionId) -> Result<(), PortError> {
    if ctx.ports.end_session(user, session).await? == Ending::Before {
        return Ok(());
    }
    audit::record(ctx, Some(user), AuditAction::SignOut, AuditOutcome::Success).await
}
