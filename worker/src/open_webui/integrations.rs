//! Services of others that people let the application use for them (contract §8.11): registering as their client, going
//! there and coming back.

use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use portico_core::{
    flow::oauth::{self, CallbackQuery, Credentials, IntegrationError, Refusal, RegistrationError},
    oauth::{
        IntegrationId, StoredIntegration,
        integration::{ResourceMode, Wanted},
        provider::ResponseMode,
    },
    ports::Ports,
    secret::Secret,
};
use serde_json::{Value, json};

use super::{
    caller::{self, Admin, Current, Verified},
    error::Error,
    oauth::{base, holding, redirect, status},
    validate::{Fields, Query},
};
use crate::{
    http::{
        answer::{self, Answer},
        round_trip,
    },
    router::Call,
};

/// The kind of integration that a path has unless it says another.
const TOOL_SERVER: &str = "mcp";
/// How people know us at a service unless an administrator says otherwise (contract §8.11).
const CLIENT_NAME: &str = "Open WebUI";
const SWITCHED_OFF: &str = "Tool servers are disabled";
/// Longest word about what went wrong, in characters (contract §8.11).
const MAX_ERROR_CHARS: usize = 200;

/// `POST /api/v1/configs/oauth/clients/register`: registers as a client of a service.
///
/// # Errors
/// 400 with the reason, 403 while such services are switched off, 422 or 503.
pub async fn register(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    switched_on(call)?;
    let mut fields = Fields::of(call.request)?;
    let (server, name) = (fields.string("url"), fields.string("client_id"));
    let client_name = fields.optional_string("client_name");
    let client_secret = fields.optional_string("client_secret");
    let authorization_server = fields.optional_string("oauth_server_url");
    let scope = fields.optional_string("oauth_scope");
    // Ours: for services that have given us another name than the one in paths.
    let given_id = fields.optional_string("oauth_client_id");
    let resource_mode = match fields.optional_string("oauth_resource_mode") {
        Some(mode) => ResourceMode::parse(&mode)
            .or_else(|| fields.refuse_value("oauth_resource_mode", "should be 'auto', 'include' or 'omit'")),
        None => Some(ResourceMode::default()),
    };
    let query = Query::of(call.request);
    let kind = query.text("type").unwrap_or(TOOL_SERVER);
    let id = name.as_deref().and_then(|name| {
        IntegrationId::of(kind, name)
            .or_else(|| fields.refuse_value("client_id", "should be a name of at most 120 bytes"))
    });
    let (Some(server), Some(name), Some(id), Some(resource_mode), false) =
        (server, name, id, resource_mode, fields.has_issues())
    else {
        return Err(fields.into_error());
    };
    let credentials = client_secret.filter(|secret| !secret.is_empty()).map(|secret| Credentials {
        client_id: given_id.unwrap_or(name),
        client_secret: Secret::new(secret),
    });
    let wanted = Wanted {
        server,
        authorization_server: authorization_server.filter(|url| !url.is_empty()),
        client_name: client_name.unwrap_or_else(|| CLIENT_NAME.to_string()),
        scope,
        resource_mode,
        redirect_uri: redirect_uri(&base(call).await?, &id),
    };
    let stored = oauth::register(&call.ctx, admin.id(), &id, wanted, credentials).await?;
    Ok(answer::json(StatusCode::OK, &json!({"status": true, "oauth_client_info": stored.sealed})))
}

/// `GET /api/v1/configs/oauth/clients`: the clients that the deployment is. Not in the contract, whose clients are part of
/// the configuration of tool servers.
///
/// # Errors
/// 503.
pub async fn list(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let views: Vec<_> = oauth::integrations(&call.ctx).await?.iter().map(view).collect();
    Ok(answer::json(StatusCode::OK, &views))
}

/// `DELETE /api/v1/configs/oauth/clients/{client_id}`: is a client no longer.
///
/// # Errors
/// 404 or 503.
pub async fn withdraw(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let id = id_of(call)?;
    match oauth::withdraw(&call.ctx, admin.id(), &id).await? {
        true => Ok(answer::json(StatusCode::OK, &json!({"status": true}))),
        false => Err(Error::unknown_path()),
    }
}

