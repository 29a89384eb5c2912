//! Who is told about events (open-webui.md §11.1).

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use serde_json::{Value, json};

use super::{Ctx, audit};
use crate::{
    audit::{AuditAction, AuditEvent, AuditOutcome},
    id::{UserId, WebhookId},
    outbound_url::{OutboundUrlError, Reach},
    ports::{PortError, Ports, WebhookSaved},
    seal::Place,
    secret::Secret,
    time::{Lifetime, UnixSeconds},
    webhook::{DEFAULT_ID, Delivery, EventPattern, Target, Webhook, WebhookKeys},
};

/// Longest name, in code points.
const MAX_NAME_CHARS: usize = 200;

/// Seconds that the first turn may come late: what happened then is still news to the environment's webhook.
const FIRST_TURN: i64 = 60;

/// What the deployment says about webhooks.
#[derive(Debug)]
pub struct WebhookPolicy {
    /// The keys of their secrets.
    pub keys: WebhookKeys,
    /// The one that the environment names.
    pub default_url: Option<Secret<String>>,
    /// How far events may go.
    pub reach: Reach,
}

impl WebhookPolicy {
    /// Whether events may be sent there (OA-20).
    ///
    /// # Errors
    /// [`OutboundUrlError`]
    pub fn check(&self, url: &str) -> Result<(), OutboundUrlError> {
        self.reach.check(url).map(|_| ())
    }
}

/// What an administrator says about a webhook.
#[derive(Clone, Debug)]
pub struct WebhookForm {
    /// For administrators.
    pub name: String,
    /// Any text; must be an address that may be fetched.
    pub url: Secret<String>,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Any texts; must be patterns.
    pub events: Vec<String>,
    /// Whose events; `None` for everybody's.
    pub targets: Option<Vec<Target>>,
}

/// A webhook as administrators see it.
#[derive(Clone, Debug)]
pub struct ShownWebhook {
    /// The webhook.
    pub webhook: Webhook,
    /// Where it is.
    pub url: Secret<String>,
    /// What it checks our signatures with.
    pub signing_secret: Secret<String>,
}

/// All webhooks, the environment's among them.
///
/// # Errors
/// When the store can not be read. An address that does not open is shown as an empty one.
pub async fn list(ctx: &Ctx<'_, impl Ports>) -> Result<Vec<ShownWebhook>, PortError> {
    let mut stored = ctx.ports.list_webhooks().await?;
    if is_default_new(ctx).await? {
        stored.insert(0, (default_webhook(ctx), Delivery::default()));
    }
    let shown = stored.into_iter().filter_map(|(webhook, _)| match url_of(ctx, &webhook) {
        Ok(url) => url.map(|url| with_url(ctx, webhook, url)),
        // Its address can be said anew, or it can be deleted (SR-05).
        Err(_) => Some(with_url(ctx, webhook, Secret::new(String::new()))),
    });
    Ok(shown.collect())
}

/// Makes a webhook, which is told what happens from now on.
///
/// # Errors
/// [`WebhookError`]; nothing was stored.
pub async fn create(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    form: WebhookForm,
) -> Result<ShownWebhook, WebhookError> {
    let id = WebhookId::random(ctx.ports)?.to_string();
    let webhook = checked(ctx, id, form)?;
    let event = audit::event_about(ctx, admin, &webhook.id, AuditAction::CreateWebhook)?;
    let event = audit::detailed(event, &json!({"to": described(&webhook)}));
    let since = ctx.now.plus(Lifetime::from_seconds(1));
    stored(ctx, ctx.ports.create_webhook(webhook.clone(), since, event).await?, webhook)
}

/// Replaces what is said about a webhook.
///
/// # Errors
/// [`WebhookError`]; nothing was changed.
pub async fn replace(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    id: &str,
    form: WebhookForm,
) -> Result<ShownWebhook, WebhookError> {
    ensure_default(ctx).await?;
    let known = ctx.ports.list_webhooks().await?;
    let (old, _) = known.into_iter().find(|(known, _)| known.id == id).ok_or(WebhookError::Unknown)?;
    let webhook = Webhook { created_at: old.created_at, ..checked(ctx, old.id.clone(), form)? };
    let event = audit::event_about(ctx, admin, id, AuditAction::ChangeWebhook)?;
    let event = audit::detailed(event, &json!({"from": described(&old), "to": described(&webhook)}));
    stored(ctx, ctx.ports.replace_webhook(webhook.clone(), event).await?, webhook)
}

/// Deletes a webhook, the environment's too.
///
/// # Errors
/// [`WebhookError`]
pub async fn delete(ctx: &Ctx<'_, impl Ports>, admin: UserId, id: &str) -> Result<(), WebhookError> {
    ensure_default(ctx).await?;
    let event = audit::event_about(ctx, admin, id, AuditAction::DeleteWebhook)?;
    if ctx.ports.delete_webhook(id, event).await? { Ok(()) } else { Err(WebhookError::Unknown) }
}

