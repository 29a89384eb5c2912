//! Letting people use services of others: they go there, let us in, and come back with tokens (open-webui.md §8.11).

use super::{
    Away, CallbackQuery, OAuthError, Refusal,
    callback::{self, Given},
    documents, link, provider_tokens, registration,
    registration::RegistrationError,
    settings,
    start::{self, Leave},
};
use crate::{
    audit::AuditAction,
    flow::{Ctx, audit, current_session::Authenticated},
    id::{ProviderSessionId, UserId},
    identity::NewProviderSession,
    oauth::{
        Client, IntegrationId, StoredIntegration,
        discovery::DOCUMENT_PATIENCE,
        exchange::ExchangeError,
        integration::Integration,
        pending::{Dialect, Errand, Peer, RoundTripSecrets, RoundTripToken},
        provider::ResponseMode,
        registration::is_unknown_client,
    },
    ports::{FetchRequest, PortError, Ports},
    secret::Secret,
    time::Lifetime,
    user::Role,
};

/// Longest page that is read to learn whether a server knows us, in bytes.
const MAX_PAGE_BYTES: usize = 64 * 1_024;

/// Sends the caller's browser to whoever lets people in at a service. A server that has forgotten us is told again, once.
///
/// # Errors
/// [`IntegrationError`]; the browser stays.
pub async fn authorize(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    id: &IntegrationId,
    held: Option<RoundTripToken>,
) -> Result<Away, IntegrationError> {
    start::throttle(ctx).await?;
    let (stored, mut integration) = find(ctx, id).await?.ok_or(IntegrationError::Unknown)?;
    if integration.is_dynamic && is_forgotten(ctx, &integration).await? {
        registration::register_again(ctx, caller.user.id, id, &stored).await.map_err(
            |error| match error {
                RegistrationError::Unavailable(fault) => fault.into(),
                _ => IntegrationError::NotRegistered,
            },
        )?;
        (_, integration) = find(ctx, id).await?.ok_or(IntegrationError::Gone)?;
        if is_forgotten(ctx, &integration).await? {
            return Err(IntegrationError::StillForgotten);
        }
    }
    let leave = Leave {
        peer: Peer::Integration(id.clone()),
        dialect: Dialect::OpenWebui,
        errand: Errand::Link(caller.user.id, caller.claims.sid),
        redirect_uri: &integration.wanted.redirect_uri,
        held,
    };
    let (url, browser) = leave.sent(ctx, &client(ctx, &integration).await?).await?;
    Ok(Away { url, browser, response_mode: ResponseMode::Query })
}

/// Takes a browser back, and keeps what it brings for the account that sent it. `held` is what the browser was given,
/// `present` whose session it shows.
///
/// # Errors
/// [`IntegrationError`]; nothing is kept.
pub async fn returned(
    ctx: &Ctx<'_, impl Ports>,
    id: &IntegrationId,
    query: &CallbackQuery,
    held: Option<&RoundTripToken>,
    present: Option<UserId>,
) -> Result<(), IntegrationError> {
    let pending = query.take(ctx).await?;
    callback::fits(&pending, &Peer::Integration(id.clone()), held).map_err(OAuthError::Refused)?;
    let Errand::Link(user, session) = pending.errand else { return Err(IntegrationError::State) };
    if present.is_some_and(|present| present != user) {
        return Err(IntegrationError::OtherUser);
    }
    let owner = ctx.ports.load_credential(user).await?;
    let is_member = owner.is_some_and(|owner| owner.user.role != Role::Pending);
    if !is_member || !link::is_alive(ctx, user, session).await? {
        return Err(IntegrationError::NotAllowed);
    }
    let (_, integration) = find(ctx, id).await?.ok_or(IntegrationError::State)?;
    let client = client(ctx, &integration).await?;
    let Given { tokens, .. } = query.redeem(ctx, &pending, &client).await?;
    let row = ProviderSessionId::random(ctx.ports)?;
    let kept = NewProviderSession {
        id: row,
        remote: None,
        sealed: provider_tokens::seal(ctx, row, &tokens)?,
        expires_at: tokens.expires_at,
        kept: 1,
        replaces: None,
    };
    let event = audit::event_about(ctx, user, id.as_str(), AuditAction::AuthorizeClient)?;
    Ok(ctx.ports.keep_provider_session(user, id.as_str(), kept, event).await?)
}

