use http::StatusCode;
use portico_core::{flow::directory, identity::Unlinked, ports::Ports};
use serde_json::json;

use crate::{
    directories,
    http::answer::{self, Answer},
    open_webui::{caller::Admin, error::Error, validate::Fields},
    router::Call,
};

/// `POST /api/v1/users/{id}/directory`: the account belongs to somebody in the directory from now on, whom the form names. In
/// person only: a key opens no way to sign in.
///
/// # Errors
/// 400, 401, 403, 409, 422 or 503.
pub async fn link(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let target = super::target(call, &admin)?;
    let mut fields = Fields::of(call.request)?;
    let Some(name) = fields.string("user") else { return Err(fields.into_error()) };
    directories::link(&call.ctx, admin.id(), target, name.trim()).await?;
    Ok(answer::json(StatusCode::OK, &json!(true)))
}

/// `DELETE /api/v1/users/{id}/directory`: the account belongs to nobody in the directory any more; whether it did. Not where
/// its owner could not sign in any more.
///
/// # Errors
/// 401, 403, 409 or 503.
pub async fn unlink(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let target = super::target(call, &admin)?;
    match directory::unlink(&call.ctx, admin.id(), target).await? {
        Unlinked::Last => Err(Error::last_way_in()),
        unlinked => Ok(answer::json(StatusCode::OK, &json!(unlinked == Unlinked::Yes))),
    }
}
