//! Becoming a client of a service of somebody else (open-webui.md §8.11): asking the service who lets people in, and
//! registering there, or taking over what an administrator has been given.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use serde_json::json;

use super::documents;
use crate::{
    audit::AuditAction,
    flow::{Ctx, audit},
    id::UserId,
    oauth::{
        Endpoints, IntegrationId, StoredIntegration,
        discovery::{DOCUMENT_PATIENCE, Metadata},
        flight::Claim,
        integration::{Integration, Wanted},
        registration::{
            self, AuthMethod, MAX_SERVERS, Registered, RegistrationAnswerError, ResourceMetadata,
        },
    },
    outbound_url::{OutboundUrl, OutboundUrlError},
    ports::{FetchRequest, PortError, Ports},
    seal::Place,
    secret::Secret,
};

/// Longest answer to a registration, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1_024;

/// What an administrator has been given by a service that lets no client register itself.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// What the service calls us.
    pub client_id: String,
    /// Shows that we are that client.
    pub client_secret: Secret<String>,
}

/// Registers the deployment as a client of a service, in the place of what it was there before.
///
/// # Errors
/// [`RegistrationError`]; what was stored stays.
pub async fn register(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    id: &IntegrationId,
    wanted: Wanted,
    credentials: Option<Credentials>,
) -> Result<StoredIntegration, RegistrationError> {
    let busy = || RegistrationError::Busy;
    alone(ctx, id, async || {
        let integration = negotiated(ctx, wanted, credentials).await?;
        save(ctx, admin, id, &integration).await
    })
    .await?
    .ok_or_else(busy)
}

/// Registers once more as a client that the server has forgotten. Of many who notice at the same time, one does.
pub(super) async fn register_again(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    id: &IntegrationId,
    forgotten: &StoredIntegration,
) -> Result<(), RegistrationError> {
    let done = alone(ctx, id, async || {
        let stored = ctx.ports.find_integration(id).await?.ok_or(RegistrationError::Busy)?;
        if stored != *forgotten {
            return Ok(stored);
        }
        let integration = open(ctx, &stored).ok_or(RegistrationError::Busy)?;
        let integration = negotiated(ctx, integration.wanted, None).await?;
        save(ctx, user, id, &integration).await
    });
    // Somebody else has just done it.
    done.await.map(|_| ())
}

/// The clients that the deployment is for services of others.
///
/// # Errors
/// When the store can not be read.
pub async fn integrations(ctx: &Ctx<'_, impl Ports>) -> Result<Vec<StoredIntegration>, PortError> {
    ctx.ports.list_integrations().await
}

/// Takes a client away, and what people were given for it; says whether there was one.
///
/// # Errors
/// When the store failed.
pub async fn withdraw(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    id: &IntegrationId,
) -> Result<bool, PortError> {
    let event = audit::event_about(ctx, admin, id.as_str(), AuditAction::RemoveClient)?;
    ctx.ports.delete_integration(id, event).await
}

/// What is stored of an integration; `None` when it does not open.
pub(super) fn open(ctx: &Ctx<'_, impl Ports>, stored: &StoredIntegration) -> Option<Integration> {
    let opened = ctx.policy.sealing.open(&stored.sealed, &place(&stored.id)).ok()?;
    Integration::from_json(core::str::from_utf8(opened.expose_secret()).ok()?, ctx.policy.oauth.reach)
}

fn place(id: &IntegrationId) -> Place<'_> {
    Place { table: "oauth_clients", column: "registration", row: id.as_str() }
}

/// Does something while nobody else does it for the same integration (OA-23); `None` where somebody else has just done it.
async fn alone<T>(
    ctx: &Ctx<'_, impl Ports>,
    id: &IntegrationId,
    step: impl AsyncFnOnce() -> Result<T, RegistrationError>,
) -> Result<Option<T>, RegistrationError> {
    if ctx.ports.claim_registration(id, ctx.now).await? == Claim::Done {
        return Ok(None);
    }
    let result = step().await;
    // Whoever waits finds out by themselves when this does not get through.
    let _ = ctx.ports.release_registration(id).await;
    result.map(Some)
}

