//! Who is asking: from a token to an account.

use super::{Ctx, second_factor};
use crate::{
    duration::TokenLifetime,
    jwt::{ParseError, SessionClaims, UntrustedToken, VerifyError, VerifyFailure},
    permission::Permissions,
    ports::{PortError, Ports},
    session::{Member, SessionCheck},
    user::User,
};

/// A token whose session is alive, and the account behind it.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The account, as stored (TK-13).
    pub user: User,
    /// What the token says.
    pub claims: SessionClaims,
    /// What the account may do.
    pub permissions: Permissions,
}

/// Turns a session token into the account it stands for. A token that fails its own checks never
/// reaches the session authority.
///
/// # Errors
/// [`AuthenticateError`].
pub async fn authenticate(
    ctx: &Ctx<'_, impl Ports>,
    token: &str,
) -> Result<Authenticated, AuthenticateError> {
    let claims = verified_claims(ctx, token).await?;
    let settings = ctx.settings().await?;
    // The environment may have become stricter since they signed in (MF-07).
    if !claims.mfa_verified && second_factor::is_required(&settings, claims.auth_method) {
        return Err(AuthenticateError::SessionEnded);
    }
    match ctx.ports.check_session(&claims.proof(), settings.generations, ctx.now).await? {
        SessionCheck::Active(member) => {
            let Member { user, grants } = *member;
            let user = ctx.policy.effective(user);
            let permissions = Permissions::from(settings.default_permissions).and(&grants);
            Ok(Authenticated { user, claims, permissions })
        }
        SessionCheck::Ended => Err(AuthenticateError::SessionEnded),
        SessionCheck::NoAccount => Err(AuthenticateError::NoAccount),
    }
}

/// The claims of a token that is ours and has not expired; whether its session is alive is not known yet.
pub(super) async fn verified_claims(
    ctx: &Ctx<'_, impl Ports>,
    token: &str,
) -> Result<SessionClaims, AuthenticateError> {
    let token = UntrustedToken::parse(token).map_err(AuthenticateError::NotAToken)?;
    let policy = ctx.policy;
    // Either dialect's tokens are a session's; the name of its key tells which one this is.
    if policy.members.access_keys.knows(&token, ctx.now) {
        let expected = policy.expected_access_token();
        let claims = policy.members.access_keys.verify(token, &expected, ctx.now, ctx.ports).await?;
        return match claims.expires_at() {
            Some(_) => Ok(SessionClaims::from_verified(&claims)?),
            None => Err(VerifyError::MalformedClaim.into()),
        };
    }
    let (keys, expected) = (&policy.session_keys, policy.expected_session_token());
    let claims = keys.verify(token, &expected, ctx.now, ctx.ports).await?;
    // A token without `exp` is ours only where tokens do not expire (TK-09, R-04).
    if claims.expires_at().is_none() && ctx.settings().await?.token_lifetime != TokenLifetime::Unlimited {
        return Err(VerifyError::MalformedClaim.into());
    }
    Ok(SessionClaims::from_verified(&claims)?)
}

/// Why a token stands for nobody.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AuthenticateError {
    /// The account was deleted.
    NoAccount,
    /// Not a token at all.
    NotAToken(ParseError),
    /// A token that is not ours, not valid now, or not a session's.
    Refused(VerifyError),
    /// Signed out, revoked, expired or idle too long.
    SessionEnded,
    /// The session authority can not be reached: the token is neither good nor bad (FT-05).
    Unavailable(PortError),
}

impl From<PortError> for AuthenticateError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}

impl From<VerifyError> for AuthenticateError {
    fn from(error: VerifyError) -> Self {
        Self::Refused(error)
    }
}

impl From<VerifyFailure> for AuthenticateError {
    fn from(failure: VerifyFailure) -> Self {
        match failure {
            VerifyFailure::Refused(error) => Self::Refused(error),
            VerifyFailure::Unavailable(error) => Self::Unavailable(error),
        }
    }
}
