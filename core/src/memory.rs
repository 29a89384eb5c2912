//! The ports in memory, for tests: same outcomes as the real ones, which one contract suite checks.
//!
//! Single-threaded and deterministic: the random source is a counter under SHA-256.

mod api_keys;
mod configuration;
mod directories;
mod fetch;
mod groups;
mod identities;
mod integrations;
mod mail;
mod second_factors;
mod sessions;
mod throttles;
mod tickets;
mod user_records;
mod users;
mod webhooks;

pub use directories::{Heard, Reaction, ScriptedConnection};

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::cell::{Cell, RefCell};

use sha2::{Digest as _, Sha256};

use crate::{
    api_key::StoredApiKey,
    audit::{AuditEvent, AuditRow},
    id::UserId,
    jwt::{Algorithm, PrivateKey, PublicKey, RustSignatures},
    oauth::{IntegrationId, StoredIntegration, flight::Flights},
    password::{Cost, HASH_BYTES, PasswordHash, Progress, Workspace},
    ports::{
        AuditLog, AuditQuery, BreachList, DocumentKind, Entropy, FetchRequest, Hashing, KeptDocument,
        Message, PortError, Signatures, StoredFactor,
    },
    secret::Secret,
    session::Book,
    settings::StoredSetting,
    throttle::{AccountThrottle, Fallback, Window},
    time::UnixSeconds,
    user::{Account, Role},
    webhook::{Delivery, Webhook},
};

/// All ports on plain maps.
#[derive(Debug, Default)]
pub struct Memory {
    users: RefCell<users::UserTable>,
    books: RefCell<BTreeMap<UserId, Book>>,
    accounts: RefCell<BTreeMap<String, AccountThrottle>>,
    windows: RefCell<BTreeMap<String, Window>>,
    fallback: RefCell<Fallback>,
    flights: Flights,
    integrations: RefCell<BTreeMap<IntegrationId, StoredIntegration>>,
    audit: RefCell<Vec<AuditEvent>>,
    /// How many events were taken out at the beginning.
    expired: Cell<usize>,
    mail: RefCell<mail::MailTable>,
    tickets: RefCell<tickets::TicketTable>,
    webhooks: RefCell<BTreeMap<String, Option<(Webhook, Delivery)>>>,
    posted: RefCell<Vec<Message>>,
    directories: directories::DirectoryTable,
    answers: RefCell<fetch::Answers>,
    documents_of_providers: RefCell<BTreeMap<String, KeptDocument>>,
    fetched: RefCell<Vec<FetchRequest>>,
    settings: RefCell<BTreeMap<String, StoredSetting>>,
    groups: RefCell<groups::GroupTable>,
    identities: RefCell<identities::IdentityTable>,
    api_keys: RefCell<BTreeMap<UserId, StoredApiKey>>,
    factors: RefCell<BTreeMap<UserId, StoredFactor>>,
    documents: RefCell<BTreeMap<(UserId, DocumentKind), String>>,
    random_blocks: Cell<u64>,
    breached: RefCell<String>,
    workspace: RefCell<Workspace>,
    hashes: Cell<u64>,
    broken: RefCell<BTreeSet<&'static str>>,
}

impl Memory {
    /// Lets every call to a port fail from now on: `api keys`, `audit`, `breach list`, `directories`,
    /// `entropy`, `fetch`, `groups`, `hashing`, `identities`, `mail`, `mail server`, `outbound`, `provider documents`, `round trips`, `second factors`, `sessions`, `settings`,
    /// `signatures`, `throttles`, `tickets`, `user records`, `users` or `webhooks`.
    pub fn break_port(&self, port: &'static str) {
        self.broken.borrow_mut().insert(port);
    }

    /// Lets the port work again.
    pub fn mend_port(&self, port: &'static str) {
        self.broken.borrow_mut().remove(port);
    }

    /// The audit log so far, oldest first.
    pub fn audit_events(&self) -> Vec<AuditEvent> {
        self.audit.borrow().clone()
    }

    /// What the list of breached passwords answers to every question from now on.
    pub fn set_breached(&self, answer: &str) {
        *self.breached.borrow_mut() = answer.to_string();
    }

    /// How many password hashes have been computed.
    pub fn hashes(&self) -> u64 {
        self.hashes.get()
    }

    /// Deletes an account behind Portico's back.
    pub fn delete_user(&self, email: &str) {
        self.users.borrow_mut().delete(email);
    }

    /// Stores a setting behind Portico's back: JSON.
    pub fn set_setting(&self, name: &str, value: &str) {
        self.store_setting(name, value);
    }

    /// Changes an account's role behind Portico's back.
    pub fn set_role(&self, email: &str, role: Role) {
        if let Some(row) = self.users.borrow_mut().find_mut(email) {
            row.user.role = role;
        }
    }

    /// Stores a hash behind Portico's back, as an import does.
    pub fn set_password_hash(&self, email: &str, hash: PasswordHash) {
        if let Some(row) = self.users.borrow_mut().find_mut(email) {
            row.password_hash = Some(hash);
        }
    }

