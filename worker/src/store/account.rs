//! Accounts as the session authority keeps copies of them.

use portico_core::{id::UserId, settings::DIRECTORY, time::UnixSeconds, user::Account};
use serde::Deserialize;
use worker::{D1Database, D1Type};

use super::{Store, batch::seconds, row::AccountRow};

/// How often the last sign of life of an account is written down.
pub(crate) const ACTIVE_EVERY_SECONDS: i64 = 60;

/// An account as the session authority copies it.
#[derive(Debug)]
pub(crate) struct StoredAccount {
    pub(crate) account: Account,
    /// How often groups and memberships had been changed by then.
    pub(crate) directory: u32,
}

/// The account of an id, for the session authority's copy.
pub(crate) async fn load_account(database: &D1Database, id: UserId) -> worker::Result<Option<StoredAccount>> {
    const FIND: &str = concat!(
        "SELECT ",
        account_columns!(),
        ", COALESCE((SELECT version FROM settings WHERE key = ?2), 0) AS directory FROM users AS u WHERE u.id = ?1"
    );
    #[derive(Deserialize)]
    struct Row {
        directory: u32,
        #[serde(flatten)]
        account: AccountRow,
    }
    let id = id.to_string();
    let bound = [D1Type::Text(&id), D1Type::Text(DIRECTORY)];
    let row: Option<Row> = database.prepare(FIND).bind_refs(&bound)?.first(None).await?;
    row.map(|row| Ok(StoredAccount { account: row.account.try_into()?, directory: row.directory }))
        .transpose()
}

/// Writes down that an account was active, beside whatever else is going on; nothing waits for it.
pub(crate) fn note_activity(database: worker::Result<D1Database>, id: UserId, now: UnixSeconds) {
    const NOTE: &str = "UPDATE users SET last_active_at = ?2 WHERE id = ?1 AND last_active_at < ?2";
    wasm_bindgen_futures::spawn_local(async move {
        let id = id.to_string();
        let noted =
            async { database?.prepare(NOTE).bind_refs(&[D1Type::Text(&id), seconds(now)])?.run().await };
        if let Err(error) = noted.await {
            worker::console_error!("users: {error}");
        }
    });
}

impl Store {
    pub(super) fn note_activity(&self, id: UserId, now: UnixSeconds) {
        note_activity(self.database(), id, now);
    }
}
