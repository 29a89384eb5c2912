//! `GET /api/config`, which both dialects have: one answer with the keys of both (they share none).

use http::StatusCode;
use portico_core::{flow::current_session, ports::Ports};
use serde_json::json;

use crate::{
    http::{
        answer::{self, Answer},
        cookie::TOKEN,
        credential::{self, Credential},
    },
    librechat, open_webui,
    router::Call,
};

/// What a login page has to know, and more for people who are signed in. A credential that does not work is no error
/// here: its bearer sees what everybody sees.
///
/// # Errors
/// 503 when the settings can not be read, in the words of both dialects.
pub async fn config(call: &Call<'_, impl Ports>) -> Result<Answer, Answer> {
    let Ok(settings) = call.ctx.settings().await else { return Err(unavailable()) };
    let caller = match credential::read(call.request.headers(), TOKEN) {
        Credential::Present(token) => current_session::authenticate(&call.ctx, token).await.ok(),
        Credential::Missing | Credential::Unusable => None,
    };
    let role = caller.map(|caller| caller.user.role);
    let mut view = open_webui::config::keys(call, &settings, role);
    view.extend(librechat::config::keys(call, &settings, role));
    Ok(answer::json(StatusCode::OK, &view))
}

fn unavailable() -> Answer {
    const TEXT: &str = "The service is temporarily unavailable. Please try again.";
    let body = json!({"detail": TEXT, "message": TEXT, "error": TEXT});
    let mut answer = answer::json(StatusCode::SERVICE_UNAVAILABLE, &body);
    answer.headers_mut().insert(http::header::RETRY_AFTER, http::HeaderValue::from_static("5"));
    answer
}
