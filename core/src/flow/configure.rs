//! What administrators set (open-webui.md §1.4).

use alloc::{
    format,
    rc::Rc,
    string::{String, ToString as _},
    vec::Vec,
};

use serde_json::{Map, Value, json};

use super::{
    Ctx, audit,
    directory::{self, Misconfigured},
};
use crate::{
    audit::{AuditAction, AuditEvent},
    id::UserId,
    ports::{Configured, PortError, Ports},
    seal::{Place, SealingKeys},
    settings::{self, SECRET_SENTINEL, SESSION_EPOCH, SettingError, Settings, Spec},
};

/// What a form says about settings.
pub type Form = Vec<(&'static Spec, Value)>;

/// Settings that decide whether somebody has to show a second factor: changing one ends all sessions.
const SECOND_FACTOR: [&str; 3] = ["ENABLE_MFA", "MFA_ALLOW_OAUTH_BYPASS", "MFA_ALLOW_TRUSTED_HEADER_BYPASS"];

/// Where secrets are sent: changing one of these asks for the secret again, so that nobody can point it at a server
/// of their own (R-07, LD-17).
const TARGETS: [(&str, &[&str]); 2] = [
    (
        "LDAP_APP_PASSWORD",
        &[
            "LDAP_SERVER_HOST",
            "LDAP_SERVER_PORT",
            "LDAP_APP_DN",
            "LDAP_USE_TLS",
            "LDAP_STARTTLS",
            "LDAP_VALIDATE_CERT",
            "LDAP_CA_CERT_FILE",
        ],
    ),
    ("OAUTH_CLIENT_SECRET", &["OPENID_PROVIDER_URL", "OAUTH_CLIENT_ID"]),
];

/// Which directory it is that says who somebody is: whoever chooses that could be anybody who signs in by it.
const WHO_IS_WHO: [&str; 6] = [
    "LDAP_SERVER_HOST",
    "LDAP_SERVER_PORT",
    "LDAP_USE_TLS",
    "LDAP_STARTTLS",
    "LDAP_CA_CERT_FILE",
    "LDAP_SEARCH_BASE",
];

/// Longest description of a change in the audit log, in bytes; beyond it only the names are written down.
const MAX_DETAIL_BYTES: usize = 16_384;

/// How often a change is tried when others change settings at the same time.
const TRIES: usize = 5;

/// What a change came to.
#[derive(Clone, Debug)]
pub struct Change {
    /// The settings that hold now.
    pub settings: Rc<Settings>,
    /// Whether it ended all sessions.
    pub sessions_revoked: bool,
}

/// Whether the administrator is there in person, or a program shows their key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Presence {
    /// With a session.
    InPerson,
    /// With an API key.
    ByKey,
}

/// Changes settings, all of them or none. Those that the form does not name stay (AD-09).
///
/// # Errors
/// [`ConfigureError`]; nothing was changed, except perhaps for [`ConfigureError::Unavailable`].
pub async fn change(
    ctx: &Ctx<'_, impl Ports>,
    (admin, presence): (UserId, Presence),
    form: Form,
) -> Result<Change, ConfigureError> {
    if !ctx.policy.defaults.stored_counts {
        return Err(ConfigureError::Fixed);
    }
    if presence == Presence::ByKey && form.iter().any(|(spec, _)| SECOND_FACTOR.contains(&spec.name)) {
        return Err(ConfigureError::NeedsPerson);
    }
    let form = accepted(form)?;
    for _ in 0..TRIES {
        let stored = ctx.ports.stored_settings().await?;
        let current = Settings::new(&ctx.policy.defaults, &stored);
        let changes = changes(&current, &form)?;
        let second_factor = changes.iter().any(|change| SECOND_FACTOR.contains(&change.spec.name));
        if changes.is_empty() {
            return Ok(Change { settings: Rc::new(current), sessions_revoked: false });
        }
        let asks_for_factors =
            |change: &Changed<'_>| change.spec.name == "ENABLE_MFA" && *change.to == json!(true);
        if !ctx.policy.defaults.authentication && changes.iter().any(asks_for_factors) {
            return Err(ConfigureError::NoSecondFactor);
        }
        if changes.iter().any(|change| settings::LDAP.iter().any(|spec| spec.name == change.spec.name)) {
            let changed = changes.iter().map(|change| (change.spec.name, change.to));
            directory::check(&current.with(changed), &ctx.policy.directory.rules)?;
            if changes.iter().any(|change| WHO_IS_WHO.contains(&change.spec.name)) {
                is_no_way_to_the_first(ctx, admin).await?;
            }
        }
        let event = event(ctx, admin, &changes)?;
        let mut rows = Vec::new();
        for change in &changes {
            rows.push((change.spec.name, change.stored(&ctx.policy.sealing, ctx.ports)?));
        }
        if second_factor {
            rows.push((SESSION_EPOCH, String::from("null")));
        }
        match ctx.ports.change_settings(stored.version(), rows, event).await? {
            Configured::Yes => {
                let settings = ctx.settings().await?;
                return Ok(Change { settings, sessions_revoked: second_factor });
            }
            Configured::Outdated => {}
        }
    }
    Err(ConfigureError::Concurrent)
}

