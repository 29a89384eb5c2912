//! The ports in memory, for tests: same outcomes as the real ones, which one contract suite checks.
//!
//! Single-threaded and deterministic: the random source is a counter under SHA-256.

mod sessions;
mod throttles;
mod users;

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::cell::{Cell, RefCell};

use sha2::{Digest as _, Sha256};

use crate::{
    audit::AuditEvent,
    id::UserId,
    jwt::{Algorithm, PrivateKey, PublicKey, RustSignatures},
    password::{Cost, HASH_BYTES, PasswordHash, Progress, Workspace},
    ports::{AuditLog, BreachList, Entropy, Hashing, Instance, InstanceState, PortError, Signatures},
    secret::Secret,
    session::Book,
    throttle::{AccountThrottle, Fallback, Window},
    user::Role,
};

/// All ports on plain maps.
#[derive(Debug, Default)]
pub struct Memory {
    users: RefCell<users::UserTable>,
    books: RefCell<BTreeMap<UserId, Book>>,
    accounts: RefCell<BTreeMap<String, AccountThrottle>>,
    windows: RefCell<BTreeMap<String, Window>>,
    fallback: RefCell<Fallback>,
    audit: RefCell<Vec<AuditEvent>>,
    random_blocks: Cell<u64>,
    breached: RefCell<String>,
    workspace: RefCell<Workspace>,
    hashes: Cell<u64>,
    broken: RefCell<BTreeSet<&'static str>>,
}

impl Memory {
    /// Lets every call to a port fail from now on: `audit`, `breach list`, `entropy`, `hashing`, `instance`, `sessions`,
    /// `signatures`, `throttles` or `users`.
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

    /// Changes an account's role behind Portico's back.
    pub fn set_role(&self, email: &str, role: Role) {
        if let Some(row) = self.users.borrow_mut().find_mut(email) {
            row.user.role = role;
        }
    }

    /// Stores a hash behind Portico's back, as an import does.
    pub fn set_password_hash(&self, email: &str, hash: PasswordHash) {
        if let Some(row) = self.users.borrow_mut().find_mut(email) {
            row.password_hash = hash;
        }
    }

    /// The hash that is stored for an account.
    pub fn password_hash(&self, email: &str) -> Option<PasswordHash> {
        self.users.borrow().find(email).map(|row| row.password_hash.clone())
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
        self.audit.borrow_mut().push(event);
        Ok(())
    }
}

impl Instance for Memory {
    async fn instance_state(&self) -> Result<InstanceState, PortError> {
        self.reach("instance")?;
        Ok(self.users.borrow().instance_state())
    }
}
