//! KV as a cache: never the truth, and a failing cache is no cache (FT-08). Whoever reads it decides by its age whether
//! it still counts.
//!
//! Keys: `settings/v1`, the JSON of [`Aged`].

use portico_core::{settings::StoredSettings, time::UnixSeconds};
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
