//! What belongs to providers of accounts, as long as nobody signs in through one.

use http::StatusCode;
use portico_core::ports::Ports;

use crate::{
    http::answer::Answer,
    librechat::{caller::Member, error::Error},
    router::Call,
};

/// `GET /api/auth/graph-token`: a token for Microsoft's directory, for people who came from there.
///
/// # Errors
/// 401, 403 or 503.
pub async fn token(_: &Call<'_, impl Ports>, _: Member) -> Result<Answer, Error> {
    Err(Error::forbidden("Microsoft Graph access requires Entra ID authentication"))
}

/// `POST /api/auth/cloudfront/refresh`: nothing here is behind such cookies.
///
/// # Errors
/// 401, 404 or 503.
pub async fn cloudfront(_: &Call<'_, impl Ports>, _: Member) -> Result<Answer, Error> {
    Err(Error::text(StatusCode::NOT_FOUND, "Not Found"))
}
