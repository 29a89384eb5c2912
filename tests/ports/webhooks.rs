use futures_util::future::join_all;
use portico_core::{
    audit::{AuditAction, AuditEvent},
    id::{AuditId, GroupId, UserId},
    ports::{AuditQuery, Ports, WebhookSaved},
    time::UnixSeconds,
    webhook::{DEFAULT_ID, Delivery, EventPattern, MAX_WEBHOOKS, Target, Webhook},
};

use crate::{
    Outcome,
    check::{NOW, event, works},
};

/// After everything that the log has.
const LATER: UnixSeconds = UnixSeconds::new(1_800_000_001);

fn webhook(id: &str) -> Webhook {
    Webhook {
        id: id.to_string(),
        name: "Operations".to_string(),
        url: Some("envelope".to_string()),
        enabled: true,
        events: ["auth.*", "user.created"].into_iter().filter_map(EventPattern::parse).collect(),
        targets: Some(vec![
            Target::User(UserId::from_bytes([1; 16])),
            Target::Group(GroupId::from_bytes([2; 16])),
        ]),
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(crate) async fn a_webhook_is_stored_changed_and_gone_for_good(ports: &impl Ports) -> Outcome {
    let one = webhook("one");
    works(ports.append(event(ports)?).await)?;
    hold_eq!(works(ports.create_webhook(one.clone(), LATER, event(ports)?).await)?, WebhookSaved::Yes);
    hold_eq!(works(ports.create_webhook(one.clone(), LATER, event(ports)?).await)?, WebhookSaved::Gone);
    let stored = works(ports.list_webhooks().await)?;
    let (found, delivery) = stored.first().ok_or("no webhook")?;
    hold_eq!(found, &one);
    hold_eq!((delivery.failures, delivery.due_at), (0, None));
    // Everything so far is known: at most the row about itself is news.
    let news = works(ports.events_after(delivery.sequence, 10).await)?;
    hold_eq!(news.len() <= 1, true);
    let later = Delivery { sequence: 7, failures: 2, due_at: Some(NOW) };
    works(ports.note_delivery("one", Delivery::told(delivery.sequence + 1), Delivery::told(9)).await)?;
    works(ports.note_delivery("one", *delivery, later).await)?;
    works(ports.note_delivery("two", *delivery, later).await)?;
    let changed = Webhook { url: None, enabled: false, targets: None, events: Vec::new(), ..one.clone() };
    hold_eq!(works(ports.replace_webhook(changed.clone(), event(ports)?).await)?, WebhookSaved::Yes);
    hold_eq!(works(ports.list_webhooks().await)?, vec![(changed.clone(), Delivery::told(7))]);
    hold_eq!(has_webhooks(ports).await?, (false, false));
    // What happened while it was told nothing is no news.
    let last = works(ports.events_after(0, 100).await)?.last().map_or(0, |row| row.sequence);
    let again = Webhook { enabled: true, ..changed };
    hold_eq!(works(ports.replace_webhook(again.clone(), event(ports)?).await)?, WebhookSaved::Yes);
    hold_eq!(works(ports.list_webhooks().await)?, vec![(again, Delivery::told(last))]);
    hold_eq!(has_webhooks(ports).await?, (true, false));
    hold_eq!(works(ports.replace_webhook(webhook("two"), event(ports)?).await)?, WebhookSaved::Gone);
    hold_eq!(works(ports.delete_webhook("one", event(ports)?).await)?, true);
    let rows = works(ports.list_events(AuditQuery { limit: 200, ..AuditQuery::default() }).await)?.len();
    hold_eq!(works(ports.delete_webhook("one", event(ports)?).await)?, false);
    hold_eq!(works(ports.replace_webhook(one.clone(), event(ports)?).await)?, WebhookSaved::Gone);
    hold_eq!(works(ports.create_webhook(one, LATER, event(ports)?).await)?, WebhookSaved::Gone);
    hold_eq!(works(ports.list_webhooks().await)?, Vec::new());
    let after = works(ports.list_events(AuditQuery { limit: 200, ..AuditQuery::default() }).await)?.len();
    hold_eq!(after, rows);
    Ok(())
}

/// Whether the settings know about webhooks, and about the environment's.
async fn has_webhooks(ports: &impl Ports) -> Result<(bool, bool), String> {
    let stored = works(ports.stored_settings().await)?;
    Ok((stored.has_webhooks, stored.knows_default_webhook))
}

pub(crate) async fn the_environments_webhook_is_known_even_when_it_is_gone(ports: &impl Ports) -> Outcome {
    hold_eq!(has_webhooks(ports).await?, (false, false));
    works(ports.create_webhook(webhook(DEFAULT_ID), LATER, event(ports)?).await)?;
    hold_eq!(has_webhooks(ports).await?, (true, true));
    works(ports.delete_webhook(DEFAULT_ID, event(ports)?).await)?;
    hold_eq!(has_webhooks(ports).await?, (false, true));
    Ok(())
}

pub(crate) async fn a_new_webhook_may_hear_of_what_has_just_happened(ports: &impl Ports) -> Outcome {
    let at = |at: i64| {
        let id = works(AuditId::random(ports));
        async move { works(ports.append(AuditEvent { id: id?, at: UnixSeconds::new(at), ..event(ports)? }).await) }
    };
    at(100).await?;
    at(200).await?;
    let first = works(ports.events_after(0, 1).await)?.first().ok_or("no row")?.sequence;
    for (id, since, known) in [("all", 50, 0), ("last", 150, first), ("none", 250, first + 1)] {
        let event = event(ports)?;
        works(ports.create_webhook(webhook(id), UnixSeconds::new(since), event).await)?;
        let stored = works(ports.list_webhooks().await)?;
        let found =
            stored.iter().find(|(webhook, _)| webhook.id == id).map(|(_, delivery)| delivery.sequence);
        // The rows about earlier webhooks are younger.
        hold_eq!(found, Some(known));
    }
    Ok(())
}

pub(crate) async fn there_are_no_more_webhooks_than_there_may_be(ports: &impl Ports) -> Outcome {
    let all = join_all((0..=MAX_WEBHOOKS).map(|number| async move {
        works(ports.create_webhook(webhook(&number.to_string()), LATER, event(ports)?).await)
    }))
    .await;
    let all = all.into_iter().collect::<Result<Vec<_>, _>>()?;
    hold_eq!(all.iter().filter(|saved| **saved == WebhookSaved::TooMany).count(), 1);
    hold_eq!(works(ports.list_webhooks().await)?.len(), MAX_WEBHOOKS);
    Ok(())
}

pub(crate) async fn every_row_of_the_log_has_the_next_place_and_only_old_ones_leave(
    ports: &impl Ports,
) -> Outcome {
    let old = UnixSeconds::new(1_600_000_000);
    let at = |at: UnixSeconds| {
        let id = works(AuditId::random(ports));
        async move { works(ports.append(AuditEvent { id: id?, at, ..event(ports)? }).await) }
    };
    for time in [old, old, NOW, old] {
        at(time).await?;
    }
    let first = works(ports.events_after(0, 1).await)?.first().ok_or("no row")?.sequence;
    let places = |after: u64| async move {
        let rows = works(ports.events_after(after, 10).await)?;
        Ok::<Vec<u64>, String>(rows.iter().map(|row| row.sequence).collect())
    };
    hold_eq!(places(0).await?, (first..first + 4).collect::<Vec<_>>());
    hold_eq!(places(first + 1).await?, vec![first + 2, first + 3]);
    let expired = |limit| async move {
        let event = AuditEvent { action: AuditAction::ExpireEvents, ..event(ports)? };
        works(ports.expire_events(UnixSeconds::new(1_600_000_001), limit, event).await)
    };
    expired(1).await?;
    // The last one tells that something left.
    hold_eq!(places(0).await?, (first + 1..=first + 4).collect::<Vec<_>>());
    expired(10).await?;
    // What is old behind something young stays: nothing is ever missing in between.
    hold_eq!(places(0).await?, (first + 2..=first + 5).collect::<Vec<_>>());
    expired(10).await?;
    hold_eq!(places(0).await?, (first + 2..=first + 5).collect::<Vec<_>>());
    Ok(())
}
