use portico_core::{
    audit::AuditEvent,
    ports::{AuditLog, PortError},
};
use worker::D1Type;

use super::{Store, fault};

impl AuditLog for Store {
    async fn append(&self, event: AuditEvent) -> Result<(), PortError> {
        self.insert_event(&event).await.map_err(fault("audit"))
    }
}

impl Store {
    async fn insert_event(&self, event: &AuditEvent) -> worker::Result<()> {
        const INSERT: &str = "INSERT INTO audit_log
                 (id, at, actor_id, action, outcome, network, user_agent, request_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let (id, actor) = (event.id.to_string(), event.actor.map(|actor| actor.to_string()));
        #[expect(clippy::cast_precision_loss, reason = "Unix seconds stay far below 2^53")]
        let at = event.at.get() as f64;
        self.database()?
            .prepare(INSERT)
            .bind_refs(&[
                D1Type::Text(&id),
                D1Type::Real(at),
                actor.as_deref().map_or(D1Type::Null, D1Type::Text),
                D1Type::Text(event.action.as_str()),
                D1Type::Text(event.outcome.as_str()),
                D1Type::Text(&event.network),
                D1Type::Text(&event.user_agent),
                D1Type::Text(&event.request_id),
            ])?
            .run()
            .await?;
        Ok(())
    }
}
