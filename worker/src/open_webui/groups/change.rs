use http::StatusCode;
use portico_core::{
    flow::groups::{self, GroupError},
    id::UserId,
    ports::Ports,
};

use super::{form, id};
use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::Admin, error::Error, validate::Fields, view},
    router::Call,
};

/// `POST /api/v1/groups/create`
///
/// # Errors
/// 400, 404, 422 or 503.
pub async fn create(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let group = groups::create(&call.ctx, admin.id(), form(call)?).await?;
    Ok(answer::json(StatusCode::OK, &view::group(&group)))
}

/// `POST /api/v1/groups/id/{id}/update`: what is not there stays; a parent that is null is taken away.
///
/// # Errors
/// 400, 404, 422 or 503.
pub async fn update(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let form = form(call)?;
    let group = groups::update(&call.ctx, admin.id(), id(call).ok_or(GroupError::NoGroup)?, form).await?;
    Ok(answer::json(StatusCode::OK, &view::group(&group)))
}

/// `DELETE /api/v1/groups/id/{id}/delete`
///
/// # Errors
/// 404 or 503.
pub async fn delete(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    groups::delete(&call.ctx, admin.id(), id(call).ok_or(GroupError::NoGroup)?).await?;
    Ok(answer::json(StatusCode::OK, &true))
}

/// `POST /api/v1/groups/id/{id}/users/add`: accounts that do not exist are passed over.
///
/// # Errors
/// 404, 422 or 503.
pub async fn add_users(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let users = users(call)?;
    let id = id(call).ok_or(GroupError::NoGroup)?;
    let group = groups::change_members(&call.ctx, admin.id(), id, &users, &[]).await?;
    Ok(answer::json(StatusCode::OK, &view::group(&group)))
}

/// `POST /api/v1/groups/id/{id}/users/remove`
///
/// # Errors
/// 404, 422 or 503.
pub async fn remove_users(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let users = users(call)?;
    let id = id(call).ok_or(GroupError::NoGroup)?;
    let group = groups::change_members(&call.ctx, admin.id(), id, &[], &users).await?;
    Ok(answer::json(StatusCode::OK, &view::group(&group)))
}

fn users<P>(call: &Call<'_, P>) -> Result<Vec<UserId>, Error> {
    let mut fields = Fields::of(call.request)?;
    let ids = fields.optional_strings("user_ids").unwrap_or_default();
    if fields.has_issues() {
        return Err(fields.into_error());
    }
    Ok(ids.iter().filter_map(|id| UserId::parse(id).ok()).collect())
}
