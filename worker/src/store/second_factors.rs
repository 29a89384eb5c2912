use portico_core::{
    audit::AuditEvent,
    id::UserId,
    ports::{PortError, Replaced, ResetTicket, SecondFactors, StoredFactor},
    time::UnixSeconds,
    totp::BackupCodes,
};
use serde::Deserialize;
use worker::D1Type;

use super::{
    Store,
    audit_log::{self, Condition},
    batch::{changed, optional, seconds},
    fault,
};

impl SecondFactors for Store {
    async fn find_second_factor(&self, user: UserId) -> Result<Option<StoredFactor>, PortError> {
        self.read_factor(user).await.map_err(fault("second factors"))
    }

    async fn replace_second_factor(
        &self,
        user: UserId,
        factor: Option<StoredFactor>,
        event: AuditEvent,
    ) -> Result<bool, PortError> {
        self.write_factor(user, factor, &event).await.map_err(fault("second factors"))
    }

    async fn swap_backup_codes(
        &self,
        user: UserId,
        old: &BackupCodes,
        new: &BackupCodes,
    ) -> Result<Replaced, PortError> {
        self.write_backup_codes(user, old, new).await.map_err(fault("second factors"))
    }
}

impl Store {
    async fn read_factor(&self, user: UserId) -> worker::Result<Option<StoredFactor>> {
        const FIND: &str = "SELECT secret, backup_codes, reset_hash, reset_expires_at
             FROM second_factors WHERE user_id = ?1";
        #[derive(Deserialize)]
        struct Row {
            secret: Option<String>,
            backup_codes: String,
            reset_hash: Option<String>,
            reset_expires_at: Option<i64>,
        }
        let user = user.to_string();
        let row: Option<Row> =
            self.database()?.prepare(FIND).bind_refs(&D1Type::Text(&user))?.first(None).await?;
        row.map(|row| {
            let ticket = row.reset_hash.zip(row.reset_expires_at);
            Ok(StoredFactor {
                secret: row.secret,
                backup_codes: serde_json::from_str(&row.backup_codes)?,
                reset: ticket.map(|(hash, at)| ResetTicket { hash, expires_at: UnixSeconds::new(at) }),
            })
        })
        .transpose()
    }

    async fn write_factor(
        &self,
        user: UserId,
        factor: Option<StoredFactor>,
        event: &AuditEvent,
    ) -> worker::Result<bool> {
        const REPLACE: &str = "INSERT INTO second_factors
                 (user_id, secret, backup_codes, reset_hash, reset_expires_at, updated_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM users WHERE id = ?1)
             ON CONFLICT (user_id) DO UPDATE
             SET secret = ?2, backup_codes = ?3, reset_hash = ?4, reset_expires_at = ?5, updated_at = ?6";
        const DELETE: &str = "DELETE FROM second_factors WHERE user_id = ?1";
        let user = user.to_string();
        let database = self.database()?;
        let statement = match factor {
            Some(factor) => {
                let codes = serde_json::to_string(&factor.backup_codes)?;
                let expires_at =
                    factor.reset.as_ref().map_or(D1Type::Null, |reset| seconds(reset.expires_at));
                database.prepare(REPLACE).bind_refs(&[
                    D1Type::Text(&user),
                    optional(factor.secret.as_deref()),
                    D1Type::Text(&codes),
                    optional(factor.reset.as_ref().map(|reset| reset.hash.as_str())),
                    expires_at,
                    seconds(event.at),
                ])?
            }
            None => database.prepare(DELETE).bind_refs(&D1Type::Text(&user))?,
        };
        let results = database
            .batch(vec![statement, audit_log::insert(&database, event, Condition::IfChanged)?])
            .await?;
        changed(&results, 0)
    }

    async fn write_backup_codes(
        &self,
        user: UserId,
        old: &BackupCodes,
        new: &BackupCodes,
    ) -> worker::Result<Replaced> {
        const SWAP: &str =
            "UPDATE second_factors SET backup_codes = ?3 WHERE user_id = ?1 AND backup_codes = ?2";
        let (user, old, new) = (user.to_string(), serde_json::to_string(old)?, serde_json::to_string(new)?);
        let bound = [D1Type::Text(&user), D1Type::Text(&old), D1Type::Text(&new)];
        let result = self.database()?.prepare(SWAP).bind_refs(&bound)?.run().await?;
        Ok(if changed(&[result], 0)? { Replaced::Yes } else { Replaced::No })
    }
}
