//! The last step of every way in: record the session, then sign its token.

use alloc::string::String;

use super::{Ctx, Grant, RefreshGrant, SignedIn, second_factor::Proof};
use crate::{
    duration::TokenLifetime,
    id::{SessionId, TokenId, UserId},
    jwt::{AccessClaims, SessionClaims},
    permission::Permissions,
    ports::{PortError, Ports},
    session::{AuthMethod, NewSession, Opened, RefreshToken},
    time::{Lifetime, UnixSeconds},
    user::{Account, User},
};

/// How somebody came in, and what they get.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entrance {
    pub(super) proof: Proof,
    pub(super) auth_time: UnixSeconds,
    pub(super) mfa_verified: bool,
    pub(super) grant: Grant,
}

/// Opens a session for a user who has proved who they are. The token is signed only after the
/// session's record is durable (FT-04).
pub(super) async fn open(
    ctx: &Ctx<'_, impl Ports>,
    account: Account,
    entrance: Entrance,
) -> Result<SignedIn, OpenError> {
    let lifetime = ctx.settings().await?.token_lifetime;
    open_for(ctx, account, entrance, lifetime, None).await
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
    let entrance = Entrance {
        proof: AuthMethod::System.into(),
        auth_time: ctx.now,
        mfa_verified: false,
        grant: Grant::Token,
    };
    open_for(ctx, account, entrance, TokenLifetime::Limited(lifetime), Some(admin)).await
}

/// How long the session of a new account lasts that somebody else has made.
const SET_UP_LIFETIME: Lifetime = Lifetime::from_minutes(15);

async fn open_for(
    ctx: &Ctx<'_, impl Ports>,
    account: Account,
    entrance: Entrance,
    lifetime: TokenLifetime,
    issued_by: Option<UserId>,
) -> Result<SignedIn, OpenError> {
    let Entrance { proof: Proof { method, provider_session }, auth_time, mfa_verified, grant } = entrance;
    let Account { user, credential_version, grants } = account;
    let user = ctx.policy.effective(user);
    let settings = ctx.settings().await?;
    let (limits, members) = (ctx.policy.session_limits, &ctx.policy.members);
    let id = SessionId::random(ctx.ports)?;
    let refresh = match grant {
        Grant::Token => None,
        Grant::Refreshable => Some(ctx.policy.refresh_keys.issue(user.id, id, ctx.ports)?),
    };
    let latest = ctx.now.plus(limits.absolute);
    let ends_at = match grant {
        Grant::Token => lifetime.expires_at(ctx.now).map_or(latest, |expiry| expiry.min(latest)),
        Grant::Refreshable => latest.min(ctx.now.plus(members.refresh_lifetime)),
    };
    let session = NewSession {
        id,
        user_id: user.id,
        credential_version,
        epoch: settings.generations.sessions,
        method,
        created_at: ctx.now,
        ends_at,
        idle_limit: limits.idle,
        refresh: refresh.as_ref().map(RefreshToken::hash),
        mfa_verified,
        provider_session,
        network: ctx.client.network.as_str().into(),
        user_agent: ctx.client.user_agent.clone(),
    };
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
        sid: id,
        iss: ctx.policy.issuer.clone(),
        aud: None,
        iat: ctx.now,
        exp: None,
        issued_by,
    };
    let (token, expires_at) = match grant {
        Grant::Token => {
            let exp = lifetime.expires_at(ctx.now);
            let aud = ctx.policy.session_audience().map(Into::into);
            let claims = SessionClaims { exp, aud, ..claims };
            (ctx.policy.session_keys.sign(&claims, ctx.now, ctx.ports).await?, exp)
        }
        Grant::Refreshable => {
            let (token, expires_at) = access_token(ctx, &user, claims, ends_at).await?;
            (token, Some(expires_at))
        }
    };
    let refresh = refresh
        .map(|token| RefreshGrant { token: ctx.policy.refresh_keys.encode(&token), expires_at: ends_at });
    let permissions = Permissions::from(settings.default_permissions).and(&grants);
    Ok(SignedIn { session: id, user, token, expires_at, refresh, permissions, provider_session })
}

/// A short token of a session that is refreshed, good until the session ends at the latest.
pub(super) async fn access_token(
    ctx: &Ctx<'_, impl Ports>,
    user: &User,
    claims: SessionClaims,
    ends_at: UnixSeconds,
) -> Result<(String, UnixSeconds), PortError> {
    let members = &ctx.policy.members;
    let expires_at = ctx.now.plus(members.access_lifetime).min(ends_at);
    let claims = AccessClaims {
        session: SessionClaims { exp: Some(expires_at), ..claims },
        username: user.profile.username.as_deref(),
        provider: user.means.provider(),
        email: user.email.as_str(),
    };
    Ok((members.access_keys.sign(&claims, ctx.now, ctx.ports).await?, expires_at))
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
