use portico_core::ports::Ports;

use crate::{
    http::answer::Answer,
    open_webui::{caller::Current, error::Error, view},
    router::Call,
};

/// `GET /api/v1/auths/`: who am I, and may I go on? Programs may ask with their key, too.
///
/// # Errors
/// None of its own: the caller level has answered 401 and 503 already.
pub async fn session(call: &Call<'_, impl Ports>, caller: Current<'_>) -> Result<Answer, Error> {
    Ok(view::current(call, &caller))
}
