//! A session for a token that a provider gave (open-webui.md §8.9).

use alloc::{string::String, vec::Vec};

use super::{Ctx, audit};
use crate::{
    audit::{AuditAction, AuditOutcome},
    ports::{BucketKey, PortError, Ports},
    throttle::{Limit, Spent},
    time::Lifetime,
};

/// The provider that administrators may configure; all others are the environment's.
pub const OPENID: &str = "oidc";

/// Whether tokens are exchanged, and how many.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TokenExchangePolicy {
    /// They are.
    pub enabled: bool,
    /// For one network; `None` for as many as come.
    pub limit: Option<Limit>,
    /// Whether only tokens count that were given to certain clients.
    pub trusts_some_clients: bool,
    /// The providers that the environment names.
    pub providers: Vec<&'static str>,
}

/// Finds out whether a provider's token may be exchanged.
///
/// # Errors
/// [`TokenExchangeError`]. As long as nobody can be signed in by a provider, none of them says whose a token is.
pub async fn exchange(
    ctx: &Ctx<'_, impl Ports>,
    provider: &str,
) -> Result<core::convert::Infallible, TokenExchangeError> {
    let policy = &ctx.policy.token_exchange;
    if !policy.enabled {
        return Err(TokenExchangeError::Off);
    }
    if let Some(limit) = policy.limit {
        let network = &ctx.client.network;
        let bucket = BucketKey::token_exchange(network);
        if let Spent::Refused { retry_after } =
            ctx.ports.spend(&bucket, limit, None, network, ctx.now).await?
        {
            audit::record_refusal(ctx, None, AuditAction::SignIn, AuditOutcome::Throttled).await;
            return Err(TokenExchangeError::Throttled { retry_after });
        }
    }
    let provider = provider.to_lowercase();
    let is_known = match provider.as_str() {
        OPENID => ctx.settings().await?.has_openid_provider(),
        provider => policy.providers.contains(&provider),
    };
    Err(match is_known {
        true if policy.trusts_some_clients => TokenExchangeError::UnknownClient,
        true => TokenExchangeError::NotValidated,
        false => TokenExchangeError::UnknownProvider(provider),
    })
}

/// Why a token was not exchanged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TokenExchangeError {
    /// The provider does not say whose token it is.
    NotValidated,
    /// The deployment exchanges none.
    Off,
    /// Too many from there.
    Throttled {
        /// When another one will be looked at.
        retry_after: Lifetime,
    },
    /// The outside failed.
    Unavailable(PortError),
    /// The provider does not say which client it gave the token to.
    UnknownClient,
    /// Nobody's name that the deployment knows; in lower case.
    UnknownProvider(String),
}

impl From<PortError> for TokenExchangeError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
