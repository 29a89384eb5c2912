use core::cell::Cell;

use portico_core::{
    audit::{AuditEvent, AuditOutcome, AuditRow},
    email::Email,
    id::AuditId,
    identity::Identity,
    mail::asks_for_mail,
    ports::{AuditLog, AuditQuery, PortError},
    time::UnixSeconds,
};
use serde::Deserialize;
use worker::{D1Database, D1PreparedStatement, D1Type};

use super::{
    Store,
    batch::{optional, seconds},
    fault,
};

macro_rules! columns {
    () => {
        "sequence, id, at, actor_id, target_id, action, outcome, network, user_agent, request_id, detail"
    };
}
impl AuditLog for Store {
    async fn append(&self, event: AuditEvent) -> Result<(), PortError> {
        self.insert_event(&event).await.map_err(fault("audit"))
    }

    async fn list_events(&self, query: AuditQuery) -> Result<Vec<AuditRow>, PortError> {
        self.read_events(query).await.map_err(fault("audit"))
    }

    async fn events_after(&self, sequence: u64, limit: u32) -> Result<Vec<AuditRow>, PortError> {
        self.read_events_after(sequence, limit).await.map_err(fault("audit"))
    }

    async fn expire_events(
        &self,
        before: UnixSeconds,
        limit: u32,
        event: AuditEvent,
    ) -> Result<(), PortError> {
        self.remove_events(before, limit, &event).await.map_err(fault("audit"))
    }
}

impl Store {
    async fn insert_event(&self, event: &AuditEvent) -> worker::Result<()> {
        insert(&self.database()?, event, Condition::Always)?.run().await.map(|_| ())
    }

    async fn read_events(&self, query: AuditQuery) -> worker::Result<Vec<AuditRow>> {
        const ALL: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM audit_log WHERE ?1 IS NULL AND (?2 IS NULL OR sequence < (SELECT sequence FROM audit_log WHERE id = ?2))
             ORDER BY sequence DESC LIMIT ?3"
        );
        // Each half has an index; one condition for both would have none.
        const ABOUT: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM audit_log WHERE sequence IN (
                 SELECT sequence FROM audit_log WHERE actor_id = ?1
                 UNION SELECT sequence FROM audit_log WHERE target_id = ?1)
               AND (?2 IS NULL OR sequence < (SELECT sequence FROM audit_log WHERE id = ?2))
             ORDER BY sequence DESC LIMIT ?3"
        );
        let about = query.about.map(|user| user.to_string());
        let before = query.before.map(|event| event.to_string());
        let bound =
            [optional(about.as_deref()), optional(before.as_deref()), D1Type::Real(f64::from(query.limit))];
        let list = if about.is_some() { ABOUT } else { ALL };
        let rows: Vec<Row> = self.database()?.prepare(list).bind_refs(&bound)?.all().await?.results()?;
        Ok(rows.into_iter().map(AuditRow::from).collect())
    }

    async fn read_events_after(&self, sequence: u64, limit: u32) -> worker::Result<Vec<AuditRow>> {
        const AFTER: &str =
            concat!("SELECT ", columns!(), " FROM audit_log WHERE sequence > ?1 ORDER BY sequence LIMIT ?2");
        let bound = [place(sequence), D1Type::Real(f64::from(limit))];
        let rows: Vec<Row> = self.database()?.prepare(AFTER).bind_refs(&bound)?.all().await?.results()?;
        Ok(rows.into_iter().map(AuditRow::from).collect())
    }

    async fn remove_events(&self, before: UnixSeconds, limit: u32, event: &AuditEvent) -> worker::Result<()> {
        // From the beginning only: a row that is missing in between would look like one that somebody took.
        const REMOVE: &str = "DELETE FROM audit_log WHERE sequence IN (
                 SELECT sequence FROM audit_log
                 WHERE sequence < COALESCE((SELECT MIN(sequence) FROM audit_log WHERE at >= ?1), 1e15)
                 ORDER BY sequence LIMIT ?2)";
        let database = self.database()?;
        let bound = [seconds(before), D1Type::Real(f64::from(limit))];
        let remove = database.prepare(REMOVE).bind_refs(&bound)?;
        database.batch(vec![remove, insert(&database, event, Condition::IfChanged)?]).await.map(|_| ())
    }
}

#[derive(Deserialize)]
struct Row {
    sequence: u64,
    id: AuditId,
    at: i64,
    actor_id: Option<String>,
    target_id: Option<String>,
    action: String,
    outcome: String,
    network: String,
    user_agent: String,
    request_id: String,
    detail: Option<String>,
}

