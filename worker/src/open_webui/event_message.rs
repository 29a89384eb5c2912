//! How events are told, each kind of receiver in its own shape (contract §11.1).

use portico_core::{event::Subject, flow::tell_events::Told, user::User};
use serde::Serialize;
use serde_json::{Value, json};

use super::version::API_VERSION;
use crate::config::Config;

/// The actor of an event.
#[derive(Serialize)]
struct Actor<'a> {
    #[serde(flatten)]
    account: Option<Account<'a>>,
    r#type: &'static str,
}

#[derive(Serialize)]
struct Account<'a> {
    id: String,
    name: &'a str,
    email: &'a str,
    role: portico_core::user::Role,
    created_at: i64,
    updated_at: i64,
}

impl<'a> Account<'a> {
    fn of(user: &'a User) -> Self {
        Self {
            id: user.id.to_string(),
            name: &user.name,
            email: user.email.as_str(),
            role: user.role,
            created_at: user.created_at.get(),
            updated_at: user.updated_at.get(),
        }
    }
}

/// The body for whoever is at that address: JSON.
pub fn body(config: &Config, url: &str, told: Told<'_>) -> String {
    let is_at = |start: &str| url.starts_with(start);
    if is_at("https://hooks.slack.com") || is_at("https://chat.googleapis.com") {
        return json!({"text": text(told)}).to_string();
    }
    if is_at("https://discord.com/api/webhooks") {
        return json!({"content": text(told)}).to_string();
    }
    if url.contains("webhook.office.com") {
        return card(config, told).to_string();
    }
    event(config, told).to_string()
}

fn headline(told: Told<'_>) -> String {
    let message = told.event.kind.message;
    told.event
        .subject
        .map_or_else(|| message.to_string(), |subject| format!("{message} ({})", subject.parts().1))
}

fn text(told: Told<'_>) -> String {
    let kind = told.event.kind;
    format!("{}\n{}\nEvent: {}", headline(told), kind.description, kind.name)
}

fn card(config: &Config, told: Told<'_>) -> Value {
    let headline = headline(told);
    let subtitle = format!("{} ({API_VERSION}) - {}", config.policy.site_name, told.event.kind.name);
    let account = told.actor.map(|user| json!(Account::of(user)));
    let facts: Vec<_> = account
        .iter()
        .filter_map(Value::as_object)
        .flatten()
        .map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_string);
            json!({"name": name, "value": value})
        })
        .collect();
    json!({
        "@type": "MessageCard",
        "@context": "http://schema.org/extensions",
        "themeColor": "0076D7",
        "summary": headline,
        "sections": [{
            "activityTitle": headline,
            "activitySubtitle": subtitle,
            "facts": facts,
            "markdown": true,
        }],
    })
}

fn event(config: &Config, told: Told<'_>) -> Value {
    let (resource, operation) = told.event.kind.parts();
    let subject = |subject: Subject| {
        let (kind, id) = subject.parts();
        json!({"type": kind, "id": id})
    };
    let actor = match (told.event.actor, told.actor) {
        (_, Some(user)) => json!(Actor { account: Some(Account::of(user)), r#type: "user" }),
        (Some(gone), None) => json!({"id": gone, "type": "user"}),
        (None, None) => Value::Null,
    };
    json!({
        "schema": API_VERSION,
        "id": told.event.id,
        "event": told.event.kind.name,
        "resource": resource,
        "operation": operation,
        "created_at": told.event.at,
        "instance_id": config.instance_id,
        "version": API_VERSION,
        "source": told.event.source,
        "actor": actor,
        "subject": told.event.subject.map(subject),
        "data": told.event.data(told.account),
        "message": null,
    })
}
