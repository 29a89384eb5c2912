//! What providers gave for people: seeing it, using it while it is good, asking for more (open-webui.md §8.8).

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use super::{OAuthError, clients, documents, integrations, sign_out::open};
use crate::{
    flow::Ctx,
    id::{ProviderSessionId, UserId},
    identity::ProviderSession,
    oauth::{
        exchange::{self, ExchangeError},
        flight::Claim,
        pending::Peer,
        tokens::ProviderTokens,
    },
    ports::{PortError, Ports, Replaced},
    seal::Place,
};

/// What providers gave for somebody, latest first.
///
/// # Errors
/// When the store can not be read.
pub async fn list(ctx: &Ctx<'_, impl Ports>, user: UserId) -> Result<Vec<ProviderSession>, PortError> {
    ctx.ports.list_provider_sessions(user).await
}

/// Forgets what a provider gave for somebody; says whether there was anything.
///
/// # Errors
/// When the store failed.
pub async fn forget(ctx: &Ctx<'_, impl Ports>, user: UserId, provider: &str) -> Result<bool, PortError> {
    ctx.ports.delete_provider_sessions(user, provider).await
}

/// The latest tokens that a provider gave for somebody, good for a while yet. Of many who ask when they are too old, one
/// asks the provider.
///
/// # Errors
/// [`ProviderTokenError`]
pub async fn fresh(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    provider: &str,
) -> Result<ProviderTokens, ProviderTokenError> {
    let sessions = ctx.ports.list_provider_sessions(user).await?;
    let session = sessions.into_iter().find(|session| session.provider == provider);
    let session = session.ok_or(ProviderTokenError::None)?;
    let tokens = open(ctx, &session).ok_or(ProviderTokenError::Unreadable)?;
    if !tokens.is_due(ctx.now) {
        return Ok(tokens);
    }
    let claim = ctx.ports.claim_refresh(user, session.id, ctx.now).await?;
    let stored = ctx.ports.find_provider_session(session.id).await?.ok_or(ProviderTokenError::None);
    let refreshed = match stored {
        Ok(session) => refreshed(ctx, session, claim).await,
        Err(error) => Err(error),
    };
    if claim == Claim::Lead {
        // Whoever waits finds out by themselves when this does not get through.
        let _ = ctx.ports.release_refresh(user, session.id).await;
    }
    refreshed
}

async fn refreshed(
    ctx: &Ctx<'_, impl Ports>,
    session: ProviderSession,
    claim: Claim,
) -> Result<ProviderTokens, ProviderTokenError> {
    let tokens = open(ctx, &session).ok_or(ProviderTokenError::Unreadable)?;
    // Somebody was faster, between the first look and this turn.
    if !tokens.is_due(ctx.now) {
        return Ok(tokens);
    }
    if claim == Claim::Done {
        return if ctx.now < tokens.expires_at { Ok(tokens) } else { Err(ProviderTokenError::Provider) };
    }
    let asked = asked(ctx, &session, &tokens).await;
    match asked {
        Ok(new) => {
            let sealed = seal(ctx, session.id, &new)?;
            match ctx.ports.replace_provider_tokens(&session, &sealed, new.expires_at, ctx.now).await? {
                Replaced::Yes => Ok(new),
                // They signed out meanwhile: what has just come is nobody's.
                Replaced::No => Err(ProviderTokenError::None),
            }
        }
        // Good for a while yet, though not for long.
        Err(ProviderTokenError::Provider) if ctx.now < tokens.expires_at => Ok(tokens),
        Err(ProviderTokenError::None) => {
            // Spent by somebody who was at it as well: what they have stored is good.
            let stored = ctx.ports.find_provider_session(session.id).await?;
            match stored.filter(|stored| stored.sealed != session.sealed) {
                Some(newer) => open(ctx, &newer).ok_or(ProviderTokenError::Unreadable),
                None => {
                    ctx.ports.take_provider_session(session.id).await?;
                    Err(ProviderTokenError::None)
                }
            }
        }
        Err(error) => Err(error),
    }
}

/// What the provider gives for a refresh token. One that it does not take leaves nothing to keep.
async fn asked(
    ctx: &Ctx<'_, impl Ports>,
    session: &ProviderSession,
    tokens: &ProviderTokens,
) -> Result<ProviderTokens, ProviderTokenError> {
    let failed = |error| match error {
        OAuthError::Unavailable(fault) => ProviderTokenError::Unavailable(fault),
        OAuthError::UnknownProvider => ProviderTokenError::None,
        _ => ProviderTokenError::Provider,
    };
    let client = match Peer::parse(&session.provider).ok_or(ProviderTokenError::None)? {
        Peer::Provider(provider) => clients::find(ctx, provider).await.map_err(failed)?.client,
        Peer::Integration(id) => {
            let (_, integration) = integrations::find(ctx, &id).await?.ok_or(ProviderTokenError::None)?;
            integrations::client(ctx, &integration).await?
        }
    };
    let metadata = documents::metadata(ctx, &client).await.map_err(failed)?;
    let scoped = ctx.settings().await?.is_on("OAUTH_REFRESH_TOKEN_INCLUDE_SCOPE");
    exchange::refresh(&client, &metadata.token, tokens, scoped, ctx.ports, ctx.now).await.map_err(|error| {
        match error {
            ExchangeError::InvalidGrant | ExchangeError::NothingToShow => ProviderTokenError::None,
            ExchangeError::Refused | ExchangeError::Unavailable(_) | ExchangeError::Unusable => {
                ProviderTokenError::Provider
            }
        }
    })
}

/// The tokens as they are stored in their row.
pub(super) fn seal(
    ctx: &Ctx<'_, impl Ports>,
    id: ProviderSessionId,
    tokens: &ProviderTokens,
) -> Result<String, PortError> {
    let row = id.to_string();
    let place = Place { table: "provider_sessions", column: "tokens", row: &row };
    ctx.policy.sealing.seal(tokens.to_json().expose_secret().as_bytes(), &place, ctx.ports)
}

/// Why there are no tokens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ProviderTokenError {
    /// The provider gave none, or takes them back.
    None,
    /// The provider does not answer, or not in a way that can be used.
    Provider,
    /// Our own outside failed.
    Unavailable(PortError),
    /// What is stored does not open (SR-05).
    Unreadable,
}

impl From<PortError> for ProviderTokenError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
