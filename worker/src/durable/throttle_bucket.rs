//! One object for each throttle bucket. An object takes one step at a time, so N parallel guesses spend
//! N units (TH-01), and its writes are durable before its answer leaves (FT-07).
//!
//! One more of them remembers which servers of directories failed lately.
//!
//! What it stores is described in `store/bucket_table.rs`. An alarm empties the object when nothing
//! counts any more.

use alloc::rc::Rc;
use core::{cell::Cell, time::Duration};

use portico_core::{
    ldap::{Server, ServerHealth},
    network::Network,
    throttle::{AccountThrottle, Limit, Window},
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wasm_bindgen_futures::{future_to_promise, js_sys::Promise};
use worker::{Env, Result, durable::State, worker_sys::DurableObjectState};

use super::{answer, parsed};
use crate::{platform, store::BucketTable};

/// What the store asks. An object is asked the questions of one kind of bucket only.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Question {
    /// An attempt to sign in to the account succeeded.
    AccountSettle { network: Network, now: UnixSeconds },
    /// Check and spend an attempt to sign in to the account.
    AccountSpend { network: Network, now: UnixSeconds },
    /// A server of a directory is well, or failed.
    NoteServer { server: Server, is_well: bool, now: UnixSeconds },
    /// Which servers of directories failed lately.
    ServerHealth,
    /// The latest attempt is taken back.
    GiveBack,
    /// Check and spend one attempt, and tell what is left.
    Meter { limit: Limit, now: UnixSeconds },
    /// Check and spend one attempt.
    Spend { limit: Limit, subject: Option<u64>, now: UnixSeconds },
}

/// What is stored.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Bucket {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<AccountThrottle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<(Window, Limit)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    servers: Option<ServerHealth>,
}

impl Bucket {
    fn forgotten_at(&self) -> Option<UnixSeconds> {
        let account = self.account.as_ref().and_then(AccountThrottle::forgotten_at);
        let window = self.window.as_ref().and_then(|(window, limit)| window.empty_at(*limit));
        account.max(window).max(self.servers.as_ref().and_then(ServerHealth::forgotten_at))
    }
}

/// One throttle bucket, as the JavaScript half constructs it.
#[wasm_bindgen]
pub struct ThrottleBucket {
    state: Rc<State>,
    /// Whether an alarm is known to be set.
    alarm: Rc<Cell<bool>>,
}

#[wasm_bindgen]
impl ThrottleBucket {
    /// One object, when the runtime wakes it up.
    #[wasm_bindgen(constructor)]
    pub fn new(state: DurableObjectState, _env: Env) -> Self {
        Self { state: Rc::new(State::from(state)), alarm: Rc::default() }
    }

    /// Answers a question. Reads, decides and writes without an await between,
    /// so that no other question gets in.
    ///
    /// # Errors
    /// When the question makes no sense or the store fails; the caller sees a failing object.
    pub fn answer(&self, question: &str) -> core::result::Result<JsValue, JsValue> {
        // Read for each question: a bucket gets few, and an alarm may have emptied it.
        let table = BucketTable::open(self.state.storage().sql())?;
        let mut bucket: Bucket = table.read()?;
        let answered = match parsed(question)? {
            Question::AccountSettle { network, now } => {
                answer(&bucket.account.get_or_insert_default().succeed(&network, now))
            }
            Question::AccountSpend { network, now } => {
                answer(&bucket.account.get_or_insert_default().spend(&network, now))
            }
            Question::NoteServer { server, is_well, now } => {
                let servers = bucket.servers.get_or_insert_default();
                servers.note(&server, is_well, now);
                answer(servers)
            }
            // Nothing has changed, so nothing is written.
            Question::ServerHealth => return answer(&bucket.servers.unwrap_or_default()),
            Question::GiveBack => answer(&bucket.window.as_mut().map(|(window, _)| window.give_back())),
            Question::Meter { limit, now } => {
                let (window, of) = bucket.window.get_or_insert_with(|| (Window::default(), limit));
                *of = limit;
                answer(&window.meter(limit, now))
            }
            Question::Spend { limit, subject, now } => {
                let (window, of) = bucket.window.get_or_insert_with(|| (Window::default(), limit));
                *of = limit;
                answer(&window.spend_on(limit, subject, now))
            }
        }?;
        table.write(&bucket)?;
        if self.alarm.get() {
            return Ok(answered);
        }
        let (state, alarm) = (Rc::clone(&self.state), Rc::clone(&self.alarm));
        Ok(future_to_promise(async move {
            if state.storage().get_alarm().await?.is_none() {
                set_alarm(&state, &bucket).await?;
            }
            alarm.set(true);
            Ok(answered)
        })
        .into())
    }

    /// Empties the object once nothing in it counts; until then comes again.
    pub fn alarm(&self) -> Promise {
        let (state, alarm) = (Rc::clone(&self.state), Rc::clone(&self.alarm));
        alarm.set(false);
        future_to_promise(async move {
            let bucket: Bucket = BucketTable::open(state.storage().sql())?.read()?;
            if bucket.forgotten_at().is_some_and(|at| platform::now() < at) {
                set_alarm(&state, &bucket).await?;
            } else {
                state.storage().delete_all().await?;
            }
            Ok(JsValue::UNDEFINED)
        })
    }
}

impl core::fmt::Debug for ThrottleBucket {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("ThrottleBucket").finish_non_exhaustive()
    }
}

async fn set_alarm(state: &State, bucket: &Bucket) -> Result<()> {
    let now = platform::now();
    let seconds = bucket.forgotten_at().unwrap_or(now).since(now).seconds() + 1;
    state.storage().set_alarm(Duration::from_secs(seconds)).await
}
