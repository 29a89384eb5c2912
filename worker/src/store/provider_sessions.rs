//! What providers gave for people, and what they have said about sign-outs.

use portico_core::{
    audit::AuditEvent,
    id::{ProviderSessionId, UserId},
    identity::{NewProviderSession, ProviderSession},
    ports::{EndedRemotely, RemoteLogout, Replaced},
    time::UnixSeconds,
};
use serde::Deserialize;
use worker::{D1Result, D1Type};

use super::{
    Store,
    audit_log::{self, Condition},
    batch::{changed, first, optional, rows, seconds},
};

macro_rules! session_columns {
    () => {
        "id, user_id, provider, remote_id, tokens, expires_at, created_at, updated_at"
    };
}

/// What is over by a provider's word, whose [parts](whose) are the parameters.
macro_rules! ended {
    () => {
        "provider = ?1 AND (?3 IS NOT NULL OR ?4 IS NOT NULL) AND (?4 IS NULL OR remote_id = ?4)
         AND (?3 IS NULL OR user_id IN
           (SELECT user_id FROM identities WHERE provider = ?1 AND issuer = ?2 AND subject = ?3)
           OR (?4 IS NOT NULL AND NOT EXISTS
             (SELECT 1 FROM identities WHERE provider = ?1 AND issuer = ?2 AND subject = ?3)))"
    };
}

impl Store {
    pub(super) async fn read_provider_session(
        &self,
        id: ProviderSessionId,
    ) -> worker::Result<Option<ProviderSession>> {
        const FIND: &str = concat!("SELECT ", session_columns!(), " FROM provider_sessions WHERE id = ?1");
        let id = id.to_string();
        let statement = self.database()?.prepare(FIND).bind_refs(&D1Type::Text(&id))?;
        Ok(statement.first::<SessionRow>(None).await?.map(ProviderSession::from))
    }

    pub(super) async fn read_provider_sessions(&self, user: UserId) -> worker::Result<Vec<ProviderSession>> {
        const LIST: &str = concat!(
            "SELECT ",
            session_columns!(),
            " FROM provider_sessions WHERE user_id = ?1 ORDER BY created_at DESC, rowid DESC"
        );
        let user = user.to_string();
        let statement = self.database()?.prepare(LIST).bind_refs(&D1Type::Text(&user))?;
        let rows: Vec<SessionRow> = statement.all().await?.results()?;
        Ok(rows.into_iter().map(ProviderSession::from).collect())
    }

    pub(super) async fn swap_provider_tokens(
        &self,
        old: &ProviderSession,
        sealed: &str,
        expires_at: UnixSeconds,
        now: UnixSeconds,
    ) -> worker::Result<Replaced> {
        const SWAP: &str = "UPDATE provider_sessions SET tokens = ?3, expires_at = ?4, updated_at = ?5
             WHERE id = ?1 AND tokens = ?2";
        let id = old.id.to_string();
        let bound = [
            D1Type::Text(&id),
            D1Type::Text(&old.sealed),
            D1Type::Text(sealed),
            seconds(expires_at),
            seconds(now),
        ];
        replaced(self.database()?.prepare(SWAP).bind_refs(&bound)?.run().await?)
    }

    pub(super) async fn remove_provider_session(
        &self,
        id: ProviderSessionId,
    ) -> worker::Result<Option<ProviderSession>> {
        const TAKE: &str =
            concat!("DELETE FROM provider_sessions WHERE id = ?1 RETURNING ", session_columns!());
        let id = id.to_string();
        let statement = self.database()?.prepare(TAKE).bind_refs(&D1Type::Text(&id))?;
        Ok(statement.first::<SessionRow>(None).await?.map(ProviderSession::from))
    }

    pub(super) async fn insert_provider_session(
        &self,
        user: UserId,
        provider: &str,
        session: &NewProviderSession,
        event: &AuditEvent,
    ) -> worker::Result<()> {
        const INSERT: &str =
            "INSERT INTO provider_sessions (id, user_id, provider, remote_id, tokens, expires_at, created_at, updated_at)
             SELECT ?3, id, ?2, ?4, ?5, ?6, ?7, ?7 FROM users WHERE id = ?1";
        const PRUNE: &str = "DELETE FROM provider_sessions WHERE user_id = ?1 AND provider = ?2 AND id NOT IN
             (SELECT id FROM provider_sessions WHERE user_id = ?1 AND provider = ?2
              ORDER BY created_at DESC, rowid DESC LIMIT ?3)";
        let (user, id) = (user.to_string(), session.id.to_string());
        let whose = [D1Type::Text(&user), D1Type::Text(provider)];
        let new = [
            D1Type::Text(&id),
            optional(session.remote.as_deref()),
            D1Type::Text(&session.sealed),
            seconds(session.expires_at),
            seconds(event.at),
        ];
        let kept = [D1Type::Real(f64::from(session.kept))];
        let database = self.database()?;
        database
            .batch(vec![
                database.prepare(INSERT).bind_refs(whose.iter().chain(&new))?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
                database.prepare(PRUNE).bind_refs(whose.iter().chain(&kept))?,
            ])
            .await
            .map(|_| ())
    }