    /// The hash that is stored for an account.
    pub fn password_hash(&self, email: &str) -> Option<PasswordHash> {
        self.users.borrow().find(email).and_then(|row| row.password_hash.clone())
    }

    /// The account, its credential's version and what its groups grant.
    fn account(&self, user: UserId) -> Option<Account> {
        let grants = self.groups.borrow().grants_of(user);
        self.users.borrow().account(user, grants)
    }

    fn reach(&self, port: &'static str) -> Result<(), PortError> {
        if self.broken.borrow().contains(port) {
            return Err(PortError { port, detail: "broken on purpose".to_string() });
        }
        Ok(())
    }
}

impl Entropy for Memory {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), PortError> {
        self.reach("entropy")?;
        for chunk in bytes.chunks_mut(32) {
            let block = self.random_blocks.get();
            self.random_blocks.set(block + 1);
            let random = Sha256::digest(format!("portico/memory/{block}"));
            for (byte, random) in chunk.iter_mut().zip(random) {
                *byte = random;
            }
        }
        Ok(())
    }
}

impl BreachList for Memory {
    async fn breached(&self, _: &str, _: &str) -> Result<String, PortError> {
        self.reach("breach list")?;
        Ok(self.breached.borrow().clone())
    }
}

impl Hashing for Memory {
    async fn argon2id(
        &self,
        password: &[u8],
        salt: &[u8],
        cost: Cost,
    ) -> Result<Secret<[u8; HASH_BYTES]>, PortError> {
        self.reach("hashing")?;
        self.hashes.set(self.hashes.get() + 1);
        let mut workspace = self.workspace.borrow_mut();
        let mut job = workspace.begin(password, salt, cost);
        loop {
            if let Progress::Done(hash) = workspace.advance(&mut job) {
                return Ok(hash);
            }
        }
    }
}

impl Signatures for Memory {
    async fn verify_signature(
        &self,
        key: &PublicKey,
        algorithm: Algorithm,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, PortError> {
        self.reach("signatures")?;
        RustSignatures.verify_signature(key, algorithm, input, signature).await
    }

    async fn sign(&self, key: &PrivateKey, input: &[u8]) -> Result<Vec<u8>, PortError> {
        self.reach("signatures")?;
        RustSignatures.sign(key, input).await
    }
}

impl AuditLog for Memory {
    async fn append(&self, event: AuditEvent) -> Result<(), PortError> {
        self.reach("audit")?;
        let mut events = self.audit.borrow_mut();
        if !events.iter().any(|known| known.id == event.id) {
            events.push(event);
        }
        Ok(())
    }

    async fn list_events(&self, query: AuditQuery) -> Result<Vec<AuditRow>, PortError> {
        self.reach("audit")?;
        let events = self.audit.borrow();
        let before = query.before.and_then(|id| events.iter().position(|event| event.id == id));
        let about = query.about.map(|user| user.to_string());
        let is_about = |event: &&AuditEvent| {
            about.is_none() || event.actor.map(|actor| actor.to_string()) == about || event.target == about
        };
        let earlier = events.iter().enumerate().take(before.unwrap_or(events.len())).rev();
        let rows = earlier.filter(|(_, event)| is_about(event)).take(query.limit as usize);
        Ok(rows.map(|(place, event)| self.row(place, event)).collect())
    }

    async fn events_after(&self, sequence: u64, limit: u32) -> Result<Vec<AuditRow>, PortError> {
        self.reach("audit")?;
        let events = self.audit.borrow();
        let rows = events.iter().enumerate().map(|(place, event)| self.row(place, event));
        Ok(rows.filter(|row| row.sequence > sequence).take(limit as usize).collect())
    }

    async fn expire_events(
        &self,
        before: UnixSeconds,
        limit: u32,
        event: AuditEvent,
    ) -> Result<(), PortError> {
        self.reach("audit")?;
        let mut events = self.audit.borrow_mut();
        let old = events.iter().take_while(|event| event.at < before).count().min(limit as usize);
        if old > 0 {
            events.drain(..old);
            self.expired.set(self.expired.get() + old);
            events.push(event);
        }
        Ok(())
    }
}

impl Memory {
    fn row(&self, place: usize, event: &AuditEvent) -> AuditRow {
        let sequence = u64::try_from(self.expired.get() + place + 1).unwrap_or(u64::MAX);
        AuditRow { sequence, ..row(event) }
    }
}

fn row(event: &AuditEvent) -> AuditRow {
    AuditRow {
        sequence: 0,
        id: event.id,
        at: event.at,
        actor: event.actor.map(|actor| actor.to_string()),
        target: event.target.clone(),
        action: event.action.as_str().into(),
        outcome: event.outcome.as_str().into(),
        network: event.network.clone(),
        user_agent: event.user_agent.clone(),
        request_id: event.request_id.clone(),
        detail: event.detail.clone(),
    }
}
