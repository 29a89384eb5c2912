//! The last step of every way in: record the session, then sign its token.

use super::{Ctx, SignedIn};
use crate::{
    duration::TokenLifetime,
    id::{SessionId, TokenId, UserId},
    jwt::SessionClaims,
    permission::Permissions,
    ports::{PortError, Ports},
    session::{AuthMethod, NewSession, Opened},
    time::{Lifetime, UnixSeconds},
    user::Account,
};

/// Opens a session for a user who has just proved who they are. The token is signed only after the
/// session's record is durable (FT-04).
pub(super) async fn open(
    ctx: &Ctx<'_, impl Ports>,
    account: Account,
    method: AuthMethod,
) -> Result<SignedIn, OpenError> {
    let lifetime = ctx.settings().await?.token_lifetime;
    let opening = Opening { method, auth_time: ctx.now, mfa_verified: false, lifetime, issued_by: None };
    open_for(ctx, account, opening).await
}

/// The same for somebody who has shown a second factor as well.
pub(super) async fn open_after_factor(
    ctx: &Ctx<'_, impl Ports>,
    account: Account,
    method: AuthMethod,
    auth_time: UnixSeconds,
) -> Result<SignedIn, OpenError> {
    let lifetime = ctx.settings().await?.token_lifetime;
    open_for(ctx, account, Opening { method, auth_time, mfa_verified: true, lifetime, issued_by: None }).await
}

/// Opens a session for somebody else, whom an administrator has just made an account: short enough to set it up
/// (AD-10).
pub(super) async fn open_for_another(
    ctx: &Ctx<'_, impl Ports>,
    account: Account,
    admin: UserId,
) -> Result<SignedIn, OpenError> {
    let lifetime = match ctx.settings().await?.token_lifetime {
        TokenLifetime::Limited(lifetime) => lifetime.min(SET_UP_LIFETIME),
        TokenLifetime::Unlimited => SET_UP_LIFETIME,
    };
    let lifetime = TokenLifetime::Limited(lifetime);
    let method = AuthMethod::System;
    let opening =
        Opening { method, auth_time: ctx.now, mfa_verified: false, lifetime, issued_by: Some(admin) };
    open_for(ctx, account, opening).await
}

/// How long the session of a new account lasts that somebody else has made.
const SET_UP_LIFETIME: Lifetime = Lifetime::from_minutes(15);

struct Opening {
    method: AuthMethod,
    auth_time: UnixSeconds,
    mfa_verified: bool,
    lifetime: TokenLifetime,
    issued_by: Option<UserId>,
}

async fn open_for(
    ctx: &Ctx<'_, impl Ports>,
    account: Account,
    opening: Opening,
) -> Result<SignedIn, OpenError> {
    let Opening { method, auth_time, mfa_verified, lifetime, issued_by } = opening;
    let Account { user, credential_version, grants } = account;
    let settings = ctx.settings().await?;
    let limits = ctx.policy.session_limits;
    let expires_at = lifetime.expires_at(ctx.now);
    let latest = ctx.now.plus(limits.absolute);
    let session = NewSession {
        id: SessionId::random(ctx.ports)?,
        user_id: user.id,
        credential_version,
        epoch: settings.generations.sessions,
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
        auth_time,
        session_stamp: stamp,
        mfa_verified,
        jti: token_id,
        sid: session_id,
        iss: ctx.policy.issuer.clone(),
        aud: ctx.policy.session_audience().map(Into::into),
        iat: ctx.now,
        exp: expires_at,
        issued_by,
    };
    let token = ctx.policy.session_keys.sign(&claims, ctx.now, ctx.ports).await?;
    let permissions = Permissions::from(settings.default_permissions).and(&grants);
    Ok(SignedIn { user, token, expires_at, permissions })
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
