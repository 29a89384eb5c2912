//! What happened, for those who want to be told (open-webui.md §11.1). Events are read off the audit log, which is written
//! in the same step as what it tells about: nothing is told that did not happen.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    audit::{AuditAction, AuditOutcome, AuditRow},
    id::{EventId, GroupId, UserId},
    time::UnixSeconds,
    user::User,
};

/// Longest text in the data of an event, in code points.
const MAX_TEXT_CHARS: usize = 1_000;

/// One kind of event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EventKind {
    /// Its name on the wire, `resource.operation`.
    pub name: &'static str,
    /// When it happens.
    pub description: &'static str,
    /// The same as a headline.
    pub message: &'static str,
}

impl EventKind {
    /// What it is about and what was done, as the wire has them apart: `auth.api_key` and `created`.
    pub fn parts(&self) -> (&'static str, &'static str) {
        self.name.rsplit_once('.').unwrap_or((self.name, ""))
    }
}

macro_rules! kinds {
    ($($constant:ident $name:literal $message:literal $description:literal)*) => {
        $(const $constant: EventKind = EventKind { name: $name, description: $description, message: $message };)*

        /// All kinds, by name.
        pub const KINDS: &[EventKind] = &[$($constant),*];
    };
}

kinds! {
    API_KEY_CREATED "auth.api_key.created" "API key created" "Somebody made an API key for themselves."
    API_KEY_DELETED "auth.api_key.deleted" "API key deleted" "Somebody dropped their API key."
    LOGIN "auth.login" "User signed in" "Somebody was signed in."
    LOGOUT "auth.logout" "User signed out" "Somebody signed out."
    MFA_CODES "auth.mfa.recovery_codes_regenerated" "Recovery codes renewed" "Somebody got new recovery codes."
    MFA_ENROLLED "auth.mfa.enrolled" "Second factor set up" "Somebody set up a second factor, or replaced it."
    MFA_RESET "auth.mfa.reset" "Second factor taken away" "An administrator took a second factor away."
    PASSWORD_CHANGED "auth.password_changed" "Password changed" "Somebody changed their password."
    SESSIONS_REVOKED "auth.sessions_revoked" "Sessions ended" "Sessions were ended by their owner or an administrator."
    SIGNUP "auth.signup" "New user signed up" "Somebody signed up."
    GROUP_CREATED "group.created" "Group created" "An administrator created a group."
    GROUP_DELETED "group.deleted" "Group deleted" "An administrator deleted a group."
    MEMBER_ADDED "group.member_added" "Group members added" "Accounts were added to a group."
    MEMBER_REMOVED "group.member_removed" "Group members removed" "Accounts were taken out of a group."
    GROUP_UPDATED "group.updated" "Group changed" "An administrator changed a group."
    USER_CREATED "user.created" "User created" "An account was created."
    USER_DELETED "user.deleted" "User deleted" "An administrator deleted an account."
    PERMISSIONS_UPDATED "user.permissions_updated" "Default permissions changed" "An administrator changed what everybody may do."
    PROFILE_UPDATED "user.profile_updated" "Profile changed" "Somebody changed their profile."
    ROLE_UPDATED "user.role_updated" "Role changed" "An account got another role."
    USER_UPDATED "user.updated" "User changed" "An administrator changed an account."
}

/// Whom or what an event is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Subject {
    /// A group.
    Group(GroupId),
    /// An account.
    User(UserId),
}

impl Subject {
    /// Its kind and id as the wire has them.
    pub fn parts(&self) -> (&'static str, String) {
        match self {
            Self::Group(id) => ("group", id.to_string()),
            Self::User(id) => ("user", id.to_string()),
        }
    }
}

/// One event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// The same each time it is told.
    pub id: EventId,
    /// What kind.
    pub kind: EventKind,
    /// When it happened.
    pub at: UnixSeconds,
    /// What led to it: `api`, `admin`, or a way of signing in.
    pub source: String,
    /// Who did it.
    pub actor: Option<UserId>,
    /// Whom or what it is about.
    pub subject: Option<Subject>,
    /// What the log has about it.
    data: Map<String, Value>,
}

impl Event {
    /// What a row of the log tells, in order; nothing for most.
    pub fn told_by(row: &AuditRow) -> Vec<Self> {
        let Some(action) = AuditAction::parse(&row.action) else { return Vec::new() };
        let worked = [AuditOutcome::Success, AuditOutcome::FirstAdmin];
        if !worked.iter().any(|outcome| outcome.as_str() == row.outcome) {
            return Vec::new();
        }
        let detail = Detail::of(row);
        let kinds = kinds(action, &detail);
        kinds.into_iter().map(|(kind, data)| Self::new(row, &detail, kind, data)).collect()
    }

