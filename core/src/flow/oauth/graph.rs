//! Tokens for a provider's other services, in somebody's name (librechat.md §6.8).

use super::{OAuthError, ProviderTokenError, clients, documents, provider_tokens};
use crate::{
    flow::Ctx,
    id::UserId,
    oauth::{
        Provider,
        exchange::{self, ExchangeError},
        tokens::ProviderTokens,
    },
    ports::{PortError, Ports},
};

/// The provider of such services that somebody has an account at.
///
/// # Errors
/// When the store can not be read.
pub async fn directory_of(ctx: &Ctx<'_, impl Ports>, user: UserId) -> Result<Option<Provider>, PortError> {
    let linked = ctx.ports.list_identities(user).await?;
    let is_linked =
        |provider: &Provider| linked.iter().any(|linked| linked.identity.provider == provider.as_str());
    Ok([Provider::Openid, Provider::Microsoft].into_iter().find(is_linked))
}

/// A token for other services of a provider that somebody came by.
///
/// # Errors
/// [`GraphTokenError`]
pub async fn graph_token(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    provider: Provider,
    scopes: &str,
) -> Result<ProviderTokens, GraphTokenError> {
    let tokens = provider_tokens::fresh(ctx, user, provider.as_str()).await.map_err(|error| match error {
        ProviderTokenError::Unavailable(fault) => GraphTokenError::Unavailable(fault),
        ProviderTokenError::None | ProviderTokenError::Unreadable => GraphTokenError::NoToken,
        ProviderTokenError::Provider => GraphTokenError::Refused,
    })?;
    let client = clients::find(ctx, provider).await?.client;
    let metadata = documents::metadata(ctx, &client).await?;
    let endpoint = &metadata.token;
    let asked =
        || exchange::on_behalf_of(&client, endpoint, &tokens.access_token, scopes, ctx.ports, ctx.now);
    let answer = match asked().await {
        // Once more, as LibreChat does: a busy provider is no refusal.
        Err(ExchangeError::Unavailable(_)) => asked().await,
        answer => answer,
    };
    answer.map_err(|_| GraphTokenError::Refused)
}

/// Why there is no token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum GraphTokenError {
    /// What the provider gave is gone.
    NoToken,
    /// The provider gives none.
    Refused,
    /// Our own outside failed.
    Unavailable(PortError),
}

impl From<PortError> for GraphTokenError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}

impl From<OAuthError> for GraphTokenError {
    fn from(error: OAuthError) -> Self {
        match error {
            OAuthError::Unavailable(fault) => Self::Unavailable(fault),
            _ => Self::Refused,
        }
    }
}
