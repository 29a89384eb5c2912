//! The ports on D1, Durable Objects and KV, one file for each aggregate. All SQL stands here, that of
//! the tables inside the Durable Objects (`book_tables`, `bucket_table`) included.

#[macro_use]
mod row;

mod account;
mod api_keys;
mod arrivals;
mod audit_log;
mod batch;
mod book_tables;
mod bucket_table;
mod check_cache;
mod configuration;
mod directories;
mod groups;
mod identities;
mod integrations;
mod mail;
mod provider_sessions;
mod round_trips;
mod second_factors;
mod sessions;
mod throttles;
mod tickets;
mod user_records;
mod users;
mod webhooks;

use core::cell::OnceCell;

use portico_core::{
    jwt::{Algorithm, PrivateKey, PublicKey},
    password::{Cost, HASH_BYTES},
    ports::{
        BreachList, Entropy, Fetch, FetchRequest, Fetched, Hashing, KeptDocument, PortError,
        ProviderDocuments, Signatures,
    },
    secret::Secret,
    time::Lifetime,
};

pub(crate) use account::{ACTIVE_EVERY_SECONDS, StoredAccount, load_account, note_activity};
pub(crate) use audit_log::{mails_ordered, written};
pub(crate) use book_tables::BookTables;
pub(crate) use bucket_table::BucketTable;

use crate::{cache, platform};

/// Binding of the D1 database.
const DATABASE: &str = "DB";
/// Binding of the KV namespace.
const CACHE: &str = "CACHE";
/// Binding of the per-user session authority.
const SESSIONS: &str = "SESSIONS";
/// Binding of the throttle buckets.
const THROTTLES: &str = "THROTTLES";

/// All ports of the Worker.
#[derive(Clone, Debug)]
pub struct Store {
    env: worker::Env,
    /// For how long this isolate may use a positive answer of a session authority again.
    revocation_cache: Lifetime,
}

impl Store {
    /// The ports of an environment.
    pub fn new(env: &worker::Env, revocation_cache: Lifetime) -> Self {
        Self { env: env.clone(), revocation_cache }
    }

    /// The ports of this isolate, which keeps its environment for as long as it lives.
    pub fn of_isolate(env: &worker::Env, revocation_cache: Lifetime) -> &'static Self {
        thread_local! {
            static STORE: OnceCell<&'static Store> = const { OnceCell::new() };
        }
        STORE.with(|store| *store.get_or_init(|| Box::leak(Box::new(Self::new(env, revocation_cache)))))
    }

    fn database(&self) -> worker::Result<worker::D1Database> {
        database(&self.env)
    }
}

/// The database, for the session authority's snapshot as well.
pub(crate) fn database(env: &worker::Env) -> worker::Result<worker::D1Database> {
    env.d1(DATABASE)
}

impl Entropy for Store {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), PortError> {
        platform::fill(bytes)
    }
}

impl BreachList for Store {
    async fn breached(&self, list: &str, prefix: &str) -> Result<String, PortError> {
        platform::breached(list, prefix).await
    }
}

impl Fetch for Store {
    async fn fetch(&self, request: FetchRequest) -> Result<Fetched, PortError> {
        platform::fetch(&request).await
    }
}

impl ProviderDocuments for Store {
    async fn kept_document(&self, url: &str) -> Result<Option<KeptDocument>, PortError> {
        let kv = self.env.kv(CACHE).map_err(fault("provider documents"))?;
        Ok(cache::document(&kv, url).await)
    }

    async fn keep_document(&self, url: &str, document: &KeptDocument) -> Result<(), PortError> {
        let kv = self.env.kv(CACHE).map_err(fault("provider documents"))?;
        cache::keep_document(&kv, url, document).await;
        Ok(())
    }
}

impl Hashing for Store {
    async fn argon2id(
        &self,
        password: &[u8],
        salt: &[u8],
        cost: Cost,
    ) -> Result<Secret<[u8; HASH_BYTES]>, PortError> {
        platform::argon2id(password, salt, cost).await
    }
}

impl Signatures for Store {
    async fn verify_signature(
        &self,
        key: &PublicKey,
        algorithm: Algorithm,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, PortError> {
        platform::WebCrypto.verify_signature(key, algorithm, input, signature).await
    }

    async fn sign(&self, key: &PrivateKey, input: &[u8]) -> Result<Vec<u8>, PortError> {
        platform::WebCrypto.sign(key, input).await
    }
}

/// Turns the platform's error into a port's, and writes it to the log: the one place that sees it.
fn fault(port: &'static str) -> impl Fn(worker::Error) -> PortError {
    move |error| {
        let error = PortError { port, detail: error.to_string() };
        worker::console_error!("{error}");
        error
    }
}
