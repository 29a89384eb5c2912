//! Services of others that people let an application use for them, such as tool servers (open-webui.md §8.11): what is
//! stored of the client that the deployment is there.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    client::{Client, ClientAuth, Endpoints},
    registration::{AuthMethod, Registered},
};
use crate::{
    id::ProviderSessionId,
    outbound_url::{OutboundUrl, Reach},
    secret::Secret,
    time::{Lifetime, UnixSeconds},
};

/// Longest name of an integration, in bytes.
const MAX_ID_BYTES: usize = 128;

/// Names an integration: what kind it is, a colon, and what the application calls it. Never a provider's name.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct IntegrationId(String);

impl IntegrationId {
    /// The name of an integration of a kind.
    pub fn of(kind: &str, name: &str) -> Option<Self> {
        Self::parse(&format!("{kind}:{name}"))
    }

    /// Reads a name; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        let is_kind = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase());
        let is_name = !name.is_empty() && !name.chars().any(char::is_control);
        (is_kind && is_name && text.len() <= MAX_ID_BYTES).then(|| Self(text.to_string()))
    }

    /// The name as it is stored and stands in paths.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Names its registration among what only one may be at at a time.
    pub fn flight(&self) -> ProviderSessionId {
        let digest = Sha256::new().chain_update(b"portico/oauth/registration/v1\0").chain_update(&self.0);
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest.finalize()).for_each(|(byte, digest)| *byte = digest);
        ProviderSessionId::from_hash(bytes)
    }
}

/// An integration as it is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredIntegration {
    /// Names it.
    pub id: IntegrationId,
    /// The service.
    pub server: String,
    /// Everything else, sealed for this row.
    pub sealed: String,
    /// When it was registered first.
    pub created_at: UnixSeconds,
    /// When it was registered last.
    pub updated_at: UnixSeconds,
}

/// Whether requests say what the tokens are for (RFC 8707; open-webui.md §8.11).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceMode {
    /// Unless what is asked for names an address itself.
    #[default]
    Auto,
    /// Always.
    Include,
    /// Never.
    Omit,
}

impl ResourceMode {
    /// Reads the spelling of the API.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "include" => Some(Self::Include),
            "omit" => Some(Self::Omit),
            _ => None,
        }
    }

    /// What requests say that ask for `scope` at a service.
    pub fn resource(self, resource: &str, scope: &str) -> Option<String> {
        let says = match self {
            Self::Auto => !scope.contains("://"),
            Self::Include => true,
            Self::Omit => false,
        };
        says.then(|| resource.to_string())
    }
}

/// What an administrator wants.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Wanted {
    /// The service.
    pub server: String,
    /// Who lets people in there, if the service does not say it rightly.
    #[serde(default)]
    pub authorization_server: Option<String>,
    /// How people know us there.
    pub client_name: String,
    /// What is asked for, if not what the service says.
    #[serde(default)]
    pub scope: Option<String>,
    /// Whether requests say what the tokens are for.
    #[serde(default)]
    pub resource_mode: ResourceMode,
    /// Where browsers come back to.
    pub redirect_uri: String,
}

/// The client that the deployment is for an integration.
#[derive(Clone, Debug)]
pub struct Integration {
    /// What an administrator wanted.
    pub wanted: Wanted,
    /// Whether we registered ourselves, and may do so again.
    pub is_dynamic: bool,
    /// What the authorization server calls us.
    pub registered: Registered,
    /// Who that is.
    pub endpoints: Endpoints,
    /// What is asked for, with spaces between.
    pub scope: String,
    /// What the service calls itself.
    pub resource: String,
}

