//! `/api/v1/auths/sessions`: one's own sessions. Not in the contract: a service that can list sessions and
//! end them one by one offers it (SE-19).

use http::StatusCode;
use portico_core::{
    flow::{own_sessions, sign_out::Ended},
    id::SessionId,
    ports::Ports,
    session::{AuthMethod, Ending, SessionRecord},
    time::UnixSeconds,
};
use serde::Serialize;
use serde_json::json;

use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::HumanSession, error::Error, view},
    router::Call,
};

#[derive(Debug, Serialize)]
struct SessionView<'a> {
    id: SessionId,
    /// Whether it is the caller's present one.
    current: bool,
    auth_method: AuthMethod,
    created_at: UnixSeconds,
    last_seen_at: UnixSeconds,
    ends_at: UnixSeconds,
    network: &'a str,
    user_agent: &'a str,
}

impl<'a> SessionView<'a> {
    fn of(record: &'a SessionRecord, caller: &HumanSession<'_>) -> Self {
        Self {
            id: record.id,
            current: record.id == caller.session.claims.sid,
            auth_method: record.method,
            created_at: record.created_at,
            last_seen_at: record.last_seen_at,
            ends_at: record.ends_at,
            network: &record.network,
            user_agent: &record.user_agent,
        }
    }
}

/// `GET /api/v1/auths/sessions`: where am I signed in? Oldest first.
///
/// # Errors
/// 503.
pub async fn list(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    let records = own_sessions::list(&call.ctx, &caller.session).await?;
    let views: Vec<_> = records.iter().map(|record| SessionView::of(record, &caller)).collect();
    Ok(answer::json(StatusCode::OK, &views))
}

/// `DELETE /api/v1/auths/sessions/{id}`: sign out there. Ending the present one forgets its cookies too.
///
/// # Errors
/// 404 when the caller has no such session, or 503.
pub async fn end(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    let id = SessionId::parse(call.param("id")).map_err(|_| Error::unknown_session())?;
    if own_sessions::end(&call.ctx, &caller.session, id).await? == Ending::Before {
        return Err(Error::unknown_session());
    }
    if id == caller.session.claims.sid {
        return Ok(view::signed_out(call, &Ended::default()).await);
    }
    Ok(answer::json(StatusCode::OK, &json!({"status": true})))
}

/// `DELETE /api/v1/auths/sessions`: sign out everywhere else.
///
/// # Errors
/// 503.
pub async fn end_others(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    let ended = own_sessions::end_others(&call.ctx, &caller.session).await?;
    Ok(answer::json(StatusCode::OK, &json!({"status": true, "ended": ended})))
}
