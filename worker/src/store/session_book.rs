//! The tables of one user's session authority, in the Durable Object's own SQLite.
//!
//! A session is alive exactly while its row exists; whatever ends it deletes the row. So nothing has
//! to be remembered about ended sessions, and a lost row can only refuse (TK-15, TK-17).
//!
//! Tables: `authority(stamp)`, one row; `sessions(id, method, created_at, last_seen_at, expires_at,
//! network, user_agent)`, times in Unix seconds.

use portico_core::{
    id::{SessionId, SessionStamp},
    session::{Ending, IDLE_LIMIT, NewSession},
    time::UnixSeconds,
};
use serde::Deserialize;
use worker::{Result, SqlStorage, SqlStorageValue};

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

/// The sessions of one user. Every method is one synchronous step of the object.
#[derive(Clone, Debug)]
pub(crate) struct SessionBook(SqlStorage);

/// When a live session was seen last, and when it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) expires_at: Option<UnixSeconds>,
    pub(crate) last_seen_at: UnixSeconds,
}

impl SessionBook {
    /// Opens the book, with its tables.
    pub(crate) fn open(sql: SqlStorage) -> Result<Self> {
        sql.exec(SCHEMA, None)?;
        Ok(Self(sql))
    }

    /// Drops sessions that have expired or were idle too long: nobody can use them any more.
    pub(crate) fn forget_dead(&self, now: UnixSeconds) -> Result<()> {
        self.run(
            "DELETE FROM sessions WHERE expires_at <= ?1 OR last_seen_at + ?2 <= ?1",
            [now.get().into(), SqlStorageValue::try_from_i64(IDLE_LIMIT.seconds().cast_signed())?],
        )
    }

    /// Writes a session down.
    pub(crate) fn insert(&self, session: &NewSession) -> Result<()> {
        self.run(
            "INSERT INTO sessions (id, method, created_at, last_seen_at, expires_at, network, user_agent)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                session.id.to_string().into(),
                session.method.as_str().to_string().into(),
                session.created_at.get().into(),
                session.created_at.get().into(),
                session.expires_at.map_or(SqlStorageValue::Null, |expiry| expiry.get().into()),
                session.network.clone().into(),
                session.user_agent.clone().into(),
            ],
        )
    }

    /// The times of a session, if it is there.
    pub(crate) fn find(&self, id: SessionId) -> Result<Option<Times>> {
        #[derive(Deserialize)]
        struct Row {
            expires_at: Option<i64>,
            last_seen_at: i64,
        }
        let rows: Vec<Row> = self
            .0
            .exec(
                "SELECT expires_at, last_seen_at FROM sessions WHERE id = ?",
                values([id.to_string().into()]),
            )?
            .to_array()?;
        Ok(rows.first().map(|row| Times {
            expires_at: row.expires_at.map(UnixSeconds::new),
            last_seen_at: UnixSeconds::new(row.last_seen_at),
        }))
    }

    /// Notes a sign of life.
    pub(crate) fn mark_seen(&self, id: SessionId, now: UnixSeconds) -> Result<()> {
        self.run(
            "UPDATE sessions SET last_seen_at = ? WHERE id = ?",
            [now.get().into(), id.to_string().into()],
        )
    }

    /// Ends a session, if it is there.
    pub(crate) fn delete(&self, id: SessionId) -> Result<Ending> {
        let cursor = self.0.exec("DELETE FROM sessions WHERE id = ?", values([id.to_string().into()]))?;
        Ok(if cursor.rows_written() > 0 { Ending::Now } else { Ending::Before })
    }

    /// The generation of the sessions; `None` before the first one.
    pub(crate) fn stamp(&self) -> Result<Option<SessionStamp>> {
        #[derive(Deserialize)]
        struct Row {
            stamp: SessionStamp,
        }
        let rows: Vec<Row> = self.0.exec("SELECT stamp FROM authority", None)?.to_array()?;
        Ok(rows.first().map(|row| row.stamp))
    }

    /// The generation, which becomes `fresh` if there was none.
    pub(crate) fn stamp_or(&self, fresh: SessionStamp) -> Result<SessionStamp> {
        if let Some(stamp) = self.stamp()? {
            return Ok(stamp);
        }
        self.run("INSERT INTO authority (only, stamp) VALUES (1, ?)", [fresh.to_string().into()])?;
        Ok(fresh)
    }

    fn run<const N: usize>(&self, statement: &str, bound: [SqlStorageValue; N]) -> Result<()> {
        self.0.exec(statement, values(bound)).map(|_| ())
    }
}

fn values<const N: usize>(values: [SqlStorageValue; N]) -> Option<Vec<SqlStorageValue>> {
    Some(values.to_vec())
}
