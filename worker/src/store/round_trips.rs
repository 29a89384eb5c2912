use portico_core::{
    id::{SessionId, UserId},
    oauth::pending::{Dialect, Errand, Peer, Pending},
    ports::{PortError, RoundTrips},
    time::UnixSeconds,
};
use serde::Deserialize;
use worker::D1Type;

use super::{
    Store,
    batch::{missing, optional, seconds},
    fault,
};

impl RoundTrips for Store {
    async fn begin_round_trip(&self, pending: Pending) -> Result<(), PortError> {
        self.insert_round_trip(&pending).await.map_err(fault("round trips"))
    }

    async fn end_round_trip(&self, hash: &str, now: UnixSeconds) -> Result<Option<Pending>, PortError> {
        self.take_round_trip(hash, now).await.map_err(fault("round trips"))
    }

    async fn expire_round_trips(&self, now: UnixSeconds) -> Result<(), PortError> {
        self.remove_round_trips(now).await.map_err(fault("round trips"))
    }
}

impl Store {
    async fn insert_round_trip(&self, pending: &Pending) -> worker::Result<()> {
        const INSERT: &str = "INSERT INTO oauth_states
                 (hash, provider, issuer, redirect_uri, browser, dialect, user_id, session_id, sealed, expires_at, metadata)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (hash) DO NOTHING";
        let who = match pending.errand {
            Errand::Link(user, session) => Some((user.to_string(), session.to_string())),
            Errand::SignIn => None,
        };
        let who = who.as_ref();
        let bound = [
            D1Type::Text(&pending.hash),
            D1Type::Text(pending.peer.as_str()),
            D1Type::Text(&pending.issuer),
            D1Type::Text(&pending.redirect_uri),
            D1Type::Text(&pending.browser),
            D1Type::Text(pending.dialect.as_str()),
            optional(who.map(|(user, _)| user.as_str())),
            optional(who.map(|(_, session)| session.as_str())),
            D1Type::Text(&pending.sealed),
            seconds(pending.expires_at),
            D1Type::Text(&pending.metadata),
        ];
        self.database()?.prepare(INSERT).bind_refs(&bound)?.run().await.map(|_| ())
    }

    async fn take_round_trip(&self, hash: &str, now: UnixSeconds) -> worker::Result<Option<Pending>> {
        const TAKE: &str = "DELETE FROM oauth_states WHERE hash = ?1
             RETURNING provider, issuer, redirect_uri, browser, dialect, user_id, session_id, sealed, expires_at, metadata";
        #[derive(Deserialize)]
        struct Row {
            provider: String,
            issuer: String,
            redirect_uri: String,
            browser: String,
            dialect: String,
            user_id: Option<UserId>,
            session_id: Option<SessionId>,
            sealed: String,
            expires_at: i64,
            metadata: String,
        }
        let row: Option<Row> =
            self.database()?.prepare(TAKE).bind_refs(&D1Type::Text(hash))?.first(None).await?;
        let Some(row) = row.filter(|row| now.get() < row.expires_at) else { return Ok(None) };
        Ok(Some(Pending {
            hash: hash.to_string(),
            peer: Peer::parse(&row.provider).ok_or_else(|| missing("provider that we know"))?,
            issuer: row.issuer,
            redirect_uri: row.redirect_uri,
            metadata: row.metadata,
            browser: row.browser,
            dialect: Dialect::parse(&row.dialect).ok_or_else(|| missing("dialect that we know"))?,
            errand: match row.user_id.zip(row.session_id) {
                Some((user, session)) => Errand::Link(user, session),
                None => Errand::SignIn,
            },
            sealed: row.sealed,
            expires_at: UnixSeconds::new(row.expires_at),
        }))
    }

    async fn remove_round_trips(&self, now: UnixSeconds) -> worker::Result<()> {
        let database = self.database()?;
        let remove = |statement: &str| database.prepare(statement).bind_refs(&seconds(now));
        let statements = vec![
            remove("DELETE FROM oauth_states WHERE expires_at <= ?1")?,
            remove("DELETE FROM heard_logouts WHERE remembered_until <= ?1")?,
        ];
        database.batch(statements).await.map(|_| ())
    }
}
