//! Sending a browser to a provider (open-webui.md §8.2; RFC 6749 §4.1.1).

use alloc::string::{String, ToString as _};

use oauth2::RedirectUrl;

use super::{OAuthError, clients, documents};
use crate::{
    audit::{AuditAction, AuditOutcome},
    flow::{Ctx, audit},
    oauth::{
        Provider, ProviderClient,
        exchange::{AuthorizationRequest, authorization_url},
        pending::{AWAY_FOR, Dialect, Errand, Pending, RoundTripSecrets, RoundTripToken},
        provider::ResponseMode,
    },
    ports::{BucketKey, Ports},
    throttle::{ROUND_TRIP_LIMIT, Spent},
};

/// A browser on its way.
#[derive(Clone, Debug)]
pub struct Away {
    /// Where it goes.
    pub url: String,
    /// What it holds until it is back.
    pub browser: RoundTripToken,
    /// How it will bring the answer.
    pub response_mode: ResponseMode,
}

/// Sends a browser to a provider. `held` is what it holds from an earlier time: several may be on their way.
/// `redirect_uri` is where the answer comes in unless the deployment has registered another place.
///
/// # Errors
/// [`OAuthError`]; the browser stays.
pub async fn start(
    ctx: &Ctx<'_, impl Ports>,
    provider: Provider,
    dialect: Dialect,
    errand: Errand,
    redirect_uri: &str,
    held: Option<RoundTripToken>,
) -> Result<Away, OAuthError> {
    let settings = ctx.settings().await?;
    if !settings.is_on("ENABLE_OAUTH") {
        return Err(OAuthError::UnknownProvider);
    }
    let ProviderClient { client, .. } = clients::find(ctx, provider).await?;
    let network = &ctx.client.network;
    let bucket = BucketKey::round_trip(network);
    if let Spent::Refused { retry_after } =
        ctx.ports.spend(&bucket, ROUND_TRIP_LIMIT, None, network, ctx.now).await?
    {
        audit::record_refusal(ctx, None, AuditAction::SignIn, AuditOutcome::Throttled).await;
        return Err(OAuthError::Throttled { retry_after });
    }
    let metadata = documents::metadata(ctx, &client).await?;
    let redirect_uri = client.redirect_uri.as_deref().unwrap_or(redirect_uri);
    let redirect_uri = RedirectUrl::new(redirect_uri.to_string()).map_err(|_| OAuthError::Misconfigured)?;
    let state = RoundTripToken::random(ctx.ports)?;
    let secrets = RoundTripSecrets::random(ctx.ports)?;
    let browser = match held {
        Some(held) => held,
        None => RoundTripToken::random(ctx.ports)?,
    };
    let request = AuthorizationRequest {
        state: state.expose_secret(),
        code_verifier: secrets.code_verifier.expose_secret(),
        nonce: client.is_openid().then(|| secrets.nonce.expose_secret().as_str()),
        redirect_uri: &redirect_uri,
    };
    let url =
        authorization_url(&client, &metadata.authorization, request).ok_or(OAuthError::Misconfigured)?;
    let hash = state.hash();
    ctx.ports
        .begin_round_trip(Pending {
            sealed: secrets.seal(&hash, &ctx.policy.sealing, ctx.ports)?,
            hash,
            provider,
            issuer: metadata.issuer.clone(),
            redirect_uri: redirect_uri.to_string(),
            metadata: metadata.to_document(),
            browser: browser.hash(),
            dialect,
            errand,
            expires_at: ctx.now.plus(AWAY_FOR),
        })
        .await?;
    Ok(Away { url, browser, response_mode: provider.preset().response_mode })
}
