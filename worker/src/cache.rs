//! KV as a cache: never the truth, never older than a minute, and a failing cache is no cache (FT-08).
//!
//! Keys: `instance-state/v1`, the JSON of [`CachedState`], written only once the deployment has users;
//! before that every answer comes from D1, so that the first sign-up shows at once.

use portico_core::ports::InstanceState;
use serde::{Deserialize, Serialize};
use worker::kv::KvStore;

const INSTANCE_STATE: &str = "instance-state/v1";

/// Seconds; the shortest lifetime KV has, and the longest delay AD-08 allows.
const LIFETIME_SECONDS: u64 = 60;

#[derive(Debug, Deserialize, Serialize)]
struct CachedState {
    sign_up_enabled: Option<bool>,
}

/// The cached state, if there is one.
pub(crate) async fn instance_state(kv: &KvStore) -> Option<InstanceState> {
    let cached: CachedState = kv.get(INSTANCE_STATE).json().await.ok()??;
    Some(InstanceState { has_users: true, sign_up_enabled: cached.sign_up_enabled })
}

/// Keeps a state that was just read, unless it is the empty deployment's.
pub(crate) async fn keep_instance_state(kv: &KvStore, state: InstanceState) {
    if !state.has_users {
        return;
    }
    let cached = CachedState { sign_up_enabled: state.sign_up_enabled };
    if let Ok(put) = serde_json::to_string(&cached)
        .map_err(|_| ())
        .and_then(|json| kv.put(INSTANCE_STATE, json).map_err(|_| ()))
    {
        // A cache that could not be written is read from D1 again; nothing depends on it.
        let _ = put.expiration_ttl(LIFETIME_SECONDS).execute().await;
    }
}
