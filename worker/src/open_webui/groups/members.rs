use http::StatusCode;
use portico_core::{
    flow::{
        groups::{self, GroupError, Member, Membership},
        user_list::PAGE,
    },
    id::GroupId,
    ports::Ports,
};
use serde::Serialize;
use serde_json::json;

use super::id;
use crate::{
    http::answer::{self, Answer},
    open_webui::{
        caller::Admin,
        error::Error,
        validate::Query,
        view::{self, UserInfo},
    },
    router::Call,
};

#[derive(Debug, Serialize)]
struct MemberView<'a> {
    #[serde(flatten)]
    user: UserInfo<'a>,
    membership_type: &'static str,
    via_group_ids: &'a [GroupId],
}

/// `POST /api/v1/groups/id/{id}/users`: the direct members.
///
/// # Errors
/// 404 or 503.
pub async fn users(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let members = groups::members(&call.ctx, id(call).ok_or(GroupError::NoGroup)?).await?;
    let direct = members.iter().filter(|member| member.membership == Membership::Direct);
    let views: Vec<_> = direct.map(|member| view::user_info(&member.record.user)).collect();
    Ok(answer::json(StatusCode::OK, &views))
}

/// `GET /api/v1/groups/id/{id}/members`: a page of members, with how they came to be ones.
///
/// # Errors
/// 404, 422 or 503.
pub async fn list(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let query = Query::of(call.request);
    let which = query.word("membership", &["direct", "inherited", "effective"])?.unwrap_or("direct");
    let page = usize::try_from(query.integer("page")?.unwrap_or(1).max(1)).unwrap_or(usize::MAX);
    let text = query.text("query").unwrap_or_default().to_ascii_lowercase();
    let members = groups::members(&call.ctx, id(call).ok_or(GroupError::NoGroup)?).await?;
    let direct = members.iter().filter(|member| member.membership == Membership::Direct).count();
    let counts = json!({"direct": direct, "effective": members.len(), "inherited": members.len() - direct});
    let wanted = |member: &&Member| {
        let user = &member.record.user;
        (which == "effective" || which == view::membership(member.membership))
            && (user.name.to_ascii_lowercase().contains(&text) || user.email.as_str().contains(&text))
    };
    let found: Vec<_> = members.iter().filter(wanted).collect();
    let page = found.iter().skip((page - 1).saturating_mul(PAGE as usize)).take(PAGE as usize);
    let items: Vec<_> = page
        .map(|member| MemberView {
            user: view::user_info(&member.record.user),
            membership_type: view::membership(member.membership),
            via_group_ids: &member.via,
        })
        .collect();
    Ok(answer::json(StatusCode::OK, &json!({"items": items, "total": found.len(), "counts": counts})))
}
