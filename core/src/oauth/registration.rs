//! How a service says who lets people in (RFC 9728), and how a client registers itself there (RFC 7591; OA-23).

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::discovery::Metadata;
use crate::{
    json::{self, Limits},
    outbound_url::OutboundUrl,
    secret::Secret,
    time::UnixSeconds,
};

/// Authorization servers of a service that are asked, at most.
pub const MAX_SERVERS: usize = 3;

const LIMITS: Limits = Limits { depth: 8, members: 1_000 };
/// Longest name of a client, and longest secret, in bytes.
const MAX_TEXT_BYTES: usize = 2_048;

/// What is asked of a tool server that lets nobody in without a token, so that it says who gives one.
pub fn initialize() -> String {
    json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "Portico", "version": env!("CARGO_PKG_VERSION")},
        },
    })
    .to_string()
}

/// Where a `WWW-Authenticate` header says the service's own document is (RFC 9728 §5.1).
pub fn resource_metadata(challenge: &str) -> Option<&str> {
    let (_, rest) = challenge.split_once("resource_metadata=")?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([',', ' ']).next(),
    }
}

/// Where it is otherwise: for the service's path, or for its host.
pub fn resource_documents(server: &OutboundUrl) -> Vec<String> {
    let (origin, path) = split(server);
    let mut documents = [format!("{origin}/.well-known/oauth-protected-resource{path}")].to_vec();
    if !path.is_empty() {
        documents.push(format!("{origin}/.well-known/oauth-protected-resource"));
    }
    documents
}

/// Where an authorization server's document may be, in the order in which they are asked for (RFC 8414 §3.1, §5).
pub fn server_documents(server: &OutboundUrl) -> Vec<String> {
    const OAUTH: &str = "/.well-known/oauth-authorization-server";
    const OPENID: &str = "/.well-known/openid-configuration";
    let (origin, path) = split(server);
    let of_host = [format!("{origin}{OAUTH}"), format!("{origin}{OPENID}")];
    if path.is_empty() {
        return of_host.into();
    }
    let of_path = [
        format!("{origin}{OAUTH}{path}"),
        format!("{origin}{OPENID}{path}"),
        format!("{origin}{path}{OPENID}"),
    ];
    of_path.into_iter().chain(of_host).collect()
}

fn split(url: &OutboundUrl) -> (String, String) {
    let origin = url.origin();
    let rest = url.as_str().get(origin.len()..).unwrap_or_default();
    let path = rest.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    (origin, path.to_string())
}

/// What a service says about itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ResourceMetadata {
    /// What it calls itself.
    pub resource: String,
    /// Who lets people in there.
    pub authorization_servers: Vec<String>,
    /// What may be asked for.
    pub scopes: Vec<String>,
}

impl ResourceMetadata {
    /// Reads a service's document; `None` for one that speaks of another service (RFC 9728 §3.3). It may speak for all that
    /// is below a path.
    pub fn parse(body: &[u8], server: &OutboundUrl) -> Option<Self> {
        let Value::Object(members) = json::parse(body, LIMITS).ok()? else { return None };
        let resource = members.get("resource")?.as_str()?;
        let base = resource.trim_end_matches('/');
        let rest = server.as_str().strip_prefix(base)?;
        let is_of =
            base.starts_with(&server.origin()) && (rest.is_empty() || rest.starts_with(['/', '?', '#']));
        is_of.then(|| Self {
            resource: resource.to_string(),
            authorization_servers: texts(&members, "authorization_servers"),
            scopes: texts(&members, "scopes_supported"),
        })
    }
}

/// How a client shows who it is, as metadata names it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum AuthMethod {
    /// A secret in the header.
    #[serde(rename = "client_secret_basic")]
    Basic,
    /// No secret.
    #[serde(rename = "none")]
    None,
    /// A secret in the body.
    #[serde(rename = "client_secret_post")]
    Post,
}

impl AuthMethod {
    /// The registered spelling (RFC 7591 §2).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "client_secret_basic",
            Self::None => "none",
            Self::Post => "client_secret_post",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Post, Self::Basic, Self::None].into_iter().find(|method| method.as_str() == text)
    }

    /// What a client chooses at a server: a secret in the body, or the first that it knows.
    pub fn choose(metadata: &Metadata) -> Option<Self> {
        let offered = &metadata.token_auth_methods;
        if offered.is_empty() || offered.iter().any(|method| method == Self::Post.as_str()) {
            return Some(Self::Post);
        }
        offered.iter().find_map(|method| Self::parse(method))
    }
}

