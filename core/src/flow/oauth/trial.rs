//! Trying the provider out that administrators have configured, up to where a browser would be needed.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use super::{OAuthError, clients, documents};
use crate::{
    flow::Ctx,
    jwt::Jwks,
    oauth::{
        ClientAuth, Endpoints, Provider,
        discovery::{DiscoveryError, Metadata},
    },
    outbound_url::OutboundUrl,
    ports::{PortError, Ports},
};

/// What was found out, in the order in which a sign-in depends on it. The last one failed, if any did.
pub type Trial = Vec<Result<Works, Fails>>;

/// Something that works.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Works {
    /// The way in which we show who we are is one of the provider's.
    ClientAuth {
        /// Its name in RFC 7591 §2.
        method: &'static str,
    },
    /// The provider says about itself what has to be known.
    Discovery {
        /// Who it says it is.
        issuer: String,
    },
    /// Its keys can be had.
    Keys {
        /// How many of them we know how to use.
        count: usize,
    },
    /// It knows everything that is asked for.
    Scopes,
    /// The settings make sense.
    Settings,
}

/// Something that does not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fails {
    /// The provider takes other ways of showing who we are.
    ClientAuth {
        /// The configured one.
        method: &'static str,
        /// Those that it takes.
        offered: Vec<String>,
    },
    /// What the provider says about itself is not believed.
    Discovery(DiscoveryError),
    /// Its keys are none that we can use.
    Keys {
        /// Where they are.
        url: String,
    },
    /// It does not know something that is asked for.
    Scopes {
        /// What.
        unknown: Vec<String>,
    },
    /// The settings contradict each other, or an address is none that may be asked.
    Settings,
    /// Nobody has configured a provider.
    Unconfigured,
    /// Nobody answers there, or with something else.
    Unreachable {
        /// Where.
        url: String,
    },
}

/// Tries the provider of OpenID Connect out that the settings name. Nothing is taken from what is kept of it.
///
/// # Errors
/// When the settings can not be read.
pub async fn try_out(ctx: &Ctx<'_, impl Ports>) -> Result<Trial, PortError> {
    let mut trial = Trial::new();
    let client = match clients::find(ctx, Provider::Openid).await {
        Ok(found) => found.client,
        Err(OAuthError::Unavailable(fault)) => return Err(fault),
        Err(OAuthError::UnknownProvider) => return Ok([Err(Fails::Unconfigured)].into()),
        Err(_) => return Ok([Err(Fails::Settings)].into()),
    };
    let Endpoints::Discovered(url) = &client.endpoints else { return Ok([Err(Fails::Settings)].into()) };
    trial.push(Ok(Works::Settings));
    let parsed = match text(ctx, url).await {
        Ok(text) => Metadata::parse(text.as_bytes(), url, client.reach).map_err(Fails::Discovery),
        Err(unreachable) => Err(unreachable),
    };
    let metadata = match parsed {
        Ok(metadata) => metadata,
        Err(fails) => {
            trial.push(Err(fails));
            return Ok(trial);
        }
    };
    trial.push(Ok(Works::Discovery { issuer: metadata.issuer.clone() }));
    trial.push(keys(ctx, &metadata).await);
    if trial.iter().all(Result::is_ok) {
        trial.push(client_auth(&client.auth, metadata.token_auth_methods));
    }
    if trial.iter().all(Result::is_ok) {
        trial.push(scopes(&client.scope, &metadata.scopes));
    }
    Ok(trial)
}

async fn text(ctx: &Ctx<'_, impl Ports>, url: &OutboundUrl) -> Result<String, Fails> {
    let unreachable = || Fails::Unreachable { url: url.as_str().to_string() };
    documents::fetch(ctx, url).await.ok().flatten().ok_or_else(unreachable)
}

async fn keys(ctx: &Ctx<'_, impl Ports>, metadata: &Metadata) -> Result<Works, Fails> {
    let Some(url) = &metadata.jwks else { return Err(Fails::Discovery(DiscoveryError::Missing("jwks_uri"))) };
    match Jwks::parse(&text(ctx, url).await?) {
        Ok(keys) if !keys.is_empty() => Ok(Works::Keys { count: keys.len() }),
        Ok(_) | Err(_) => Err(Fails::Keys { url: url.as_str().to_string() }),
    }
}

fn client_auth(auth: &ClientAuth, offered: Vec<String>) -> Result<Works, Fails> {
    let method = match auth {
        ClientAuth::Basic(_) => "client_secret_basic",
        ClientAuth::Post(_) | ClientAuth::Signed(_) => "client_secret_post",
        ClientAuth::None => "none",
    };
    // Who says nothing takes the header (OpenID Connect Discovery §3).
    let is_offered = if offered.is_empty() {
        method == "client_secret_basic"
    } else {
        offered.iter().any(|o| o == method)
    };
    if is_offered { Ok(Works::ClientAuth { method }) } else { Err(Fails::ClientAuth { method, offered }) }
}

fn scopes(wanted: &str, known: &[String]) -> Result<Works, Fails> {
    let unknown = wanted.split_whitespace().filter(|scope| !known.iter().any(|known| known == scope));
    let unknown: Vec<_> = unknown.map(ToString::to_string).collect();
    // Saying which there are is optional.
    if known.is_empty() || unknown.is_empty() { Ok(Works::Scopes) } else { Err(Fails::Scopes { unknown }) }
}
