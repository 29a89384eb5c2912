//! `GET /api/v1/auths/password/policy`: what may be a password, for forms that tell people while they type.

use http::StatusCode;
use portico_core::ports::Ports;
use serde_json::json;

use crate::{
    http::answer::{self, Answer},
    open_webui::error::Error,
    router::Call,
};

/// The rules; a pattern itself stays here, the deployment's hint says what it wants.
///
/// # Errors
/// None.
pub async fn policy(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let policy = &call.ctx.policy.password;
    Ok(answer::json(
        StatusCode::OK,
        &json!({
            "min_length": policy.min_code_points,
            "max_bytes": policy.max_bytes,
            "refuses_guessable": policy.refuses_guessable,
            "has_pattern": policy.pattern.is_some(),
            "hint": call.config.password_hint,
            "site": call.ctx.policy.site_name,
        }),
    ))
}
