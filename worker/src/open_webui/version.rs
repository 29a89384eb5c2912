use http::StatusCode;
use portico_core::ports::Ports;
use serde_json::json;

use super::error::Error;
use crate::{
    http::answer::{self, Answer},
    router::Call,
};

/// The version of the Open WebUI API that this dialect speaks; clients compare it with their own.
pub(crate) const API_VERSION: &str = "0.12.4";

/// `GET /api/version`
///
/// # Errors
/// None.
pub async fn version(_: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    Ok(answer::json(StatusCode::OK, &json!({"version": API_VERSION, "deployment_id": ""})))
}

/// `GET /health`: the Worker runs. Says nothing about anything behind it (ER-05).
///
/// # Errors
/// None.
pub async fn health(_: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    Ok(answer::json(StatusCode::OK, &json!({"status": true})))
}

/// `GET /ready`: the Worker runs, and its database answers. `degraded` where something is configured that no deployment
/// should stay with.
///
/// # Errors
/// 503 when the database does not answer.
pub async fn ready(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    if call.ctx.ports.stored_settings().await.is_err() {
        return Err(Error::not_ready("Database not ready"));
    }
    let mut view = json!({"status": true});
    if let Some(members) = view.as_object_mut().filter(|_| call.config.degraded) {
        members.insert("degraded".to_string(), json!(true));
    }
    Ok(answer::json(StatusCode::OK, &view))
}
