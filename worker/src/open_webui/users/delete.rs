use http::StatusCode;
use portico_core::{flow::manage_user, id::UserId, ports::Ports};

use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::Admin, error::Error},
    router::Call,
};

/// `DELETE /api/v1/users/{id}`: the account, and everything that let somebody sign in to it. `true` for an
/// account that is not there, too.
///
/// # Errors
/// 403 or 503.
pub async fn delete(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    if let Ok(target) = UserId::parse(call.param("id")) {
        manage_user::delete(&call.ctx, admin.id(), target)
            .await
            .map_err(|error| Error::manage_user(error, call.config))?;
    }
    Ok(answer::json(StatusCode::OK, &true))
}
