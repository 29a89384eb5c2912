use portico_core::{
    audit::AuditEvent,
    ports::{AuditLog, PortError},
};
use worker::{D1Database, D1PreparedStatement, D1Type};

use super::{Store, fault};

impl AuditLog for Store {
    async fn append(&self, event: AuditEvent) -> Result<(), PortError> {
        self.insert_event(&event).await.map_err(fault("audit"))
    }
}

impl Store {
    async fn insert_event(&self, event: &AuditEvent) -> worker::Result<()> {
        insert(&self.database()?, event, Condition::Always)?.run().await.map(|_| ())
    }
}

/// Whether the event happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Condition {
    /// It did.
    Always,
    /// Only if the statement before it, in the same batch, has changed a row.
    IfChanged,
}

/// The statement that writes an event down.
pub(super) fn insert(
    database: &D1Database,
    event: &AuditEvent,
    condition: Condition,
) -> worker::Result<D1PreparedStatement> {
    const INSERT: &str = "INSERT INTO audit_log
             (id, at, actor_id, target_id, action, outcome, network, user_agent, request_id)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE ?10 = 0 OR changes() > 0";
    let id = event.id.to_string();
    let (actor, target) =
        (event.actor.map(|actor| actor.to_string()), event.target.map(|target| target.to_string()));
    #[expect(clippy::cast_precision_loss, reason = "Unix seconds stay far below 2^53")]
    let at = event.at.get() as f64;
    let conditional = condition == Condition::IfChanged;
    database.prepare(INSERT).bind_refs(&[
        D1Type::Text(&id),
        D1Type::Real(at),
        actor.as_deref().map_or(D1Type::Null, D1Type::Text),
        target.as_deref().map_or(D1Type::Null, D1Type::Text),
        D1Type::Text(event.action.as_str()),
        D1Type::Text(event.outcome.as_str()),
        D1Type::Text(&event.network),
        D1Type::Text(&event.user_agent),
        D1Type::Text(&event.request_id),
        D1Type::Integer(i32::from(conditional)),
    ])
}