    fn new(row: &AuditRow, detail: &Detail, kind: EventKind, data: Map<String, Value>) -> Self {
        let actor = row.actor.as_deref().and_then(|id| UserId::parse(id).ok());
        let about = row.target.as_deref();
        let subject = match kind.name.starts_with("group.") {
            true => about.and_then(|id| GroupId::parse(id).ok()).map(Subject::Group),
            false => about.and_then(|id| UserId::parse(id).ok()).or(actor).map(Subject::User),
        };
        let digest = Sha256::new().chain_update(row.id.as_bytes()).chain_update(kind.name).finalize();
        let mut id = [0; 16];
        id.iter_mut().zip(digest).for_each(|(byte, digest)| *byte = digest);
        Self {
            id: EventId::from_hash(id),
            kind,
            at: row.at,
            source: detail.source(kind),
            actor,
            // What everybody may do is nobody's in particular.
            subject: if kind == PERMISSIONS_UPDATED { None } else { subject },
            data,
        }
    }

    /// The account that it is about, if it is about one.
    pub const fn user(&self) -> Option<UserId> {
        match self.subject {
            Some(Subject::User(user)) => Some(user),
            Some(Subject::Group(_)) | None => None,
        }
    }

    /// What else is to be said. `account` is the one that it is about, as it is now; addresses are not in the log.
    pub fn data(&self, account: Option<&User>) -> Map<String, Value> {
        let mut data = self.data.clone();
        if let Some(account) = account {
            if self.kind == USER_CREATED {
                data.insert("role".to_string(), json!(account.role));
            }
            if self.kind == SIGNUP {
                data.insert("email".to_string(), json!(account.email.as_str()));
            }
        }
        tidied(data)
    }
}

/// What the log says beside the action.
struct Detail(Map<String, Value>);

impl Detail {
    fn of(row: &AuditRow) -> Self {
        let detail = row.detail.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Self(match detail {
            Some(Value::Object(detail)) => detail,
            _ => Map::new(),
        })
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn some(&self, names: &[&str]) -> Map<String, Value> {
        let member = |name: &&str| self.0.get(*name).map(|value| ((*name).to_string(), value.clone()));
        names.iter().filter_map(member).collect()
    }

    fn source(&self, kind: EventKind) -> String {
        let source = match kind {
            LOGIN => self.0.get("auth_method"),
            _ => self.0.get("source"),
        };
        source.and_then(Value::as_str).unwrap_or("api").to_string()
    }
}

fn kinds(action: AuditAction, detail: &Detail) -> Vec<(EventKind, Map<String, Value>)> {
    let plain = |kind| Vec::from([(kind, Map::new())]);
    match action {
        AuditAction::AddUser => plain(USER_CREATED),
        AuditAction::ChangeGroup => {
            let members = [("added", MEMBER_ADDED), ("removed", MEMBER_REMOVED)];
            let changed: Vec<_> = members
                .into_iter()
                .filter_map(|(name, kind)| {
                    let users = detail.0.get(name)?;
                    Some((kind, Map::from_iter([("user_ids".to_string(), users.clone())])))
                })
                .collect();
            // Who was in it already, or never was, is no news.
            if detail.has("members") || !changed.is_empty() { changed } else { plain(GROUP_UPDATED) }
        }
        AuditAction::ChangePassword => plain(PASSWORD_CHANGED),
        AuditAction::ChangeSettings if detail.has("USER_PERMISSIONS") => plain(PERMISSIONS_UPDATED),
        AuditAction::CreateApiKey => plain(API_KEY_CREATED),
        AuditAction::CreateGroup => plain(GROUP_CREATED),
        AuditAction::DeleteApiKey => plain(API_KEY_DELETED),
        AuditAction::DeleteGroup => plain(GROUP_DELETED),
        AuditAction::DeleteUser => plain(USER_DELETED),
        AuditAction::EndSessions | AuditAction::RevokeSessions => plain(SESSIONS_REVOKED),
        AuditAction::EnrollFactor => plain(MFA_ENROLLED),
        AuditAction::RegenerateCodes => plain(MFA_CODES),
        AuditAction::ResetFactor => plain(MFA_RESET),
        AuditAction::SignIn | AuditAction::VerifyFactor => {
            Vec::from([(LOGIN, detail.some(&["auth_method"]))])
        }
        AuditAction::SignOut => plain(LOGOUT),
        AuditAction::SignUp if detail.has("source") => plain(USER_CREATED),
        AuditAction::SignUp => Vec::from([(USER_CREATED, Map::new()), (SIGNUP, Map::new())]),
        AuditAction::UpdateProfile => plain(PROFILE_UPDATED),
        AuditAction::UpdateUser => {
            let mut events = plain(USER_UPDATED);
            if let Some(Value::Object(role)) = detail.0.get("role") {
                let data = role.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                events.push((ROLE_UPDATED, data));
            }
            events
        }
        _ => Vec::new(),
    }
}

/// Without what is named like a secret, and with no text longer than anybody reads.
fn tidied(data: Map<String, Value>) -> Map<String, Value> {
    const SECRETS: [&str; 4] = ["password", "token", "secret", "key"];
    let is_secret = |name: &str| {
        let last = name.rsplit('_').next().unwrap_or(name);
        SECRETS.iter().any(|secret| last.eq_ignore_ascii_case(secret))
    };
    let kept = data.into_iter().filter(|(name, _)| !is_secret(name));
    let cut = |value: Value| match value {
        Value::String(text) => Value::String(text.chars().take(MAX_TEXT_CHARS).collect()),
        Value::Object(inner) => Value::Object(tidied(inner)),
        other => other,
    };
    kept.map(|(name, value)| (name, cut(value))).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::id::AuditId;

    const ANN: &str = "00000000-0000-4000-8000-000000000001";
    const BOB: &str = "00000000-0000-4000-8000-000000000002";

    fn row(action: AuditAction, outcome: AuditOutcome, detail: Option<&str>) -> AuditRow {
        AuditRow {
            sequence: 1,
            id: AuditId::from_bytes([7; 16]),
            at: UnixSeconds::new(1),
            actor: Some(ANN.to_string()),
            target: None,
            action: action.as_str().to_string(),
            outcome: outcome.as_str().to_string(),
            network: String::new(),
            user_agent: String::new(),
            request_id: String::new(),
            detail: detail.map(str::to_string),
        }
    }

    fn names(row: &AuditRow) -> Vec<&'static str> {
        Event::told_by(row).iter().map(|event| event.kind.name).collect()
    }

