//! Directories, as the environment names them (librechat.md §7), and which of them may be asked at all.

use alloc::rc::Rc;

use portico_core::{
    flow::directory::DirectoryPolicy,
    ldap::{
        Directory, Dn, Filter, HostRules, Naming, Security, Server, ServiceAccount, attribute_name,
        certificates,
    },
    secret::Secret,
};

use super::variables::Variables;

/// Who is who unless the deployment says otherwise.
const FILTER: &str = "(mail={{username}})";
/// What stands for what was typed.
const USERNAME: &str = "username";
/// The domain of addresses of people who have none.
const NO_DOMAIN: &str = "ldap.local";

/// Whether a filter is one of LibreChat's, which is whole, or one of Open WebUI's, which is added to its own.
fn is_whole_filter(text: &str) -> bool {
    text.contains("{{")
}

impl<L: Fn(&str) -> Option<String>> Variables<L> {
    /// What is said about directories.
    pub(super) fn directory(&mut self) -> DirectoryPolicy {
        let rules = HostRules {
            private: self.flag("LDAP_ALLOW_PRIVATE_HOSTS", false),
            plaintext: self.flag("LDAP_ALLOW_PLAINTEXT", false),
            ports: self.parsed("LDAP_ALLOWED_PORTS", ports).unwrap_or_default(),
        };
        DirectoryPolicy {
            members: self.member_directory(&rules).map(Rc::new),
            rules,
            local_fallback: self.flag("LDAP_LOCAL_FALLBACK", false),
        }
    }

    fn member_directory(&mut self, rules: &HostRules) -> Option<Directory> {
        let (url, base) = (self.text("LDAP_URL")?, self.text("LDAP_USER_SEARCH_BASE")?);
        if cfg!(not(feature = "ldap")) {
            self.refuse("LDAP_URL", "names a directory, which this build has left out");
            return None;
        }
        let start_tls = self.flag("LDAP_STARTTLS", false);
        if !self.flag("LDAP_TLS_REJECT_UNAUTHORIZED", true) {
            self.refuse(
                "LDAP_TLS_REJECT_UNAUTHORIZED",
                "must not be false: certificates are always verified",
            );
        }
        let hosts = self.parsed("LDAP_URL", |_| hosts(&url, start_tls, rules))?;
        self.parsed("LDAP_USER_SEARCH_BASE", |_| Dn::parse(&base).map_err(|problem| problem.to_string()))?;
        let authority = self.text("LDAP_CA_CERT_PATH").unwrap_or_default();
        if !authority.is_empty() {
            self.parsed("LDAP_CA_CERT_PATH", certificates)?;
        }
        let filter = match self.text("LDAP_SEARCH_FILTER").filter(|text| is_whole_filter(text)) {
            Some(_) => self.parsed("LDAP_SEARCH_FILTER", whole_filter)?,
            // Open WebUI's: true of everybody, besides.
            None => {
                let more = self.parsed("LDAP_SEARCH_FILTER", fragments).unwrap_or_default();
                let all = [whole_filter(FILTER).ok()?].into_iter().chain(more).collect();
                Filter::And(all)
            }
        };
        let service = self.text("LDAP_BIND_DN").map(|dn| ServiceAccount {
            dn,
            password: Secret::new(self.text("LDAP_BIND_CREDENTIALS").unwrap_or_default()),
        });
        if service.as_ref().is_some_and(|service| service.password.expose_secret().is_empty()) {
            self.refuse("LDAP_BIND_DN", "needs LDAP_BIND_CREDENTIALS");
        }
        let mut attribute = |name, default: &[&str]| {
            let named = self.parsed(name, |text| attribute_name(text).map_err(str::to_string));
            named.map_or_else(|| default.iter().map(|name| (*name).to_string()).collect(), |name| vec![name])
        };
        let username = attribute("LDAP_USERNAME", &["givenName", "mail"]);
        let email = attribute("LDAP_EMAIL", &["mail"]);
        let id = attribute("LDAP_ID", &[]).pop();
        Some(Directory {
            servers: hosts.1,
            security: hosts.0,
            authority,
            service,
            base,
            filter,
            id,
            naming: Naming {
                full_name: self.parsed("LDAP_FULL_NAME", attributes).unwrap_or_default(),
                name: ["cn", "name", "commonname", "displayName"].map(str::to_string).into(),
                username,
                email,
                email_domain: NO_DOMAIN.to_string(),
                email_of_typed: false,
            },
            group_attribute: None,
            groups: None,
        })
    }
}

/// Addresses of servers, all with the same scheme.
fn hosts(text: &str, start_tls: bool, rules: &HostRules) -> Result<(Security, Vec<Server>), String> {
    let problem =
        || "must list addresses such as `ldaps://ldap.example.com`, all with one scheme".to_string();
    let mut security = None;
    let mut names = Vec::new();
    for url in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        let (scheme, rest) = url.split_once("://").ok_or_else(problem)?;
        let this = match (scheme.to_ascii_lowercase().as_str(), start_tls) {
            ("ldaps", false) => Security::Tls,
            ("ldap", true) => Security::StartTls,
            ("ldap", false) => Security::Plain,
            _ => return Err(problem()),
        };
        if security.is_some_and(|security| security != this) {
            return Err(problem());
        }
        security = Some(this);
        names.push(rest.trim_end_matches('/'));
    }
    let security = security.ok_or_else(problem)?;
    Ok((security, rules.servers(&names.join(" "), security, None)?))
}

fn whole_filter(text: &str) -> Result<Filter, String> {
    let filter = Filter::parse(text, &[USERNAME]).map_err(|problem| problem.to_string())?;
    let mut compared = Vec::new();
    filter.compared(USERNAME, &mut compared);
    if compared.is_empty() { Err("must compare something with {{username}}".to_string()) } else { Ok(filter) }
}

fn fragments(text: &str) -> Result<Vec<Filter>, String> {
    Filter::parse_all(text, &[]).map_err(|problem| problem.to_string())
}

fn ports(text: &str) -> Result<Vec<u16>, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(|word| word.parse().map_err(|_| "must list ports, separated by `,`".to_string())).collect()
}

fn attributes(text: &str) -> Result<Vec<String>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| attribute_name(name).map_err(str::to_string))
        .collect()
}
