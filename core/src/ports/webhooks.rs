use alloc::{string::String, vec::Vec};

use super::PortError;
use crate::{
    audit::AuditEvent,
    time::UnixSeconds,
    webhook::{Delivery, Webhook},
};

/// What became of storing a webhook.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WebhookSaved {
    /// There is none of that id to change.
    Gone,
    /// There are as many as a deployment may have.
    TooMany,
    /// It is stored.
    Yes,
}

/// Who is told about events, and how far they have been told. Every change is stored together with its event (LG-04).
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Webhooks {
    /// All webhooks, oldest first.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn list_webhooks(&self) -> Result<Vec<(Webhook, Delivery)>, PortError>;

    /// Stores a new webhook, which is told nothing that the log has now and that happened before `since`. Not if there is one
    /// of its id, even a deleted one.
    ///
    /// # Errors
    /// When the store failed.
    async fn create_webhook(
        &self,
        webhook: Webhook,
        since: UnixSeconds,
        event: AuditEvent,
    ) -> Result<WebhookSaved, PortError>;

    /// Replaces a webhook. How far it was told stays, except for one that was told nothing: that begins with what happens
    /// next. Whatever was told in vain is tried again at once.
    ///
    /// # Errors
    /// When the store failed.
    async fn replace_webhook(&self, webhook: Webhook, event: AuditEvent) -> Result<WebhookSaved, PortError>;

    /// Deletes a webhook for good: one of its id does not come again. `false` when there is none.
    ///
    /// # Errors
    /// When the store failed.
    async fn delete_webhook(&self, id: &str, event: AuditEvent) -> Result<bool, PortError>;

    /// Notes how far a webhook was told, unless somebody has said meanwhile where it begins anew.
    ///
    /// # Errors
    /// When the store failed: it will be told again.
    async fn note_delivery(&self, id: &str, old: Delivery, new: Delivery) -> Result<(), PortError>;
}

/// What is sent to a webhook.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// Where to; checked by whoever sends it, each time (OA-20).
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

/// Telling somebody outside.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Outbound {
    /// Posts a message, within five seconds and without following redirects (FT-15).
    ///
    /// # Errors
    /// When it may have not arrived: no answer in time, or none that says so.
    async fn post(&self, message: Message) -> Result<(), PortError>;
}
