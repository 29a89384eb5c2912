use portico_core::{
    audit::AuditEvent,
    id::UserId,
    ports::{FactorReplaced, PortError, Replaced, ResetTicket, SecondFactors, StoredFactor},
    time::UnixSeconds,
    totp::BackupCodes,
};
use serde::Deserialize;
use worker::D1Type;

use super::{
    Store,
    audit_log::{self, Condition},
    batch::{changed, first, optional, seconds},
    fault,
};

impl SecondFactors for Store {
    async fn find_second_factor(&self, user: UserId) -> Result<Option<StoredFactor>, PortError> {
        self.read_factor(user).await.map_err(fault("second factors"))
    }

    async fn replace_second_factor(
        &self,
        user: UserId,
        old: Option<&StoredFactor>,
        new: Option<StoredFactor>,
        event: AuditEvent,
    ) -> Result<FactorReplaced, PortError> {
        self.write_factor(user, old, new, &event).await.map_err(fault("second factors"))
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
        old: Option<&StoredFactor>,
        new: Option<StoredFactor>,
        event: &AuditEvent,
    ) -> worker::Result<FactorReplaced> {
        const COUNT: &str = "UPDATE users SET credential_version = credential_version + 1
             WHERE id = ?1 AND changes() > 0 RETURNING credential_version";
        #[derive(Deserialize)]
        struct Counted {
            credential_version: u32,
        }
        const INSERT: &str = "INSERT INTO second_factors
                 (user_id, secret, backup_codes, reset_hash, reset_expires_at, updated_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM users WHERE id = ?1)
             ON CONFLICT (user_id) DO NOTHING";
        const UPDATE: &str = "UPDATE second_factors
             SET secret = ?2, backup_codes = ?3, reset_hash = ?4, reset_expires_at = ?5, updated_at = ?6
             WHERE user_id = ?1 AND secret IS ?7 AND backup_codes = ?8 AND reset_hash IS ?9";
        const DELETE: &str = "DELETE FROM second_factors
             WHERE user_id = ?1 AND secret IS ?2 AND backup_codes = ?3 AND reset_hash IS ?4";
        let user = user.to_string();
        let (old, new) = (old.map(Columns::of).transpose()?, new.as_ref().map(Columns::of).transpose()?);
        let database = self.database()?;
        let mut bound = vec![D1Type::Text(&user)];
        let statement = match (&old, &new) {
            (None, None) => return Ok(FactorReplaced::No),
            (None, Some(new)) => {
                bound.extend(new.all());
                bound.push(seconds(event.at));
                INSERT
            }
            (Some(old), Some(new)) => {
                bound.extend(new.all());
                bound.push(seconds(event.at));
                bound.extend(old.compared());
                UPDATE
            }
            (Some(old), None) => {
                bound.extend(old.compared());
                DELETE
            }
        };
        let results = database
            .batch(vec![
                database.prepare(statement).bind_refs(&bound)?,
                database.prepare(COUNT).bind_refs(&D1Type::Text(&user))?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
            ])
            .await?;
        let counted: Option<Counted> = first(&results, 1)?;
        Ok(counted.map_or(FactorReplaced::No, |Counted { credential_version }| FactorReplaced::Yes {
            credential_version,
        }))
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

/// A factor as its row has it.
struct Columns<'f> {
    secret: Option<&'f str>,
    backup_codes: String,
    reset: Option<&'f ResetTicket>,
}

impl<'f> Columns<'f> {
    fn of(factor: &'f StoredFactor) -> worker::Result<Self> {
        Ok(Self {
            secret: factor.secret.as_deref(),
            backup_codes: serde_json::to_string(&factor.backup_codes)?,
            reset: factor.reset.as_ref(),
        })
    }

    /// What tells whether it is still the same: every secret has an envelope of its own, every ticket its own digest.
    fn compared(&self) -> [D1Type<'_>; 3] {
        let ticket = self.reset.map(|reset| reset.hash.as_str());
        [optional(self.secret), D1Type::Text(&self.backup_codes), optional(ticket)]
    }

    fn all(&self) -> [D1Type<'_>; 4] {
        let [secret, backup_codes, ticket] = self.compared();
        [secret, backup_codes, ticket, self.reset.map_or(D1Type::Null, |reset| seconds(reset.expires_at))]
    }
}
