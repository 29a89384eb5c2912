//! Telling those who want to know about events. At least once each, in order for each webhook, and never in anybody's way
//! (FT-15): whoever made something happen has their answer already.

use alloc::{string::String, string::ToString as _, vec::Vec};

use futures_util::future::join_all;
use serde_json::json;

use super::{Ctx, audit, webhooks};
use crate::{
    audit::{AuditAction, AuditEvent, AuditOutcome, AuditRow},
    event::{Event, Subject},
    id::UserId,
    ports::{Message, PortError, Ports},
    time::UnixSeconds,
    user::User,
    webhook::{Delivery, Webhook},
};

/// How many rows of the log one turn looks at.
const ROWS: u32 = 50;

/// An event, and those who are in it as they are now.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The event.
    pub event: &'a Event,
    /// Who did it, if they still have an account.
    pub actor: Option<&'a User>,
    /// Whom it is about, if they still have an account.
    pub account: Option<&'a User>,
}

/// Tells all webhooks what they do not know yet, as far as one turn goes. `body` says it as the dialect does for an
/// address. Says when the next turn is due; `None` when everybody knows everything.
///
/// # Errors
/// When the store can not be read.
pub async fn turn(
    ctx: &Ctx<'_, impl Ports>,
    body: &impl Fn(&str, Told<'_>) -> String,
) -> Result<Option<UnixSeconds>, PortError> {
    webhooks::ensure_default(ctx).await?;
    let webhooks = ctx.ports.list_webhooks().await?;
    let turns = webhooks.iter().filter(|(webhook, _)| webhook.enabled).map(|(webhook, delivery)| async {
        match delivery.due_at.filter(|_| !delivery.is_due(ctx.now)) {
            Some(due) => Ok(Some(due)),
            None => tell(ctx, webhook, *delivery, body).await,
        }
    });
    let turns: Vec<_> = join_all(turns).await;
    let mut next = None;
    for turn in turns {
        next = [next, turn?].into_iter().flatten().min();
    }
    Ok(next)
}

/// One webhook's turn.
async fn tell(
    ctx: &Ctx<'_, impl Ports>,
    webhook: &Webhook,
    delivery: Delivery,
    body: &impl Fn(&str, Told<'_>) -> String,
) -> Result<Option<UnixSeconds>, PortError> {
    let Some(url) = webhooks::url_of(ctx, webhook)? else { return Ok(None) };
    let rows = ctx.ports.events_after(delivery.sequence, ROWS).await?;
    let mut known = delivery;
    for row in &rows {
        for event in Event::told_by(row) {
            if is_wanted(ctx, webhook, &event).await?
                && send(ctx, webhook, url.expose_secret(), &event, body).await.is_err()
            {
                return postpone(ctx, webhook, known, row).await;
            }
        }
        known = Delivery::told(row.sequence);
    }
    if known != delivery {
        ctx.ports.note_delivery(&webhook.id, known).await?;
    }
    Ok((rows.len() == ROWS as usize).then_some(ctx.now))
}

async fn is_wanted(ctx: &Ctx<'_, impl Ports>, webhook: &Webhook, event: &Event) -> Result<bool, PortError> {
    let groups = match event.user().filter(|_| webhook.names_groups()) {
        Some(user) => ctx.ports.list_memberships(user).await?,
        None => Vec::new(),
    };
    Ok(webhook.wants(event, &groups))
}

async fn send(
    ctx: &Ctx<'_, impl Ports>,
    webhook: &Webhook,
    url: &str,
    event: &Event,
    body: &impl Fn(&str, Told<'_>) -> String,
) -> Result<(), PortError> {
    let refused = |_| PortError { port: "outbound", detail: "the address may not be fetched".to_string() };
    ctx.policy.webhooks.check(url).map_err(refused)?;
    let account = match event.subject {
        Some(Subject::User(user)) => account(ctx, user).await?,
        Some(Subject::Group(_)) | None => None,
    };
    let actor = match event.actor {
        Some(actor) if account.as_ref().is_some_and(|account| account.id == actor) => account.clone(),
        Some(actor) => self::account(ctx, actor).await?,
        None => None,
    };
    let body = body(url, Told { event, actor: actor.as_ref(), account: account.as_ref() });
    let signature = ctx.policy.webhooks.key.sign(&webhook.id, event.id, ctx.now, &body);
    let headers = Vec::from([
        ("content-type", "application/json".to_string()),
        ("webhook-id", event.id.to_string()),
        ("webhook-signature", signature),
        ("webhook-timestamp", ctx.now.get().to_string()),
    ]);
    ctx.ports.post(Message { url: url.to_string(), headers, body }).await
}

async fn account(ctx: &Ctx<'_, impl Ports>, user: UserId) -> Result<Option<User>, PortError> {
    Ok(ctx.ports.load_credential(user).await?.map(|credential| credential.user))
}

/// The row is told again later; or, after many failures, given up, which the log has to say.
async fn postpone(
    ctx: &Ctx<'_, impl Ports>,
    webhook: &Webhook,
    known: Delivery,
    row: &AuditRow,
) -> Result<Option<UnixSeconds>, PortError> {
    let delivery = known.failed(row.sequence, ctx.now);
    if delivery.due_at.is_none() {
        let event = audit::event(ctx, None, AuditAction::DropEvent, AuditOutcome::Success)?;
        let detail = Some(json!({"sequence": row.sequence}).to_string());
        ctx.ports.append(AuditEvent { target: Some(webhook.id.clone()), detail, ..event }).await?;
    }
    ctx.ports.note_delivery(&webhook.id, delivery).await?;
    Ok(Some(delivery.due_at.unwrap_or(ctx.now)))
}
