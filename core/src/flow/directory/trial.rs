//! Trying a directory out, for administrators: what works, what does not, and what to do about it, in plain words.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    directory,
    exchange::{self, Failure, Found},
};
use crate::{
    flow::Ctx,
    ldap::{Directory, LdapError, Person, PersonError, Purpose, ResultCode, Security, Stage},
    oauth::pending::Dialect,
    ports::{PortError, Ports},
};

/// What trying came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trial {
    /// What was found out, in the order in which a sign-in depends on it. The last one failed, if any did.
    pub findings: Vec<Finding>,
}

impl Trial {
    /// Whether everything that was tried works.
    pub fn works(&self) -> bool {
        self.findings.iter().all(|finding| finding.works)
    }
}

/// One thing that works, or does not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What: `configuration`, `connect`, `tls`, `service_bind`, `search` or `person`.
    pub step: &'static str,
    /// Whether it works.
    pub works: bool,
    /// What there is to say about it.
    pub text: String,
}

/// Tries the directory that is configured, up to the search: for somebody, if there is a name.
///
/// # Errors
/// When the settings can not be read.
pub async fn try_out(ctx: &Ctx<'_, impl Ports>, name: Option<&str>) -> Result<Trial, PortError> {
    let settings = ctx.settings().await?;
    let directory = match directory(ctx, &settings, Dialect::OpenWebui) {
        Ok(directory) => directory,
        Err(wrong) => {
            let text = format!("{} {}.", wrong.setting, wrong.problem);
            return Ok(Trial { findings: [Finding { step: "configuration", works: false, text }].into() });
        }
    };
    let purpose = name.map_or(Purpose::Probe, |name| Purpose::Find { name });
    let no_password = async |_: &_| Ok::<(), Failure>(());
    let tried: Result<Found, Failure> = exchange::run(ctx, &directory, purpose, no_password).await;
    let reached = tried.as_ref().map_or_else(|failure| failure.stage, |_| Stage::UserBind);
    let mut findings = passed(&directory, reached);
    match (tried, name) {
        (Err(failure), _) => {
            let step = failure.stage.as_str();
            findings.push(Finding { step, works: false, text: failure.explained(&directory) });
        }
        (Ok(found), Some(name)) => findings.push(person(&found, &directory, name)),
        (Ok(_), None) => {}
    }
    Ok(Trial { findings })
}

/// What must have worked when a conversation has come to a stage.
fn passed(directory: &Directory, reached: Stage) -> Vec<Finding> {
    let servers: Vec<_> = directory.servers.iter().map(ToString::to_string).collect();
    let tls = match directory.security {
        Security::Plain => "The connection is not protected: passwords can be read on the way.",
        Security::StartTls => "The connection is protected by StartTLS.",
        Security::Tls => "The connection is protected by TLS.",
    };
    let bind = match &directory.service {
        Some(account) => format!("The service account {} is let in.", account.dn),
        None => "The directory lets anybody search.".to_string(),
    };
    let steps = [
        (Stage::Connect, format!("A server answers ({}).", servers.join(", "))),
        (Stage::Tls, tls.to_string()),
        (Stage::ServiceBind, bind),
        (Stage::Search, format!("People are searched below {}.", directory.base)),
    ];
    let passed = steps.into_iter().filter(|(stage, _)| *stage < reached);
    passed.map(|(stage, text)| Finding { step: stage.as_str(), works: true, text }).collect()
}

fn person(found: &Found, directory: &Directory, name: &str) -> Finding {
    let (works, text) = match Person::read(&found.entry, directory, name) {
        Ok(person) => {
            let groups = person.groups.map(|groups| format!(" Groups: {}.", groups.join(", ")));
            let (dn, email) = (&found.entry.dn, person.email.as_str());
            (true, format!("Found {dn} with the address {email}.{}", groups.unwrap_or_default()))
        }
        Err(PersonError::Disabled) => {
            (false, format!("{} is switched off in the directory.", found.entry.dn))
        }
        Err(PersonError::NoEmail) => {
            let wanted = directory.naming.email.join(", ");
            (
                false,
                format!(
                    "{} has no valid address in {wanted}; default_email_domain could give one.",
                    found.entry.dn
                ),
            )
        }
        Err(PersonError::NoId) => {
            (false, format!("{} has nothing that names it for good; set attribute_for_id.", found.entry.dn))
        }
    };
    Finding { step: "person", works, text }
}

impl Failure {
    /// What failed and what to do about it, for administrators.
    pub(super) fn explained(&self, directory: &Directory) -> String {
        let what = match (&self.error, self.stage) {
            (LdapError::Ambiguous, _) => "Several entries have this name: a narrower search_base or search_filters could tell them apart.".to_string(),
            (LdapError::Mismatch, _) => "The directory answered with an entry that has another name.".to_string(),
            (LdapError::NotFound, _) => format!("Nobody has this name below {}, as far as {} may see.", directory.base, who(directory)),
            (LdapError::Closed, Stage::Connect) if directory.security == Security::Tls => "The server closed the connection before TLS began: its port may be one without TLS.".to_string(),
            (LdapError::Timeout, Stage::Connect) => "No connection within three seconds: check host, port and firewalls. A server that does not speak TLS on this port looks the same.".to_string(),
            (LdapError::Timeout, _) => "The server accepted the connection, then did not answer in time.".to_string(),
            (LdapError::Connection(why), Stage::Connect) => format!("The connection failed: {why}. Check host, port and, with TLS, the certificate: its name, its dates and its authority (certificate_path)."),
            (LdapError::Connection(why), _) => format!("The connection broke: {why}."),
            (LdapError::Closed, _) => "The server closed the connection.".to_string(),
            (LdapError::Protocol, _) => "The server answered with something that is no LDAP: its port may belong to something else, or expect TLS.".to_string(),
            (LdapError::Refused { .. }, Stage::Tls) => "The server does not offer StartTLS.".to_string(),
            (LdapError::Refused { code: ResultCode::InvalidCredentials, .. }, Stage::ServiceBind) => "The server does not know the service account, or its password is wrong (app_dn, app_dn_password).".to_string(),
            (LdapError::Refused { code: ResultCode::ConfidentialityRequired | ResultCode::StrongerAuthRequired, .. }, _) => "The server insists on TLS.".to_string(),
            (LdapError::Refused { .. }, Stage::ServiceBind) if directory.service.is_none() => "The server lets nobody search without a service account (app_dn).".to_string(),
            (LdapError::Refused { code: ResultCode::NoSuchObject, .. }, Stage::Search) => format!("There is no {} in the directory, or {} may not see it (search_base).", directory.base, who(directory)),
            (LdapError::Refused { code: ResultCode::Referral, .. }, _) => "The server refers to another one, which is not asked: name that one.".to_string(),
            (LdapError::Refused { .. }, _) => "The server refused.".to_string(),
        };
        match &self.error {
            LdapError::Refused { .. } => format!("{what} It said: {}.", self.error),
            _ => what,
        }
    }
}

fn who(directory: &Directory) -> &str {
    directory.service.as_ref().map_or("anybody", |account| account.dn.as_str())
}
