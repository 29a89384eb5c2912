//! `/api/v1/users/user/*`: what pages keep with the caller's account.

use http::StatusCode;
use portico_core::{
    flow::{own_account, user_list},
    ports::{DocumentKind, Ports, StatusLine, UserChange},
    time::UnixSeconds,
};
use serde_json::{Map, Value, json};

use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::Verified, error::Error, validate::Fields, validate::Query, view},
    router::Call,
};

/// Longest emoji, in bytes: one with all its modifiers.
const MAX_EMOJI_BYTES: usize = 64;
/// Longest status line, in bytes.
const MAX_STATUS_BYTES: usize = 1_024;
/// Longest variable, in characters, and all of them, in bytes.
const MAX_VARIABLE: (usize, usize) = (20_000, 100_000);

/// `GET …/settings`
///
/// # Errors
/// 503.
pub async fn settings(call: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    Ok(shown(own_account::document(&call.ctx, caller.id(), DocumentKind::Settings).await?.map(Value::Object)))
}

/// `POST …/settings/update`: `ui` is merged field by field, where null deletes; other members are replaced.
///
/// # Errors
/// 413, 422 or 503.
pub async fn update_settings(call: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    let fields = Fields::of(call.request)?;
    let form = fields.into_rest();
    let merge = |mut settings: Map<String, Value>| {
        for (name, value) in form.clone() {
            match (name.as_str(), settings.get_mut(&name), value) {
                ("ui", Some(Value::Object(old)), Value::Object(new)) => {
                    old.extend(new);
                    old.retain(|_, value| !value.is_null());
                }
                (_, _, value) => {
                    settings.insert(name, value);
                }
            }
        }
        settings
    };
    let new = own_account::change_document(&call.ctx, caller.id(), DocumentKind::Settings, merge).await?;
    Ok(shown(Some(Value::Object(new))))
}

/// `GET …/info`
///
/// # Errors
/// 503.
pub async fn info(call: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    Ok(shown(own_account::document(&call.ctx, caller.id(), DocumentKind::Info).await?.map(Value::Object)))
}

/// `POST …/info/update`: merged member by member.
///
/// # Errors
/// 413, 422 or 503.
pub async fn update_info(call: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    let form = Fields::of(call.request)?.into_rest();
    let merge = |mut info: Map<String, Value>| {
        info.extend(form.clone());
        info
    };
    let new = own_account::change_document(&call.ctx, caller.id(), DocumentKind::Info, merge).await?;
    Ok(shown(Some(Value::Object(new))))
}

/// `GET …/variables`
///
/// # Errors
/// 503.
pub async fn variables(call: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    let variables = own_account::document(&call.ctx, caller.id(), DocumentKind::Variables).await?;
    Ok(shown(Some(json!({"variables": variables.unwrap_or_default()}))))
}

/// `POST …/variables/update`: all of them, in the place of the old ones.
///
/// # Errors
/// 400, 422 or 503.
pub async fn update_variables(call: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    let mut fields = Fields::of(call.request)?;
    let form = fields.optional_object("variables").unwrap_or_default();
    if fields.has_issues() {
        return Err(fields.into_error());
    }
    let is_name = |name: &str| {
        let plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
        name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(plain)
    };
    let fits = |value: &Value| value.as_str().is_some_and(|text| text.chars().count() <= MAX_VARIABLE.0);
    if !form.iter().all(|(name, value)| is_name(name) && fits(value)) {
        return Err(Error::refused(
            "Variables have names of lower-case letters, digits and underscores, and texts of at most 20,000 characters.",
        ));
    }
    if json!(form).to_string().len() >= MAX_VARIABLE.1 {
        return Err(Error::refused("All variables together must be shorter than 100,000 characters."));
    }
    let replace = |_| form.clone();
    let new = own_account::change_document(&call.ctx, caller.id(), DocumentKind::Variables, replace).await?;
    Ok(shown(Some(json!({"variables": new}))))
}

/// `GET …/status`: the account, with its status line.
///
/// # Errors
/// 400 or 503.
pub async fn status(call: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    let record = user_list::find(&call.ctx, caller.id()).await?.ok_or_else(Error::not_found_here)?;
    Ok(answer::json(StatusCode::OK, &view::user_model(&record)))
}

/// `POST …/status/update`: all of it; what is not there is taken away.
///
/// # Errors
/// 400, 422 or 503.
pub async fn update_status(call: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    let mut fields = Fields::of(call.request)?;
    let line = StatusLine {
        emoji: fields.short_string("status_emoji", MAX_EMOJI_BYTES),
        message: fields.short_string("status_message", MAX_STATUS_BYTES),
        expires_at: fields.optional_integer("status_expires_at").map(UnixSeconds::new),
    };
    if fields.has_issues() {
        return Err(fields.into_error());
    }
    let change = UserChange { status: Some(line), ..UserChange::default() };
    own_account::update(&call.ctx, caller.id(), change).await?;
    status(call, caller).await
}

/// `GET /api/v1/users/usage`: how much the caller has used the application. Portico has no chats, so: nothing.
///
/// # Errors
/// 422.
pub async fn usage(call: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    const DAY: i64 = 86_400;
    let query = Query::of(call.request);
    let (days, start) = (query.integer("days")?, query.integer("start_date")?);
    let end = query.integer("end_date")?.unwrap_or(call.ctx.now.get());
    let start = start.or_else(|| days.map(|days| end.saturating_sub(days.clamp(1, 732).saturating_mul(DAY))));
    let start = start.unwrap_or(caller.user().created_at.get()).min(end);
    let days = end.saturating_sub(start) / DAY + 1;
    Ok(answer::json(
        StatusCode::OK,
        &json!({
            "totals": {
                "lifetime_tokens": 0, "input_tokens": 0, "output_tokens": 0, "peak_daily_tokens": 0,
                "longest_chat_seconds": 0, "messages": 0, "user_messages": 0, "assistant_messages": 0,
                "models_used": 0, "total_chats": 0, "active_days": 0, "current_streak": 0, "longest_streak": 0,
            },
            "heatmap": [],
            "weekly_heatmap": [],
            "cumulative_heatmap": [],
            "insights": {
                "most_used_model": null, "average_tokens_per_chat": 0, "average_messages_per_active_day": 0,
                "user_message_share": 0, "assistant_message_share": 0,
            },
            "top_models": [],
            "top_tools": [],
            "period": {"start_date": start, "end_date": end, "days": days},
        }),
    ))
}

fn shown(document: Option<Value>) -> Answer {
    answer::json(StatusCode::OK, &document)
}
