use http::StatusCode;
use portico_core::{flow::second_factor, ports::Ports};
use serde_json::json;

use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::Admin, error::Error},
    router::Call,
};

/// `POST /api/v1/users/{id}/mfa/reset`: takes somebody's second factor away, and gives out what they set up a new one
/// with. All their sessions end. Not in the contract, where operators do it at the console (MF-14).
///
/// # Errors
/// 403, 404 or 503.
pub async fn reset_factor(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let target = super::target(call, &admin)?;
    let token = second_factor::reset(&call.ctx, admin.id(), target).await?;
    Ok(answer::json(StatusCode::OK, &json!({"reset_token": token.expose_secret(), "expires_in": 3_600})))
}
