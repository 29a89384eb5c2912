//! `requestPasswordReset` and `resetPassword`.

use http::StatusCode;
use portico_core::{
    flow::reset_password::{self, ResetError, Tickets},
    ports::Ports,
    secret::Secret,
};

use crate::{
    http::answer::Answer,
    librechat::{body::Body, error::Error, view},
    router::Call,
};

/// `POST /api/auth/requestPasswordReset`: a mail with a link, if there is such an account; the answer is the same
/// either way, and never the link (RS-02, RS-09).
///
/// # Errors
/// 400, 403, 415, 429 or 503.
pub async fn request(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    if !call.config.pages.password_reset {
        return Err(switched_off());
    }
    let mut body = Body::of(call.request)?;
    let Some(email) = body.string("email") else { return Err(Error::bad_request(&body.issues())) };
    reset_password::request(&call.ctx, email.trim()).await?;
    Ok(view::message("If an account with that email exists, a password reset link has been sent to it."))
}

/// `POST /api/auth/resetPassword`: the link's ticket for a new password. Signs nobody in (RS-07).
///
/// # Errors
/// 400, 403, 415, 429 or 503.
pub async fn reset(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let is_on = call.config.pages.password_reset;
    let mut body = Body::of(call.request)?;
    let fields = (body.string("userId"), body.string("token"), body.string("password"));
    let (Some(user), Some(token), Some(password)) = fields else {
        return Err(if is_on { Error::bad_request(&body.issues()) } else { switched_off() });
    };
    let tickets = if is_on { Tickets::All } else { Tickets::Handed };
    let chosen = reset_password::choose(&call.ctx, &user, &token, &Secret::new(password), tickets).await;
    chosen.map_err(|error| match error {
        ResetError::WrongTicket if !is_on => switched_off(),
        error => error.into(),
    })?;
    Ok(view::message("Password reset was successful"))
}

fn switched_off() -> Error {
    Error::text(StatusCode::FORBIDDEN, "Password reset is not allowed.")
}
