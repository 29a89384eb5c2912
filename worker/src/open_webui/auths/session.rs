use portico_core::ports::Ports;

use crate::{
    http::answer::Answer,
    open_webui::{caller::HumanSession, error::Error, view},
    router::Call,
};

/// `GET /api/v1/auths/`: who am I, and may I go on?
///
/// # Errors
/// None of its own: the caller level has answered 401 and 503 already.
pub async fn session(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    Ok(view::current_session(call, &caller.session, caller.token))
}
