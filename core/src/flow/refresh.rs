//! Refreshing a session (SE-14 … SE-17).

use alloc::string::String;

use super::{Ctx, Grant, audit, open_session::access_token, second_factor};
use crate::{
    audit::{AuditAction, AuditOutcome},
    id::{SessionStamp, TokenId},
    jwt::SessionClaims,
    ports::{BucketKey, PortError, Ports},
    secret::Secret,
    session::{Refresh, RefreshUse, SessionRecord},
    throttle::{REFRESH_LIMIT, Spent},
    time::{Lifetime, UnixSeconds},
    user::User,
};

/// A session that goes on.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The account, as stored now.
    pub user: User,
    /// The session.
    pub session: SessionRecord,
    /// The generation that its tokens belong to.
    pub stamp: SessionStamp,
    /// A new access token.
    pub token: String,
    /// The refresh token to use next time.
    pub refresh_token: Secret<String>,
}

/// Exchanges a refresh token for its successor.
///
/// Whoever repeats the exchange within [`LOST_ANSWER_TOLERANCE`](crate::session::LOST_ANSWER_TOLERANCE),
/// because the answer was lost, gets the same successor. Any later use of a spent token means that there
/// are two holders, and ends the session of both.
///
/// # Errors
/// [`RefreshError`]; after [`RefreshError::Unavailable`] the token may have been spent, and repeating is
/// safe.
pub async fn exchange(ctx: &Ctx<'_, impl Ports>, text: &str) -> Result<Refreshed, RefreshError> {
    let keys = &ctx.policy.refresh_keys;
    // What we never issued reaches neither a bucket nor the authority.
    let token = keys.parse(text).ok_or(RefreshError::NotAToken)?;
    let bucket = BucketKey::refresh(token.session_id);
    let spent = ctx.ports.spend(&bucket, REFRESH_LIMIT, None, &ctx.client.network, ctx.now).await?;
    if let Spent::Refused { retry_after } = spent {
        return Err(RefreshError::Throttled { retry_after });
    }
    let successor = keys.successor(&token);
    let used = RefreshUse { presented: token.hash(), successor: successor.hash() };
    let generations = ctx.settings().await?.generations;
    match ctx.ports.refresh_session(token.user_id, token.session_id, used, generations, ctx.now).await? {
        Refresh::Rotated { member, stamp, session } => {
            if ctx.policy.admit(&member.user, Grant::Refreshable).is_err() {
                return Err(RefreshError::NotAdmitted);
            }
            // The deployment may have become stricter since they signed in (MF-07).
            let settings = ctx.settings().await?;
            if !session.mfa_verified && second_factor::is_required(&settings, session.method) {
                return Err(RefreshError::SessionEnded);
            }
            let claims = SessionClaims {
                id: member.user.id,
                auth_method: session.method,
                auth_time: session.created_at,
                session_stamp: stamp,
                mfa_verified: session.mfa_verified,
                jti: TokenId::random(ctx.ports)?,
                sid: session.id,
                iss: ctx.policy.issuer.clone(),
                aud: None,
                iat: ctx.now,
                exp: None,
                issued_by: None,
            };
            let (access, _) = access_token(ctx, &member.user, claims, session.ends_at).await?;
            Ok(Refreshed {
                user: member.user,
                session: *session,
                stamp,
                token: access,
                refresh_token: keys.encode(&successor),
            })
        }
        Refresh::Banned { until } => Err(RefreshError::Banned { until }),
        Refresh::Ended => Err(RefreshError::SessionEnded),
        Refresh::NoAccount => Err(RefreshError::NoAccount),
        Refresh::Reused => {
            let actor = Some(token.user_id);
            audit::record_refusal(ctx, actor, AuditAction::Refresh, AuditOutcome::Reused).await;
            Err(RefreshError::Reused)
        }
    }
}

/// Why a session does not go on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RefreshError {
    /// The account is banned.
    Banned {
        /// Until when.
        until: UnixSeconds,
    },
    /// The account was deleted.
    NoAccount,
    /// The account waits for approval, or for its owner to show that they read its address.
    NotAdmitted,
    /// Not a refresh token of ours.
    NotAToken,
    /// The token was used twice; its session has ended.
    Reused,
    /// Signed out, revoked, expired or idle too long.
    SessionEnded,
    /// Refreshed too often.
    Throttled {
        /// When another refresh will be granted.
        retry_after: Lifetime,
    },
    /// The outside failed.
    Unavailable(PortError),
}

impl From<PortError> for RefreshError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
