use portico_core::{
    api_key::{ApiKeyDigest, StoredApiKey},
    audit::AuditEvent,
    id::{ApiKeyId, UserId},
    ports::{ApiKeys, PortError, Replaced},
    time::UnixSeconds,
    user::Account,
};
use serde::Deserialize;
use worker::D1Type;

use super::{
    Store,
    account::ACTIVE_EVERY_SECONDS,
    audit_log::{self, Condition},
    batch::{changed, seconds},
    fault,
    row::AccountRow,
};

impl ApiKeys for Store {
    async fn replace_api_key(
        &self,
        user: UserId,
        key: StoredApiKey,
        event: AuditEvent,
    ) -> Result<bool, PortError> {
        self.write_api_key(user, &key, &event).await.map_err(fault("api keys"))
    }

    async fn find_api_key(&self, user: UserId) -> Result<Option<StoredApiKey>, PortError> {
        self.read_api_key(user).await.map_err(fault("api keys"))
    }

    async fn delete_api_key(&self, user: UserId, event: AuditEvent) -> Result<(), PortError> {
        self.remove_api_key(user, &event).await.map_err(fault("api keys"))
    }

    async fn reseal_api_key(
        &self,
        user: UserId,
        old: &StoredApiKey,
        sealed: String,
    ) -> Result<Replaced, PortError> {
        self.write_envelope(user, old, &sealed).await.map_err(fault("api keys"))
    }

    async fn find_key_holder(
        &self,
        digests: &[ApiKeyDigest],
        now: UnixSeconds,
    ) -> Result<Option<Account>, PortError> {
        self.read_key_holder(digests, now).await.map_err(fault("api keys"))
    }
}

impl Store {
    async fn write_api_key(
        &self,
        user: UserId,
        key: &StoredApiKey,
        event: &AuditEvent,
    ) -> worker::Result<bool> {
        const REPLACE: &str = "INSERT INTO api_keys (user_id, id, digest, sealed, hint, created_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM users WHERE id = ?1)
             ON CONFLICT (user_id) DO UPDATE SET id = ?2, digest = ?3, sealed = ?4, hint = ?5, created_at = ?6";
        let (user, id) = (user.to_string(), key.id.to_string());
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(REPLACE).bind_refs(&[
                    D1Type::Text(&user),
                    D1Type::Text(&id),
                    D1Type::Text(key.digest.as_str()),
                    D1Type::Text(&key.sealed),
                    D1Type::Text(&key.hint),
                    seconds(key.created_at),
                ])?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
            ])
            .await?;
        changed(&results, 0)
    }

    async fn read_api_key(&self, user: UserId) -> worker::Result<Option<StoredApiKey>> {
        const FIND: &str = "SELECT id, digest, sealed, hint, created_at FROM api_keys WHERE user_id = ?1";
        #[derive(Deserialize)]
        struct Row {
            id: ApiKeyId,
            digest: String,
            sealed: String,
            hint: String,
            created_at: i64,
        }
        let user = user.to_string();
        let row: Option<Row> =
            self.database()?.prepare(FIND).bind_refs(&D1Type::Text(&user))?.first(None).await?;
        Ok(row.map(|row| StoredApiKey {
            id: row.id,
            digest: ApiKeyDigest::from_stored(row.digest),
            sealed: row.sealed,
            hint: row.hint,
            created_at: UnixSeconds::new(row.created_at),
        }))
    }

    async fn remove_api_key(&self, user: UserId, event: &AuditEvent) -> worker::Result<()> {
        const DELETE: &str = "DELETE FROM api_keys WHERE user_id = ?1";
        let user = user.to_string();
        let database = self.database()?;
        database
            .batch(vec![
                database.prepare(DELETE).bind_refs(&D1Type::Text(&user))?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
            ])
            .await
            .map(|_| ())
    }

    async fn write_envelope(
        &self,
        user: UserId,
        old: &StoredApiKey,
        sealed: &str,
    ) -> worker::Result<Replaced> {
        const RESEAL: &str =
            "UPDATE api_keys SET sealed = ?4 WHERE user_id = ?1 AND digest = ?2 AND sealed = ?3";
        let user = user.to_string();
        let bound = [
            D1Type::Text(&user),
            D1Type::Text(old.digest.as_str()),
            D1Type::Text(&old.sealed),
            D1Type::Text(sealed),
        ];
        let result = self.database()?.prepare(RESEAL).bind_refs(&bound)?.run().await?;
        Ok(if changed(&[result], 0)? { Replaced::Yes } else { Replaced::No })
    }

    async fn read_key_holder(
        &self,
        digests: &[ApiKeyDigest],
        now: UnixSeconds,
    ) -> worker::Result<Option<Account>> {
        const FIND: &str = concat!(
            "SELECT ",
            account_columns!(),
            " FROM api_keys AS k JOIN users AS u ON u.id = k.user_id
              WHERE k.digest IN (SELECT value FROM json_each(?1))"
        );
        let digests: Vec<_> = digests.iter().map(ApiKeyDigest::as_str).collect();
        let digests = serde_json::to_string(&digests)?;
        let statement = self.database()?.prepare(FIND).bind_refs(&D1Type::Text(&digests))?;
        let Some(row) = statement.first::<AccountRow>(None).await? else { return Ok(None) };
        let account = Account::try_from(row)?;
        if account.user.last_active_at.get() + ACTIVE_EVERY_SECONDS <= now.get() {
            self.note_activity(account.user.id, now);
        }
        Ok(Some(account))
    }
}
