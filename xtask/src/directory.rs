//! A directory on this machine, for trying things out: see `tests/directory/directory.mjs`.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{
    partner::{self, Partner},
    tools::{self, Node},
};

const BASE: &str = "dc=example,dc=com";
const APP_DN: &str = "cn=portico,dc=example,dc=com";
const APP_PASSWORD: &str = "the directory's secret";

/// A running directory. It ends with us.
pub(crate) struct Directory {
    port: u64,
    _partner: Partner,
}

impl Directory {
    /// Starts one, whose certificate is of an authority that nobody else trusts, as those of most directories are.
    pub(crate) fn start(node: &Node) -> Result<Self> {
        tools::slapd()?;
        let files =
            ["pem", "key"].map(|ending| partner::path(&format!("tests/fixtures/tls/directory-rsa.{ending}")));
        let partner =
            Partner::start(node, "tests/directory/directory.mjs", &files.each_ref().map(String::as_str))?;
        Ok(Self { port: partner.port("tlsPort")?, _partner: partner })
    }

    /// What makes people of it sign in at a worker, by both dialects.
    pub(crate) fn vars(&self) -> Result<Vec<(&'static str, String)>> {
        let authority = fs::read_to_string(partner::path("tests/fixtures/tls/directory-rsa-authority.pem"))
            .context("read the directory's authority")?;
        // One line, as variables are.
        let authority = authority.trim().replace('\n', "\\n");
        let fixed = [
            ("ENABLE_LDAP", "true"),
            ("LDAP_SERVER_HOST", "localhost"),
            ("LDAP_SEARCH_BASE", BASE),
            ("LDAP_APP_DN", APP_DN),
            ("LDAP_APP_PASSWORD", APP_PASSWORD),
            ("LDAP_DEFAULT_EMAIL_DOMAIN", "example.org"),
            ("LDAP_ALLOW_PRIVATE_HOSTS", "true"),
            ("LDAP_USER_SEARCH_BASE", BASE),
            ("LDAP_BIND_DN", APP_DN),
            ("LDAP_BIND_CREDENTIALS", APP_PASSWORD),
            ("LDAP_SEARCH_FILTER", "(|(uid={{username}})(mail={{username}}))"),
            // Whoever has signed up here can log in, too.
            ("LDAP_LOCAL_FALLBACK", "true"),
            ("DEFAULT_USER_ROLE", "user"),
        ];
        let mut vars: Vec<_> = fixed.map(|(name, value)| (name, value.to_string())).into();
        vars.push(("LDAP_SERVER_PORT", self.port.to_string()));
        vars.push(("LDAP_ALLOWED_PORTS", self.port.to_string()));
        vars.push(("LDAP_URL", format!("ldaps://localhost:{}", self.port)));
        vars.push(("LDAP_CA_CERT_FILE", authority.clone()));
        vars.push(("LDAP_CA_CERT_PATH", authority));
        Ok(vars)
    }
}
