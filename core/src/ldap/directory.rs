//! What a deployment says about its directory, and what of it is let stand.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use url::Host;

use super::{
    dn::Dn,
    filter::Filter,
    person::{self, Naming},
};
use crate::{outbound_url, secret::Secret};

/// Ports of directories: plain or StartTLS, TLS, and the same of Active Directory's global catalogue.
const PORTS: [u16; 4] = [389, 636, 3268, 3269];
const PLAIN_PORT: u16 = 389;
const TLS_PORT: u16 = 636;
/// Most servers of one directory.
const MAX_SERVERS: usize = 8;
/// Longest PEM text, in bytes.
const MAX_PEM_BYTES: usize = 64 * 1_024;
const PEM: (&str, &str) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");

/// A directory, and how somebody is found in it.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Its servers, the preferred one first.
    pub servers: Vec<Server>,
    /// How connections are protected.
    pub security: Security,
    /// The authority that has certified its servers, as PEM; empty where that is one that everybody trusts.
    pub authority: String,
    /// Who searches; `None` for nobody in particular.
    pub service: Option<ServiceAccount>,
    /// Where people are.
    pub base: String,
    /// Who is who: `{{username}}` stands for what was typed.
    pub filter: Filter,
    /// The attribute that names somebody for good; `None` for whichever of the usual ones there is (LD-06).
    pub id: Option<String>,
    /// What attributes say about somebody.
    pub naming: Naming,
    /// The attribute that lists somebody's groups.
    pub group_attribute: Option<String>,
    /// Where groups are searched that list their members.
    pub groups: Option<GroupSearch>,
}

impl Directory {
    /// The name of the tree, which tells accounts of one directory from those of another.
    pub fn tree(&self) -> String {
        Dn::parse(&self.base).map_or_else(|_| self.base.to_lowercase(), |base| base.tree())
    }

    /// The attributes that are asked for about somebody.
    pub(super) fn wanted_attributes(&self) -> Vec<&str> {
        let Naming { full_name, name, username, email, .. } = &self.naming;
        let named = [full_name, name, username, email].into_iter().flatten().map(String::as_str);
        let mut wanted: Vec<_> =
            named.chain(self.id.as_deref()).chain(self.group_attribute.as_deref()).collect();
        let mut compared = Vec::new();
        self.filter.compared("username", &mut compared);
        wanted.extend(compared.into_iter().map(|(attribute, _)| attribute));
        wanted.extend(person::KNOWN_IDS);
        wanted.extend(person::STATES);
        wanted.sort_unstable_by_key(|name| name.to_ascii_lowercase());
        wanted.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
        wanted
    }
}

/// One server.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Server {
    /// Its name or number; the certificate is for this.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(formatter, "[{}]:{}", self.host, self.port),
            false => write!(formatter, "{}:{}", self.host, self.port),
        }
    }
}

/// How connections are protected (LD-07).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// Not at all, where a deployment insists.
    Plain,
    /// TLS after a word in the clear; without TLS nothing more is said.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// Who searches.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// Their name.
    pub dn: String,
    /// Their password.
    pub password: Secret<String>,
}

/// Where groups are that list their members.
#[derive(Clone, Debug)]
pub struct GroupSearch {
    /// Below which name.
    pub base: String,
    /// Which they are: `{{dn}}` and `{{username}}` stand for the person.
    pub filter: Filter,
    /// The attribute with their name.
    pub attribute: String,
}

/// What the environment says about which servers may be asked (LD-07, LD-18).
#[derive(Clone, Debug, Default)]
pub struct HostRules {
    /// Whether they may be in a private network, or on this machine.
    pub private: bool,
    /// Whether passwords may cross the network for everybody to read.
    pub plaintext: bool,
    /// Ports besides the usual ones.
    pub ports: Vec<u16>,
}

impl HostRules {
    /// Reads the servers of a directory: names or numbers, each with or without a port, commas or spaces between.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence that begins with the name of the setting.
    pub fn servers(&self, text: &str, security: Security, port: Option<u16>) -> Result<Vec<Server>, String> {
        if security == Security::Plain && !self.plaintext {
            return Err("must be reached with TLS or StartTLS; see LDAP_ALLOW_PLAINTEXT".to_string());
        }
        let words: Vec<_> = text.split([',', ' ']).filter(|word| !word.is_empty()).collect();
        if words.is_empty() || words.len() > MAX_SERVERS {
            return Err(format!("must name one to {MAX_SERVERS} servers"));
        }
        let port = match (port, security) {
            // The default of the setting is the port without TLS, whatever the others say.
            (None | Some(PLAIN_PORT), Security::Tls) => TLS_PORT,
            (None, _) => PLAIN_PORT,
            (Some(port), _) => port,
        };
        words.into_iter().map(|word| self.server(word, port)).collect()
    }

