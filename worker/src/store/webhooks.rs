use portico_core::{
    audit::AuditEvent,
    id::{GroupId, UserId},
    ports::{Message, Outbound, PortError, WebhookSaved, Webhooks},
    time::UnixSeconds,
    webhook::{Delivery, EventPattern, MAX_WEBHOOKS, Target, Webhook},
};
use serde::{Deserialize, Serialize};
use worker::D1Type;

use super::{
    Store,
    audit_log::{self, Condition},
    batch::{changed, missing, optional, seconds},
    fault,
};
use crate::platform;

impl Outbound for Store {
    async fn post(&self, message: Message) -> Result<(), PortError> {
        platform::post(&message).await
    }
}

impl Webhooks for Store {
    async fn list_webhooks(&self) -> Result<Vec<(Webhook, Delivery)>, PortError> {
        self.read_webhooks().await.map_err(fault("webhooks"))
    }

    async fn create_webhook(
        &self,
        webhook: Webhook,
        since: UnixSeconds,
        event: AuditEvent,
    ) -> Result<WebhookSaved, PortError> {
        self.insert_webhook(&webhook, since, &event).await.map_err(fault("webhooks"))
    }

    async fn replace_webhook(&self, webhook: Webhook, event: AuditEvent) -> Result<WebhookSaved, PortError> {
        self.update_webhook(&webhook, &event).await.map_err(fault("webhooks"))
    }

    async fn delete_webhook(&self, id: &str, event: AuditEvent) -> Result<bool, PortError> {
        self.remove_webhook(id, &event).await.map_err(fault("webhooks"))
    }

    async fn note_delivery(&self, id: &str, old: Delivery, new: Delivery) -> Result<(), PortError> {
        self.write_delivery(id, old, new).await.map_err(fault("webhooks"))
    }
}

impl Store {
    async fn read_webhooks(&self) -> worker::Result<Vec<(Webhook, Delivery)>> {
        const LIST: &str = "SELECT id, name, url, enabled, events, targets, created_at, updated_at,
                 sequence, failures, due_at
             FROM webhooks WHERE deleted = 0 ORDER BY created_at, id";
        let rows: Vec<Row> = self.database()?.prepare(LIST).all().await?.results()?;
        rows.into_iter().map(Row::read).collect()
    }

    async fn insert_webhook(
        &self,
        webhook: &Webhook,
        since: UnixSeconds,
        event: &AuditEvent,
    ) -> worker::Result<WebhookSaved> {
        const INSERT: &str = "INSERT INTO webhooks
                 (id, name, url, enabled, events, targets, created_at, updated_at, sequence)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, (SELECT COALESCE(MAX(sequence), 0) FROM audit_log WHERE at < ?10)
             WHERE (SELECT COUNT(*) FROM webhooks WHERE deleted = 0) < ?9
             ON CONFLICT (id) DO NOTHING";
        const KNOWN: &str = "SELECT COUNT(*) AS known FROM webhooks WHERE id = ?1";
        #[derive(Deserialize)]
        struct Count {
            known: u32,
        }
        let (events, targets) = (events_of(webhook)?, targets_of(webhook)?);
        let most = D1Type::Real(f64::from(u32::try_from(MAX_WEBHOOKS).unwrap_or(u32::MAX)));
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(INSERT).bind_refs(&[
                    D1Type::Text(&webhook.id),
                    D1Type::Text(&webhook.name),
                    optional(webhook.url.as_deref()),
                    D1Type::Integer(i32::from(webhook.enabled)),
                    D1Type::Text(&events),
                    optional(targets.as_deref()),
                    seconds(webhook.created_at),
                    seconds(webhook.updated_at),
                    most,
                    seconds(since),
                ])?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
                database.prepare(KNOWN).bind_refs(&D1Type::Text(&webhook.id))?,
            ])
            .await;
        let results = results?;
        if changed(&results, 0)? {
            self.forget_settings().await;
        }
        let count: Count = super::batch::first(&results, 2)?.ok_or_else(|| missing("count"))?;
        Ok(match changed(&results, 0)? {
            true => WebhookSaved::Yes,
            false if count.known > 0 => WebhookSaved::Gone,
            false => WebhookSaved::TooMany,
        })
    }

    async fn update_webhook(&self, webhook: &Webhook, event: &AuditEvent) -> worker::Result<WebhookSaved> {
        const UPDATE: &str = "UPDATE webhooks
             SET name = ?2, url = ?3, enabled = ?4, events = ?5, targets = ?6, updated_at = ?7,
                 failures = 0, due_at = NULL, sequence = CASE enabled WHEN 1 THEN sequence
                     ELSE (SELECT COALESCE(MAX(sequence), 0) FROM audit_log) END
             WHERE id = ?1 AND deleted = 0";
        let (events, targets) = (events_of(webhook)?, targets_of(webhook)?);
        let bound = [
            D1Type::Text(&webhook.id),
            D1Type::Text(&webhook.name),
            optional(webhook.url.as_deref()),
            D1Type::Integer(i32::from(webhook.enabled)),
            D1Type::Text(&events),
            optional(targets.as_deref()),
            seconds(webhook.updated_at),
        ];
        let is_changed = self.change_webhook(UPDATE, &bound, event).await?;
        Ok(if is_changed { WebhookSaved::Yes } else { WebhookSaved::Gone })
    }

    async fn remove_webhook(&self, id: &str, event: &AuditEvent) -> worker::Result<bool> {
        const DELETE: &str =
            "UPDATE webhooks SET deleted = 1, url = NULL, name = '' WHERE id = ?1 AND deleted = 0";
        self.change_webhook(DELETE, &[D1Type::Text(id)], event).await
    }

    async fn change_webhook(
        &self,
        statement: &str,
        bound: &[D1Type<'_>],
        event: &AuditEvent,
    ) -> worker::Result<bool> {
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(statement).bind_refs(bound)?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
            ])
            .await;
        self.forget_settings().await;
        changed(&results?, 0)
    }

    async fn write_delivery(&self, id: &str, old: Delivery, new: Delivery) -> worker::Result<()> {
        const NOTE: &str = "UPDATE webhooks SET sequence = ?3, failures = ?4, due_at = ?5
             WHERE id = ?1 AND sequence = ?2";
        let bound = [
            D1Type::Text(id),
            audit_log::place(old.sequence),
            audit_log::place(new.sequence),
            D1Type::Real(f64::from(new.failures)),
            new.due_at.map_or(D1Type::Null, seconds),
        ];
        self.database()?.prepare(NOTE).bind_refs(&bound)?.run().await.map(|_| ())
    }
}

