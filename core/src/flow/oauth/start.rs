//! Sending a browser to a provider (open-webui.md §8.2; RFC 6749 §4.1.1).

use alloc::string::{String, ToString as _};

use oauth2::RedirectUrl;

use super::{OAuthError, clients, documents};
use crate::{
    audit::{AuditAction, AuditOutcome},
    flow::{Ctx, audit},
    oauth::{
        Client, Provider, ProviderClient,
        discovery::Metadata,
        exchange::{AuthorizationRequest, authorization_url},
        pending::{AWAY_FOR, Dialect, Errand, Peer, Pending, RoundTripSecrets, RoundTripToken},
        provider::ResponseMode,
    },
    ports::{BucketKey, PortError, Ports},
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
    throttle(ctx).await?;
    let redirect_uri = client.redirect_uri.as_deref().unwrap_or(redirect_uri);
    let leave = Leave { peer: Peer::Provider(provider), dialect, errand, redirect_uri, held };
    let (url, browser) = leave.sent(ctx, &client).await?;
    Ok(Away { url, browser, response_mode: provider.preset().response_mode })
}

/// Forgets browsers that never came back.
///
/// # Errors
/// When the store failed.
pub async fn expire(ctx: &Ctx<'_, impl Ports>) -> Result<(), PortError> {
    ctx.ports.expire_round_trips(ctx.now).await
}

/// Counts browsers that are sent away.
///
/// # Errors
/// [`OAuthError::Throttled`], or when they can not be counted.
pub(super) async fn throttle(ctx: &Ctx<'_, impl Ports>) -> Result<(), OAuthError> {
    let network = &ctx.client.network;
    let bucket = BucketKey::round_trip(network);
    if let Spent::Refused { retry_after } =
        ctx.ports.spend(&bucket, ROUND_TRIP_LIMIT, None, network, ctx.now).await?
    {
        audit::record_refusal(ctx, None, AuditAction::SignIn, AuditOutcome::Throttled).await;
        return Err(OAuthError::Throttled { retry_after });
    }
    Ok(())
}

/// A browser that is about to leave.
pub(super) struct Leave<'a> {
    pub(super) peer: Peer,
    pub(super) dialect: Dialect,
    pub(super) errand: Errand,
    pub(super) redirect_uri: &'a str,
    pub(super) held: Option<RoundTripToken>,
}

impl Leave<'_> {
    /// Where it goes, and what it holds until it is back.
    pub(super) async fn sent(
        self,
        ctx: &Ctx<'_, impl Ports>,
        client: &Client,
    ) -> Result<(String, RoundTripToken), OAuthError> {
        let metadata = documents::metadata(ctx, client).await?;
        let state = RoundTripToken::random(ctx.ports)?;
        let secrets = RoundTripSecrets::random(ctx.ports)?;
        let browser = match self.held {
            Some(held) => held,
            None => RoundTripToken::random(ctx.ports)?,
        };
        let url = address(client, &metadata, &state, &secrets, self.redirect_uri)?;
        let hash = state.hash();
        ctx.ports
            .begin_round_trip(Pending {
                sealed: secrets.seal(&hash, &ctx.policy.sealing, ctx.ports)?,
                hash,
                peer: self.peer,
                issuer: metadata.issuer.clone(),
                redirect_uri: self.redirect_uri.to_string(),
                metadata: metadata.to_document(),
                browser: browser.hash(),
                dialect: self.dialect,
                errand: self.errand,
                expires_at: ctx.now.plus(AWAY_FOR),
            })
            .await?;
        Ok((url, browser))
    }
}

/// Where a browser is sent.
pub(super) fn address(
    client: &Client,
    metadata: &Metadata,
    state: &RoundTripToken,
    secrets: &RoundTripSecrets,
    redirect_uri: &str,
) -> Result<String, OAuthError> {
    let redirect_uri = RedirectUrl::new(redirect_uri.to_string()).map_err(|_| OAuthError::Misconfigured)?;
    let request = AuthorizationRequest {
        state: state.expose_secret(),
        code_verifier: secrets.code_verifier.expose_secret(),
        nonce: client.is_openid().then(|| secrets.nonce.expose_secret().as_str()),
        redirect_uri: &redirect_uri,
    };
    authorization_url(client, &metadata.authorization, request).ok_or(OAuthError::Misconfigured)
}
