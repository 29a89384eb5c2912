//! KV as a cache: never the truth, and a failing cache is no cache (FT-08). Whoever reads it decides by its age whether
//! it still counts.
//!
//! Keys: `settings/v1`, the JSON of [`Aged`]; `provider/v1/<address>`, the JSON of [`Document`].

use alloc::collections::BTreeMap;
use core::cell::RefCell;

use portico_core::{ports::KeptDocument, settings::StoredSettings, time::UnixSeconds};
use serde::{Deserialize, Serialize};
use worker::kv::KvStore;

const SETTINGS: &str = "settings/v1";

/// Seconds; the shortest lifetime KV has.
const LIFETIME_SECONDS: u64 = 60;

/// The settings as they were stored at some moment. Secrets among them are in their envelopes.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Aged {
    /// What was stored.
    pub(crate) settings: StoredSettings,
    /// No later than when it was read.
    pub(crate) read_at: UnixSeconds,
}

/// The cached settings, if there are any.
pub(crate) async fn settings(kv: &KvStore) -> Option<Aged> {
    kv.get(SETTINGS).json().await.ok()?
}

/// Keeps settings that were just read.
pub(crate) async fn keep_settings(kv: &KvStore, aged: &Aged) {
    if let Ok(put) =
        serde_json::to_string(aged).map_err(|_| ()).and_then(|json| kv.put(SETTINGS, json).map_err(|_| ()))
    {
        // A cache that could not be written is read from D1 again; nothing depends on it.
        let _ = put.expiration_ttl(LIFETIME_SECONDS).execute().await;
    }
}

/// Documents of providers that an isolate keeps for itself, at most.
const KEPT_DOCUMENTS: usize = 32;

/// Longest name of a key, in bytes.
const MAX_KEY_BYTES: usize = 512;

/// Seconds that a document is kept: as long as anybody believes one (OA-06).
const DOCUMENT_SECONDS: u64 = 7 * 86_400;

thread_local! {
    static DOCUMENTS: RefCell<BTreeMap<String, KeptDocument>> = const { RefCell::new(BTreeMap::new()) };
}

#[derive(Debug, Deserialize, Serialize)]
struct Document {
    body: String,
    tried_at: UnixSeconds,
    fetched_at: UnixSeconds,
}

/// What is kept of a provider's address.
pub(crate) async fn document(kv: &KvStore, url: &str) -> Option<KeptDocument> {
    if let Some(known) = DOCUMENTS.with_borrow(|known| known.get(url).cloned()) {
        return Some(known);
    }
    let Document { body, tried_at, fetched_at } = kv.get(&document_key(url)?).json().await.ok()??;
    let document = KeptDocument { body, tried_at, fetched_at };
    remember(url, &document);
    Some(document)
}

/// Keeps what came from a provider's address.
pub(crate) async fn keep_document(kv: &KvStore, url: &str, document: &KeptDocument) {
    remember(url, document);
    let KeptDocument { body, tried_at, fetched_at } = document.clone();
    let json = serde_json::to_string(&Document { body, tried_at, fetched_at });
    if let (Some(key), Ok(json)) = (document_key(url), json)
        && let Ok(put) = kv.put(&key, json)
    {
        // What could not be kept is asked for again.
        let _ = put.expiration_ttl(DOCUMENT_SECONDS).execute().await;
    }
}

fn document_key(url: &str) -> Option<String> {
    Some(format!("provider/v1/{url}")).filter(|key| key.len() <= MAX_KEY_BYTES)
}

fn remember(url: &str, document: &KeptDocument) {
    DOCUMENTS.with_borrow_mut(|known| {
        if known.len() >= KEPT_DOCUMENTS {
            known.clear();
        }
        known.insert(url.to_string(), document.clone());
    });
}
