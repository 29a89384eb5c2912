//! The directory that administrators configure (open-webui.md §9.1).

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use super::Misconfigured;
use crate::{
    flow::Ctx,
    ldap::{
        Directory, Dn, Filter, FilterError, GroupSearch, HostRules, Naming, Security, ServiceAccount,
        attribute_name, certificates,
    },
    ports::Ports,
    secret::Secret,
    settings::Settings,
};

/// Which groups list somebody, unless an administrator says otherwise: by name, and by what they are called.
const GROUP_FILTER: &str = "(|(member={{dn}})(uniqueMember={{dn}})(memberUid={{username}}))";

/// The directory, with the password of the account that searches.
pub(super) fn directory(ctx: &Ctx<'_, impl Ports>, settings: &Settings) -> Result<Directory, Misconfigured> {
    let mut directory = described(settings, &ctx.policy.directory.rules)?;
    if let Some(service) = &mut directory.service {
        let problem = |_| refused("app_dn_password", "can not be read; please enter it again");
        service.password =
            settings.secret("LDAP_APP_PASSWORD", &ctx.policy.sealing).map_err(problem)?.unwrap_or_default();
        if service.password.expose_secret().is_empty() {
            return Err(refused("app_dn_password", "is missing"));
        }
    }
    Ok(directory)
}

/// Whether the settings make a directory, before they are stored.
///
/// # Errors
/// What does not.
pub(in crate::flow) fn check(settings: &Settings, rules: &HostRules) -> Result<(), Misconfigured> {
    let directory = described(settings, rules)?;
    // A name without a password binds nobody (RFC 4513 §5.1.2).
    match directory.service.is_some() && settings.text("LDAP_APP_PASSWORD").is_none() {
        true => Err(refused("app_dn_password", "is missing")),
        false => Ok(()),
    }
}

/// All that is said in the open.
fn described(settings: &Settings, rules: &HostRules) -> Result<Directory, Misconfigured> {
    let text = |name: &str| settings.text(name).unwrap_or_default().trim();
    let security = match (settings.is_on("LDAP_STARTTLS"), settings.is_on("LDAP_USE_TLS")) {
        (true, _) => Security::StartTls,
        (false, true) => Security::Tls,
        (false, false) => Security::Plain,
    };
    // Certificates are verified, whatever is said; who asks for less shall know (R-06, LD-08).
    if security != Security::Plain && !settings.is_on("LDAP_VALIDATE_CERT") {
        return Err(tls("validate_cert", "must stay on: certificates are always verified"));
    }
    if !matches!(settings.text("LDAP_CIPHERS"), None | Some("ALL" | "DEFAULT")) {
        return Err(tls("ciphers", "can not be chosen: connections use what is safe today"));
    }
    let authority = text("LDAP_CA_CERT_FILE").to_string();
    if !authority.is_empty() {
        certificates(&authority).map_err(|problem| tls("certificate_path", &problem))?;
    }
    if security == Security::Plain && !rules.plaintext {
        return Err(tls("use_tls", "must stay on, or use_starttls be switched on; see LDAP_ALLOW_PLAINTEXT"));
    }
    let port = settings.named("LDAP_SERVER_PORT").as_u64().and_then(|port| u16::try_from(port).ok());
    let servers = rules.servers(text("LDAP_SERVER_HOST"), security, port);
    let base = text("LDAP_SEARCH_BASE");
    let app_dn = text("LDAP_APP_DN");
    for (setting, name) in [("search_base", base), ("app_dn", app_dn)] {
        // Active Directory also takes `name@domain` for a name.
        let is_name = Dn::parse(name).is_ok() || (setting == "app_dn" && name.contains(['@', '\\']));
        if !is_name {
            return Err(refused(setting, "must be a distinguished name such as `dc=example,dc=com`"));
        }
    }
    let attribute = |setting: &'static str, name: &str| attribute(setting, text(name));
    let username = attribute("attribute_for_username", "LDAP_ATTRIBUTE_FOR_USERNAME")?;
    let email = attribute("attribute_for_mail", "LDAP_ATTRIBUTE_FOR_MAIL")?;
    let id = Some(text("LDAP_ATTRIBUTE_FOR_ID")).filter(|name| !name.is_empty());
    let id = id.map(|name| self::attribute("attribute_for_id", name)).transpose()?;
    let more = more(text("LDAP_SEARCH_FILTER"));
    let more = more.map_err(|problem| refused("search_filters", &problem.to_string()))?;
    let called = Filter::Equal(username.clone(), b"{{username}}".to_vec());
    let manages_groups = settings.is_on("ENABLE_LDAP_GROUP_MANAGEMENT");
    Ok(Directory {
        servers: servers.map_err(|problem| refused("host", &problem))?,
        security,
        authority,
        service: Some(app_dn)
            .filter(|dn| !dn.is_empty())
            .map(|dn| ServiceAccount { dn: dn.to_string(), password: Secret::default() }),
        base: base.to_string(),
        filter: if more.is_empty() { called } else { Filter::And([[called].into(), more].concat()) },
        id,
        naming: Naming {
            full_name: Vec::new(),
            name: ["cn".to_string()].into(),
            username: [username].into(),
            email: [email].into(),
            email_domain: text("LDAP_DEFAULT_EMAIL_DOMAIN").to_string(),
            email_of_typed: true,
        },
        group_attribute: match manages_groups {
            true => Some(attribute("attribute_for_groups", "LDAP_ATTRIBUTE_FOR_GROUPS")?),
            false => None,
        },
        groups: if manages_groups { group_search(settings)? } else { None },
    })
}

fn group_search(settings: &Settings) -> Result<Option<GroupSearch>, Misconfigured> {
    let Some(base) = settings.text("LDAP_GROUP_SEARCH_BASE") else { return Ok(None) };
    Dn::parse(base).map_err(|problem| refused("group_search_base", &problem.to_string()))?;
    let filter = settings.text("LDAP_GROUP_SEARCH_FILTER").unwrap_or(GROUP_FILTER);
    let filter = Filter::parse(filter, &["dn", "username"]);
    let filter = filter.map_err(|problem| refused("group_search_filter", &problem.to_string()))?;
    if !filter.has_placeholder() {
        return Err(refused("group_search_filter", "must compare something with {{dn}} or {{username}}"));
    }
    Ok(Some(GroupSearch { base: base.to_string(), filter, attribute: "cn".to_string() }))
}

/// What must be true of people besides. The environment may have LibreChat's filter there, which is whole and has what was
/// typed in it: then that must be true, too (librechat.md §14).
fn more(text: &str) -> Result<Vec<Filter>, FilterError> {
    match text.starts_with('(') || !text.contains("{{username}}") {
        true => Filter::parse_all(text, &["username"]),
        false => Filter::parse(text, &["username"]).map(|filter| [filter].into()),
    }
}

fn attribute(setting: &'static str, name: &str) -> Result<String, Misconfigured> {
    attribute_name(name).map_err(|problem| refused(setting, problem))
}

fn refused(setting: &'static str, problem: &str) -> Misconfigured {
    Misconfigured { setting, problem: problem.to_string(), is_tls: false }
}

fn tls(setting: &'static str, problem: &str) -> Misconfigured {
    Misconfigured { is_tls: true, ..refused(setting, problem) }
}