#[derive(Deserialize)]
struct Row {
    id: String,
    name: String,
    url: Option<String>,
    enabled: u8,
    events: String,
    targets: Option<String>,
    created_at: i64,
    updated_at: i64,
    sequence: u64,
    failures: u32,
    due_at: Option<i64>,
}

impl Row {
    fn read(self) -> worker::Result<(Webhook, Delivery)> {
        let events: Vec<String> = serde_json::from_str(&self.events)?;
        let targets: Option<Vec<StoredTarget>> =
            self.targets.as_deref().map(serde_json::from_str).transpose()?;
        let delivery = Delivery {
            sequence: self.sequence,
            failures: self.failures,
            due_at: self.due_at.map(UnixSeconds::new),
        };
        let webhook = Webhook {
            id: self.id,
            name: self.name,
            url: self.url,
            enabled: self.enabled != 0,
            // Another version may know other kinds.
            events: events.iter().filter_map(|pattern| EventPattern::parse(pattern)).collect(),
            targets: targets.map(|targets| targets.into_iter().map(Target::from).collect()),
            created_at: UnixSeconds::new(self.created_at),
            updated_at: UnixSeconds::new(self.updated_at),
        };
        Ok((webhook, delivery))
    }
}

/// `{"user": "…"}` or `{"group": "…"}`
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum StoredTarget {
    Group(GroupId),
    User(UserId),
}

impl From<StoredTarget> for Target {
    fn from(target: StoredTarget) -> Self {
        match target {
            StoredTarget::Group(group) => Self::Group(group),
            StoredTarget::User(user) => Self::User(user),
        }
    }
}

fn events_of(webhook: &Webhook) -> worker::Result<String> {
    let events: Vec<_> = webhook.events.iter().map(EventPattern::as_str).collect();
    Ok(serde_json::to_string(&events)?)
}

fn targets_of(webhook: &Webhook) -> worker::Result<Option<String>> {
    let stored = |target: &Target| match *target {
        Target::Group(group) => StoredTarget::Group(group),
        Target::User(user) => StoredTarget::User(user),
    };
    let targets = webhook.targets.as_ref().map(|targets| targets.iter().map(stored).collect::<Vec<_>>());
    Ok(targets.map(|targets| serde_json::to_string(&targets)).transpose()?)
}