/// Refuses an administrator who is not the first one, where that one signs in by the directory.
async fn is_no_way_to_the_first(ctx: &Ctx<'_, impl Ports>, admin: UserId) -> Result<(), ConfigureError> {
    let Some(first) = ctx.ports.primary_admin().await?.filter(|first| *first != admin) else { return Ok(()) };
    let first = ctx.ports.load_credential(first).await?;
    match first.is_some_and(|first| first.user.means.is_of(directory::PROVIDER)) {
        true => Err(ConfigureError::PrimaryAdmin),
        false => Ok(()),
    }
}

/// One setting that gets another value.
struct Changed<'f> {
    spec: &'static Spec,
    from: Value,
    to: &'f Value,
}

impl Changed<'_> {
    /// What is stored: the value as JSON, a secret in its envelope.
    fn stored(&self, sealing: &SealingKeys, ports: &impl Ports) -> Result<String, PortError> {
        match self.to.as_str().filter(|text| self.spec.kind.is_secret() && !text.is_empty()) {
            Some(secret) => {
                let place = Place { table: "settings", column: "value", row: self.spec.name };
                Ok(json!(sealing.seal(secret.as_bytes(), &place, ports)?).to_string())
            }
            None => Ok(self.to.to_string()),
        }
    }
}

/// The form in canonical values.
fn accepted(form: Form) -> Result<Form, ConfigureError> {
    form.into_iter()
        .map(|(spec, value)| match spec.kind.accept(value) {
            Ok(value) => Ok((spec, value)),
            Err(error) => Err(ConfigureError::Refused { setting: spec.field, error }),
        })
        .collect()
}

/// What the form changes about the present settings.
fn changes<'f>(current: &Settings, form: &'f Form) -> Result<Vec<Changed<'f>>, ConfigureError> {
    let is_kept = |spec: &Spec, value: &Value| match spec.kind.is_secret() {
        true => {
            *value == json!(SECRET_SENTINEL) || (*value == json!("") && *current.value(spec) == json!(""))
        }
        false => value == current.value(spec),
    };
    let changed = form.iter().filter(|(spec, value)| !is_kept(spec, value));
    let changes: Vec<_> = changed.map(|(spec, to)| Changed { spec, from: current.shown(spec), to }).collect();
    let names = |name: &str| changes.iter().any(|change| change.spec.name == name);
    for (secret, targets) in TARGETS {
        if *current.named(secret) != json!("") && !names(secret) && targets.iter().any(|target| names(target))
        {
            return Err(ConfigureError::SecretNeeded);
        }
    }
    Ok(changes)
}

/// The event, with the values before and after; of secrets only that they changed (AD-08).
fn event(ctx: &Ctx<'_, impl Ports>, admin: UserId, changes: &[Changed<'_>]) -> Result<AuditEvent, PortError> {
    let described = |change: &Changed<'_>| match change.spec.kind.is_secret() {
        true => json!("changed"),
        false => json!({"from": change.from, "to": change.to}),
    };
    let name = |change: &Changed<'_>| change.spec.name.to_string();
    let detail: Map<_, _> = changes.iter().map(|change| (name(change), described(change))).collect();
    let mut detail = Value::Object(detail).to_string();
    if detail.len() > MAX_DETAIL_BYTES {
        detail = json!({"changed": changes.iter().map(name).collect::<Vec<_>>()}).to_string();
    }
    let event =
        audit::event(ctx, Some(admin), AuditAction::ChangeSettings, crate::audit::AuditOutcome::Success)?;
    Ok(AuditEvent { detail: Some(detail), ..event })
}

/// Why no setting was changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ConfigureError {
    /// Others changed settings at the same time, again and again.
    Concurrent,
    /// The deployment takes its settings from the environment only.
    Fixed,
    /// Not with an API key.
    NeedsPerson,
    /// Where nobody is asked who they are, nobody has a second factor.
    NoSecondFactor,
    /// The first administrator's account would be in somebody else's hands.
    PrimaryAdmin,
    /// A value that the setting can not have.
    Refused {
        /// Its name on the wire.
        setting: &'static str,
        /// What is wrong.
        error: SettingError,
    },
    /// A secret would be sent somewhere else; it has to be entered again.
    SecretNeeded,
    /// The outside failed.
    Unavailable(PortError),
}

impl From<Misconfigured> for ConfigureError {
    fn from(Misconfigured { setting, problem, .. }: Misconfigured) -> Self {
        Self::Refused { setting, error: SettingError(problem) }
    }
}

impl From<PortError> for ConfigureError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}

impl core::fmt::Display for ConfigureError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(&match self {
            Self::Concurrent => {
                "Others changed the configuration at the same time. Please try again.".to_string()
            }
            Self::Fixed => "The configuration is fixed by the environment of the deployment.".to_string(),
            Self::NeedsPerson => {
                "A human administrator session is required to change MFA settings.".to_string()
            }
            Self::NoSecondFactor => "Unable to update MFA policy. Check configuration and retry.".to_string(),
            Self::PrimaryAdmin => {
                "Only the first administrator can choose the directory, who signs in by it.".to_string()
            }
            Self::Refused { setting, error } => format!("{setting} {error}."),
            Self::SecretNeeded => "The server has changed. Please enter its password again.".to_string(),
            Self::Unavailable(error) => error.to_string(),
        })
    }
}
