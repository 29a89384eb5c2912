use http::StatusCode;
use portico_core::{flow::groups, group::Group, ports::Ports};
use serde_json::json;

use super::id;
use crate::{
    http::answer::{self, Answer},
    open_webui::{
        caller::{Admin, Verified},
        error::Error,
        validate::Query,
        view,
    },
    router::Call,
};

/// `GET /api/v1/groups/`: the groups that the caller may see.
///
/// # Errors
/// 422 or 503.
pub async fn list(call: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    let share = Query::of(call.request).flag("share")?;
    let found = groups::visible(&call.ctx, caller.id(), caller.user().role, share).await?;
    let views: Vec<_> = found.iter().map(view::group).collect();
    Ok(answer::json(StatusCode::OK, &views))
}

/// `GET /api/v1/groups/id/{id}`
///
/// # Errors
/// 404 or 503.
pub async fn find(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    Ok(answer::json(StatusCode::OK, &view::group(&group(call).await?)))
}

/// `GET /api/v1/groups/id/{id}/info`: without what it grants.
///
/// # Errors
/// 404 or 503.
pub async fn info(call: &Call<'_, impl Ports>, _: Verified<'_>) -> Result<Answer, Error> {
    let group = group(call).await?;
    let mut view = view::group(&group);
    view.inside = None;
    Ok(answer::json(StatusCode::OK, &view))
}

/// `GET /api/v1/groups/id/{id}/export`: with the ids of its direct members.
///
/// # Errors
/// 404 or 503.
pub async fn export(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let group = group(call).await?;
    let members = call.ctx.ports.list_members(&[group.id]).await?;
    let mut view = view::group(&group);
    view.user_ids = Some(members.into_iter().map(|(_, user)| user).collect());
    Ok(answer::json(StatusCode::OK, &view))
}

/// `GET /api/v1/groups/id/{id}/preview`: what belonging to it means. Models, knowledge and tools are the application's.
///
/// # Errors
/// 404 or 503.
pub async fn preview(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let found = groups::preview(&call.ctx, id(call).ok_or_else(Error::no_group_here)?).await?;
    let nothing = json!({"items": [], "total": 0});
    Ok(answer::json(
        StatusCode::OK,
        &json!({
            "group": {"id": found.group.id, "name": found.group.name},
            "models": nothing,
            "knowledge": nothing,
            "tools": nothing,
            "permissions": view::json_of(found.group.permissions.as_deref()),
            "inherited_permissions": found.inherited.tree(),
            "effective_permissions": found.effective.tree(),
            "default_models": null,
        }),
    ))
}

async fn group(call: &Call<'_, impl Ports>) -> Result<Group, Error> {
    let id = id(call).ok_or_else(Error::no_group_here)?;
    call.ctx.ports.find_group(id).await?.ok_or_else(Error::no_group_here)
}
