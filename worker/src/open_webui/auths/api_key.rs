//! `/api/v1/auths/api_key`: one's own API key.

use http::StatusCode;
use portico_core::{api_key::ApiKey, flow::api_keys, ports::Ports};
use serde_json::json;

use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::HumanSession, error::Error},
    router::Call,
};

/// `POST`: a new key, in the place of any earlier one.
///
/// # Errors
/// 403, 429 or 503.
pub async fn create(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    Ok(view(&api_keys::create(&call.ctx, &caller.session).await?))
}

/// `GET`: the key.
///
/// # Errors
/// 403, 404, 429 or 503.
pub async fn read(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    Ok(view(&api_keys::reveal(&call.ctx, &caller.session).await?))
}

/// `DELETE`: no key any more; `true` also when there was none.
///
/// # Errors
/// 403, 429 or 503.
pub async fn delete(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    api_keys::delete(&call.ctx, &caller.session).await?;
    Ok(answer::json(StatusCode::OK, &true))
}

fn view(key: &ApiKey) -> Answer {
    answer::json(StatusCode::OK, &json!({"api_key": key.expose_secret()}))
}