/// `GET /oauth/clients/{client_id}/authorize`: sends the caller's browser to whoever lets people in at a service.
///
/// # Errors
/// 401, 403, 404, 429, 500 in the contract's words, 502 or 503.
pub async fn authorize(call: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    switched_on(call)?;
    let Current::Human(human) = &*caller else { return Err(Error::human_needed()) };
    let held = round_trip::held(call.request.headers(), ResponseMode::Query, call.is_secure());
    let away = oauth::authorize(&call.ctx, &human.session, &id_of(call)?, held).await?;
    Ok(holding(call, redirect(StatusCode::FOUND, &away.url), &away))
}

/// `GET /oauth/clients/{client_id}/callback`: back from there.
///
/// # Errors
/// 404 or 503; everything else leads back to the page, with a word about it.
pub async fn callback(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let (id, base) = (id_of(call)?, base(call).await?);
    let query = CallbackQuery::parse(call.request.uri().query().unwrap_or_default());
    let held = round_trip::held(call.request.headers(), ResponseMode::Query, call.is_secure());
    let present = caller::current(call).await.ok().map(|caller| caller.id());
    match oauth::returned(&call.ctx, &id, &query, held.as_ref(), present).await {
        Ok(()) => Ok(redirect(status(call), &base)),
        Err(IntegrationError::Unavailable(fault)) => Err(fault.into()),
        Err(error) => {
            let text = format!("OAuth callback failed: {}", described(&error));
            let text: String = text.chars().take(MAX_ERROR_CHARS).collect();
            let text: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
            Ok(redirect(status(call), &format!("{base}/?error={text}")))
        }
    }
}

fn switched_on<P>(call: &Call<'_, P>) -> Result<(), Error> {
    match call.config.oauth_pages.tool_servers {
        true => Ok(()),
        false => Err(Error::switched_off(SWITCHED_OFF)),
    }
}

fn id_of<P>(call: &Call<'_, P>) -> Result<IntegrationId, Error> {
    let text = percent_decode_str(call.param("client_id")).decode_utf8_lossy();
    IntegrationId::parse(&text).ok_or_else(Error::unknown_path)
}

/// Where browsers come back to. A colon may stand in a path; what else is not a letter or digit may mean something there.
fn redirect_uri(base: &str, id: &IntegrationId) -> String {
    const NAME: &percent_encoding::AsciiSet =
        &NON_ALPHANUMERIC.remove(b':').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    format!("{base}/oauth/clients/{}/callback", utf8_percent_encode(id.as_str(), NAME))
}

fn view(stored: &StoredIntegration) -> Value {
    json!({
        "client_id": stored.id.as_str(),
        "url": stored.server,
        "created_at": stored.created_at,
        "updated_at": stored.updated_at,
    })
}

/// Nothing that the service has said (OA-15).
const fn described(error: &IntegrationError) -> &'static str {
    match error {
        IntegrationError::Exchange(_) => "Token exchange failed: the authorization server gave no tokens",
        IntegrationError::NotAllowed => "OAuth callback user is not authorized",
        IntegrationError::OtherUser => "OAuth callback user does not match authenticated session",
        IntegrationError::Refused(Refusal::Denied) => "the authorization was not granted",
        IntegrationError::Refused(_) => "the answer does not fit the request",
        IntegrationError::Gone | IntegrationError::Unknown => "OAuth client not found",
        IntegrationError::NotRegistered => "Failed to re-register OAuth client",
        IntegrationError::State => "OAuth callback state is invalid or expired",
        IntegrationError::StillForgotten => {
            "OAuth client registration is still invalid after re-registration"
        }
        IntegrationError::Throttled { .. } | IntegrationError::Unavailable(_) => "try again later",
    }
}

impl From<RegistrationError> for Error {
    fn from(error: RegistrationError) -> Self {
        match error {
            RegistrationError::Unavailable(fault) => fault.into(),
            error => Self::refused(&format!("Failed to register OAuth client: {error}")),
        }
    }
}

impl From<IntegrationError> for Error {
    fn from(error: IntegrationError) -> Self {
        match error {
            IntegrationError::Unknown => Self::unknown_path(),
            IntegrationError::Gone => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "OAuth client unavailable after re-registration")
            }
            IntegrationError::NotRegistered | IntegrationError::StillForgotten => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, described(&error))
            }
            IntegrationError::Throttled { retry_after } => Self::too_many(retry_after),
            IntegrationError::Unavailable(fault) => fault.into(),
            IntegrationError::Exchange(_)
            | IntegrationError::NotAllowed
            | IntegrationError::OtherUser
            | IntegrationError::Refused(_)
            | IntegrationError::State => Self::provider_down(),
        }
    }
}
