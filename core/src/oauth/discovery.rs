//! What a provider says about itself (OpenID Connect Discovery §4, RFC 8414), believed within bounds (OA-06).

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use serde_json::{Map, Value, json};

use super::{client::Endpoints, provider::microsoft::TENANT_PLACE};
use crate::{
    json::{self, Limits},
    jwt::Algorithm,
    outbound_url::{OutboundUrl, Reach},
    time::Lifetime,
};

/// Longest document, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1_024;
/// How long a provider may take over one.
pub const DOCUMENT_PATIENCE: Lifetime = Lifetime::from_seconds(5);

/// How long a provider's document is believed.
#[derive(Clone, Copy, Debug)]
pub struct Belief {
    /// Before it is asked for again.
    pub fresh: Lifetime,
    /// While there is no other.
    pub good: Lifetime,
}

impl Belief {
    /// In what a provider says about itself (OA-06).
    pub const METADATA: Self = Self { fresh: Lifetime::from_days(1), good: Lifetime::from_days(7) };
    /// In its keys: one that it has taken away is gone in an hour (FT-13).
    pub const KEYS: Self = Self { fresh: Lifetime::from_minutes(60), good: Lifetime::from_days(1) };
}

const LIMITS: Limits = Limits { depth: 8, members: 4_000 };
const WELL_KNOWN: [&str; 2] =
    ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

/// What a provider says about itself, checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metadata {
    /// Who it says it is. Where one document is for many tenants, a template.
    pub issuer: String,
    /// Where browsers are sent.
    pub authorization: OutboundUrl,
    /// Where codes become tokens.
    pub token: OutboundUrl,
    /// Its public keys.
    pub jwks: Option<OutboundUrl>,
    /// What says who somebody is.
    pub userinfo: Option<OutboundUrl>,
    /// What says whose a token is (RFC 7662).
    pub introspection: Option<OutboundUrl>,
    /// Where browsers are sent to sign out there (RP-Initiated Logout §2.1).
    pub end_session: Option<OutboundUrl>,
    /// Where clients register themselves (RFC 7591).
    pub registration: Option<OutboundUrl>,
    /// Whether its answers name it (RFC 9207 §3).
    pub names_itself: bool,
    /// The algorithms of its ID tokens that we know.
    pub id_token_algorithms: Vec<Algorithm>,
    /// How clients may show who they are; empty for what the specification has as its default.
    pub token_auth_methods: Vec<String>,
    /// What may be asked for, if it says so.
    pub scopes: Vec<String>,
}

/// Why a document is not believed. For administrators and the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DiscoveryError {
    /// An address in it is none that we ask.
    Address(&'static str),
    /// It speaks for somebody else.
    Issuer,
    /// Not a JSON object, or a member of the wrong type.
    Malformed,
    /// Something that everybody has to say is missing.
    Missing(&'static str),
}

impl core::fmt::Display for DiscoveryError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Address(member) => write!(formatter, "`{member}` is no address that may be asked"),
            Self::Issuer => formatter.write_str("`issuer` is not the one that the address stands for"),
            Self::Malformed => formatter.write_str("is not a JSON object as it should be"),
            Self::Missing(member) => write!(formatter, "has no `{member}`"),
        }
    }
}