/// The client that the deployment is for an integration, for requests.
pub(super) async fn client(
    ctx: &Ctx<'_, impl Ports>,
    integration: &Integration,
) -> Result<Client, PortError> {
    let patience = settings::patience(&*ctx.settings().await?, "OAUTH_CLIENT_TIMEOUT");
    Ok(integration.client(ctx.policy.oauth.reach, patience))
}

/// What is stored of an integration. One that does not open is none that works (SR-05).
pub(super) async fn find(
    ctx: &Ctx<'_, impl Ports>,
    id: &IntegrationId,
) -> Result<Option<(StoredIntegration, Integration)>, PortError> {
    let Some(stored) = ctx.ports.find_integration(id).await? else { return Ok(None) };
    let unreadable = || PortError { port: "integrations", detail: "a registration does not open".into() };
    let integration = registration::open(ctx, &stored).ok_or_else(unreadable)?;
    Ok(Some((stored, integration)))
}

/// Whether a server does not know us any more: asked as a browser would ask, with a state that nobody will come back with.
async fn is_forgotten(
    ctx: &Ctx<'_, impl Ports>,
    integration: &Integration,
) -> Result<bool, IntegrationError> {
    if integration.registered.secret_expires_at.is_some_and(|end| end <= ctx.now) {
        return Ok(true);
    }
    let client = client(ctx, integration).await?;
    let metadata = documents::metadata(ctx, &client).await?;
    let (state, secrets) = (RoundTripToken::random(ctx.ports)?, RoundTripSecrets::random(ctx.ports)?);
    let redirect_uri = &integration.wanted.redirect_uri;
    let url = start::address(&client, &metadata, &state, &secrets, redirect_uri)?;
    let Ok(url) = ctx.policy.oauth.reach.check(&url) else { return Ok(false) };
    let answer = ctx.ports.fetch(FetchRequest {
        url,
        headers: [("accept", Secret::new("text/html, application/json".into()))].into(),
        body: None,
        max_bytes: MAX_PAGE_BYTES,
        patience: DOCUMENT_PATIENCE,
    });
    // Whoever does not answer has not said so.
    Ok(answer.await.is_ok_and(|answer| is_unknown_client(answer.status, &answer.body)))
}

/// Why nobody was sent to a service, or came back from one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum IntegrationError {
    /// The server gives no tokens.
    Exchange(ExchangeError),
    /// The integration was taken away while it was registered again.
    Gone,
    /// Who sent the browser may not use services any more.
    NotAllowed,
    /// The server has forgotten us, and does not take us again.
    NotRegistered,
    /// The browser is somebody else's by now.
    OtherUser,
    /// What came back does not fit, or the provider said no.
    Refused(Refusal),
    /// Never begun, over, or begun for something else.
    State,
    /// The server does not know us though it has just registered us.
    StillForgotten,
    /// Too many at once.
    Throttled {
        /// When the next is let through.
        retry_after: Lifetime,
    },
    /// There is no such integration.
    Unknown,
    /// Our own outside failed.
    Unavailable(PortError),
}

impl From<OAuthError> for IntegrationError {
    fn from(error: OAuthError) -> Self {
        match error {
            OAuthError::Refused(Refusal::Browser | Refusal::State) | OAuthError::Misconfigured => Self::State,
            OAuthError::Refused(Refusal::Exchange(error)) => Self::Exchange(error),
            OAuthError::Refused(refusal) => Self::Refused(refusal),
            OAuthError::Throttled { retry_after } => Self::Throttled { retry_after },
            OAuthError::Unavailable(fault) => Self::Unavailable(fault),
            _ => Self::Refused(Refusal::Provider),
        }
    }
}

impl From<PortError> for IntegrationError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