/// The same as JSON.
#[derive(Deserialize, Serialize)]
struct Row {
    wanted: Wanted,
    is_dynamic: bool,
    client_id: String,
    #[serde(default)]
    client_secret: Option<String>,
    auth_method: AuthMethod,
    #[serde(default)]
    secret_expires_at: Option<UnixSeconds>,
    endpoints: RowEndpoints,
    scope: String,
    resource: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum RowEndpoints {
    Discovered(String),
    Fixed { issuer: String, authorization: String, token: String },
}

impl Integration {
    /// The client, for requests.
    pub fn client(&self, reach: Reach, patience: Lifetime) -> Client {
        let Registered { client_id, secret, auth_method, .. } = &self.registered;
        Client {
            client_id: client_id.clone(),
            auth: match (auth_method, secret) {
                (AuthMethod::Basic, Some(secret)) => ClientAuth::Basic(secret.clone()),
                (AuthMethod::Post, Some(secret)) => ClientAuth::Post(secret.clone()),
                (AuthMethod::Basic | AuthMethod::None | AuthMethod::Post, _) => ClientAuth::None,
            },
            endpoints: self.endpoints.clone(),
            scope: self.scope.clone(),
            redirect_uri: Some(self.wanted.redirect_uri.clone()),
            authorize: self.own_parameters(),
            audience: None,
            resource: self.wanted.resource_mode.resource(&self.resource, &self.scope),
            client_id_in_body: false,
            patience,
            reach,
        }
    }

    /// Google gives no refresh token to those who do not ask for one in its own words.
    fn own_parameters(&self) -> Vec<(String, String)> {
        let issuer = match &self.endpoints {
            Endpoints::Discovered(document) => document.origin(),
            Endpoints::Fixed { issuer, .. } => issuer.clone(),
        };
        match issuer.as_str() {
            "https://accounts.google.com" => [("access_type", "offline"), ("prompt", "consent")]
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .into(),
            _ => Vec::new(),
        }
    }

    /// As JSON, to be sealed.
    pub fn to_json(&self) -> Secret<String> {
        let endpoints = match &self.endpoints {
            Endpoints::Discovered(document) => RowEndpoints::Discovered(document.as_str().to_string()),
            Endpoints::Fixed { issuer, authorization, token, .. } => RowEndpoints::Fixed {
                issuer: issuer.clone(),
                authorization: authorization.as_str().to_string(),
                token: token.as_str().to_string(),
            },
        };
        let row = Row {
            wanted: self.wanted.clone(),
            is_dynamic: self.is_dynamic,
            client_id: self.registered.client_id.clone(),
            client_secret: self.registered.secret.as_ref().map(|secret| secret.expose_secret().clone()),
            auth_method: self.registered.auth_method,
            secret_expires_at: self.registered.secret_expires_at,
            endpoints,
            scope: self.scope.clone(),
            resource: self.resource.clone(),
        };
        Secret::new(serde_json::to_string(&row).unwrap_or_default())
    }

    /// Reads what was sealed; `None` for anything else, or for addresses that are not asked any more.
    pub fn from_json(text: &str, reach: Reach) -> Option<Self> {
        let row: Row = serde_json::from_str(text).ok()?;
        let url = |text: &str| -> Option<OutboundUrl> { reach.check(text).ok() };
        Some(Self {
            endpoints: match &row.endpoints {
                RowEndpoints::Discovered(document) => Endpoints::Discovered(url(document)?),
                RowEndpoints::Fixed { issuer, authorization, token } => Endpoints::Fixed {
                    issuer: issuer.clone(),
                    authorization: url(authorization)?,
                    token: url(token)?,
                    userinfo: None,
                },
            },
            wanted: row.wanted,
            is_dynamic: row.is_dynamic,
            registered: Registered {
                client_id: row.client_id,
                secret: row.client_secret.map(Secret::new),
                auth_method: row.auth_method,
                secret_expires_at: row.secret_expires_at,
            },
            scope: row.scope,
            resource: row.resource,
        })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn an_integration_is_never_a_provider() {
        assert_eq!(IntegrationId::of("mcp", "a/b:c").unwrap().as_str(), "mcp:a/b:c");
        for text in ["google", ":x", "mcp:", "MCP:x", "mcp:x\n", &format!("mcp:{}", "x".repeat(125))] {
            assert!(IntegrationId::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn tokens_are_asked_for_the_service_unless_the_scope_says_which() {
        let says =
            |mode: ResourceMode, scope: &str| mode.resource("https://tools.example.com", scope).is_some();
        assert!(says(ResourceMode::Auto, "read") && says(ResourceMode::Auto, ""));
        assert!(!says(ResourceMode::Auto, "api://x/read"));
        assert!(says(ResourceMode::Include, "api://x/read") && !says(ResourceMode::Omit, "read"));
    }
}
