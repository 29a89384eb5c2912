//! Who wants to be told about events, and how they know that it is us (open-webui.md §11.1, FT-15).

use alloc::{format, string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{
    event::{Event, KINDS},
    id::{EventId, GroupId, UserId},
    secret::{RootSecret, Secret},
    time::{Lifetime, UnixSeconds},
};

/// The id of the webhook that the environment names (`WEBHOOK_URL`).
pub const DEFAULT_ID: &str = "default";

/// How many webhooks a deployment has at most.
pub const MAX_WEBHOOKS: usize = 20;

/// How often an event is told in vain before the next one gets its turn: for an hour and a half.
pub const MAX_FAILURES: u32 = 9;

/// Somebody who is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Webhook {
    /// A UUID, or [`DEFAULT_ID`].
    pub id: String,
    /// For administrators.
    pub name: String,
    /// Where events go, in its envelope: such addresses are secrets. `None` for the one that the environment names.
    pub url: Option<String>,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Which kinds of events.
    pub events: Vec<EventPattern>,
    /// Whose events; `None` for everybody's.
    pub targets: Option<Vec<Target>>,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}

/// How far a webhook has been told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Delivery {
    /// The last row of the log that it knows about.
    pub sequence: u64,
    /// How often the next one was told in vain.
    pub failures: u32,
    /// Before then it is left alone.
    pub due_at: Option<UnixSeconds>,
}

impl Delivery {
    /// After the row could not be told: the same again, later and later, or the next one.
    pub fn failed(self, row: u64, now: UnixSeconds) -> Self {
        let failures = self.failures + 1;
        if failures >= MAX_FAILURES {
            return Self { sequence: row, failures: 0, due_at: None };
        }
        let wait = Lifetime::from_seconds(10 << failures);
        Self { failures, due_at: Some(now.plus(wait)), ..self }
    }

    /// After everything up to the row was told.
    pub const fn told(row: u64) -> Self {
        Self { sequence: row, failures: 0, due_at: None }
    }

    /// Whether it is time to go on.
    pub fn is_due(&self, now: UnixSeconds) -> bool {
        self.due_at.is_none_or(|due| due <= now)
    }
}

/// `*`, `prefix.*`, or the name of a kind.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EventPattern(String);

impl EventPattern {
    /// Reads a pattern; `None` for one that no event can match.
    pub fn parse(text: &str) -> Option<Self> {
        let pattern = Self(text.into());
        KINDS.iter().any(|kind| pattern.matches(kind.name)).then_some(pattern)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some("") => true,
            Some(prefix) => prefix.ends_with('.') && name.starts_with(prefix),
            None => self.0 == name,
        }
    }
}

/// Whose events a webhook is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Target {
    /// Those of the members of a group.
    Group(GroupId),
    /// Those of one account.
    User(UserId),
}

impl Webhook {
    /// Whether it matters which groups an event's account belongs to.
    pub fn names_groups(&self) -> bool {
        let is_group = |target: &Target| matches!(target, Target::Group(_));
        self.targets.as_ref().is_some_and(|targets| targets.iter().any(is_group))
    }

    /// Whether it wants to be told about an event. `groups` are those that the event's account belongs to.
    pub fn wants(&self, event: &Event, groups: &[GroupId]) -> bool {
        if !self.names(event) {
            return false;
        }
        match (&self.targets, event.user()) {
            (None, _) => true,
            (Some(targets), None) => targets.is_empty(),
            (Some(targets), Some(user)) => targets.iter().any(|target| match target {
                Target::Group(group) => groups.contains(group),
                Target::User(target) => *target == user,
            }),
        }
    }

    /// Whether it wants to be told about events of that kind, if they are of the right people.
    pub fn names(&self, event: &Event) -> bool {
        self.events.iter().any(|pattern| pattern.matches(event.kind.name))
    }
}

/// The keys under which each webhook has a secret of its own, which nobody has to store.
#[derive(Clone, Debug)]
pub struct WebhookKeys {
    current: Secret<[u8; 32]>,
    previous: Option<Secret<[u8; 32]>>,
}

impl WebhookKeys {
    /// Keys of the current root, and of the one it replaces: receivers have until that is dropped to learn their new
    /// secret.
    pub fn new(current: &RootSecret, previous: Option<&RootSecret>) -> Self {
        let derive = |root: &RootSecret| root.derive("portico/webhook/v1");
        Self { current: derive(current), previous: previous.map(derive) }
    }

    /// What a webhook checks our signatures with, as administrators see it: `whsec_` and base64.
    pub fn secret_of(&self, webhook: &str) -> Secret<String> {
        Secret::new(format!("whsec_{}", STANDARD.encode(key_of(&self.current, webhook))))
    }

