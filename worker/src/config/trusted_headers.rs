//! Headers in which a proxy says who somebody is (open-webui.md §10.1). They count only beside a secret that the proxy
//! and we share, because anybody can write a header (SE-22).

use http::{HeaderMap, HeaderName};
use portico_core::{flow::trusted_identity::TrustedIdentity, secret::Secret, user::Role};
use subtle::ConstantTimeEq as _;

use super::{values, variables::Variables};

/// The header that carries the proxy's secret.
pub const PROXY_SECRET_HEADER: HeaderName = HeaderName::from_static("x-portico-proxy-secret");

/// Shortest secret of a proxy, in bytes.
const MIN_SECRET_BYTES: usize = 16;

/// Which headers a proxy writes.
#[derive(Debug)]
pub struct TrustedHeaders {
    email: HeaderName,
    name: Option<HeaderName>,
    groups: Option<HeaderName>,
    role: Option<HeaderName>,
    secret: Secret<String>,
}

impl TrustedHeaders {
    /// The configured ones; `None` when there are none, or they are refused.
    pub(super) fn configured<L: Fn(&str) -> Option<String>>(vars: &mut Variables<L>) -> Option<Self> {
        let email = vars.parsed("WEBUI_AUTH_TRUSTED_EMAIL_HEADER", values::header_name);
        let name = vars.parsed("WEBUI_AUTH_TRUSTED_NAME_HEADER", values::header_name);
        let groups = vars.parsed("WEBUI_AUTH_TRUSTED_GROUPS_HEADER", values::header_name);
        let role = vars.parsed("WEBUI_AUTH_TRUSTED_ROLE_HEADER", values::header_name);
        let secret = vars.text("TRUSTED_PROXY_SECRET");
        let email = email?;
        match secret {
            Some(secret) if secret.len() >= MIN_SECRET_BYTES => {
                Some(Self { email, name, groups, role, secret: Secret::new(secret) })
            }
            _ => {
                let problem = format!(
                    "must be set to a secret of at least {MIN_SECRET_BYTES} characters that the proxy sends as {PROXY_SECRET_HEADER}: anybody can write the trusted headers"
                );
                vars.refuse("TRUSTED_PROXY_SECRET", problem);
                None
            }
        }
    }

    /// The address that the proxy vouches for; `None` when there is no proxy, or it says nothing.
    pub fn email<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        // The runtime writes two headers of one name as one, with a comma.
        self.text(headers, &self.email).filter(|email| !email.is_empty() && !email.contains(','))
    }

    /// Whether the proxy names somebody else. What can not be read as one address is somebody else's (SE-22).
    pub fn contradicts(&self, headers: &HeaderMap, email: &str) -> bool {
        let mut said = headers.get_all(&self.email).iter().map(|value| value.as_bytes().trim_ascii());
        self.is_proxy(headers)
            && said.any(|said| !said.is_empty() && !said.eq_ignore_ascii_case(email.as_bytes()))
    }

    /// Everything that the proxy says about somebody.
    pub fn identity(&self, headers: &HeaderMap) -> Option<TrustedIdentity> {
        let text = |name: &Option<HeaderName>| name.as_ref().and_then(|name| self.text(headers, name));
        let name =
            text(&self.name).map(|text| percent_encoding::percent_decode_str(text).decode_utf8_lossy());
        let groups = text(&self.groups).unwrap_or_default().split(',').map(str::trim);
        Some(TrustedIdentity {
            email: self.email(headers)?.to_lowercase(),
            name: name.map(|name| name.into_owned()).filter(|name| !name.is_empty()),
            groups: groups.filter(|group| !group.is_empty()).map(str::to_string).collect(),
            role: text(&self.role).and_then(|role| Role::parse(&role.trim().to_lowercase())),
        })
    }

    fn is_proxy(&self, headers: &HeaderMap) -> bool {
        let secret = self.secret.expose_secret().as_bytes();
        headers.get(PROXY_SECRET_HEADER).is_some_and(|shown| bool::from(shown.as_bytes().ct_eq(secret)))
    }

    /// What a header says, if the proxy said it.
    fn text<'h>(&self, headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
        let is_proxy = self.is_proxy(headers);
        let mut values = headers.get_all(name).iter().filter(|_| is_proxy);
        let value = values.next()?;
        // Two of them are somebody else's idea (SE-03).
        if values.next().is_some() {
            return None;
        }
        value.to_str().ok().map(str::trim)
    }
}
