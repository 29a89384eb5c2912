//! A session for a token that a provider gave to an application (open-webui.md §8.9; OA-19).

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use super::{
    OAuthError, Refusal,
    arrival::{Ends, SignIn},
    clients, documents,
    identify::{self, Known},
    settings,
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    flow::{Ctx, audit, second_factor::Next},
    identity::Identity,
    jwt::UntrustedToken,
    oauth::{
        Provider, ProviderClient,
        claims::Profile,
        discovery::Metadata,
        exchange,
        id_token::{self, Expectation},
        pending::Dialect,
        role_gate::Words,
        tokens::{NEVER, ProviderTokens},
    },
    ports::{BucketKey, PortError, Ports},
    secret::Secret,
    settings::Settings,
    throttle::Spent,
    time::{Lifetime, UnixSeconds},
};

/// Takes a provider's token for a session, if it was given to us or to an application that the deployment trusts.
/// Nobody gets an account by it.
///
/// # Errors
/// [`TokenExchangeError`]; no session was opened.
pub async fn exchange(
    ctx: &Ctx<'_, impl Ports>,
    provider: &str,
    token: Secret<String>,
) -> Result<Next, TokenExchangeError> {
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
    let name = provider.to_lowercase();
    let settings = ctx.settings().await?;
    let known = Provider::parse(&name).filter(|provider| is_configured(ctx, &settings, *provider));
    let provider = known.ok_or(TokenExchangeError::UnknownProvider(name))?;
    let client = clients::find(ctx, provider).await?;
    let metadata = documents::metadata(ctx, &client.client).await.map_err(|error| match error {
        OAuthError::Refused(_) if !policy.trusted_clients.is_empty() => TokenExchangeError::UnknownClient,
        error => error.into(),
    })?;
    let shown = Shown { client: &client, metadata: &metadata, token };
    let known = proved(ctx, &settings, &shown).await?;
    signed_in(ctx, &settings, &client, known).await
}

fn is_configured(ctx: &Ctx<'_, impl Ports>, settings: &Settings, provider: Provider) -> bool {
    match provider {
        Provider::Openid => settings.has_openid_provider(),
        provider => ctx.policy.oauth.clients.iter().any(|client| client.provider == provider),
    }
}

/// What somebody shows.
struct Shown<'a> {
    client: &'a ProviderClient,
    metadata: &'a Metadata,
    token: Secret<String>,
}

/// Who the token is about, once it is known whom it was given to.
async fn proved(
    ctx: &Ctx<'_, impl Ports>,
    settings: &Settings,
    shown: &Shown<'_>,
) -> Result<Known, TokenExchangeError> {
    let names = settings::claim_names(settings, &ctx.policy.oauth);
    let preset = shown.client.provider.preset();
    let (mut claims, issuer, words) = match of_id_token(ctx, shown).await? {
        Some(identified) => {
            let words = Words { id: Some(identified.claims.clone()), ..Words::default() };
            (identified.claims, identified.issuer, words)
        }
        None => {
            of_access_token(ctx, shown).await?;
            let tokens = as_tokens(shown, ctx.now);
            let userinfo = shown.metadata.userinfo.as_ref().ok_or(TokenExchangeError::NotValidated)?;
            let patience = shown.client.client.patience;
            let claims = identify::about(ctx, userinfo, patience, &tokens).await;
            let claims = claims.map_err(|_| TokenExchangeError::NotValidated)?;
            let access = identify::claims_of(shown.token.expose_secret());
            let words = Words { access, userinfo: Some(claims.clone()), id: None };
            (claims, shown.metadata.issuer.clone(), words)
        }
    };
    (preset.normalise)(&mut claims);
    let profile = Profile::read(&claims, &names, preset.quotes_booleans);
    let profile = profile.ok_or(TokenExchangeError::NoSubject)?;
    let provider = shown.client.provider;
    let identity =
        Identity { provider: provider.as_str().to_string(), issuer, subject: profile.subject.clone() };
    Ok(Known { identity, profile, standing: identify::standing(ctx, provider, &words) })
}