impl Metadata {
    /// Reads the document that was found at `document`. Its issuer must be the one to which that address belongs
    /// (OpenID Connect Discovery §4.3, RFC 8414 §3.3).
    ///
    /// # Errors
    /// [`DiscoveryError`]
    pub fn parse(body: &[u8], document: &OutboundUrl, reach: Reach) -> Result<Self, DiscoveryError> {
        let Ok(Value::Object(members)) = json::parse(body, LIMITS) else {
            return Err(DiscoveryError::Malformed);
        };
        let issuer = text(&members, "issuer").ok_or(DiscoveryError::Missing("issuer"))?;
        if !is_of(&issuer, document.as_str()) {
            return Err(DiscoveryError::Issuer);
        }
        let address = |member: &'static str| match members.get(member) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => {
                reach.check(text).map(Some).map_err(|_| DiscoveryError::Address(member))
            }
            Some(_) => Err(DiscoveryError::Malformed),
        };
        let needed = |member: &'static str| address(member)?.ok_or(DiscoveryError::Missing(member));
        let algorithms = list(&members, "id_token_signing_alg_values_supported");
        Ok(Self {
            authorization: needed("authorization_endpoint")?,
            token: needed("token_endpoint")?,
            jwks: address("jwks_uri")?,
            userinfo: address("userinfo_endpoint")?,
            introspection: address("introspection_endpoint")?,
            end_session: address("end_session_endpoint")?,
            registration: address("registration_endpoint")?,
            names_itself: members.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
            id_token_algorithms: match algorithms.as_slice() {
                // What everybody has to know (OpenID Connect Core §15.1).
                [] => [Algorithm::Rs256].into(),
                names => names
                    .iter()
                    .filter_map(|name| Algorithm::parse(name))
                    .filter(|algorithm| *algorithm != Algorithm::Hs256)
                    .collect(),
            },
            token_auth_methods: list(&members, "token_endpoint_auth_methods_supported"),
            scopes: list(&members, "scopes_supported"),
            issuer,
        })
    }
}

impl Metadata {
    /// What is known of a provider that says nothing about itself; `None` for one that does.
    pub fn fixed(endpoints: &Endpoints) -> Option<Self> {
        let Endpoints::Fixed { issuer, authorization, token, userinfo } = endpoints else { return None };
        Some(Self {
            issuer: issuer.clone(),
            authorization: authorization.clone(),
            token: token.clone(),
            jwks: None,
            userinfo: userinfo.clone(),
            introspection: None,
            end_session: None,
            registration: None,
            names_itself: false,
            id_token_algorithms: Vec::new(),
            token_auth_methods: Vec::new(),
            scopes: Vec::new(),
        })
    }

    /// A discovery document of what matters when the browser comes back.
    pub fn to_document(&self) -> String {
        let text = |url: &Option<OutboundUrl>| url.as_ref().map(|url| url.as_str().to_string());
        let algorithms: Vec<_> =
            self.id_token_algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": self.authorization.as_str(),
            "token_endpoint": self.token.as_str(),
            "jwks_uri": text(&self.jwks),
            "userinfo_endpoint": text(&self.userinfo),
            "authorization_response_iss_parameter_supported": self.names_itself,
            "id_token_signing_alg_values_supported": algorithms,
        })
        .to_string()
    }
}

/// Whether an issuer's document is at this address: at the issuer's own, or in front of its path, as RFC 8414 has it.
pub fn is_of(issuer: &str, document: &str) -> bool {
    let document = document.split(['?', '#']).next().unwrap_or_default();
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    // For many tenants: any one that the address names.
    if let Some((before, after)) = base.split_once(TENANT_PLACE) {
        let rest = document.strip_prefix(before).and_then(|rest| rest.split_once('/'));
        return rest.is_some_and(|(tenant, rest)| {
            !tenant.is_empty() && WELL_KNOWN.iter().any(|path| Some(rest) == joined(after, path).get(1..))
        });
    }
    let (origin, path) =
        match base.find("://").and_then(|start| base.get(start + 3..)?.find('/').map(|at| start + 3 + at)) {
            Some(at) => base.split_at(at),
            None => (base, ""),
        };
    WELL_KNOWN
        .iter()
        .any(|known| document == joined(base, known) || document == joined(&joined(origin, known), path))
}

fn joined(base: &str, path: &str) -> String {
    [base, path].concat()
}

fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name)?.as_str().filter(|text| !text.is_empty()).map(ToString::to_string)
}

