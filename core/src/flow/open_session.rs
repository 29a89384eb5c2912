//! The last step of every way in: record the session, then sign its token.

use super::{Ctx, SignedIn};
use crate::{
    id::{SessionId, TokenId},
    jwt::SessionClaims,
    ports::{PortError, Ports},
    session::{AuthMethod, NewSession},
    user::User,
};

/// Opens a session for a user who has just proved who they are. The token is signed only after the
/// session's record is durable (FT-04).
pub(super) async fn open(
    ctx: &Ctx<'_, impl Ports>,
    user: User,
    method: AuthMethod,
) -> Result<SignedIn, PortError> {
    let session = NewSession {
        id: SessionId::random(ctx.ports)?,
        user_id: user.id,
        method,
        created_at: ctx.now,
        expires_at: ctx.policy.token_lifetime.expires_at(ctx.now),
        network: ctx.client.network.as_str().into(),
        user_agent: ctx.client.user_agent.clone(),
    };
    let (session_id, expires_at) = (session.id, session.expires_at);
    let token_id = TokenId::random(ctx.ports)?;
    let stamp = ctx.ports.open_session(session).await?;
    let claims = SessionClaims {
        id: user.id,
        auth_method: method,
        auth_time: ctx.now,
        session_stamp: stamp,
        mfa_verified: false,
        jti: token_id,
        sid: session_id,
        iss: ctx.policy.issuer.clone(),
        aud: ctx.policy.session_audience().map(Into::into),
        iat: ctx.now,
        exp: expires_at,
    };
    let token = ctx.policy.session_keys.sign(&claims, ctx.now, ctx.ports).await?;
    Ok(SignedIn { user, token, expires_at, permissions: ctx.policy.default_permissions })
}
