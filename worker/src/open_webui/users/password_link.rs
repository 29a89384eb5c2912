use http::StatusCode;
use portico_core::{flow::reset_password, ports::Ports};
use serde_json::json;

use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::Admin, error::Error},
    router::Call,
};

/// `POST /api/v1/users/{id}/password/link`: a link with which the account's owner chooses a new password, for an
/// administrator to hand on where there is no mail. In person only: a key opens no way to sign in.
///
/// # Errors
/// 400, 401, 403, 404 or 503.
pub async fn password_link(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let target = super::target(call, &admin)?;
    let link = reset_password::mint(&call.ctx, admin.id(), target, &call.link_base()).await?;
    Ok(answer::json(StatusCode::OK, &json!({"link": link})))
}
