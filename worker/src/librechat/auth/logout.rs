use http::StatusCode;
use portico_core::{
    flow::{
        oauth,
        sign_out::{self, Ended},
    },
    oauth::Provider,
    ports::Ports,
};
use serde_json::json;

use crate::{
    config::oauth::EndSession,
    http::{
        answer::{self, Answer},
        cookie::{self, Found, REFRESH_TOKEN, TOKEN},
        credential::{self, Credential},
    },
    librechat::{self, error::Error, view},
    router::{Call, Cookies},
};

/// `POST /api/auth/logout`: ends the session of the bearer, of the browser's refresh token, or of both; forgets the
/// cookies in any case.
///
/// # Errors
/// 401 when neither names a session, or 503 when one could not be ended: nobody is told that they are signed out while
/// they are not.
pub async fn logout(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let headers = call.request.headers();
    let bearer = match credential::bearer(headers) {
        Credential::Missing => Err(Error::no_token()),
        Credential::Unusable => Err(Error::malformed_token()),
        Credential::Present(token) => sign_out::end_known(&call.ctx, token).await.map_err(Error::from),
    };
    let counts = call.cookies == Cookies::Count;
    let by_cookie = match cookie::find(headers, REFRESH_TOKEN) {
        Found::One(token) if counts => sign_out::end_refreshable(&call.ctx, token).await?,
        _ => None,
    };
    // Both may name one session: the first has what is left of it.
    let ended = match (bearer, by_cookie) {
        (Ok(ended), other) => ended.or(other.unwrap_or_default()),
        (Err(_), Some(ended)) => ended,
        (Err(error), None) => return Err(error.with_cookies(view::forgotten_here(call))),
    };
    // The browser's session with the other pages of this service.
    if counts && let Found::One(token) = cookie::find(headers, TOKEN) {
        sign_out::end(&call.ctx, token).await?;
    }
    let done = "Logout successful";
    let body = match end_session_url(call, &ended).await {
        Some(url) => json!({"message": done, "redirect": url}),
        None => json!({"message": done}),
    };
    let mut answer = answer::json(StatusCode::OK, &body);
    view::add_cookies(&mut answer, view::forgotten(call));
    Ok(answer)
}

/// Where the page goes on, so that its owner is signed out at the provider of OpenID Connect, too (contract §6.6).
async fn end_session_url(call: &Call<'_, impl Ports>, ended: &Ended) -> Option<String> {
    let EndSession { return_to, max_bytes } = call.config.oauth_pages.end_session.as_ref()?;
    let session = ended.tokens.as_ref().filter(|session| session.provider == Provider::Openid.as_str())?;
    let sign_in = || format!("{}/login", librechat::oauth::client(call));
    let return_to = return_to.clone().unwrap_or_else(sign_in);
    oauth::end_session_url(&call.ctx, session, Some(&return_to), *max_bytes).await
}