/// What an ID token that was made for us says; `None` where it is something else.
async fn of_id_token(
    ctx: &Ctx<'_, impl Ports>,
    shown: &Shown<'_>,
) -> Result<Option<id_token::Identified>, TokenExchangeError> {
    let text = shown.token.expose_secret();
    let (Ok(parsed), Some(jwks)) = (UntrustedToken::parse(text), &shown.metadata.jwks) else {
        return Ok(None);
    };
    let Ok(keys) = documents::keys(ctx, jwks, parsed.kid()).await else { return Ok(None) };
    let expected = Expectation {
        metadata: shown.metadata,
        client_id: &shown.client.client.client_id,
        nonce: None,
        access_token: None,
    };
    match id_token::verify(text, &keys, expected, ctx.ports, ctx.now).await {
        Ok(identified) => Ok(Some(identified)),
        Err(id_token::IdTokenError::Unavailable(fault)) => Err(fault.into()),
        // Perhaps an access token, which is for somebody else's ears.
        Err(_) => Ok(None),
    }
}

/// Finds out whom an access token was given to: the provider has to say it.
async fn of_access_token(ctx: &Ctx<'_, impl Ports>, shown: &Shown<'_>) -> Result<(), TokenExchangeError> {
    let endpoint = shown.metadata.introspection.as_ref().ok_or(TokenExchangeError::UnknownClient)?;
    let client = exchange::introspect(&shown.client.client, endpoint, &shown.token, ctx.ports, ctx.now).await;
    let client = client.ok().flatten().ok_or(TokenExchangeError::UnknownClient)?;
    let trusted: &Vec<String> = &ctx.policy.token_exchange.trusted_clients;
    let is_trusted = match trusted.as_slice() {
        [] => client == shown.client.client.client_id,
        trusted => trusted.contains(&client),
    };
    if is_trusted { Ok(()) } else { Err(TokenExchangeError::ForeignClient) }
}

fn as_tokens(shown: &Shown<'_>, now: UnixSeconds) -> ProviderTokens {
    ProviderTokens {
        access_token: shown.token.clone(),
        refresh_token: None,
        id_token: None,
        scope: None,
        issued_at: now,
        expires_at: NEVER,
    }
}

async fn signed_in(
    ctx: &Ctx<'_, impl Ports>,
    settings: &Settings,
    client: &ProviderClient,
    known: Known,
) -> Result<Next, TokenExchangeError> {
    if known.profile.email.is_none() {
        return Err(TokenExchangeError::NoEmail);
    }
    // Whose roles are not known is not let in by a token that somebody else shows.
    let rules = settings::access_rules(settings);
    if rules.needs_roles() && known.profile.roles.is_none() {
        return Err(TokenExchangeError::RoleRefused);
    }
    let sign_in = SignIn { client, settings, dialect: Dialect::OpenWebui, known };
    let ends = Ends { session: None, signs_up: false, may_be_first: false };
    sign_in.arrive(ctx, ends).await.map_err(|error| match error {
        OAuthError::Closed | OAuthError::EmailTaken => TokenExchangeError::NoAccount,
        OAuthError::DomainRefused => TokenExchangeError::DomainRefused,
        OAuthError::RoleRefused => TokenExchangeError::RoleRefused,
        error => error.into(),
    })
}

/// Why a token was not exchanged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TokenExchangeError {
    /// The account is banned.
    Banned,
    /// Addresses of that domain are not let in.
    DomainRefused,
    /// The token was given to an application that the deployment does not trust.
    ForeignClient,
    /// Nobody has an account who is that.
    NoAccount,
    /// The provider does not say what their address is.
    NoEmail,
    /// The provider does not say who they are.
    NoSubject,
    /// The provider does not say whose token it is.
    NotValidated,
    /// The deployment exchanges none.
    Off,
    /// Nobody of their roles is let in.
    RoleRefused,
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

impl From<OAuthError> for TokenExchangeError {
    fn from(error: OAuthError) -> Self {
        match error {
            OAuthError::Unavailable(fault) => Self::Unavailable(fault),
            OAuthError::Banned { .. } => Self::Banned,
            OAuthError::Refused(Refusal::NoEmail) => Self::NoEmail,
            _ => Self::NotValidated,
        }
    }
}
