//! The table of one throttle bucket, in the Durable Object's own SQLite: `bucket(only, state)`, one row,
//! JSON of what the bucket counts.

use serde::{Deserialize, Serialize};
use worker::{Result, SqlStorage};

/// The state of one bucket. Every method is one synchronous step of the object.
#[derive(Clone, Debug)]
pub(crate) struct BucketTable(SqlStorage);

impl BucketTable {
    /// Opens the table.
    pub(crate) fn open(sql: SqlStorage) -> Result<Self> {
        let schema = "CREATE TABLE IF NOT EXISTS bucket (
                only INTEGER PRIMARY KEY CHECK (only = 1),
                state TEXT NOT NULL
            ) STRICT;";
        sql.exec(schema, None)?;
        Ok(Self(sql))
    }

    /// What was counted so far.
    pub(crate) fn read<T: Default + for<'de> Deserialize<'de>>(&self) -> Result<T> {
        #[derive(Deserialize)]
        struct Row {
            state: String,
        }
        let rows: Vec<Row> = self.0.exec("SELECT state FROM bucket", None)?.to_array()?;
        Ok(match rows.first() {
            Some(row) => serde_json::from_str(&row.state)?,
            None => T::default(),
        })
    }

    /// Counts on from there.
    pub(crate) fn write(&self, state: &impl Serialize) -> Result<()> {
        let statement = "INSERT INTO bucket (only, state) VALUES (1, ?1)
             ON CONFLICT (only) DO UPDATE SET state = ?1";
        self.0.exec(statement, Some(vec![serde_json::to_string(state)?.into()])).map(|_| ())
    }
}
