use portico_core::{
    flow::sign_in::{self, PasswordLogin},
    ports::Ports,
    secret::Secret,
};

use crate::{
    http::answer::Answer,
    open_webui::{error::Error, validate::Fields, view},
    router::Call,
};

/// `POST /api/v1/auths/signin`: e-mail and password for a session.
///
/// # Errors
/// 400, 403, 422, 429 or 503.
pub async fn signin(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let signed_in = sign_in::with_password(&call.ctx, form(call)?).await?;
    Ok(view::signed_in(call, &signed_in))
}

fn form<P>(call: &Call<'_, P>) -> Result<PasswordLogin, Error> {
    let mut fields = Fields::of(call.request)?;
    match (fields.string("email"), fields.string("password")) {
        (Some(email), Some(password)) => Ok(PasswordLogin { email, password: Secret::new(password) }),
        _ => Err(fields.into_error()),
    }
}
