//! A provider of accounts on this machine, for tests and for trying things out: see `tests/idp/provider.mjs`.

use anyhow::Result;

use crate::{partner::Partner, tools::Node};

/// A running provider. It ends with us.
pub(crate) struct Idp {
    issuer: String,
    _partner: Partner,
}

impl Idp {
    /// Starts one; port 0 is any free one. Access tokens live that many seconds.
    pub(crate) fn start(node: &Node, port: u16, token_seconds: u32) -> Result<Self> {
        let arguments = [port.to_string(), token_seconds.to_string()];
        let partner =
            Partner::start(node, "tests/idp/provider.mjs", &arguments.each_ref().map(String::as_str))?;
        Ok(Self { issuer: format!("http://127.0.0.1:{}", partner.port("port")?), _partner: partner })
    }

    /// Who it says it is.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What makes a worker its client.
    pub(crate) fn vars(&self) -> Vec<(&'static str, String)> {
        let discovery = format!("{}/.well-known/openid-configuration", self.issuer);
        let mut vars = vec![("OPENID_PROVIDER_URL", discovery)];
        let fixed = [
            ("OAUTH_CLIENT_ID", "portico"),
            ("OAUTH_CLIENT_SECRET", "a secret of the local provider"),
            ("OAUTH_ALLOW_LOOPBACK", "true"),
            ("ENABLE_OAUTH_SIGNUP", "true"),
            ("ENABLE_OAUTH_BACKCHANNEL_LOGOUT", "true"),
            ("ALLOW_SOCIAL_LOGIN", "true"),
            ("DEFAULT_USER_ROLE", "user"),
        ];
        vars.extend(fixed.map(|(name, value)| (name, value.to_string())));
        vars
    }
}