    #[test]
    fn what_did_not_work_is_nobodys_business() {
        assert_eq!(names(&row(AuditAction::SignIn, AuditOutcome::WrongPassword, None)), [""; 0]);
        assert_eq!(names(&row(AuditAction::SignIn, AuditOutcome::SecondFactorDue, None)), [""; 0]);
        assert_eq!(
            names(&row(AuditAction::SignUp, AuditOutcome::FirstAdmin, None)),
            ["user.created", "auth.signup"]
        );
        let mut unknown = row(AuditAction::SignIn, AuditOutcome::Success, None);
        unknown.action = "of a later version".to_string();
        assert_eq!(names(&unknown), [""; 0]);
    }

    #[test]
    fn the_log_says_what_was_changed() {
        let role = r#"{"role":{"role":"admin","previous_role":"user"}}"#;
        let change = row(AuditAction::UpdateUser, AuditOutcome::Success, Some(role));
        assert_eq!(names(&change), ["user.updated", "user.role_updated"]);
        let data = Event::told_by(&change)[1].data(None);
        assert_eq!(Value::Object(data), json!({"role": "admin", "previous_role": "user"}));
        let mut members = row(AuditAction::ChangeGroup, AuditOutcome::Success, Some(r#"{"removed":["x"]}"#));
        members.target = Some(BOB.to_string());
        assert_eq!(names(&members), ["group.member_removed"]);
        assert_eq!(Event::told_by(&members)[0].subject, Some(Subject::Group(GroupId::parse(BOB).unwrap())));
        let by_admin = AuditRow { target: Some(BOB.to_string()), ..change };
        assert_eq!(Event::told_by(&by_admin)[0].user(), UserId::parse(BOB).ok());
    }

    #[test]
    fn an_event_keeps_its_id_and_events_of_one_row_differ() {
        /* FT-15 */
        let sign_up = row(AuditAction::SignUp, AuditOutcome::Success, None);
        let (once, again) = (Event::told_by(&sign_up), Event::told_by(&sign_up));
        assert_eq!(once, again);
        assert_ne!(once[0].id, once[1].id);
    }

    #[test]
    fn secrets_and_endless_texts_stay_out() {
        let data = json!({
            "password": 1, "new_password": 1, "token": 1, "id_token": 1, "client_secret": 1, "api_key": 1,
            "inner": {"token": 1, "name": "n"}, "tokens_left": 3, "text": "é".repeat(1_001),
        });
        let Value::Object(data) = data else { unreachable!() };
        let tidied = Value::Object(tidied(data));
        assert_eq!(tidied, json!({"inner": {"name": "n"}, "tokens_left": 3, "text": "é".repeat(1_000)}));
    }
}