    pub(super) async fn remove_each_provider_session(
        &self,
        sessions: &[ProviderSessionId],
    ) -> worker::Result<()> {
        const DELETE: &str = "DELETE FROM provider_sessions WHERE id IN (SELECT value FROM json_each(?1))";
        let ids = serde_json::to_string(sessions)?;
        self.database()?.prepare(DELETE).bind_refs(&D1Type::Text(&ids))?.run().await.map(|_| ())
    }

    pub(super) async fn remove_provider_sessions(
        &self,
        user: UserId,
        provider: &str,
    ) -> worker::Result<bool> {
        let user = user.to_string();
        let delete =
            self.database()?.prepare("DELETE FROM provider_sessions WHERE user_id = ?1 AND provider = ?2");
        let result = delete.bind_refs(&[D1Type::Text(&user), D1Type::Text(provider)])?.run().await?;
        changed(&[result], 0)
    }

    pub(super) async fn read_ended(
        &self,
        logout: &RemoteLogout,
    ) -> worker::Result<Option<Vec<EndedRemotely>>> {
        const HEARD: &str = "SELECT 1 AS yes FROM heard_logouts WHERE issuer = ?1 AND jti = ?2";
        const LIST: &str = concat!("SELECT id, user_id FROM provider_sessions WHERE ", ended!());
        const OWNER: &str =
            "SELECT user_id AS id FROM identities WHERE provider = ?1 AND issuer = ?2 AND subject = ?3";
        #[derive(Deserialize)]
        struct Heard {}
        #[derive(Deserialize)]
        struct Ended {
            id: ProviderSessionId,
            user_id: UserId,
        }
        #[derive(Deserialize)]
        struct Owner {
            id: UserId,
        }
        let [provider, issuer, subject, remote] = whose(logout);
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(HEARD).bind_refs([&issuer, &D1Type::Text(&logout.jti)])?,
                database.prepare(LIST).bind_refs([&provider, &issuer, &subject, &remote])?,
                database.prepare(OWNER).bind_refs([&provider, &issuer, &subject])?,
            ])
            .await?;
        if first::<Heard>(&results, 0)?.is_some() {
            return Ok(None);
        }
        let mut ended: Vec<_> = if logout.remote.is_some() {
            let rows: Vec<Ended> = rows(&results, 1)?;
            rows.iter().map(|row| EndedRemotely { user: row.user_id, session: Some(row.id) }).collect()
        } else {
            let owner: Option<Owner> = first(&results, 2)?;
            owner.into_iter().map(|owner| EndedRemotely { user: owner.id, session: None }).collect()
        };
        ended.sort();
        Ok(Some(ended))
    }

    pub(super) async fn write_logout(&self, logout: &RemoteLogout) -> worker::Result<()> {
        const HEAR: &str = "INSERT INTO heard_logouts (issuer, jti, remembered_until) VALUES (?1, ?2, ?3)
             ON CONFLICT (issuer, jti) DO NOTHING";
        const DELETE: &str = concat!("DELETE FROM provider_sessions WHERE ", ended!());
        let whose = whose(logout);
        let [_, issuer, ..] = &whose;
        let hear = [issuer, &D1Type::Text(&logout.jti), &seconds(logout.remembered_until)];
        let database = self.database()?;
        let batch =
            vec![database.prepare(HEAR).bind_refs(hear)?, database.prepare(DELETE).bind_refs(&whose)?];
        database.batch(batch).await.map(|_| ())
    }
}

/// Provider, issuer, subject and session of a provider's word.
fn whose(logout: &RemoteLogout) -> [D1Type<'_>; 4] {
    [
        D1Type::Text(&logout.provider),
        D1Type::Text(&logout.issuer),
        optional(logout.subject.as_deref()),
        optional(logout.remote.as_deref()),
    ]
}

fn replaced(result: D1Result) -> worker::Result<Replaced> {
    Ok(if changed(&[result], 0)? { Replaced::Yes } else { Replaced::No })
}

#[derive(Deserialize)]
struct SessionRow {
    id: ProviderSessionId,
    user_id: UserId,
    provider: String,
    remote_id: Option<String>,
    tokens: String,
    expires_at: i64,
    created_at: i64,
    updated_at: i64,
}

impl From<SessionRow> for ProviderSession {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.id,
            user: row.user_id,
            provider: row.provider,
            remote: row.remote_id,
            sealed: row.tokens,
            expires_at: UnixSeconds::new(row.expires_at),
            created_at: UnixSeconds::new(row.created_at),
            updated_at: UnixSeconds::new(row.updated_at),
        }
    }
}
