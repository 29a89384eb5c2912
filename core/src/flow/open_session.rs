//! The last step of every way in: record the session, then sign its token.

use super::{Ctx, SignedIn};
use crate::{
    id::{SessionId, TokenId},
    jwt::SessionClaims,
    ports::{PortError, Ports},
    session::{AuthMethod, NewSession, Opened},
    time::UnixSeconds,
    user::Account,
};

/// Opens a session for a user who has just proved who they are. The token is signed only after the
/// session's record is durable (FT-04).
pub(super) async fn open(
    ctx: &Ctx<'_, impl Ports>,
    account: Account,
    method: AuthMethod,
) -> Result<SignedIn, OpenError> {
    let Account { user, credential_version } = account;
    let limits = ctx.policy.session_limits;
    let expires_at = ctx.policy.token_lifetime.expires_at(ctx.now);
    let latest = ctx.now.plus(limits.absolute);
    let session = NewSession {
        id: SessionId::random(ctx.ports)?,
        user_id: user.id,
        credential_version,
        method,
        created_at: ctx.now,
        ends_at: expires_at.map_or(latest, |expiry| expiry.min(latest)),
        idle_limit: limits.idle,
        refresh: None,
        network: ctx.client.network.as_str().into(),
        user_agent: ctx.client.user_agent.clone(),
    };
    let session_id = session.id;
    let token_id = TokenId::random(ctx.ports)?;
    let stamp = match ctx.ports.open_session(session).await? {
        Opened::Session { stamp } => stamp,
        Opened::Banned { until } => return Err(OpenError::Banned { until }),
    };
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

/// Why no session was opened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum OpenError {
    /// The account is banned.
    Banned {
        /// Until when.
        until: UnixSeconds,
    },
    /// The outside failed.
    Unavailable(PortError),
}

impl From<PortError> for OpenError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
