use http::StatusCode;
use percent_encoding::percent_decode_str;
use portico_core::{flow::verify_email, ports::Ports};
use serde_json::json;

use crate::{
    http::answer::{self, Answer},
    librechat::{body::Body, error::Error, view},
    router::Call,
};

/// `POST /api/user/verify`: shows the ticket of a mail. The address may still be as it stood in the link.
///
/// # Errors
/// 400, 415, 429 or 503.
pub async fn verify(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let mut body = Body::of(call.request)?;
    let (Some(email), Some(token)) = (body.string("email"), body.string("token")) else {
        return Err(Error::bad_request(&body.issues()));
    };
    // Pages decode it, or leave that to us; a plus is a plus in an address, and a percent sign may be one.
    let (email, decoded) = (email.trim(), percent_decode_str(email.trim()).decode_utf8_lossy());
    verify_email::show(&call.ctx, &[email, &decoded], &token).await?;
    let view = json!({"message": "Email verification was successful", "status": "success"});
    Ok(answer::json(StatusCode::OK, &view))
}

/// `POST /api/user/verify/resend`: another mail, if there is such an account; the answer is the same either way.
///
/// # Errors
/// 400, 415, 429 or 503.
pub async fn resend(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let mut body = Body::of(call.request)?;
    let Some(email) = body.string("email") else { return Err(Error::bad_request(&body.issues())) };
    verify_email::request(&call.ctx, email.trim()).await?;
    Ok(view::message("Please check your email to verify your email address."))
}
