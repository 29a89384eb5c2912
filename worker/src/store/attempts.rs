//! The table of one throttle bucket, in the Durable Object's own SQLite: `attempts(at)`, Unix seconds.

use portico_core::{throttle::Window, time::UnixSeconds};
use serde::Deserialize;
use worker::{Result, SqlStorage};

/// The attempts of one bucket. Every method is one synchronous step of the object.
#[derive(Clone, Debug)]
pub(crate) struct Attempts(SqlStorage);

impl Attempts {
    /// Opens the table.
    pub(crate) fn open(sql: SqlStorage) -> Result<Self> {
        sql.exec("CREATE TABLE IF NOT EXISTS attempts (at INTEGER NOT NULL) STRICT;", None)?;
        Ok(Self(sql))
    }

    /// All attempts that have been kept.
    pub(crate) fn window(&self) -> Result<Window> {
        #[derive(Deserialize)]
        struct Row {
            at: i64,
        }
        let rows: Vec<Row> = self.0.exec("SELECT at FROM attempts", None)?.to_array()?;
        Ok(Window::of(rows.into_iter().map(|row| UnixSeconds::new(row.at)).collect()))
    }

    /// Keeps the window's latest attempt, and drops what has left it.
    pub(crate) fn keep_latest_of(&self, window: &Window) -> Result<()> {
        let (Some(oldest), Some(latest)) = (window.attempts().first(), window.attempts().last()) else {
            return Ok(());
        };
        self.0.exec("DELETE FROM attempts WHERE at < ?", Some(vec![oldest.get().into()]))?;
        self.0.exec("INSERT INTO attempts (at) VALUES (?)", Some(vec![latest.get().into()]))?;
        Ok(())
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) -> Result<()> {
        self.0.exec("DELETE FROM attempts", None).map(|_| ())
    }
}
