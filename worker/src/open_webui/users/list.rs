use http::StatusCode;
use portico_core::{
    flow::user_list::{self, PAGE},
    id::GroupId,
    ports::{Ports, UserOrder, UserQuery, UserRecord},
};
use serde::Serialize;
use serde_json::json;

use crate::{
    http::answer::{self, Answer},
    open_webui::{
        caller::{Admin, Verified},
        error::Error,
        validate::Query,
        view::{self, UserModel},
    },
    router::Call,
};

#[derive(Debug, Serialize)]
struct ListedUser<'a> {
    #[serde(flatten)]
    model: UserModel<'a>,
    group_ids: &'a [GroupId],
}

/// `GET /api/v1/users/`: a page of accounts.
///
/// # Errors
/// 422 or 503.
pub async fn list(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let page = user_list::list(&call.ctx, &query(call)?).await?;
    let users = page.records.iter();
    let users: Vec<_> = users
        .map(|record| ListedUser { model: view::user_model(record), group_ids: &record.groups })
        .collect();
    Ok(answer::json(StatusCode::OK, &json!({"users": users, "total": page.total})))
}

/// `GET /api/v1/users/all`: all accounts, as members see each other.
///
/// # Errors
/// 503.
pub async fn all(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let everybody = UserQuery { descending: true, ..UserQuery::default() };
    let page = user_list::list(&call.ctx, &everybody).await?;
    Ok(infos(&page.records, page.total))
}

/// `GET /api/v1/users/search`: a page of accounts, as members see each other.
///
/// # Errors
/// 422 or 503.
pub async fn search(call: &Call<'_, impl Ports>, _: Verified<'_>) -> Result<Answer, Error> {
    let page = user_list::list(&call.ctx, &query(call)?).await?;
    Ok(infos(&page.records, page.total))
}

fn infos(records: &[UserRecord], total: u32) -> Answer {
    let users: Vec<_> = records.iter().map(|record| view::user_info(&record.user)).collect();
    answer::json(StatusCode::OK, &json!({"users": users, "total": total}))
}

/// An order that nobody has is the newest first, as without one.
fn query<P>(call: &Call<'_, P>) -> Result<UserQuery, Error> {
    let query = Query::of(call.request);
    let page = query.integer("page")?.unwrap_or(1).max(1);
    let order = query.text("order_by").and_then(order);
    let descending = order.is_none() || query.text("direction") != Some("asc");
    let skip = u32::try_from(page - 1).unwrap_or(u32::MAX).saturating_mul(PAGE);
    Ok(UserQuery {
        text: query.text("query").filter(|text| !text.is_empty()).map(str::to_string),
        order: order.unwrap_or_default(),
        descending,
        skip,
        limit: Some(PAGE),
    })
}

fn order(text: &str) -> Option<UserOrder> {
    match text {
        "created_at" => Some(UserOrder::CreatedAt),
        "email" => Some(UserOrder::Email),
        "last_active_at" => Some(UserOrder::LastActiveAt),
        "name" => Some(UserOrder::Name),
        "role" => Some(UserOrder::Role),
        "updated_at" => Some(UserOrder::UpdatedAt),
        _ => GroupId::parse(text.strip_prefix("group_id:")?).ok().map(UserOrder::Group),
    }
}