/// The texts of a list; what is none is passed over.
fn list(members: &Map<String, Value>, name: &str) -> Vec<String> {
    let list = members.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use serde_json::json;

    const DOCUMENT: &str = "https://id.example.com/tenant/.well-known/openid-configuration";

    fn document() -> Value {
        json!({
            "issuer": "https://id.example.com/tenant",
            "authorization_endpoint": "https://id.example.com/auth",
            "token_endpoint": "https://id.example.com/token",
            "jwks_uri": "https://id.example.com/jwks",
        })
    }

    fn parse(change: Value) -> Result<Metadata, DiscoveryError> {
        parse_at(change, DOCUMENT)
    }

    fn parse_at(change: Value, address: &str) -> Result<Metadata, DiscoveryError> {
        let mut document = document();
        for (name, value) in change.as_object().unwrap() {
            document[name] = value.clone();
        }
        let address = OutboundUrl::parse(address).unwrap();
        Metadata::parse(document.to_string().as_bytes(), &address, Reach::Public)
    }

    #[test]
    fn a_document_speaks_for_the_issuer_that_its_address_belongs_to() {
        /* OA-06 */
        assert!(parse(json!({})).is_ok());
        assert!(parse(json!({"issuer": "https://id.example.com/tenant/"})).is_ok(), "as some write it");
        for issuer in [
            "https://id.example.com",
            "https://id.example.com/tenant//",
            "https://id.example.com/other",
            "https://ID.example.com/tenant",
            "http://id.example.com/tenant",
            "https://evil.example.com/tenant",
            "",
        ] {
            assert!(parse(json!({ "issuer": issuer })).is_err(), "{issuer}");
        }
        let rfc_8414 = "https://id.example.com/.well-known/oauth-authorization-server/tenant";
        assert!(parse_at(json!({}), rfc_8414).is_ok());
        let root = json!({"issuer": "https://id.example.com"});
        assert!(parse_at(root, "https://id.example.com/.well-known/openid-configuration?appid=1").is_ok());
    }

    #[test]
    fn the_document_for_many_tenants_is_a_template() {
        let template = || json!({"issuer": "https://login.example.com/{tenantid}/v2.0"});
        let at = |path: &str| parse_at(template(), &["https://login.example.com/", path].concat());
        assert!(at("common/v2.0/.well-known/openid-configuration?appid=x").is_ok());
        for path in ["v2.0/.well-known/openid-configuration", "a/b/v2.0/.well-known/openid-configuration"] {
            assert_eq!(at(path).unwrap_err(), DiscoveryError::Issuer, "{path}");
        }
    }

    #[test]
    fn every_address_in_it_is_checked_before_it_is_asked() {
        /* OA-06, OA-20 */
        for member in [
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
            "introspection_endpoint",
            "end_session_endpoint",
            "registration_endpoint",
        ] {
            for address in
                ["http://id.example.com/x", "https://169.254.169.254/", "https://db.internal/", "x"]
            {
                let refused = parse(json!({ member: address }));
                assert_eq!(refused.unwrap_err(), DiscoveryError::Address(member), "{address}");
            }
            assert_eq!(parse(json!({ member: 1 })).unwrap_err(), DiscoveryError::Malformed);
        }
        assert_eq!(
            parse(json!({"token_endpoint": null})).unwrap_err(),
            DiscoveryError::Missing("token_endpoint")
        );
    }

    #[test]
    fn algorithms_that_we_do_not_know_or_that_share_a_secret_do_not_count() {
        /* TK-25 */
        let algorithms = |names: Value| {
            parse(json!({"id_token_signing_alg_values_supported": names})).unwrap().id_token_algorithms
        };
        assert_eq!(algorithms(json!(["HS256", "none", "ES256", "RS512", 7])), [Algorithm::Es256]);
        assert_eq!(algorithms(json!(["HS256"])), []);
        assert_eq!(parse(json!({})).unwrap().id_token_algorithms, [Algorithm::Rs256]);
    }

    #[test]
    fn a_document_is_one_object() {
        let address = OutboundUrl::parse(DOCUMENT).unwrap();
        for body in ["", "[]", "null", "<html>", "{\"issuer\":1}", "{\"issuer\":\"a\",\"issuer\":\"b\"}"] {
            assert!(Metadata::parse(body.as_bytes(), &address, Reach::Public).is_err(), "{body}");
        }
    }
}
