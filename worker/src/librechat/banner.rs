use http::StatusCode;
use portico_core::ports::Ports;

use super::error::Error;
use crate::{
    http::answer::{self, Answer},
    router::Call,
};

/// `GET /api/banner`: nothing, which is what the stock server says when there is no banner (contract §1.10).
///
/// # Errors
/// None.
pub async fn banner(_: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    Ok(answer::bytes(StatusCode::OK, "application/json; charset=utf-8", Vec::new()))
}
