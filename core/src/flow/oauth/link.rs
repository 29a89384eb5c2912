//! Accounts elsewhere that belong to one here (OA-12).

use alloc::{string::ToString as _, vec::Vec};

use serde_json::json;

use super::{Away, OAuthError, start};
use crate::{
    audit::{AuditAction, AuditOutcome},
    flow::{
        Ctx, audit,
        current_session::{self, Authenticated},
        second_factor,
    },
    id::{SessionId, UserId},
    identity::{Identity, Linked, LinkedIdentity, Unlinked},
    oauth::{
        Provider,
        pending::{Dialect, Errand, RoundTripToken},
    },
    ports::{PortError, Ports},
};

/// The accounts elsewhere that belong to somebody's.
///
/// # Errors
/// When the store can not be read.
pub async fn identities(ctx: &Ctx<'_, impl Ports>, user: UserId) -> Result<Vec<LinkedIdentity>, PortError> {
    ctx.ports.list_identities(user).await
}

/// Sends the caller's browser to a provider, so that their account there belongs to the one here.
///
/// # Errors
/// [`OAuthError::Reauthenticate`] for a session that began too long ago, or as [`start`](super::start()).
pub async fn start_link(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    provider: Provider,
    redirect_uri: &str,
    held: Option<RoundTripToken>,
) -> Result<Away, OAuthError> {
    if !second_factor::is_fresh(ctx, caller) {
        return Err(OAuthError::Reauthenticate);
    }
    let errand = Errand::Link(caller.user.id, caller.claims.sid);
    start(ctx, provider, Dialect::OpenWebui, errand, redirect_uri, held).await
}

/// Links an identity to the account of the session that asked for it, if that is still alive.
pub(super) async fn link(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    session: SessionId,
    identity: &Identity,
) -> Result<(), OAuthError> {
    if !is_alive(ctx, user, session).await? {
        return Err(OAuthError::Reauthenticate);
    }
    let event = audit::event(ctx, Some(user), AuditAction::LinkIdentity, AuditOutcome::Success)?;
    let event = audit::detailed(event, &json!({"provider": identity.provider}));
    match ctx.ports.link_identity(user, identity, event).await? {
        Linked::Yes => Ok(ctx.ports.account_changed(user).await?),
        Linked::Taken => Err(OAuthError::IdentityTaken),
        Linked::NoAccount => Err(OAuthError::Reauthenticate),
    }
}

/// Refuses a browser that shows another session than the one that sent it away: somebody else has sat down at it.
pub(super) async fn is_theirs(
    ctx: &Ctx<'_, impl Ports>,
    session: SessionId,
    token: Option<&str>,
) -> Result<(), OAuthError> {
    let Some(token) = token else { return Ok(()) };
    match current_session::verified_claims(ctx, token).await {
        Ok(claims) if claims.sid != session => Err(OAuthError::Reauthenticate),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Whether the session that sent a browser away is alive.
pub(super) async fn is_alive(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    session: SessionId,
) -> Result<bool, PortError> {
    let alive = ctx.ports.list_sessions(user, ctx.now).await?;
    Ok(alive.iter().any(|record| record.id == session))
}

/// Takes a provider's accounts away from the caller's, and what the provider gave.
///
/// # Errors
/// [`OAuthError::Reauthenticate`] for a session that began too long ago, or when the store failed.
pub async fn unlink(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    provider: Provider,
) -> Result<Unlinked, OAuthError> {
    if !second_factor::is_fresh(ctx, caller) {
        return Err(OAuthError::Reauthenticate);
    }
    let event = audit::event(ctx, Some(caller.user.id), AuditAction::UnlinkIdentity, AuditOutcome::Success)?;
    let event = audit::detailed(event, &json!({"provider": provider.as_str().to_string()}));
    let unlinked = ctx.ports.unlink_identities(caller.user.id, provider.as_str(), event).await?;
    if unlinked == Unlinked::Yes {
        ctx.ports.account_changed(caller.user.id).await?;
    }
    Ok(unlinked)
}