/// The webhook that the environment names is one like all others, once it is stored.
pub(super) async fn ensure_default(ctx: &Ctx<'_, impl Ports>) -> Result<(), PortError> {
    if !is_default_new(ctx).await? {
        return Ok(());
    }
    let webhook = default_webhook(ctx);
    let event = audit::event(ctx, None, AuditAction::CreateWebhook, AuditOutcome::Success)?;
    let event = AuditEvent { target: Some(DEFAULT_ID.to_string()), ..event };
    let since = UnixSeconds::new(ctx.now.get().saturating_sub(FIRST_TURN));
    ctx.ports.create_webhook(webhook, since, event).await.map(|_| ())
}

/// Whether the environment names a webhook that was never stored. A deleted one was.
async fn is_default_new(ctx: &Ctx<'_, impl Ports>) -> Result<bool, PortError> {
    let is_named = ctx.policy.webhooks.default_url.is_some();
    Ok(is_named && !ctx.settings().await?.knows_default_webhook)
}

fn default_webhook<P>(ctx: &Ctx<'_, P>) -> Webhook {
    Webhook {
        id: DEFAULT_ID.to_string(),
        name: DEFAULT_ID.to_string(),
        url: None,
        enabled: true,
        events: EventPattern::parse("*").into_iter().collect(),
        targets: None,
        created_at: ctx.now,
        updated_at: ctx.now,
    }
}

/// Where a webhook is; `None` when only an environment of before knew.
pub(super) fn url_of<P>(ctx: &Ctx<'_, P>, webhook: &Webhook) -> Result<Option<Secret<String>>, PortError> {
    let Some(envelope) = &webhook.url else { return Ok(ctx.policy.webhooks.default_url.clone()) };
    let unreadable =
        || PortError { port: "webhooks", detail: "an address does not open (SR-05)".to_string() };
    let opened = ctx.policy.sealing.open(envelope, &place(&webhook.id)).map_err(|_| unreadable())?;
    let text = core::str::from_utf8(opened.expose_secret()).map_err(|_| unreadable())?;
    Ok(Some(Secret::new(text.to_string())))
}

fn place(id: &str) -> Place<'_> {
    Place { table: "webhooks", column: "url", row: id }
}

fn checked(ctx: &Ctx<'_, impl Ports>, id: String, form: WebhookForm) -> Result<Webhook, WebhookError> {
    if form.name.trim().is_empty() || form.name.chars().count() > MAX_NAME_CHARS {
        return Err(WebhookError::Name);
    }
    let url = form.url.expose_secret();
    ctx.policy.webhooks.check(url).map_err(WebhookError::Url)?;
    let unknown = |text: &String| EventPattern::parse(text).ok_or_else(|| WebhookError::Event(text.clone()));
    Ok(Webhook {
        url: Some(ctx.policy.sealing.seal(url.as_bytes(), &place(&id), ctx.ports)?),
        id,
        name: form.name,
        enabled: form.enabled,
        events: form.events.iter().map(unknown).collect::<Result<_, _>>()?,
        targets: form.targets,
        created_at: ctx.now,
        updated_at: ctx.now,
    })
}

/// What the log says about a webhook: not where it is, which is a secret.
fn described(webhook: &Webhook) -> Value {
    let events: Vec<_> = webhook.events.iter().map(EventPattern::as_str).collect();
    json!({"name": webhook.name, "enabled": webhook.enabled, "events": events, "everybody": webhook.targets.is_none()})
}

fn stored(
    ctx: &Ctx<'_, impl Ports>,
    saved: WebhookSaved,
    webhook: Webhook,
) -> Result<ShownWebhook, WebhookError> {
    match saved {
        WebhookSaved::Gone => Err(WebhookError::Unknown),
        WebhookSaved::TooMany => Err(WebhookError::TooMany),
        WebhookSaved::Yes => {
            let url = url_of(ctx, &webhook)?.ok_or(WebhookError::Unknown)?;
            Ok(with_url(ctx, webhook, url))
        }
    }
}

fn with_url<P>(ctx: &Ctx<'_, P>, webhook: Webhook, url: Secret<String>) -> ShownWebhook {
    let signing_secret = ctx.policy.webhooks.keys.secret_of(&webhook.id);
    ShownWebhook { webhook, url, signing_secret }
}

/// Why no webhook was changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum WebhookError {
    /// No event is called so.
    Event(String),
    /// No name, or one that is too long.
    Name,
    /// As many as a deployment may have.
    TooMany,
    /// The outside failed.
    Unavailable(PortError),
    /// There is none of that id.
    Unknown,
    /// Events must not be sent there.
    Url(OutboundUrlError),
}

impl From<PortError> for WebhookError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
