//! Signing out.

use super::{
    Ctx, audit,
    current_session::{AuthenticateError, verified_claims},
};
use crate::{
    audit::{AuditAction, AuditOutcome},
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

/// Ends the session behind a token, before it returns (TK-15). A token that is not ours or has
/// expired has no session to end, which is what its bearer wanted.
///
/// # Errors
/// When the session authority can not be reached: nobody may be told that they are signed out then.
pub async fn end(ctx: &Ctx<'_, impl Ports>, token: &str) -> Result<(), PortError> {
    let claims = match verified_claims(ctx, token).await {
        Ok(claims) => claims,
        Err(AuthenticateError::Unavailable(error)) => return Err(error),
        Err(_) => return Ok(()),
    };
    if ctx.ports.end_session(claims.id, claims.sid).await? == Ending::Before {
        return Ok(());
    }
    audit::record(ctx, Some(claims.id), AuditAction::SignOut, AuditOutcome::Success).await
}
