//! `/api/events`: what can happen, and who is told (contract §11.1).

use http::StatusCode;
use portico_core::{
    event::KINDS,
    flow::webhooks::{self, ShownWebhook, WebhookForm},
    id::{GroupId, UserId},
    ports::Ports,
    secret::Secret,
    webhook::{EventPattern, Target},
};
use serde_json::{Value, json};

use super::{caller::Admin, error::Error, validate::Fields, version::API_VERSION};
use crate::{
    http::answer::{self, Answer},
    router::Call,
};

/// Most targets of one webhook.
const MAX_TARGETS: usize = 100;

/// `GET /api/events`: what can happen.
///
/// # Errors
/// None of its own.
pub async fn kinds(_: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let kinds = KINDS
        .iter()
        .map(|kind| json!({"event": kind.name, "description": kind.description, "message": kind.message}));
    let view = json!({"schema": API_VERSION, "events": kinds.collect::<Vec<_>>()});
    Ok(answer::json(StatusCode::OK, &view))
}

/// `GET /api/events/webhooks`: who is told.
///
/// # Errors
/// 503.
pub async fn list(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let shown = webhooks::list(&call.ctx).await?;
    Ok(answer::json(StatusCode::OK, &shown.iter().map(view).collect::<Vec<_>>()))
}

/// `POST /api/events/webhooks`: tells somebody else.
///
/// # Errors
/// 400, 422 or 503.
pub async fn create(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let form = form(call)?;
    Ok(answer::json(StatusCode::OK, &view(&webhooks::create(&call.ctx, admin.id(), form).await?)))
}

/// `PUT /api/events/webhooks/{id}`: says anew who is told what.
///
/// # Errors
/// 400, 404, 422 or 503.
pub async fn replace(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let form = form(call)?;
    let shown = webhooks::replace(&call.ctx, admin.id(), call.param("id"), form).await?;
    Ok(answer::json(StatusCode::OK, &view(&shown)))
}

/// `DELETE /api/events/webhooks/{id}`: tells somebody nothing any more.
///
/// # Errors
/// 404 or 503.
pub async fn delete(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    webhooks::delete(&call.ctx, admin.id(), call.param("id")).await?;
    Ok(answer::json(StatusCode::OK, &json!({"status": true})))
}

fn view(shown: &ShownWebhook) -> Value {
    let webhook = &shown.webhook;
    let target = |target: &Target| match target {
        Target::Group(group) => json!({"type": "group", "id": group}),
        Target::User(user) => json!({"type": "user", "id": user}),
    };
    let targets = webhook.targets.as_ref().map(|targets| targets.iter().map(target).collect::<Vec<_>>());
    json!({
        "id": webhook.id,
        "name": webhook.name,
        "url": shown.url.expose_secret(),
        "enabled": webhook.enabled,
        "events": webhook.events.iter().map(EventPattern::as_str).collect::<Vec<_>>(),
        "targets": targets,
        "signing_secret": shown.signing_secret.expose_secret(),
        "created_at": webhook.created_at,
        "updated_at": webhook.updated_at,
    })
}

fn form<P>(call: &Call<'_, P>) -> Result<WebhookForm, Error> {
    let mut fields = Fields::of(call.request)?;
    let (name, url) = (fields.string("name"), fields.string("url"));
    let enabled = fields.optional_flag("enabled").unwrap_or(true);
    let events = fields.optional_strings("events").unwrap_or_else(|| vec!["*".to_string()]);
    let targets = fields.any("targets");
    let (Some(name), Some(url), false) = (name, url, fields.has_issues()) else {
        return Err(fields.into_error());
    };
    let targets = match targets {
        None | Some(Value::Null) => None,
        Some(targets) => {
            let refused = || Error::refused("`targets` must list users and groups, or be null.");
            Some(targets_of(&targets).ok_or_else(refused)?)
        }
    };
    Ok(WebhookForm { name, url: Secret::new(url), enabled, events, targets })
}

/// `[{"type": "user", "id": …}, {"type": "group", "id": …}]`
fn targets_of(targets: &Value) -> Option<Vec<Target>> {
    let target = |target: &Value| match (target.get("type")?.as_str()?, target.get("id")?.as_str()?) {
        ("user", id) => UserId::parse(id).ok().map(Target::User),
        ("group", id) => GroupId::parse(id).ok().map(Target::Group),
        _ => None,
    };
    targets.as_array().filter(|targets| targets.len() <= MAX_TARGETS)?.iter().map(target).collect()
}
