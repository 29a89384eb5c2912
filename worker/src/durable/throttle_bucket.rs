//! One object for each throttle bucket: the attempts that still count. An object processes one
//! request at a time, so N parallel guesses spend N units (TH-01), and its writes are durable before
//! its answer leaves (FT-07).
//!
//! Table: `attempts(at)`, Unix seconds. An alarm empties the object when nothing counts any more.

use core::{cell::Cell, time::Duration};

use portico_core::{
    throttle::{Limit, Spent, Window},
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};
use worker::{Env, Response, Result, SqlStorage, State, durable_object, wasm_bindgen};

use super::reply;

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS attempts (at INTEGER NOT NULL) STRICT;";

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
    has_schema: Cell<bool>,
}

impl core::fmt::Debug for ThrottleBucket {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("ThrottleBucket").finish_non_exhaustive()
    }
}

impl worker::DurableObject for ThrottleBucket {
    fn new(state: State, _: Env) -> Self {
        Self { state, has_schema: Cell::new(false) }
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
            Request::Reset => {
                self.sql()?.exec("DELETE FROM attempts", None)?;
                reply(&())
            }
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.has_schema.set(false);
        self.state.storage().delete_all().await?;
        Response::empty()
    }
}

impl ThrottleBucket {
    fn sql(&self) -> Result<SqlStorage> {
        let sql = self.state.storage().sql();
        if !self.has_schema.get() {
            sql.exec(SCHEMA, None)?;
            self.has_schema.set(true);
        }
        Ok(sql)
    }

    /// Reads, decides and writes without an await between, so that no other request gets in.
    fn spend(&self, limit: Limit, now: UnixSeconds) -> Result<Spent> {
        #[derive(Deserialize)]
        struct Row {
            at: i64,
        }
        let sql = self.sql()?;
        let rows: Vec<Row> = sql.exec("SELECT at FROM attempts", None)?.to_array()?;
        let mut window = Window::of(rows.into_iter().map(|row| UnixSeconds::new(row.at)).collect());
        let spent = window.spend(limit, now);
        if spent == Spent::Granted {
            let (first, last) = (window.attempts().first(), window.attempts().last());
            if let (Some(oldest), Some(latest)) = (first, last) {
                sql.exec("DELETE FROM attempts WHERE at < ?", Some(vec![oldest.get().into()]))?;
                sql.exec("INSERT INTO attempts (at) VALUES (?)", Some(vec![latest.get().into()]))?;
            }
        }
        Ok(spent)
    }
}
