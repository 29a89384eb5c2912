//! The tables of one user's session authority, in the Durable Object's own SQLite. They hold what a
//! [`Book`] knows; the object reads them once and then only writes what has changed.
//!
//! `account(only, state)`: one row, JSON of [`AccountState`]: the generation, the standing, the last
//! TOTP step. `live_sessions(id, session)`: one row for each live session, JSON of [`LiveSession`].
//! `uses(purpose, digest, until)`: what works once and was used, until then, in Unix seconds.

use portico_core::{
    session::{AccountState, Book, LiveSession, UseKey},
    time::UnixSeconds,
};
use serde::Deserialize;
use worker::{Result, SqlStorage, SqlStorageValue};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS account (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        state TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS live_sessions (
        id TEXT PRIMARY KEY,
        session TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS uses (
        purpose TEXT NOT NULL,
        digest TEXT NOT NULL,
        until INTEGER,
        PRIMARY KEY (purpose, digest)
    ) STRICT;";

/// The tables of one user. Every method is one synchronous step of the object.
#[derive(Clone, Debug)]
pub(crate) struct BookTables(SqlStorage);

impl BookTables {
    /// Opens the tables, and creates them if they are not there.
    pub(crate) fn open(sql: SqlStorage) -> Result<Self> {
        sql.exec(SCHEMA, None)?;
        Ok(Self(sql))
    }

    /// Reads everything.
    pub(crate) fn read(&self) -> Result<Book> {
        #[derive(Deserialize)]
        struct Account {
            state: String,
        }
        #[derive(Deserialize)]
        struct Session {
            session: String,
        }
        #[derive(Deserialize)]
        struct Use {
            purpose: String,
            digest: String,
            until: Option<i64>,
        }
        let accounts: Vec<Account> = self.0.exec("SELECT state FROM account", None)?.to_array()?;
        let account: AccountState = match accounts.first() {
            Some(row) => serde_json::from_str(&row.state)?,
            None => AccountState::default(),
        };
        let sessions: Vec<Session> = self.0.exec("SELECT session FROM live_sessions", None)?.to_array()?;
        let sessions: Vec<LiveSession> = sessions
            .iter()
            .map(|row| serde_json::from_str(&row.session))
            .collect::<serde_json::Result<_>>()?;
        let uses: Vec<Use> = self.0.exec("SELECT purpose, digest, until FROM uses", None)?.to_array()?;
        let uses = uses.into_iter().map(|row| {
            (UseKey { purpose: row.purpose, digest: row.digest }, row.until.map(UnixSeconds::new))
        });
        Ok(Book::restore(account, sessions, uses))
    }

    /// Writes down what has changed. Without an await between them, the statements are one transaction.
    pub(crate) fn write_changes(&self, book: &mut Book) -> Result<()> {
        let changes = book.take_changes();
        if changes.account {
            self.run(
                "INSERT INTO account (only, state) VALUES (1, ?1)
                 ON CONFLICT (only) DO UPDATE SET state = ?1",
                [serde_json::to_string(book.account())?.into()],
            )?;
        }
        for id in changes.sessions {
            match book.session(id) {
                Some(session) => self.run(
                    "INSERT INTO live_sessions (id, session) VALUES (?1, ?2)
                     ON CONFLICT (id) DO UPDATE SET session = ?2",
                    [id.to_string().into(), serde_json::to_string(session)?.into()],
                )?,
                None => self.run("DELETE FROM live_sessions WHERE id = ?", [id.to_string().into()])?,
            }
        }
        for key in changes.uses {
            let remembered = book.remembered_use(&key);
            let (purpose, digest) = (key.purpose.into(), key.digest.into());
            match remembered {
                Some(until) => self.run(
                    "INSERT INTO uses (purpose, digest, until) VALUES (?, ?, ?)",
                    [purpose, digest, until.map_or(SqlStorageValue::Null, |until| until.get().into())],
                )?,
                None => self.run("DELETE FROM uses WHERE purpose = ? AND digest = ?", [purpose, digest])?,
            }
        }
        Ok(())
    }

    fn run<const N: usize>(&self, statement: &str, bound: [SqlStorageValue; N]) -> Result<()> {
        self.0.exec(statement, Some(bound.to_vec())).map(|_| ())
    }
}
