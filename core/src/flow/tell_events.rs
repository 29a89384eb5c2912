//! Telling those who want to know about events: in order for each webhook, again until it arrives or was tried for long
//! enough, and never in anybody's way (FT-15). Whoever made something happen has their answer already.

use alloc::{string::String, string::ToString as _, vec::Vec};

use futures_util::future::join_all;
use serde_json::json;

use super::{Ctx, audit, webhooks};
use crate::{
    audit::{AuditAction, AuditEvent, AuditOutcome},
    event::{Event, Subject},
    id::UserId,
    ports::{Message, PortError, Ports},
    time::{Lifetime, UnixSeconds},
    user::User,
    webhook::{Delivery, Webhook},
};

/// How many rows of the log one turn of a webhook looks at.
const ROWS: u32 = 50;

/// How many events one turn tells a webhook: a slow one must not hold up the others' next turn for long.
const SENT: usize = 5;

/// How many webhooks have their turn at the same time; hosts have few connections at once.
const AT_ONCE: usize = 4;

/// When the next try is due after a fault of our own.
const AFTER_A_FAULT: Lifetime = Lifetime::from_seconds(30);

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

/// Tells all webhooks what they do not know yet, as far as one turn goes; accounts and memberships are taken as they are
/// now. `body` says it as the dialect does for an address. Says when the next turn is due; `None` when everybody knows
/// everything.
///
/// # Errors
/// When the store can not be read.
pub async fn turn(
    ctx: &Ctx<'_, impl Ports>,
    body: &impl Fn(&str, Told<'_>) -> String,
) -> Result<Option<UnixSeconds>, PortError> {
    webhooks::ensure_default(ctx).await?;
    let mut webhooks = ctx.ports.list_webhooks().await?;
    webhooks.retain(|(webhook, _)| webhook.enabled);
    let mut next = None;
    for some in webhooks.chunks(AT_ONCE) {
        let turns = some.iter().map(|(webhook, delivery)| async {
            match delivery.due_at.filter(|_| !delivery.is_due(ctx.now)) {
                Some(due) => Some(due),
                // The port has reported its fault; the others have their turn all the same.
                None => tell(ctx, webhook, *delivery, body)
                    .await
                    .unwrap_or_else(|_| Some(ctx.now.plus(AFTER_A_FAULT))),
            }
        });
        next = join_all(turns).await.into_iter().chain([next]).flatten().min();
    }
    Ok(next)
}

/// One webhook's turn. What it was told is noted before anything else may go wrong.
async fn tell(
    ctx: &Ctx<'_, impl Ports>,
    webhook: &Webhook,
    delivery: Delivery,
    body: &impl Fn(&str, Told<'_>) -> String,
) -> Result<Option<UnixSeconds>, PortError> {
    let rows = ctx.ports.events_after(delivery.sequence, ROWS).await?;
    let Some(last) = rows.last() else { return Ok(None) };
    // Nobody knows where it is, any more: it misses what happens.
    let url = match webhooks::url_of(ctx, webhook) {
        Ok(Some(url)) => url,
        Ok(None) => {
            ctx.ports.note_delivery(&webhook.id, delivery, Delivery::told(last.sequence)).await?;
            return Ok(None);
        }
        // An envelope that does not open is as good as nobody at home; the log says so when an event is given up.
        Err(_) => return postpone(ctx, webhook, delivery, delivery.sequence + 1).await,
    };
    let (mut noted, mut sent) = (delivery, 0);
    for row in &rows {
        if sent >= SENT {
            return Ok(Some(ctx.now));
        }
        let before = sent;
        for event in Event::told_by(row) {
            if !is_wanted(ctx, webhook, &event).await? {
                continue;
            }
            let message = message(ctx, webhook, url.expose_secret(), &event, body).await?;
            if ctx.policy.webhooks.check(&message.url).is_err() || ctx.ports.post(message).await.is_err() {
                return postpone(ctx, webhook, noted, row.sequence).await;
            }
            sent += 1;
        }
        if sent > before || row.sequence == last.sequence {
            let known = Delivery::told(row.sequence);
            ctx.ports.note_delivery(&webhook.id, noted, known).await?;
            noted = known;
        }
    }
    Ok((rows.len() == ROWS as usize).then_some(ctx.now))
}

async fn is_wanted(ctx: &Ctx<'_, impl Ports>, webhook: &Webhook, event: &Event) -> Result<bool, PortError> {
    // Most events are nobody's business: they ask the store nothing.
    if !webhook.names(event) {
        return Ok(false);
    }
    let groups = match event.user().filter(|_| webhook.names_groups()) {
        Some(user) => ctx.ports.list_memberships(user).await?,
        None => Vec::new(),
    };
    Ok(webhook.wants(event, &groups))
}

/// What the webhook is told.
async fn message(
    ctx: &Ctx<'_, impl Ports>,
    webhook: &Webhook,
    url: &str,
    event: &Event,
    body: &impl Fn(&str, Told<'_>) -> String,
) -> Result<Message, PortError> {
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
    let signature = ctx.policy.webhooks.keys.sign(&webhook.id, event.id, ctx.now, &body);
    let headers = Vec::from([
        ("content-type", "application/json".to_string()),
        ("webhook-id", event.id.to_string()),
        ("webhook-signature", signature),
        ("webhook-timestamp", ctx.now.get().to_string()),
    ]);
    Ok(Message { url: url.to_string(), headers, body })
}

async fn account(ctx: &Ctx<'_, impl Ports>, user: UserId) -> Result<Option<User>, PortError> {
    Ok(ctx.ports.load_credential(user).await?.map(|credential| credential.user))
}

/// The row is told again later; or, after many failures, given up, which the log has to say.
async fn postpone(
    ctx: &Ctx<'_, impl Ports>,
    webhook: &Webhook,
    noted: Delivery,
    row: u64,
) -> Result<Option<UnixSeconds>, PortError> {
    let delivery = noted.failed(row, ctx.now);
    ctx.ports.note_delivery(&webhook.id, noted, delivery).await?;
    if delivery.due_at.is_none() {
        let event = audit::event(ctx, None, AuditAction::DropEvent, AuditOutcome::Success)?;
        let detail = Some(json!({"sequence": row}).to_string());
        ctx.ports.append(AuditEvent { target: Some(webhook.id.clone()), detail, ..event }).await?;
    }
    Ok(Some(delivery.due_at.unwrap_or(ctx.now)))
}