impl From<Row> for AuditRow {
    fn from(row: Row) -> Self {
        Self {
            sequence: row.sequence,
            id: row.id,
            at: UnixSeconds::new(row.at),
            actor: row.actor_id,
            target: row.target_id,
            action: row.action,
            outcome: row.outcome,
            network: row.network,
            user_agent: row.user_agent,
            request_id: row.request_id,
            detail: row.detail,
        }
    }
}

/// A place in the log, as D1 takes numbers.
#[expect(clippy::cast_precision_loss, reason = "no log has 2^53 rows")]
pub(super) const fn place(sequence: u64) -> D1Type<'static> {
    D1Type::Real(sequence as f64)
}

thread_local! {
    static WRITTEN: Cell<u64> = const { Cell::new(0) };
    static MAILS: Cell<u64> = const { Cell::new(0) };
}

/// How many mails events have asked for that this isolate has written down, or tried to.
pub(crate) fn mails_ordered() -> u64 {
    MAILS.get()
}

/// How many events that somebody may be told about this isolate has written down, or tried to.
pub(crate) fn written() -> u64 {
    WRITTEN.get()
}

/// Whether the event happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Condition {
    /// It did.
    Always,
    /// Only if the statement before it, in the same batch, has changed a row.
    IfChanged,
}

macro_rules! insert {
    ($target:expr) => {
        insert!("?3", $target)
    };
    ($actor:expr, $target:expr) => {
        concat!(
            "INSERT INTO audit_log
                 (id, at, actor_id, target_id, action, outcome, network, user_agent, request_id, detail)
             SELECT ?1, ?2, ",
            $actor,
            ", ",
            $target,
            ", ?5, ?6, ?7, ?8, ?9, ?11
             WHERE (?10 = 0 OR changes() > 0) AND NOT EXISTS (SELECT 1 FROM audit_log WHERE id = ?1)"
        )
    };
}

/// The statement that writes an event down, once.
pub(super) fn insert(
    database: &D1Database,
    event: &AuditEvent,
    condition: Condition,
) -> worker::Result<D1PreparedStatement> {
    insert_as(database, insert!("?4"), event, condition)
}

/// The same about whoever has an address, if the statement before it, in the same batch, has changed a row.
pub(super) fn insert_about_owner(
    database: &D1Database,
    event: &AuditEvent,
    email: &Email,
) -> worker::Result<D1PreparedStatement> {
    let about = AuditEvent { target: Some(email.to_string()), ..event.clone() };
    insert_as(database, insert!("(SELECT id FROM users WHERE email = ?4)"), &about, Condition::IfChanged)
}

/// The same by whoever an identity belongs to. To be [counted](count) when it is known to be stored.
pub(super) fn insert_by_owner(
    database: &D1Database,
    event: &AuditEvent,
    identity: &Identity,
) -> worker::Result<D1PreparedStatement> {
    macro_rules! owner {
        () => {
            "(SELECT user_id FROM identities WHERE provider = ?3 AND issuer = ?4 AND subject = ?12)"
        };
    }
    const INSERT: &str = insert!(owner!(), "NULL");
    let id = event.id.to_string();
    let names = [&identity.provider, &identity.issuer].map(|name| D1Type::Text(name));
    let bound = bound(event, &id, names, Condition::IfChanged);
    database.prepare(INSERT).bind_refs(bound.iter().chain([&D1Type::Text(&identity.subject)]))
}

fn insert_as(
    database: &D1Database,
    statement: &str,
    event: &AuditEvent,
    condition: Condition,
) -> worker::Result<D1PreparedStatement> {
    count(event);
    let id = event.id.to_string();
    let actor = event.actor.map(|actor| actor.to_string());
    let people = [optional(actor.as_deref()), optional(event.target.as_deref())];
    database.prepare(statement).bind_refs(&bound(event, &id, people, condition))
}

/// Counts an event that somebody may be told about.
pub(super) fn count(event: &AuditEvent) {
    if matches!(event.outcome, AuditOutcome::FirstAdmin | AuditOutcome::Success) {
        WRITTEN.set(WRITTEN.get() + 1);
    }
    if asks_for_mail(event) {
        MAILS.set(MAILS.get() + 1);
    }
}

fn bound<'e>(
    event: &'e AuditEvent,
    id: &'e str,
    [third, fourth]: [D1Type<'e>; 2],
    condition: Condition,
) -> [D1Type<'e>; 11] {
    [
        D1Type::Text(id),
        seconds(event.at),
        third,
        fourth,
        D1Type::Text(event.action.as_str()),
        D1Type::Text(event.outcome.as_str()),
        D1Type::Text(&event.network),
        D1Type::Text(&event.user_agent),
        D1Type::Text(&event.request_id),
        D1Type::Integer(i32::from(condition == Condition::IfChanged)),
        optional(event.detail.as_deref()),
    ]
}
