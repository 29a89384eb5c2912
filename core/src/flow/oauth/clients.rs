//! Which providers the deployment is a client of.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use super::{OAuthError, settings};
use crate::{
    flow::Ctx,
    oauth::{Client, ClientAuth, Endpoints, OAuthPolicy, Provider, ProviderClient, client::PATIENCE},
    ports::Ports,
    settings::Settings,
};

/// What a discovery document's address ends with.
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// The providers that people can sign in with, and how they know them (open-webui.md §1.7). None while OAuth is off.
pub fn configured(policy: &OAuthPolicy, settings: &Settings) -> Vec<(Provider, String)> {
    if !settings.is_on("ENABLE_OAUTH") {
        return Vec::new();
    }
    let of_environment = policy.clients.iter().map(|client| (client.provider, client.name.clone()));
    let openid = settings.has_openid_provider().then(|| (Provider::Openid, openid_name(settings)));
    of_environment.chain(openid).collect()
}

/// The client of a provider.
pub(super) async fn find(
    ctx: &Ctx<'_, impl Ports>,
    provider: Provider,
) -> Result<ProviderClient, OAuthError> {
    let settings = ctx.settings().await?;
    let mut found = if provider == Provider::Openid {
        openid(ctx, &settings)?
    } else {
        let known = ctx.policy.oauth.clients.iter().find(|client| client.provider == provider);
        known.cloned().ok_or(OAuthError::UnknownProvider)?
    };
    found.client.patience = settings::patience(&settings, "OAUTH_TIMEOUT");
    found.client.client_id_in_body = ctx.policy.oauth.client_id_in_body;
    Ok(found)
}

/// The provider that administrators configure.
fn openid(ctx: &Ctx<'_, impl Ports>, settings: &Settings) -> Result<ProviderClient, OAuthError> {
    if !settings.has_openid_provider() {
        return Err(OAuthError::UnknownProvider);
    }
    let policy = &ctx.policy.oauth;
    let text = |name: &str| settings.text(name).map(ToString::to_string);
    let discovery = text("OPENID_PROVIDER_URL").unwrap_or_default();
    let document = policy.reach.check(&document_of(&discovery)).map_err(|_| OAuthError::Misconfigured)?;
    let secret =
        settings.secret("OAUTH_CLIENT_SECRET", &ctx.policy.sealing).map_err(|_| OAuthError::Misconfigured)?;
    let auth = match (secret, settings.text("OAUTH_TOKEN_ENDPOINT_AUTH_METHOD")) {
        (Some(secret), None | Some("client_secret_basic")) => ClientAuth::Basic(secret),
        (Some(secret), Some("client_secret_post")) => ClientAuth::Post(secret),
        // A method that needs a secret which is not there is not another method (OA-26).
        (None, Some("client_secret_basic" | "client_secret_post")) => return Err(OAuthError::Misconfigured),
        (_, _) => ClientAuth::None,
    };
    let client = Client {
        client_id: text("OAUTH_CLIENT_ID").unwrap_or_default(),
        auth,
        endpoints: Endpoints::Discovered(document),
        scope: text("OAUTH_SCOPES").unwrap_or_else(|| Provider::Openid.preset().scope.to_string()),
        redirect_uri: text("OPENID_REDIRECT_URI"),
        authorize: policy.authorize.clone(),
        // LibreChat's variable lists several; the first is asked for (librechat.md §6.3).
        audience: settings
            .text("OAUTH_AUDIENCE")
            .and_then(|list| list.split(',').next())
            .map(|audience| audience.trim().to_string()),
        resource: None,
        client_id_in_body: false,
        patience: PATIENCE,
        reach: policy.reach,
    };
    Ok(ProviderClient { provider: Provider::Openid, name: openid_name(settings), client })
}

fn openid_name(settings: &Settings) -> String {
    settings.text("OAUTH_PROVIDER_NAME").unwrap_or("SSO").to_string()
}

/// The address of the discovery document: as it is configured, or at the issuer that is.
fn document_of(configured: &str) -> String {
    let path = configured.split(['?', '#']).next().unwrap_or_default();
    if path.contains("/.well-known/") {
        return configured.to_string();
    }
    [configured.strip_suffix('/').unwrap_or(configured), WELL_KNOWN].concat()
}
