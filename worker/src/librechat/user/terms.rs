use http::StatusCode;
use portico_core::{
    flow::own_account,
    ports::{Ports, UserChange},
};
use serde_json::json;

use crate::{
    http::answer::{self, Answer},
    librechat::{caller::Member, error::Error, view},
    router::Call,
};

/// `GET /api/user/terms`: whether the caller has accepted the terms of the service.
///
/// # Errors
/// 401 or 503.
pub async fn read(_: &Call<'_, impl Ports>, caller: Member) -> Result<Answer, Error> {
    let accepted_at = caller.session.user.terms_accepted_at;
    let view = json!({"termsAccepted": accepted_at.is_some(), "termsAcceptedAt": view::date(accepted_at)});
    Ok(answer::json(StatusCode::OK, &view))
}

/// `POST /api/user/terms/accept`: the caller accepts them. The first time counts.
///
/// # Errors
/// 401, 404 or 503.
pub async fn accept(call: &Call<'_, impl Ports>, caller: Member) -> Result<Answer, Error> {
    let change = UserChange { accepts_terms: true, ..UserChange::default() };
    let user = own_account::update(&call.ctx, caller.session.user.id, change).await?;
    let view = json!({
        "message": "Terms accepted successfully",
        "termsAcceptedAt": view::date(user.terms_accepted_at),
    });
    Ok(answer::json(StatusCode::OK, &view))
}
