//! `/api/v1/auths/oauth/*`: what people have at providers, seen from here.

use portico_core::{
    flow::{denial::Denial, token_exchange},
    ports::Ports,
};

use crate::{
    http::answer::Answer,
    open_webui::{
        caller::{self, Verified},
        error::Error,
        validate::Fields,
    },
    router::Call,
};

/// `DELETE /api/v1/auths/oauth/sessions/{provider}`: forgets the tokens that a provider gave for the caller.
///
/// # Errors
/// 404 when there are none.
pub async fn delete_sessions(_: &Call<'_, impl Ports>, _: Verified<'_>) -> Result<Answer, Error> {
    Err(Error::missing("No OAuth session found for this provider"))
}

/// `POST /api/v1/auths/oauth/{provider}/token/exchange`: a session for a provider's access token.
///
/// # Errors
/// 403 while exchanges are switched off, 404 for a provider that is not configured, 422, 429 or 503.
pub async fn exchange(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let mut fields = Fields::of(call.request)?;
    if fields.string("token").is_none() {
        return Err(fields.into_error());
    }
    match token_exchange::exchange(&call.ctx, call.param("provider")).await {
        Ok(never) => match never {},
        Err(refusal) => {
            caller::note(call, Denial::NotTaken).await;
            Err(refusal.into())
        }
    }
}
