use portico_core::{
    audit::AuditEvent,
    id::{ProviderSessionId, UserId},
    identity::{
        Arrival, Arrived, Identity, Linked, LinkedIdentity, NewProviderSession, ProviderSession, Unlinked,
    },
    ports::{EndedRemotely, Identities, PortError, RemoteLogout, Replaced},
    time::UnixSeconds,
};
use serde::Deserialize;
use serde_json::json;
use worker::D1Type;

use super::{
    Store, audit_log,
    audit_log::Condition,
    batch::{changed, first, missing, seconds},
    fault,
};

impl Identities for Store {
    async fn arrive(&self, arrival: Arrival) -> Result<Arrived, PortError> {
        self.write_arrival(arrival).await.map_err(fault("identities"))
    }

    async fn due_identities(
        &self,
        provider: &str,
        issuer: &str,
        before: UnixSeconds,
        limit: u32,
    ) -> Result<Vec<(UserId, String)>, PortError> {
        self.read_due(provider, issuer, before, limit).await.map_err(fault("identities"))
    }

    async fn note_recognised(
        &self,
        provider: &str,
        issuer: &str,
        subjects: &[String],
        now: UnixSeconds,
    ) -> Result<(), PortError> {
        self.write_recognised(provider, issuer, subjects, now).await.map_err(fault("identities"))
    }

    async fn list_identities(&self, user: UserId) -> Result<Vec<LinkedIdentity>, PortError> {
        self.read_identities(user).await.map_err(fault("identities"))
    }

    async fn link_identity(
        &self,
        user: UserId,
        identity: &Identity,
        event: AuditEvent,
    ) -> Result<Linked, PortError> {
        self.insert_identity(user, identity, &event).await.map_err(fault("identities"))
    }

    async fn unlink_identities(
        &self,
        user: UserId,
        provider: &str,
        event: AuditEvent,
    ) -> Result<Unlinked, PortError> {
        self.remove_identities(user, provider, &event).await.map_err(fault("identities"))
    }

    async fn find_provider_session(
        &self,
        id: ProviderSessionId,
    ) -> Result<Option<ProviderSession>, PortError> {
        self.read_provider_session(id).await.map_err(fault("identities"))
    }

    async fn list_provider_sessions(&self, user: UserId) -> Result<Vec<ProviderSession>, PortError> {
        self.read_provider_sessions(user).await.map_err(fault("identities"))
    }

    async fn replace_provider_tokens(
        &self,
        old: &ProviderSession,
        sealed: &str,
        expires_at: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<Replaced, PortError> {
        self.swap_provider_tokens(old, sealed, expires_at, now).await.map_err(fault("identities"))
    }

    async fn take_provider_session(
        &self,
        id: ProviderSessionId,
    ) -> Result<Option<ProviderSession>, PortError> {
        self.remove_provider_session(id).await.map_err(fault("identities"))
    }

    async fn keep_provider_session(
        &self,
        user: UserId,
        provider: &str,
        session: NewProviderSession,
        event: AuditEvent,
    ) -> Result<(), PortError> {
        self.insert_provider_session(user, provider, &session, &event).await.map_err(fault("identities"))
    }

    async fn forget_provider_sessions(&self, sessions: &[ProviderSessionId]) -> Result<(), PortError> {
        self.remove_each_provider_session(sessions).await.map_err(fault("identities"))
    }

    async fn delete_provider_sessions(&self, user: UserId, provider: &str) -> Result<bool, PortError> {
        self.remove_provider_sessions(user, provider).await.map_err(fault("identities"))
    }

    async fn ended_by(&self, logout: &RemoteLogout) -> Result<Option<Vec<EndedRemotely>>, PortError> {
        self.read_ended(logout).await.map_err(fault("identities"))
    }

    async fn hear_logout(&self, logout: &RemoteLogout) -> Result<(), PortError> {
        self.write_logout(logout).await.map_err(fault("identities"))
    }
}

impl Store {
    async fn read_due(
        &self,
        provider: &str,
        issuer: &str,
        before: UnixSeconds,
        limit: u32,
    ) -> worker::Result<Vec<(UserId, String)>> {
        const DUE: &str = "SELECT user_id, subject FROM identities
             WHERE provider = ?1 AND issuer = ?2 AND recognised_at <= ?3 ORDER BY recognised_at, rowid LIMIT ?4";
        #[derive(Deserialize)]
        struct Row {
            user_id: UserId,
            subject: String,
        }
        let limit = D1Type::Integer(limit.try_into().unwrap_or(i32::MAX));
        let bound = [D1Type::Text(provider), D1Type::Text(issuer), seconds(before), limit];
        let rows: Vec<Row> = self.database()?.prepare(DUE).bind_refs(&bound)?.all().await?.results()?;
        Ok(rows.into_iter().map(|row| (row.user_id, row.subject)).collect())
    }

