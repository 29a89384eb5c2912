//! The deployment as a client of a provider, or of whoever lets it use something for people.

use alloc::{string::String, vec::Vec};

use super::{provider::Provider, role_gate::RoleGates};
use crate::{
    jwt::PrivateKey,
    outbound_url::{OutboundUrl, Reach},
    secret::Secret,
    throttle::Limit,
    time::Lifetime,
};
use alloc::rc::Rc;

/// The deployment as a client of a provider of accounts.
#[derive(Clone, Debug)]
pub struct ProviderClient {
    /// Which.
    pub provider: Provider,
    /// How people know it.
    pub name: String,
    /// How the deployment has registered with it.
    pub client: Client,
}

/// What the deployment has registered with an authorization server.
#[derive(Clone, Debug)]
pub struct Client {
    /// What it calls us.
    pub client_id: String,
    /// How we show that we are that client.
    pub auth: ClientAuth,
    /// Where it is.
    pub endpoints: Endpoints,
    /// What is asked for, with spaces between.
    pub scope: String,
    /// Where it sends browsers back to; `None` for the usual place.
    pub redirect_uri: Option<String>,
    /// What the authorization request has besides.
    pub authorize: Vec<(String, String)>,
    /// Whose audience access tokens are for.
    pub audience: Option<String>,
    /// What they are for, as an address (RFC 8707 §2).
    pub resource: Option<String>,
    /// Whether requests with codes say who we are in the body as well.
    pub client_id_in_body: bool,
    /// How long it may take over an answer.
    pub patience: Lifetime,
    /// How far its addresses may reach (OA-20).
    pub reach: Reach,
}

impl Client {
    /// Whether an ID token says who somebody is.
    pub fn is_openid(&self) -> bool {
        matches!(self.endpoints, Endpoints::Discovered(_))
            && self.scope.split(' ').any(|scope| scope == "openid")
    }
}

/// Where a provider is.
#[derive(Clone, Debug)]
pub enum Endpoints {
    /// What this document says.
    Discovered(OutboundUrl),
    /// There.
    Fixed {
        /// What stands for the issuer of accounts that no ID token names.
        issuer: String,
        /// Where browsers are sent.
        authorization: OutboundUrl,
        /// Where codes become tokens.
        token: OutboundUrl,
        /// What says who somebody is, where anything does.
        userinfo: Option<OutboundUrl>,
    },
}

/// How long a server may take over an answer, at most (OA-17).
pub const PATIENCE: Lifetime = Lifetime::from_seconds(10);

/// How a client shows at the token endpoint who it is (RFC 6749 §2.3).
#[derive(Clone, Debug)]
pub enum ClientAuth {
    /// A secret in the header.
    Basic(Secret<String>),
    /// No secret: the verifier of PKCE has to do.
    None,
    /// A secret in the body.
    Post(Secret<String>),
    /// A token that we sign each time, in the place of a secret in the body.
    Signed(Rc<AppleKey>),
}

/// What Apple has instead of a secret.
#[derive(Debug)]
pub struct AppleKey {
    /// The developers' team.
    pub team_id: String,
    /// What Apple calls the key.
    pub key_id: String,
    /// The key: ES256.
    pub key: PrivateKey,
}

/// What the deployment says about accounts elsewhere.
#[derive(Clone, Debug, Default)]
pub struct OAuthPolicy {
    /// The providers that the environment names; the one that administrators configure is in the settings.
    pub clients: Vec<ProviderClient>,
    /// How far the addresses of providers may reach.
    pub reach: Reach,
    /// How many of a provider's tokens an account has.
    pub kept_sessions: u32,
    /// Whether somebody without an address gets one that no mail reaches.
    pub email_fallback: bool,
    /// Providers whose word about an address counts, when accounts are merged (OA-10).
    pub trusted_for_email: Vec<Provider>,
    /// What stands between roles in one text.
    pub roles_separator: String,
    /// What stands between groups in one text.
    pub groups_separator: String,
    /// What LibreChat's deployments ask of roles at the provider that administrators configure.
    pub gates: RoleGates,
    /// What names a member there; empty for the usual claim.
    pub username_claim: String,
    /// Whether requests with codes say who we are in the body as well.
    pub client_id_in_body: bool,
    /// Whether whoever has no account gets one in LibreChat's dialect, whatever Open WebUI's setting says.
    pub member_sign_up: bool,
    /// What every authorization request has besides.
    pub authorize: Vec<(String, String)>,
}

/// Whether tokens that providers gave to applications are exchanged, and how many.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TokenExchangePolicy {
    /// They are.
    pub enabled: bool,
    /// For one network; `None` for as many as come.
    pub limit: Option<Limit>,
    /// The applications whose access tokens count; with none, our own.
    pub trusted_clients: Vec<String>,
}
