use http::StatusCode;
use portico_core::{flow::ban, ports::Ports, time::Lifetime};
use serde_json::json;

use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::Admin, error::Error, validate::Fields},
    router::Call,
};

/// Longest ban, in seconds: ten years.
const MAX_SECONDS: u64 = 10 * 366 * 86_400;

/// `POST /api/v1/users/{id}/ban`: `{"seconds": …}`. The account's sessions end, and it opens none until then.
///
/// # Errors
/// 400, 401, 403, 404, 422 or 503.
pub async fn ban(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let target = super::target(call, &admin)?;
    let mut fields = Fields::of(call.request)?;
    let seconds = fields.optional_integer("seconds").and_then(|seconds| u64::try_from(seconds).ok());
    let seconds = seconds.filter(|seconds| (1..=MAX_SECONDS).contains(seconds));
    let Some(seconds) = seconds.filter(|_| !fields.has_issues()) else {
        let _: Option<()> = fields.refuse_value("seconds", "must be a positive number of seconds.");
        return Err(fields.into_error());
    };
    if target == admin.id() {
        return Err(Error::action_prohibited_400());
    }
    let until = call.ctx.now.plus(Lifetime::from_seconds(seconds));
    ban::ban(&call.ctx, admin.id(), target, until).await?;
    Ok(answer::json(StatusCode::OK, &json!({"status": true, "until": until})))
}

/// `DELETE /api/v1/users/{id}/ban`: lets the account in again.
///
/// # Errors
/// 401, 403 or 503.
pub async fn lift(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    ban::lift(&call.ctx, admin.id(), super::target(call, &admin)?).await?;
    Ok(answer::json(StatusCode::OK, &json!({"status": true})))
}
