//! Signing out at the provider as well (OpenID Connect RP-Initiated Logout; OA-25), and hearing that somebody has signed
//! out there (Back-Channel Logout; OA-24).

use alloc::string::{String, ToString};

use serde_json::json;
use url::Url;

use super::{OAuthError, clients, documents};
use crate::{
    audit::{AuditAction, AuditOutcome},
    flow::{Ctx, audit, sign_out},
    identity::ProviderSession,
    oauth::{
        Endpoints, Provider, ProviderClient,
        discovery::{Metadata, is_of},
        logout_token::{self, LogoutTokenError, MAX_AGE},
        pending::RoundTripToken,
        tokens::ProviderTokens,
    },
    ports::{PortError, Ports, RemoteLogout},
    seal::Place,
    secret::Secret,
    session::Ending,
    time::Lifetime,
};

/// How much longer a word is remembered than it is good: clocks differ.
const LEEWAY: Lifetime = Lifetime::from_minutes(2);

/// Where a browser is sent so that its owner is signed out at the provider, too, whose tokens a session had. `None` where
/// the provider has no such place, or does not answer: nobody's sign-out waits for that.
///
/// An ID token that would make the address longer than `max_bytes` stays away.
pub async fn end_session_url(
    ctx: &Ctx<'_, impl Ports>,
    session: &ProviderSession,
    return_to: Option<&str>,
    max_bytes: usize,
) -> Option<String> {
    let provider = Provider::parse(&session.provider)?;
    let client = clients::find(ctx, provider).await.ok()?.client;
    let metadata = documents::metadata(ctx, &client).await.ok()?;
    let endpoint = Url::parse(metadata.end_session?.as_str()).ok()?;
    let state = RoundTripToken::random(ctx.ports).ok()?;
    let url = |id_token: Option<&Secret<String>>| {
        let mut url = endpoint.clone();
        let mut query = url.query_pairs_mut();
        query.append_pair("client_id", &client.client_id);
        if let Some(id_token) = id_token {
            query.append_pair("id_token_hint", id_token.expose_secret());
        }
        if let Some(return_to) = return_to {
            query.append_pair("post_logout_redirect_uri", return_to);
            query.append_pair("state", state.expose_secret());
        }
        drop(query);
        String::from(url)
    };
    let tokens = open(ctx, session);
    let full = url(tokens.as_ref().and_then(|tokens| tokens.id_token.as_ref()));
    Some(if full.len() <= max_bytes { full } else { url(None) })
}

/// What a provider gave; `None` when it does not open.
pub(super) fn open(ctx: &Ctx<'_, impl Ports>, session: &ProviderSession) -> Option<ProviderTokens> {
    let row = session.id.to_string();
    let place = Place { table: "provider_sessions", column: "tokens", row: &row };
    let opened = ctx.policy.sealing.open(&session.sealed, &place).ok()?;
    ProviderTokens::from_json(core::str::from_utf8(opened.expose_secret()).ok()?)
}

/// Takes a provider's word that somebody has signed out there: the sessions end that they opened by it, whatever else
/// there is. A word about nobody is no error.
///
/// # Errors
/// [`BackchannelError`]
pub async fn hear(ctx: &Ctx<'_, impl Ports>, text: &str) -> Result<(), BackchannelError> {
    let issuer = logout_token::issuer_of(text)?;
    let (client, metadata) = provider_of(ctx, &issuer).await?;
    let jwks = metadata.jwks.as_ref().ok_or(BackchannelError::Unverifiable)?;
    let kid = logout_token::kid_of(text)?;
    let keys = documents::keys(ctx, jwks, Some(&kid)).await.map_err(|_| BackchannelError::Unverifiable)?;
    let token =
        logout_token::verify(text, &keys, &metadata, &client.client.client_id, ctx.ports, ctx.now).await?;
    let logout = RemoteLogout {
        provider: client.provider.as_str().to_string(),
        issuer: token.issuer,
        jti: token.jti,
        subject: token.subject,
        remote: token.session,
        remembered_until: ctx.now.plus(MAX_AGE).plus(LEEWAY),
    };
    // One that was heard before has had its effect.
    let Some(ended) = ctx.ports.ended_by(&logout).await? else { return Ok(()) };
    for ended in ended {
        let was_open = match ended.session {
            None => sign_out::end_all(ctx, ended.user).await? > 0,
            Some(session) => {
                let known = ctx.ports.list_sessions(ended.user, ctx.now).await?;
                let opened = known.iter().find(|record| record.provider_session == Some(session));
                match opened {
                    Some(record) => ctx.ports.end_session(ended.user, record.id).await? != Ending::Before,
                    None => false,
                }
            }
        };
        if was_open {
            let event = audit::event(ctx, Some(ended.user), AuditAction::SignOut, AuditOutcome::Success)?;
            let detail = json!({"provider": client.provider.as_str()});
            ctx.ports.append(audit::detailed(event, &detail)).await?;
        }
    }
    // Last, so that a word whose hearer was stopped halfway is as good as new when it comes again (FT-16).
    Ok(ctx.ports.hear_logout(&logout).await?)
}

/// Whether a provider can be that issuer. Only who can be is asked: anybody may come with any word.
fn may_be(client: &ProviderClient, issuer: &str) -> bool {
    match &client.client.endpoints {
        // Tenants are issuers of their own.
        Endpoints::Discovered(_) if client.provider == Provider::Microsoft => true,
        Endpoints::Discovered(document) => is_of(issuer, document.as_str()),
        Endpoints::Fixed { .. } => false,
    }
}

/// The provider that an issuer is.
async fn provider_of(
    ctx: &Ctx<'_, impl Ports>,
    issuer: &str,
) -> Result<(ProviderClient, Metadata), BackchannelError> {
    let settings = ctx.settings().await?;
    for (provider, _) in clients::configured(&ctx.policy.oauth, &settings) {
        let Ok(client) = clients::find(ctx, provider).await else { continue };
        if !client.client.is_openid() || !may_be(&client, issuer) {
            continue;
        }
        match documents::metadata(ctx, &client.client).await {
            Ok(metadata) if metadata.issuer == issuer => return Ok((client, metadata)),
            Ok(_) | Err(OAuthError::Refused(_)) => {}
            Err(OAuthError::Unavailable(fault)) => return Err(fault.into()),
            Err(_) => {}
        }
    }
    Err(BackchannelError::UnknownIssuer)
}

/// Why a provider's word was not taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BackchannelError {
    /// What it shows tells nothing.
    Token(LogoutTokenError),
    /// Our own outside failed.
    Unavailable(PortError),
    /// No provider of the deployment is that issuer.
    UnknownIssuer,
    /// The provider's keys can not be had.
    Unverifiable,
}

impl From<LogoutTokenError> for BackchannelError {
    fn from(error: LogoutTokenError) -> Self {
        match error {
            LogoutTokenError::Unavailable(fault) => Self::Unavailable(fault),
            error => Self::Token(error),
        }
    }
}

impl From<PortError> for BackchannelError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
