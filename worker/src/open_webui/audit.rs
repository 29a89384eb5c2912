use http::StatusCode;
use portico_core::{
    flow::audit_trail,
    id::{AuditId, UserId},
    ports::{AuditQuery, Ports},
};
use serde_json::json;

use super::{caller::Admin, error::Error, validate::Query, view};
use crate::{
    http::answer::{self, Answer},
    router::Call,
};

/// `GET /api/v1/audit`: security events, latest first. `user` asks for those about one account, `before` for those
/// before an event, `limit` for fewer than a hundred. Not in the contract.
///
/// # Errors
/// 400, 422 or 503.
pub async fn list(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let query = Query::of(call.request);
    let no_id = |_| Error::refused("`user` and `before` must be ids.");
    let query = AuditQuery {
        about: query.text("user").map(UserId::parse).transpose().map_err(no_id)?,
        before: query.text("before").map(AuditId::parse).transpose().map_err(no_id)?,
        limit: query.integer("limit")?.map_or(audit_trail::PAGE, |limit| u32::try_from(limit).unwrap_or(1)),
    };
    let rows = audit_trail::list(&call.ctx, query).await?;
    let events: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "sequence": row.sequence,
                "id": row.id,
                "created_at": row.at,
                "actor_id": row.actor,
                "target_id": row.target,
                "action": row.action,
                "outcome": row.outcome,
                "network": row.network,
                "user_agent": row.user_agent,
                "request_id": row.request_id,
                "detail": view::json_of(row.detail.as_deref()),
            })
        })
        .collect();
    Ok(answer::json(StatusCode::OK, &json!({"events": events})))
}
