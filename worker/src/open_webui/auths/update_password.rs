use http::StatusCode;
use portico_core::{
    flow::change_password::{self, PasswordChange},
    ports::Ports,
    secret::Secret,
};

use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::HumanSession, error::Error, validate::Fields},
    router::Call,
};

/// `POST /api/v1/auths/update/password`: a new password, which signs the account out everywhere.
///
/// # Errors
/// 400, 409, 422, 429 or 503.
pub async fn update_password(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    let form = form(call)?;
    if call.config.trusted_headers.is_some() {
        return Err(Error::action_prohibited_400());
    }
    change_password::change(&call.ctx, &caller.session, form)
        .await
        .map_err(|error| Error::change_password(error, call.config))?;
    Ok(answer::json(StatusCode::OK, &true))
}

fn form<P>(call: &Call<'_, P>) -> Result<PasswordChange, Error> {
    let mut fields = Fields::of(call.request)?;
    match (fields.string("password"), fields.string("new_password")) {
        (Some(current), Some(new)) => {
            Ok(PasswordChange { current: Secret::new(current), new: Secret::new(new) })
        }
        _ => Err(fields.into_error()),
    }
}