/// What a client says about itself when it registers (RFC 7591 §2).
pub fn request(name: &str, redirect_uri: &str, method: AuthMethod, scope: &str) -> String {
    let mut body = json!({
        "client_name": name,
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method.as_str(),
    });
    if !scope.is_empty()
        && let Some(members) = body.as_object_mut()
    {
        members.insert("scope".to_string(), scope.into());
    }
    body.to_string()
}

/// What an authorization server calls a client.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Names the client.
    pub client_id: String,
    /// Shows that we are that client.
    pub secret: Option<Secret<String>>,
    /// How it is shown.
    pub auth_method: AuthMethod,
    /// When the secret ends; `None` for never.
    pub secret_expires_at: Option<UnixSeconds>,
}

/// Why a server's word that a client is registered does not count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RegistrationAnswerError {
    /// Not a JSON object, or a member of the wrong type.
    Malformed,
    /// No client is named.
    NoClient,
    /// The client would have to show a secret and got none, or show who it is in a way that we do not know.
    NoSecret,
    /// Browsers would come back somewhere else.
    RedirectUri,
}

impl Registered {
    /// Reads what a server answers to a registration (RFC 7591 §3.2.1). Empty texts are as good as none.
    ///
    /// # Errors
    /// [`RegistrationAnswerError`]
    pub fn parse(
        body: &[u8],
        redirect_uri: &str,
        asked: AuthMethod,
    ) -> Result<Self, RegistrationAnswerError> {
        let Ok(Value::Object(members)) = json::parse(body, LIMITS) else {
            return Err(RegistrationAnswerError::Malformed);
        };
        let text = |name: &str| match members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() <= MAX_TEXT_BYTES => {
                Ok(Some(text.clone()).filter(|text| !text.is_empty()))
            }
            Some(_) => Err(RegistrationAnswerError::Malformed),
        };
        let client_id = text("client_id")?.ok_or(RegistrationAnswerError::NoClient)?;
        if members.get("redirect_uris") != Some(&json!([redirect_uri])) {
            return Err(RegistrationAnswerError::RedirectUri);
        }
        let auth_method = match text("token_endpoint_auth_method")? {
            None => asked,
            Some(method) => AuthMethod::parse(&method).ok_or(RegistrationAnswerError::NoSecret)?,
        };
        let secret = text("client_secret")?.map(Secret::new).filter(|_| auth_method != AuthMethod::None);
        if secret.is_none() && auth_method != AuthMethod::None {
            return Err(RegistrationAnswerError::NoSecret);
        }
        let ends = members.get("client_secret_expires_at").and_then(Value::as_i64);
        let secret_expires_at = ends.filter(|ends| *ends != 0).map(UnixSeconds::new);
        Ok(Self { client_id, secret, auth_method, secret_expires_at })
    }
}

/// Whether a server that was sent a browser says that it does not know the client (any more). Servers say it in words of
/// their own, and some only on a page.
pub fn is_unknown_client(status: u16, body: &[u8]) -> bool {
    const WORDS: [&str; 6] = [
        "invalid_client",
        "invalid client",
        "unauthorized_client",
        "unknown client",
        "client not found",
        "client is invalid",
    ];
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    matches!(status, 400 | 401 | 403 | 404) && WORDS.iter().any(|words| text.contains(words))
}