    async fn write_recognised(
        &self,
        provider: &str,
        issuer: &str,
        subjects: &[String],
        now: UnixSeconds,
    ) -> worker::Result<()> {
        const NOTE: &str = "UPDATE identities SET recognised_at = ?4
             WHERE provider = ?1 AND issuer = ?2 AND subject IN (SELECT value FROM json_each(?3))";
        let subjects = json!(subjects).to_string();
        let bound = [D1Type::Text(provider), D1Type::Text(issuer), D1Type::Text(&subjects), seconds(now)];
        self.database()?.prepare(NOTE).bind_refs(&bound)?.run().await?;
        Ok(())
    }

    async fn read_identities(&self, user: UserId) -> worker::Result<Vec<LinkedIdentity>> {
        const LIST: &str = "SELECT provider, issuer, subject, created_at FROM identities
             WHERE user_id = ?1 ORDER BY created_at, rowid";
        #[derive(Deserialize)]
        struct Row {
            provider: String,
            issuer: String,
            subject: String,
            created_at: i64,
        }
        let user = user.to_string();
        let statement = self.database()?.prepare(LIST).bind_refs(&D1Type::Text(&user))?;
        let rows: Vec<Row> = statement.all().await?.results()?;
        let linked = |Row { provider, issuer, subject, created_at }| LinkedIdentity {
            identity: Identity { provider, issuer, subject },
            since: UnixSeconds::new(created_at),
        };
        Ok(rows.into_iter().map(linked).collect())
    }

    async fn insert_identity(
        &self,
        user: UserId,
        identity: &Identity,
        event: &AuditEvent,
    ) -> worker::Result<Linked> {
        const INSERT: &str = "INSERT INTO identities (provider, issuer, subject, user_id, created_at)
             SELECT ?1, ?2, ?3, u.id, ?5 FROM users AS u WHERE u.id = ?4
               AND NOT EXISTS (SELECT 1 FROM identities AS i WHERE i.user_id = u.id AND i.provider = ?1)
             ON CONFLICT (provider, issuer, subject) DO NOTHING";
        const HAS_ACCOUNT: &str = "SELECT 1 AS yes FROM users WHERE id = ?1";
        #[derive(Deserialize)]
        struct Row {}
        let user = user.to_string();
        let [provider, issuer, subject] = names(identity);
        let bound = [provider, issuer, subject, D1Type::Text(&user), seconds(event.at)];
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(INSERT).bind_refs(&bound)?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
                database.prepare(HAS_ACCOUNT).bind_refs(&D1Type::Text(&user))?,
            ])
            .await?;
        let account: Option<Row> = first(&results, 2)?;
        Ok(match account {
            None => Linked::NoAccount,
            Some(_) if changed(&results, 0)? => Linked::Yes,
            Some(_) => Linked::Taken,
        })
    }

    async fn remove_identities(
        &self,
        user: UserId,
        provider: &str,
        event: &AuditEvent,
    ) -> worker::Result<Unlinked> {
        const STATE: &str =
            "SELECT EXISTS (SELECT 1 FROM identities WHERE user_id = ?1 AND provider = ?2) AS has";
        const UNLINK: &str = "DELETE FROM identities WHERE user_id = ?1 AND provider = ?2
             AND (EXISTS (SELECT 1 FROM credentials WHERE user_id = ?1)
               OR EXISTS (SELECT 1 FROM identities WHERE user_id = ?1 AND provider <> ?2))";
        const FORGET: &str = "DELETE FROM provider_sessions WHERE user_id = ?1 AND provider = ?2
             AND NOT EXISTS (SELECT 1 FROM identities WHERE user_id = ?1 AND provider = ?2)";
        #[derive(Deserialize)]
        struct State {
            has: i64,
        }
        let user = user.to_string();
        let bound = [D1Type::Text(&user), D1Type::Text(provider)];
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(STATE).bind_refs(&bound)?,
                database.prepare(UNLINK).bind_refs(&bound)?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
                database.prepare(FORGET).bind_refs(&bound)?,
            ])
            .await?;
        let state: Option<State> = first(&results, 0)?;
        Ok(match state {
            Some(State { has: 0 }) => Unlinked::None,
            Some(_) if changed(&results, 1)? => Unlinked::Yes,
            Some(_) => Unlinked::Last,
            None => return Err(missing("identities")),
        })
    }
}

pub(super) fn names(identity: &Identity) -> [D1Type<'_>; 3] {
    [&identity.provider, &identity.issuer, &identity.subject].map(|name| D1Type::Text(name))
}
