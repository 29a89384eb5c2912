use http::StatusCode;
use portico_core::{flow::delete_account, ports::Ports, user::Role};

use crate::{
    http::answer::{self, Answer},
    librechat::{body::Body, caller::Member, error::Error, limits, view},
    router::Call,
};

/// `GET /api/user`: who am I?
///
/// # Errors
/// 401 or 503.
pub async fn user(call: &Call<'_, impl Ports>, caller: Member) -> Result<Answer, Error> {
    Ok(answer::json(StatusCode::OK, &view::user(call, &caller.session.user)))
}

/// `DELETE /api/user/delete`: the account goes, with everything that let somebody sign in to it.
///
/// # Errors
/// 400, 401, 403, 415, 429 or 503.
pub async fn delete(call: &Call<'_, impl Ports>, caller: Member) -> Result<Answer, Error> {
    if !call.config.pages.account_deletion && caller.session.user.role != Role::Admin {
        return Err(Error::forbidden("You do not have permission to delete this account"));
    }
    let mut body = Body::of(call.request)?;
    let shown = body.shown();
    if !body.is_sound() {
        return Err(Error::bad_request(&body.issues()));
    }
    if shown.is_some() {
        limits::spend_code(call, caller.session.user.id).await?;
    }
    delete_account::delete(&call.ctx, &caller.session, shown.as_ref()).await?;
    let mut answer = view::message("User deleted");
    view::add_cookies(&mut answer, view::forgotten(call));
    Ok(answer)
}
