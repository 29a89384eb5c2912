use http::StatusCode;
use portico_core::{
    flow::manage_user::{self, ManageUserError},
    id::UserId,
    ports::Ports,
};

use crate::{
    http::answer::{self, Answer},
    open_webui::{
        caller::{Admin, Current},
        error::Error,
    },
    router::Call,
};

/// `POST /api/v1/users/{id}/sessions/revoke`: signs an account out everywhere.
///
/// # Errors
/// 403, 404 or 503.
pub async fn revoke_sessions(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    // A key ends nobody's sessions (AK-09).
    if let Current::Key { .. } = &*admin {
        return Err(Error::human_needed());
    }
    let target = UserId::parse(call.param("id")).map_err(|_| Error::unknown_user())?;
    match manage_user::revoke_sessions(&call.ctx, admin.id(), target).await {
        Ok(()) => Ok(answer::json(StatusCode::OK, &true)),
        Err(ManageUserError::NoAccount) => Err(Error::unknown_user()),
        Err(error) => Err(Error::manage_user(error, call.config)),
    }
}
