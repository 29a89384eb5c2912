//! Signing out.

use super::{
    Ctx, audit,
    current_session::{AuthenticateError, verified_claims},
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    id::{ProviderSessionId, SessionId, UserId},
    identity::ProviderSession,
    ports::{PortError, Ports},
    session::{EndedSessions, Ending},
};

/// Ends the session that a browser had so far, whose cookie is about to be replaced (SE-04). That it goes on is no
/// reason to refuse the new one; the port reports its own fault.
pub(super) async fn end_previous(ctx: &Ctx<'_, impl Ports>, token: Option<&str>) {
    end_previous_but(ctx, token, None).await;
}

/// The same, where what a provider gave for it is gone already.
pub(super) async fn end_previous_but(
    ctx: &Ctx<'_, impl Ports>,
    token: Option<&str>,
    gone: Option<ProviderSessionId>,
) {
    let Some(token) = token else { return };
    let Ok(claims) = verified_claims(ctx, token).await else { return };
    if let Ok(Ending::Now { provider_session }) = ctx.ports.end_session(claims.id, claims.sid).await {
        let _ = forget_tokens(ctx, provider_session.filter(|left| gone != Some(*left))).await;
    }
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
pub async fn end(ctx: &Ctx<'_, impl Ports>, token: &str) -> Result<Ended, PortError> {
    match end_known(ctx, token).await {
        Err(AuthenticateError::Unavailable(error)) => Err(error),
        Ok(ended) => Ok(ended),
        Err(_) => Ok(Ended::default()),
    }
}

/// The same, for those who are told what was wrong with the token.
///
/// # Errors
/// [`AuthenticateError`]
pub async fn end_known(ctx: &Ctx<'_, impl Ports>, token: &str) -> Result<Ended, AuthenticateError> {
    let claims = verified_claims(ctx, token).await?;
    Ok(ended(ctx, claims.id, claims.sid).await?)
}

/// Ends the session behind a refresh token, current or spent: whoever has one may end it. Whether it was one of ours.
///
/// # Errors
/// As [`end`].
pub async fn end_refreshable(ctx: &Ctx<'_, impl Ports>, token: &str) -> Result<Option<Ended>, PortError> {
    let Some(token) = ctx.policy.refresh_keys.parse(token) else { return Ok(None) };
    ended(ctx, token.user_id, token.session_id).await.map(Some)
}

async fn ended(ctx: &Ctx<'_, impl Ports>, user: UserId, session: SessionId) -> Result<Ended, PortError> {
    let Ending::Now { provider_session } = ctx.ports.end_session(user, session).await? else {
        return Ok(Ended::default());
    };
    let tokens = forget_tokens(ctx, provider_session).await?;
    audit::record(ctx, Some(user), AuditAction::SignOut, AuditOutcome::Success).await?;
    Ok(Ended { tokens })
}

/// Deletes what a provider gave for a session that has ended (OA-22); gives what that was.
pub(super) async fn forget_tokens(
    ctx: &Ctx<'_, impl Ports>,
    id: Option<ProviderSessionId>,
) -> Result<Option<ProviderSession>, PortError> {
    let Some(id) = id else { return Ok(None) };
    ctx.ports.take_provider_session(id).await
}

/// Ends all sessions of somebody, and forgets what providers gave for them (OA-22); says how many.
pub(super) async fn end_all(ctx: &Ctx<'_, impl Ports>, user: UserId) -> Result<usize, PortError> {
    let ended = ctx.ports.end_all_sessions(user, ctx.now).await?;
    forget_all(ctx, &ended).await?;
    Ok(ended.count)
}

/// Forgets what providers gave for sessions that have ended.
pub(super) async fn forget_all(ctx: &Ctx<'_, impl Ports>, ended: &EndedSessions) -> Result<(), PortError> {
    match ended.provider_sessions.as_slice() {
        [] => Ok(()),
        sessions => ctx.ports.forget_provider_sessions(sessions).await,
    }
}

/// What is left of a session that has ended.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// What a provider gave for it, for telling the provider.
    pub tokens: Option<ProviderSession>,
}

impl Ended {
    /// What is left of this one, or of another that ended with it.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { tokens: self.tokens.or(other.tokens) }
    }
}
