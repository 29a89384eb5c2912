//! One object for each user: the sessions that are alive, and the generation they belong to.
//!
//! A session is alive exactly while its row exists; whatever ends it deletes the row. So nothing has
//! to be remembered about ended sessions, and a lost row can only refuse (TK-15, TK-17).
//!
//! Tables: `authority(stamp)`, one row; `sessions(id, method, created_at, last_seen_at, expires_at,
//! network, user_agent)`, times in Unix seconds.

use core::cell::{Cell, RefCell};

use portico_core::{
    id::{SessionId, SessionStamp, UserId},
    session::{NewSession, SNAPSHOT_LIFETIME, SessionCheck, SessionProof, is_alive},
    time::{Lifetime, UnixSeconds},
    user::User,
};
use serde::{Deserialize, Serialize};
use worker::{Env, Response, Result, SqlStorage, SqlStorageValue, State, durable_object, wasm_bindgen};

use super::reply;
use crate::store;

/// How often a session's last sign of life is written down.
const SEEN_EVERY: Lifetime = Lifetime::from_minutes(1);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS authority (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        stamp TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sessions (
        id TEXT PRIMARY KEY,
        method TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        last_seen_at INTEGER NOT NULL,
        expires_at INTEGER,
        network TEXT NOT NULL,
        user_agent TEXT NOT NULL
    ) STRICT;";

/// What the store asks.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Request {
    /// Record a session. `stamp` becomes the generation if the user has none yet.
    Open {
        /// The session.
        session: NewSession,
        /// Random.
        stamp: SessionStamp,
    },
    /// Is this session alive?
    Check {
        /// What the token claims.
        proof: SessionProof,
        /// The request's instant.
        now: UnixSeconds,
    },
    /// End a session.
    End {
        /// Which one.
        session_id: SessionId,
    },
}

/// The answer to [`Request::Open`].
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Opened {
    pub(crate) stamp: SessionStamp,
}

/// The authority over one user's sessions.
#[durable_object]
pub struct SessionAuthority {
    state: State,
    env: Env,
    has_schema: Cell<bool>,
    /// The account as of some seconds ago, so that a check of a warm object reads no D1.
    snapshot: RefCell<Option<(User, UnixSeconds)>>,
}

impl core::fmt::Debug for SessionAuthority {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("SessionAuthority").finish_non_exhaustive()
    }
}

impl worker::DurableObject for SessionAuthority {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, has_schema: Cell::new(false), snapshot: RefCell::new(None) }
    }

    async fn fetch(&self, mut request: worker::Request) -> Result<Response> {
        match serde_json::from_str(&request.text().await?)? {
            Request::Open { session, stamp } => reply(&self.open(&session, stamp)?),
            Request::Check { proof, now } => reply(&self.check(proof, now).await?),
            Request::End { session_id } => reply(&self.end(session_id)?),
        }
    }
}

impl SessionAuthority {
    fn sql(&self) -> Result<SqlStorage> {
        let sql = self.state.storage().sql();
        if !self.has_schema.get() {
            sql.exec(SCHEMA, None)?;
            self.has_schema.set(true);
        }
        Ok(sql)
    }

    fn open(&self, session: &NewSession, stamp: SessionStamp) -> Result<Opened> {
        let sql = self.sql()?;
        // The user has just been read or written: the next check shall see it fresh.
        self.snapshot.replace(None);
        sql.exec("DELETE FROM sessions WHERE expires_at <= ?", values([session.created_at.get().into()]))?;
        sql.exec(
            "INSERT OR IGNORE INTO authority (only, stamp) VALUES (1, ?)",
            values([stamp.to_string().into()]),
        )?;
        sql.exec(
            "INSERT INTO sessions (id, method, created_at, last_seen_at, expires_at, network, user_agent)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
            values([
                session.id.to_string().into(),
                serde_json::to_value(session.method)?.as_str().unwrap_or_default().to_string().into(),
                session.created_at.get().into(),
                session.created_at.get().into(),
                session.expires_at.map_or(SqlStorageValue::Null, |expiry| expiry.get().into()),
                session.network.clone().into(),
                session.user_agent.clone().into(),
            ]),
        )?;
        match self.stamp(&sql)? {
            Some(stamp) => Ok(Opened { stamp }),
            None => Err(worker::Error::RustError("the generation was not stored".to_string())),
        }
    }

    async fn check(&self, proof: SessionProof, now: UnixSeconds) -> Result<SessionCheck> {
        let Some(user) = self.account(proof.user_id, now).await? else {
            return Ok(SessionCheck::NoAccount);
        };
        // No await from here on: the verdict and the sign of life are one step.
        let sql = self.sql()?;
        if self.stamp(&sql)? != Some(proof.stamp) {
            return Ok(SessionCheck::Ended);
        }
        #[derive(Deserialize)]
        struct Row {
            expires_at: Option<i64>,
            last_seen_at: i64,
        }
        let id: SqlStorageValue = proof.session_id.to_string().into();
        let rows: Vec<Row> = sql
            .exec("SELECT expires_at, last_seen_at FROM sessions WHERE id = ?", values([id.clone()]))?
            .to_array()?;
        let Some(row) = rows.first() else { return Ok(SessionCheck::Ended) };
        let last_seen_at = UnixSeconds::new(row.last_seen_at);
        if !is_alive(row.expires_at.map(UnixSeconds::new), last_seen_at, now) {
            return Ok(SessionCheck::Ended);
        }
        if now.since(last_seen_at) >= SEEN_EVERY {
            sql.exec("UPDATE sessions SET last_seen_at = ? WHERE id = ?", values([now.get().into(), id]))?;
        }
        Ok(SessionCheck::Active(Box::new(user)))
    }

    fn end(&self, session_id: SessionId) -> Result<()> {
        self.sql()?
            .exec("DELETE FROM sessions WHERE id = ?", values([session_id.to_string().into()]))
            .map(|_| ())
    }

    fn stamp(&self, sql: &SqlStorage) -> Result<Option<SessionStamp>> {
        #[derive(Deserialize)]
        struct Row {
            stamp: SessionStamp,
        }
        let rows: Vec<Row> = sql.exec("SELECT stamp FROM authority", None)?.to_array()?;
        Ok(rows.first().map(|row| row.stamp))
    }

    /// The account, from the snapshot while it is young, else from D1. Absence is never kept.
    async fn account(&self, id: UserId, now: UnixSeconds) -> Result<Option<User>> {
        if let Some((user, read_at)) = self.snapshot.borrow().as_ref()
            && now.since(*read_at) < SNAPSHOT_LIFETIME
            && user.id == id
        {
            return Ok(Some(user.clone()));
        }
        let user = store::load_user(&store::database(&self.env)?, id).await?;
        self.snapshot.replace(user.clone().map(|user| (user, now)));
        Ok(user)
    }
}

fn values<const N: usize>(values: [SqlStorageValue; N]) -> Option<Vec<SqlStorageValue>> {
    Some(values.to_vec())
}
