use http::StatusCode;
use portico_core::{flow::user_list, ports::Ports};
use serde_json::json;

use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::Current, error::Error},
    router::Call,
};

/// `GET /api/v1/auths/admin/details`: whom to ask for help.
///
/// # Errors
/// 400 when nobody is to be shown, or 503.
pub async fn admin_details(call: &Call<'_, impl Ports>, _: Current<'_>) -> Result<Answer, Error> {
    let contact = user_list::contact(&call.ctx).await?.ok_or_else(Error::action_prohibited_400)?;
    Ok(answer::json(StatusCode::OK, &json!({"name": contact.name, "email": contact.email})))
}