async fn save(
    ctx: &Ctx<'_, impl Ports>,
    actor: UserId,
    id: &IntegrationId,
    integration: &Integration,
) -> Result<StoredIntegration, RegistrationError> {
    let sealed =
        ctx.policy.sealing.seal(integration.to_json().expose_secret().as_bytes(), &place(id), ctx.ports)?;
    let stored = StoredIntegration {
        id: id.clone(),
        server: integration.wanted.server.clone(),
        sealed,
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    let event = audit::event_about(ctx, actor, id.as_str(), AuditAction::RegisterClient)?;
    let event = audit::detailed(event, &json!({"dynamic": integration.is_dynamic}));
    ctx.ports.save_integration(stored.clone(), event).await?;
    Ok(stored)
}

/// Finds out who lets people in, and becomes a client there.
async fn negotiated(
    ctx: &Ctx<'_, impl Ports>,
    wanted: Wanted,
    credentials: Option<Credentials>,
) -> Result<Integration, RegistrationError> {
    let reach = ctx.policy.oauth.reach;
    let address = |text: &str| reach.check(text).map_err(RegistrationError::Address);
    let server = address(&wanted.server)?;
    let override_server = wanted.authorization_server.as_deref().map(address).transpose()?;
    let said = said_by_service(ctx, &server).await.unwrap_or_default();
    let named: Vec<_> = match override_server {
        Some(url) => [url].into(),
        // An address that may not be asked is none (OA-20).
        None => said
            .authorization_servers
            .iter()
            .filter_map(|url| reach.check(url).ok())
            .take(MAX_SERVERS)
            .collect(),
    };
    let is_named = wanted.authorization_server.is_some() || !said.authorization_servers.is_empty();
    let mut found = None;
    for url in named.iter().chain([&server]) {
        found = said_by_server(ctx, url).await;
        if found.is_some() {
            break;
        }
    }
    let scopes = |metadata: Option<&Metadata>| match (&wanted.scope, said.scopes.as_slice(), metadata) {
        (Some(scope), _, _) => scope.clone(),
        (None, [], Some(metadata)) => metadata.scopes.join(" "),
        (None, scopes, _) => scopes.join(" "),
    };
    let scope = scopes(found.as_ref().map(|(_, metadata)| metadata));
    let (endpoints, registration, method) = match found {
        Some((document, metadata)) => {
            let method = AuthMethod::choose(&metadata).ok_or(RegistrationError::NoMethod)?;
            (Endpoints::Discovered(document), metadata.registration, method)
        }
        None if is_named => return Err(RegistrationError::NoServer),
        None => {
            let at = |path: &str| address(&format!("{}{path}", server.origin()));
            let endpoints = Endpoints::Fixed {
                issuer: server.origin(),
                authorization: at("/authorize")?,
                token: at("/token")?,
                userinfo: None,
            };
            (endpoints, Some(at("/register")?), AuthMethod::Post)
        }
    };
    let is_dynamic = credentials.is_none();
    let registered = match credentials {
        Some(Credentials { client_id, client_secret }) => Registered {
            client_id,
            secret: Some(client_secret),
            auth_method: if method == AuthMethod::None { AuthMethod::Post } else { method },
            secret_expires_at: None,
        },
        None => {
            let url = registration.ok_or(RegistrationError::NoRegistration)?;
            registered(ctx, url, &wanted, method, &scope).await?
        }
    };
    let resource = Some(said.resource).filter(|resource| !resource.is_empty());
    let resource = resource.unwrap_or_else(|| wanted.server.clone());
    Ok(Integration { wanted, is_dynamic, registered, endpoints, scope, resource })
}

/// What a service says about itself, in one of the places where it may say it.
async fn said_by_service(ctx: &Ctx<'_, impl Ports>, server: &OutboundUrl) -> Option<ResourceMetadata> {
    let asked = ctx.ports.fetch(FetchRequest {
        url: server.clone(),
        headers: [
            ("accept", Secret::new("application/json, text/event-stream".into())),
            ("content-type", Secret::new("application/json".into())),
        ]
        .into(),
        body: Some(Secret::new(registration::initialize())),
        max_bytes: MAX_ANSWER_BYTES,
        patience: DOCUMENT_PATIENCE,
    });
    // A service that answers something else, or for ever, has not said where; it may have said it elsewhere.
    let challenge = asked.await.map(|answer| answer.challenge).unwrap_or_default();
    let challenged = registration::resource_metadata(&challenge).map(|url| url.to_string());
    for url in challenged.into_iter().chain(registration::resource_documents(server)) {
        let Ok(url) = ctx.policy.oauth.reach.check(&url) else { continue };
        let body = documents::fetch(ctx, &url).await.ok().flatten();
        let said = body.and_then(|body| ResourceMetadata::parse(body.as_bytes(), server));
        if said.is_some() {
            return said;
        }
    }
    None
}

/// What an authorization server says about itself, and where.
async fn said_by_server(ctx: &Ctx<'_, impl Ports>, server: &OutboundUrl) -> Option<(OutboundUrl, Metadata)> {
    let reach = ctx.policy.oauth.reach;
    for url in registration::server_documents(server) {
        let Ok(url) = reach.check(&url) else { continue };
        // Who does not answer at one place will not at the next.
        let body = documents::fetch(ctx, &url).await.ok()?;
        let metadata = body.and_then(|body| Metadata::parse(body.as_bytes(), &url, reach).ok());
        if let Some(metadata) = metadata {
            return Some((url, metadata));
        }
    }
    None
}

async fn registered(
    ctx: &Ctx<'_, impl Ports>,
    url: OutboundUrl,
    wanted: &Wanted,
    method: AuthMethod,
    scope: &str,
) -> Result<Registered, RegistrationError> {
    let body = registration::request(&wanted.client_name, &wanted.redirect_uri, method, scope);
    let json = || Secret::new("application/json".to_string());
    let answer = ctx.ports.fetch(FetchRequest {
        url,
        headers: [("accept", json()), ("content-type", json())].into(),
        body: Some(Secret::new(body)),
        max_bytes: MAX_ANSWER_BYTES,
        patience: DOCUMENT_PATIENCE,
    });
    let answer = answer.await.map_err(|_| RegistrationError::Unreachable)?;
    match answer.status {
        200 | 201 => {
            Registered::parse(&answer.body, &wanted.redirect_uri, method).map_err(RegistrationError::Answer)
        }
        status => Err(RegistrationError::Refused(status)),
    }
}

/// Why the deployment is no client of a service. Nothing in it is in the service's words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RegistrationError {
    /// An address that may not be asked.
    Address(OutboundUrlError),
    /// The server's word does not count.
    Answer(RegistrationAnswerError),
    /// Somebody else is at it, or has just been.
    Busy,
    /// The server wants clients to show who they are in a way that we do not know.
    NoMethod,
    /// The server lets no client register itself.
    NoRegistration,
    /// Whoever is said to let people in does not say how.
    NoServer,
    /// The server says no.
    Refused(u16),
    /// The server does not answer.
    Unreachable,
    /// Our own outside failed.
    Unavailable(PortError),
}

impl fmt::Display for RegistrationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Address(error) => return write!(formatter, "the address can not be used: {error}"),
            Self::Answer(RegistrationAnswerError::Malformed) => "the answer is no registration",
            Self::Answer(RegistrationAnswerError::NoClient) => "the answer names no client",
            Self::Answer(RegistrationAnswerError::NoSecret) => "the answer has no secret that can be shown",
            Self::Answer(RegistrationAnswerError::RedirectUri) => "the answer has other redirect URIs",
            Self::Busy => "another registration was under way",
            Self::NoMethod => "the authorization server supports no client authentication that is known here",
            Self::NoRegistration => "the authorization server does not support dynamic client registration",
            Self::NoServer => "the authorization server's metadata could not be found",
            Self::Refused(status) => return write!(formatter, "the authorization server answered {status}"),
            Self::Unreachable => "the authorization server does not answer",
            Self::Unavailable(_) => "storage is unavailable",
        })
    }
}

impl From<PortError> for RegistrationError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
