use alloc::vec::Vec;

use super::Memory;
use crate::{
    audit::AuditEvent,
    ports::{Message, Outbound, PortError, WebhookSaved, Webhooks},
    time::UnixSeconds,
    webhook::{Delivery, MAX_WEBHOOKS, Webhook},
};

impl Memory {
    /// What was sent so far.
    pub fn posted(&self) -> Vec<Message> {
        self.posted.borrow().clone()
    }
}

impl Outbound for Memory {
    async fn post(&self, message: Message) -> Result<(), PortError> {
        self.reach("outbound")?;
        self.posted.borrow_mut().push(message);
        Ok(())
    }
}

impl Webhooks for Memory {
    async fn list_webhooks(&self) -> Result<Vec<(Webhook, Delivery)>, PortError> {
        self.reach("webhooks")?;
        let mut webhooks: Vec<_> = self.webhooks.borrow().values().flatten().cloned().collect();
        webhooks
            .sort_by(|(one, _), (other, _)| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        Ok(webhooks)
    }

    async fn create_webhook(
        &self,
        webhook: Webhook,
        since: UnixSeconds,
        event: AuditEvent,
    ) -> Result<WebhookSaved, PortError> {
        self.reach("webhooks")?;
        let mut webhooks = self.webhooks.borrow_mut();
        if webhooks.contains_key(&webhook.id) {
            return Ok(WebhookSaved::Gone);
        }
        if webhooks.values().flatten().count() >= MAX_WEBHOOKS {
            return Ok(WebhookSaved::TooMany);
        }
        let mut audit = self.audit.borrow_mut();
        let known = audit.iter().rposition(|event| event.at < since).map_or(0, |place| place + 1);
        let known = Delivery::told(u64::try_from(self.expired.get() + known).unwrap_or(u64::MAX));
        audit.push(event);
        webhooks.insert(webhook.id.clone(), Some((webhook, known)));
        Ok(WebhookSaved::Yes)
    }

    async fn replace_webhook(&self, webhook: Webhook, event: AuditEvent) -> Result<WebhookSaved, PortError> {
        self.reach("webhooks")?;
        match self.webhooks.borrow_mut().get_mut(&webhook.id) {
            Some(Some((stored, delivery))) => {
                let last = self.expired.get() + self.audit.borrow().len();
                let sequence = match stored.enabled {
                    true => delivery.sequence,
                    false => u64::try_from(last).unwrap_or(u64::MAX),
                };
                *delivery = Delivery::told(sequence);
                *stored = webhook;
            }
            _ => return Ok(WebhookSaved::Gone),
        }
        self.audit.borrow_mut().push(event);
        Ok(WebhookSaved::Yes)
    }

    async fn delete_webhook(&self, id: &str, event: AuditEvent) -> Result<bool, PortError> {
        self.reach("webhooks")?;
        let deleted = self.webhooks.borrow_mut().get_mut(id).and_then(Option::take).is_some();
        if deleted {
            self.audit.borrow_mut().push(event);
        }
        Ok(deleted)
    }

    async fn note_delivery(&self, id: &str, old: Delivery, new: Delivery) -> Result<(), PortError> {
        self.reach("webhooks")?;
        if let Some(Some((_, known))) = self.webhooks.borrow_mut().get_mut(id)
            && known.sequence == old.sequence
        {
            *known = new;
        }
        Ok(())
    }
}