    /// The signatures of what a webhook is told, one for each key: HMAC-SHA256 of `id.timestamp.body` (Standard Webhooks
    /// 1.0.0).
    pub fn sign(&self, webhook: &str, event: EventId, at: UnixSeconds, body: &str) -> String {
        let message = format!("{event}.{}.{body}", at.get());
        let signature = |key: &Secret<[u8; 32]>| {
            format!("v1,{}", STANDARD.encode(mac(&key_of(key, webhook), message.as_bytes())))
        };
        let signatures: Vec<_> =
            [Some(&self.current), self.previous.as_ref()].into_iter().flatten().map(signature).collect();
        signatures.join(" ")
    }
}

fn key_of(key: &Secret<[u8; 32]>, webhook: &str) -> [u8; 32] {
    mac(key.expose_secret(), webhook.as_bytes())
}

fn mac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.chain_update(message).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        audit::{AuditAction, AuditOutcome, AuditRow},
        id::AuditId,
    };
    use alloc::string::ToString as _;

    const ANN: &str = "00000000-0000-4000-8000-000000000001";

    fn event(action: AuditAction, actor: Option<&str>) -> Event {
        let row = AuditRow {
            sequence: 1,
            id: AuditId::from_bytes([7; 16]),
            at: UnixSeconds::new(1),
            actor: actor.map(str::to_string),
            target: None,
            action: action.as_str().to_string(),
            outcome: AuditOutcome::Success.as_str().to_string(),
            network: String::new(),
            user_agent: String::new(),
            request_id: String::new(),
            detail: Some(r#"{"USER_PERMISSIONS":{}}"#.to_string()),
        };
        Event::told_by(&row).remove(0)
    }

    fn webhook(pattern: &str, targets: Option<Vec<Target>>) -> Webhook {
        Webhook {
            id: DEFAULT_ID.to_string(),
            name: String::new(),
            url: None,
            enabled: true,
            events: Vec::from([EventPattern::parse(pattern).unwrap()]),
            targets,
            created_at: UnixSeconds::new(1),
            updated_at: UnixSeconds::new(1),
        }
    }

    #[test]
    fn a_pattern_names_a_kind_a_prefix_or_everything() {
        let login = event(AuditAction::SignIn, Some(ANN));
        for (pattern, wanted) in
            [("*", true), ("auth.*", true), ("auth.login", true), ("auth.mfa.*", false), ("user.*", false)]
        {
            assert_eq!(webhook(pattern, None).wants(&login, &[]), wanted, "{pattern}");
        }
        for nonsense in ["", "auth", "auth*", "auth.", "auth.unknown", "**", "nothing.*", "*.login"] {
            assert_eq!(EventPattern::parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn targets_say_whose_events() {
        let (ann, group) = (UserId::parse(ANN).unwrap(), GroupId::parse(ANN).unwrap());
        let (hers, nobodys) =
            (event(AuditAction::SignIn, Some(ANN)), event(AuditAction::ChangeSettings, Some(ANN)));
        for (targets, of_hers, of_nobodys) in [
            (None, true, true),
            (Some(Vec::new()), false, true),
            (Some(Vec::from([Target::User(ann)])), true, false),
            (Some(Vec::from([Target::User(UserId::from_bytes([1; 16]))])), false, false),
            (Some(Vec::from([Target::Group(group)])), true, false),
        ] {
            let webhook = webhook("*", targets);
            assert_eq!(webhook.wants(&hers, &[group]), of_hers, "{:?}", webhook.targets);
            assert_eq!(webhook.wants(&nobodys, &[]), of_nobodys, "{:?}", webhook.targets);
        }
    }

    #[test]
    fn telling_in_vain_is_tried_later_and_later_and_not_for_ever() {
        /* FT-15 */
        let now = UnixSeconds::new(1_000);
        let mut delivery = Delivery::told(4);
        let mut waits = Vec::new();
        for _ in 1..MAX_FAILURES {
            delivery = delivery.failed(5, now);
            assert_eq!(delivery.sequence, 4);
            let due = delivery.due_at.unwrap();
            assert!(!delivery.is_due(now) && delivery.is_due(due));
            waits.push(due.since(now).seconds());
        }
        assert_eq!(waits, [20, 40, 80, 160, 320, 640, 1_280, 2_560]);
        assert_eq!(delivery.failed(5, now), Delivery::told(5));
    }

    #[test]
    fn a_signature_is_that_of_standard_webhooks_and_each_has_its_own_secret() {
        let root = RootSecret::parse("a root secret of thirty-two bytes").unwrap();
        let key = WebhookKeys::new(&root, None);
        let (id, at, body) = (EventId::from_hash([1; 16]), UnixSeconds::new(1_674_087_231), "{}");
        let secret = key.secret_of("one");
        let bytes = STANDARD.decode(secret.expose_secret().strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&bytes).unwrap();
        mac.update(format!("{id}.1674087231.{body}").as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(key.sign("one", id, at, body), expected);
        assert_ne!(key.sign("two", id, at, body), expected);
        let next = RootSecret::parse("the next root of thirty-two bytes").unwrap();
        let both = WebhookKeys::new(&next, Some(&root)).sign("one", id, at, body);
        assert_eq!(both, format!("{} {expected}", WebhookKeys::new(&next, None).sign("one", id, at, body)));
    }
}
