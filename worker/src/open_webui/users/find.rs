//! `/api/v1/users/{id}*`: one account, seen by others.

use http::StatusCode;
use portico_core::{
    flow::{groups, oauth, user_list},
    id::UserId,
    ports::{Ports, UserRecord},
};
use serde::Serialize;
use serde_json::json;

use crate::{
    http::answer::{self, Answer},
    open_webui::{
        caller::{Admin, Verified},
        error::Error,
        validate::Query,
        view::{self, GroupName, UserModel},
    },
    router::Call,
};

#[derive(Debug, Serialize)]
struct FoundUser<'a> {
    #[serde(flatten)]
    model: UserModel<'a>,
    groups: Vec<GroupName>,
    is_active: bool,
}

/// `GET /api/v1/users/{id}`
///
/// # Errors
/// 400 when there is no such account, or 503.
pub async fn find(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let record = record(call).await?.ok_or_else(Error::not_found_here)?;
    let view = FoundUser {
        model: view::user_model(&record),
        groups: group_names(call, record.user.id).await?,
        is_active: user_list::is_active(&call.ctx, &record.user),
    };
    Ok(answer::json(StatusCode::OK, &view))
}

/// `GET /api/v1/users/{id}/info`
///
/// # Errors
/// 400 when there is no such account, or 503.
pub async fn info(call: &Call<'_, impl Ports>, _: Verified<'_>) -> Result<Answer, Error> {
    let record = record(call).await?.ok_or_else(Error::not_found_here)?;
    let mut view = view::user_info(&record.user);
    view.groups = group_names(call, record.user.id).await?;
    view.is_active = user_list::is_active(&call.ctx, &record.user);
    Ok(answer::json(StatusCode::OK, &view))
}

/// `GET /api/v1/users/{id}/active`: somebody who is not there is not active.
///
/// # Errors
/// 503.
pub async fn active(call: &Call<'_, impl Ports>, _: Verified<'_>) -> Result<Answer, Error> {
    let active = record(call).await?.is_some_and(|record| user_list::is_active(&call.ctx, &record.user));
    Ok(answer::json(StatusCode::OK, &json!({"active": active})))
}

/// `GET /api/v1/users/{id}/groups`
///
/// # Errors
/// 422 or 503.
pub async fn groups(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    match UserId::parse(call.param("id")) {
        Ok(user) => groups_of(call, user).await,
        Err(_) => Ok(answer::json(StatusCode::OK, &json!([]))),
    }
}

/// `GET /api/v1/users/groups`: the caller's own.
///
/// # Errors
/// 422 or 503.
pub async fn own_groups(call: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    groups_of(call, caller.id()).await
}

/// `GET /api/v1/users/{id}/oauth/sessions`: what providers gave for an account, without the tokens.
///
/// # Errors
/// 400 when there are none, or 503.
pub async fn oauth_sessions(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let user = UserId::parse(call.param("id")).map_err(|_| Error::not_found_here())?;
    match oauth::list(&call.ctx, user).await?.as_slice() {
        [] => Err(Error::not_found_here()),
        sessions => {
            let views: Vec<_> = sessions.iter().map(view::provider_session).collect();
            Ok(answer::json(StatusCode::OK, &views))
        }
    }
}

/// `GET /api/v1/users/{id}/preview`: what somebody can reach. Models, knowledge and tools are the application's.
///
/// # Errors
/// 404 when there is no such account, or 503.
pub async fn preview(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let record = record(call).await?.ok_or_else(Error::unknown_user)?;
    let nothing = json!({"items": [], "total": 0});
    Ok(answer::json(
        StatusCode::OK,
        &json!({
            "user": {"id": record.user.id, "name": record.user.name},
            "groups": group_names(call, record.user.id).await?,
            "models": nothing,
            "knowledge": nothing,
            "tools": nothing,
        }),
    ))
}

async fn groups_of(call: &Call<'_, impl Ports>, user: UserId) -> Result<Answer, Error> {
    let inherited = Query::of(call.request).flag("include_inherited")?.unwrap_or(false);
    let found = groups::of_user(&call.ctx, user).await?;
    let views: Vec<_> = found
        .iter()
        .filter(|(_, membership)| inherited || *membership == groups::Membership::Direct)
        .map(|(group, membership)| {
            let mut view = view::group(group);
            view.member_count = None;
            view.membership_type = inherited.then_some(view::membership(*membership));
            view
        })
        .collect();
    Ok(answer::json(StatusCode::OK, &views))
}

async fn group_names(call: &Call<'_, impl Ports>, user: UserId) -> Result<Vec<GroupName>, Error> {
    let found = groups::of_user(&call.ctx, user).await?;
    let direct = found.into_iter().filter(|(_, membership)| *membership == groups::Membership::Direct);
    Ok(direct.map(|(group, _)| GroupName { id: group.id, name: group.name }).collect())
}

pub(super) async fn record(call: &Call<'_, impl Ports>) -> Result<Option<UserRecord>, Error> {
    match UserId::parse(call.param("id")) {
        Ok(user) => Ok(user_list::find(&call.ctx, user).await?),
        Err(_) => Ok(None),
    }
}
