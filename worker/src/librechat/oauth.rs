//! `/oauth/*`: signing in through somebody else, as long as nobody does.

use http::{HeaderValue, StatusCode, header};
use portico_core::ports::Ports;

use super::error::Error;
use crate::{
    http::answer::{self, Answer},
    router::Call,
};

/// `GET /oauth/{provider}`, its callback, and `GET /oauth/error`: back to the page that people sign in on.
///
/// # Errors
/// None.
pub async fn off(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let base = call.config.pages.client.as_deref().unwrap_or_default();
    let location = format!("{base}/login?redirect=false&error=auth_failed");
    let mut answer = answer::bytes(StatusCode::FOUND, "text/plain; charset=utf-8", Vec::new());
    if let Ok(location) = HeaderValue::from_str(&location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}
