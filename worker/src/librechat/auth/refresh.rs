use http::StatusCode;
use portico_core::{
    flow::{
        RefreshGrant,
        denial::{self, Denial},
        refresh::{self, RefreshError},
    },
    ports::Ports,
};

use crate::{
    http::{
        answer::{self, Answer},
        cookie::{self, Found, REFRESH_TOKEN},
    },
    librechat::{error::Error, view},
    router::{Call, Cookies},
};

/// `POST /api/auth/refresh`: the browser's refresh token for a new access token, and for its successor.
///
/// # Errors
/// 401, 403, 429 or 503; cookies that are good for nothing any more are forgotten.
pub async fn refresh(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let found = match call.cookies {
        Cookies::Count => cookie::find(call.request.headers(), REFRESH_TOKEN),
        Cookies::Ignored => Found::Nothing,
    };
    let token = match found {
        Found::One(token) if !token.is_empty() => token,
        // The client asks on every page, also of people who never signed in (SE-18).
        Found::One(_) | Found::Nothing => {
            let text = b"Refresh token not provided".to_vec();
            return Ok(answer::bytes(StatusCode::OK, "text/html; charset=utf-8", text));
        }
        Found::Unusable => {
            denial::record(&call.ctx, Denial::DuplicateCookie, call.request.uri().path()).await;
            return Err(RefreshError::SessionEnded).map_err(|error| refused(call, error));
        }
    };
    match refresh::exchange(&call.ctx, token).await {
        Ok(refreshed) => {
            let expires_at = refreshed.session.ends_at;
            let grant = RefreshGrant { token: refreshed.refresh_token, expires_at };
            Ok(view::session(call, &refreshed.token, &refreshed.user, &grant))
        }
        // The token may be spent, and its successor is to be had by asking again: the cookie stays.
        Err(error @ (RefreshError::Unavailable(_) | RefreshError::Throttled { .. })) => Err(error.into()),
        Err(error) => Err(refused(call, error)),
    }
}

/// A client that has asked twice is told so by another status, and stops asking.
fn refused(call: &Call<'_, impl Ports>, error: RefreshError) -> Error {
    let query = call.request.uri().query().unwrap_or_default();
    let again =
        form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "retry" && !value.is_empty());
    let error = match Error::from(error) {
        error if again && error.status() == StatusCode::UNAUTHORIZED => {
            Error::text(StatusCode::FORBIDDEN, "No session found")
        }
        error => error,
    };
    error.with_cookies(view::forgotten_here(call))
}