/// The texts of a list; what is none is passed over.
fn texts(members: &Map<String, Value>, name: &str) -> Vec<String> {
    let list = members.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::oauth::testing;

    const BACK: &str = "https://chat.example.com/oauth/clients/mcp:x/callback";

    fn url(text: &str) -> OutboundUrl {
        OutboundUrl::parse(text).unwrap()
    }

    #[test]
    fn a_services_document_is_where_the_challenge_says_or_where_the_rfc_has_it() {
        let quoted =
            r#"Bearer error="invalid_token", resource_metadata="https://t.example.com/m", scope="a""#;
        assert_eq!(resource_metadata(quoted), Some("https://t.example.com/m"));
        assert_eq!(
            resource_metadata("Bearer resource_metadata=https://t.example.com/m, x=1"),
            Some("https://t.example.com/m")
        );
        assert_eq!(resource_metadata("Bearer realm=\"x\""), None);
        assert_eq!(
            resource_documents(&url("https://t.example.com/mcp/?x=1")),
            [
                "https://t.example.com/.well-known/oauth-protected-resource/mcp",
                "https://t.example.com/.well-known/oauth-protected-resource"
            ]
        );
        assert_eq!(resource_documents(&url("https://t.example.com")).len(), 1);
        assert_eq!(
            server_documents(&url("https://as.example.com/one")),
            [
                "https://as.example.com/.well-known/oauth-authorization-server/one",
                "https://as.example.com/.well-known/openid-configuration/one",
                "https://as.example.com/one/.well-known/openid-configuration",
                "https://as.example.com/.well-known/oauth-authorization-server",
                "https://as.example.com/.well-known/openid-configuration",
            ]
        );
    }

    #[test]
    fn a_document_of_another_service_is_none() {
        let server = url("https://t.example.com/mcp");
        let parse = |resource: &str| {
            let body = json!({"resource": resource, "authorization_servers": ["https://as.example.com"]});
            ResourceMetadata::parse(body.to_string().as_bytes(), &server).is_some()
        };
        for (resource, is_of) in [
            ("https://t.example.com/mcp", true),
            ("https://t.example.com/", true),
            ("https://t.example.com", true),
            ("https://t.example.com/m", false),
            ("https://t.example.co", false),
            ("https://evil.example.com/mcp", false),
            ("", false),
            ("https://", false),
        ] {
            assert_eq!(parse(resource), is_of, "{resource}");
        }
        assert!(ResourceMetadata::parse(b"{}", &server).is_none());
    }

    #[test]
    fn a_registration_that_is_not_the_one_asked_for_does_not_count() {
        /* OA-23 */
        let good = json!({"client_id": "c", "client_secret": "s", "redirect_uris": [BACK], "client_secret_expires_at": 0});
        let parse = |change: Value| {
            let body = testing::changed(good.clone(), change).to_string();
            Registered::parse(body.as_bytes(), BACK, AuthMethod::Post)
        };
        let registered = parse(json!({})).unwrap();
        assert_eq!((registered.auth_method, registered.secret_expires_at), (AuthMethod::Post, None));
        let public = parse(json!({"token_endpoint_auth_method": "none", "client_secret": ""})).unwrap();
        assert!(public.secret.is_none());
        assert_eq!(
            parse(json!({"client_secret_expires_at": 9})).unwrap().secret_expires_at,
            Some(UnixSeconds::new(9))
        );
        for (change, error) in [
            (json!({"client_id": ""}), RegistrationAnswerError::NoClient),
            (json!({"client_id": 7}), RegistrationAnswerError::Malformed),
            (json!({"client_secret": null}), RegistrationAnswerError::NoSecret),
            (json!({"token_endpoint_auth_method": "private_key_jwt"}), RegistrationAnswerError::NoSecret),
            (json!({"redirect_uris": null}), RegistrationAnswerError::RedirectUri),
            (json!({"redirect_uris": ["https://evil.example.com/"]}), RegistrationAnswerError::RedirectUri),
            (
                json!({"redirect_uris": [BACK, "https://evil.example.com/"]}),
                RegistrationAnswerError::RedirectUri,
            ),
        ] {
            assert_eq!(parse(change.clone()).unwrap_err(), error, "{change}");
        }
        assert_eq!(
            Registered::parse(b"<html>", BACK, AuthMethod::None).unwrap_err(),
            RegistrationAnswerError::Malformed
        );
    }

    #[test]
    fn a_client_shows_who_it_is_as_the_server_wants_it() {
        let choose = |methods: &[&str]| {
            let metadata = Metadata {
                token_auth_methods: methods.iter().map(ToString::to_string).collect(),
                ..testing::metadata(testing::ISSUER)
            };
            AuthMethod::choose(&metadata)
        };
        assert_eq!(choose(&[]), Some(AuthMethod::Post));
        assert_eq!(choose(&["none", "client_secret_post"]), Some(AuthMethod::Post));
        assert_eq!(choose(&["private_key_jwt", "none", "client_secret_basic"]), Some(AuthMethod::None));
        assert_eq!(choose(&["private_key_jwt"]), None);
    }

    #[test]
    fn a_client_that_is_not_known_any_more_is_told_from_other_refusals() {
        assert!(is_unknown_client(400, br#"{"error":"invalid_client"}"#));
        assert!(is_unknown_client(401, b"<h1>Invalid Client</h1>"));
        assert!(!is_unknown_client(302, b"invalid_client"));
        assert!(!is_unknown_client(400, br#"{"error":"invalid_scope"}"#));
        assert!(!is_unknown_client(500, b"invalid_client"));
    }
}