    fn server(&self, word: &str, port: u16) -> Result<Server, String> {
        let (host, port) = match word.rsplit_once(':') {
            Some((host, digits)) if !host.contains(':') || host.ends_with(']') => {
                (host, digits.parse().map_err(|_| "has a port that is no number".to_string())?)
            }
            _ => (word, port),
        };
        if !PORTS.contains(&port) && !self.ports.contains(&port) {
            return Err(format!(
                "has a port that is not one of a directory ({port}); see LDAP_ALLOWED_PORTS"
            ));
        }
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let parsed = match bare {
            None if host.contains(':') => Host::parse(&format!("[{host}]")),
            _ => Host::parse(host),
        };
        let parsed = parsed.map_err(|_| "must be the name of a server".to_string())?;
        let is_public = outbound_url::is_public_host(&parsed);
        if !is_public && !self.private {
            return Err("is private or this machine itself; see LDAP_ALLOW_PRIVATE_HOSTS".to_string());
        }
        let host = match parsed {
            Host::Domain(name) => name,
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        Ok(Server { host, port })
    }
}

/// The name of an attribute that an entry is asked for: no number and no options, by which directories do not answer.
///
/// # Errors
/// What is wrong, as the end of a sentence that begins with the name of the setting.
pub fn attribute_name(name: &str) -> Result<String, &'static str> {
    let name = name.trim();
    let begins = name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic());
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if begins && is_word {
        Ok(name.to_string())
    } else {
        Err("must be the name of an attribute such as `mail`")
    }
}

/// The certificates of a PEM text, each as its DER bytes.
///
/// # Errors
/// What is wrong, as the end of a sentence that begins with the name of the setting.
pub fn certificates(pem: &str) -> Result<Vec<Vec<u8>>, String> {
    let problem = || {
        "must be the certificate itself, as text that begins with -----BEGIN CERTIFICATE-----; no file is read"
            .to_string()
    };
    // Variables have no line breaks everywhere.
    let pem = pem.replace("\\n", "\n");
    let (mut rest, mut found) = (pem.as_str(), Vec::new());
    while let Some((_, after)) = rest.split_once(PEM.0) {
        let (body, after) = after.split_once(PEM.1).ok_or_else(problem)?;
        let body: String = body.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
        let der = STANDARD.decode(body).map_err(|_| problem())?;
        // A sequence, at least.
        if der.first() != Some(&0x30) {
            return Err(problem());
        }
        found.push(der);
        rest = after;
    }
    if found.is_empty() || pem.len() > MAX_PEM_BYTES { Err(problem()) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn servers(rules: &HostRules, text: &str) -> Result<Vec<String>, String> {
        let servers = rules.servers(text, Security::Tls, None)?;
        Ok(servers.iter().map(alloc::string::ToString::to_string).collect())
    }

    #[test]
    fn servers_are_names_with_or_without_ports() {
        let rules = HostRules::default();
        assert_eq!(servers(&rules, "ldap.example.com").unwrap(), ["ldap.example.com:636"]);
        assert_eq!(
            servers(&rules, "a.example.com:3269, b.example.com c.example.com").unwrap(),
            ["a.example.com:3269", "b.example.com:636", "c.example.com:636"]
        );
        assert_eq!(servers(&rules, "[2606:4700::1]:636").unwrap(), ["[2606:4700::1]:636"]);
        assert_eq!(servers(&rules, "2606:4700::1").unwrap(), ["[2606:4700::1]:636"]);
        let at = |security, port| rules.servers("a.example.com", security, port).unwrap()[0].port;
        assert_eq!((at(Security::StartTls, None), at(Security::StartTls, Some(389))), (389, 389));
        assert_eq!((at(Security::Tls, Some(389)), at(Security::Tls, Some(3269))), (636, 3269));
        for text in
            ["", " , ", "a b:x", "a.example.com:99999", "ldap://a.example.com", "a_b@c", "a.example.com/x"]
        {
            assert!(servers(&rules, text).is_err(), "{text}");
        }
    }

    #[test]
    fn our_own_network_and_odd_ports_are_asked_only_where_the_deployment_says_so() {
        /* LD-18 */
        let rules = HostRules::default();
        for host in [
            "localhost",
            "127.0.0.1",
            "127.1",
            "0x7f000001",
            "[::1]",
            "10.0.0.5",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.169.254",
            "metadata.google.internal",
            "dc1.corp",
            "dc1",
            "[fd00::1]",
            "[::ffff:10.0.0.1]",
        ] {
            assert!(servers(&rules, host).unwrap_err().contains("LDAP_ALLOW_PRIVATE_HOSTS"), "{host}");
            assert!(servers(&HostRules { private: true, ..HostRules::default() }, host).is_ok(), "{host}");
        }
        assert!(servers(&rules, "a.example.com:22").unwrap_err().contains("LDAP_ALLOWED_PORTS"));
        assert!(
            servers(&HostRules { ports: [22].into(), ..HostRules::default() }, "a.example.com:22").is_ok()
        );
    }

    #[test]
    fn passwords_cross_the_network_in_the_clear_only_where_the_deployment_says_so() {
        /* LD-07 */
        let plain = |rules: &HostRules| rules.servers("a.example.com", Security::Plain, None);
        assert!(plain(&HostRules::default()).is_err());
        assert!(plain(&HostRules { plaintext: true, ..HostRules::default() }).is_ok());
    }

    #[test]
    fn a_certificate_is_a_text_and_no_path() {
        /* LD-08 */
        for bad in [
            "",
            "/etc/ssl/ca.pem",
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----",
        ] {
            assert!(certificates(bad).is_err(), "{bad}");
        }
        let one = "-----BEGIN CERTIFICATE-----\nMAMCAQc=\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(&one.repeat(2)).unwrap(), [[0x30, 3, 2, 1, 7], [0x30, 3, 2, 1, 7]]);
        assert_eq!(certificates(&one.replace('\n', "\\n")).unwrap().len(), 1);
    }
}
