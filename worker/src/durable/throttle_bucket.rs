//! One object for each throttle bucket: the attempts that still count. An object processes one
//! request at a time, so N parallel guesses spend N units (TH-01), and its writes are durable before
//! its answer leaves (FT-07).
//!
//! An alarm empties the object when nothing counts any more.

use core::time::Duration;

use portico_core::{
    throttle::{Limit, Spent},
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};
use worker::{Env, Response, Result, State, durable_object, wasm_bindgen};

use super::reply;
use crate::store::Attempts;

/// What the store asks.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Request {
    /// Check and spend one attempt.
    Spend {
        /// The bucket's limit.
        limit: Limit,
        /// The request's instant.
        now: UnixSeconds,
    },
    /// Forget all attempts.
    Reset,
}

/// One throttle bucket.
#[durable_object(alarm)]
pub struct ThrottleBucket {
    state: State,
}

impl core::fmt::Debug for ThrottleBucket {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("ThrottleBucket").finish_non_exhaustive()
    }
}

impl worker::DurableObject for ThrottleBucket {
    fn new(state: State, _: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, mut request: worker::Request) -> Result<Response> {
        match serde_json::from_str(&request.text().await?)? {
            Request::Spend { limit, now } => {
                let spent = self.spend(limit, now)?;
                // Each grant pushes the clean-up to the end of its own window.
                if spent == Spent::Granted {
                    self.state.storage().set_alarm(Duration::from_secs(limit.window.seconds() + 1)).await?;
                }
                reply(&spent)
            }
            Request::Reset => reply(&self.attempts()?.clear()?),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.state.storage().delete_all().await?;
        Response::empty()
    }
}

impl ThrottleBucket {
    /// The table is opened for each request: a bucket gets few, and an alarm may have removed it.
    fn attempts(&self) -> Result<Attempts> {
        Attempts::open(self.state.storage().sql())
    }

    /// Reads, decides and writes without an await between, so that no other request gets in.
    fn spend(&self, limit: Limit, now: UnixSeconds) -> Result<Spent> {
        let attempts = self.attempts()?;
        let mut window = attempts.window()?;
        let spent = window.spend(limit, now);
        if spent == Spent::Granted {
            attempts.keep_latest_of(&window)?;
        }
        Ok(spent)
    }
}
