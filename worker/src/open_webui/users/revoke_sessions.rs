use http::StatusCode;
use portico_core::{
    flow::manage_user::{self, ManageUserError},
    ports::Ports,
};

use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::Admin, error::Error},
    router::Call,
};

/// `POST /api/v1/users/{id}/sessions/revoke`: signs an account out everywhere.
///
/// # Errors
/// 403, 404 or 503.
pub async fn revoke_sessions(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let target = super::target(call, &admin)?;
    match manage_user::revoke_sessions(&call.ctx, admin.id(), target).await {
        Ok(()) => Ok(answer::json(StatusCode::OK, &true)),
        Err(ManageUserError::NoAccount) => Err(Error::unknown_user()),
        Err(error) => Err(Error::manage_user(error, call.config)),
    }
}
