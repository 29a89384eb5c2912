//! `/oauth/*`: signing in by a provider (contract §8).

use http::{HeaderValue, Method, StatusCode, header};
use portico_core::{
    flow::{
        oauth::{self, Away, Back, OAuthError},
        second_factor::Next,
    },
    oauth::{
        Provider,
        pending::{Dialect, Errand},
    },
    ports::Ports,
};

use super::{
    auths::signin,
    error::Error,
    view::{self, CHALLENGE_COOKIE, OAUTH_SESSION_COOKIE, TOKEN_COOKIE},
};
use crate::{
    http::{
        answer::{self, Answer},
        cookie::SetCookie,
        round_trip,
    },
    router::Call,
};

/// The cookie that carries a provider's ID token, for integrations.
const ID_TOKEN_COOKIE: &str = "oauth_id_token";
/// Longest cookie that browsers keep, in bytes (RFC 6265 §6.1).
const MAX_COOKIE_BYTES: usize = 4_000;

/// `GET /oauth/{provider}/login`: sends the browser to the provider.
///
/// # Errors
/// 404 for a provider that is not configured, 429 or 503.
pub async fn login(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let Some(provider) = Provider::parse(call.param("provider")) else { return Err(Error::unknown_path()) };
    let base = base(call).await?;
    let redirect_uri = format!("{base}/oauth/{}/callback", provider.as_str());
    let held = round_trip::held(call.request.headers(), call.is_secure());
    let errand = Errand::SignIn;
    match oauth::start(&call.ctx, provider, Dialect::OpenWebui, errand, &redirect_uri, held).await {
        Ok(away) => Ok(sent(call, &away)),
        Err(OAuthError::UnknownProvider) => Err(Error::unknown_path()),
        Err(OAuthError::Throttled { retry_after }) => Err(Error::too_many(retry_after)),
        Err(OAuthError::Unavailable(fault)) => Err(fault.into()),
        Err(error) => Ok(failed(call, &base, &error)),
    }
}

/// A browser that is sent to a provider.
pub(crate) fn sent(call: &Call<'_, impl Ports>, away: &Away) -> Answer {
    let cookie = round_trip::hold(&away.browser, away.response_mode, call.is_secure(), call.ctx.now);
    view::with_cookie(redirect(StatusCode::FOUND, &away.url), &cookie)
}

/// A browser that comes back (contract §8.7).
pub(crate) async fn returned(call: &Call<'_, impl Ports>, result: Result<Back, OAuthError>) -> Answer {
    let base = match base(call).await {
        Ok(base) => base,
        Err(error) => return error.into(),
    };
    let back = match result {
        Ok(back) => back,
        Err(error) => return failed(call, &base, &error),
    };
    let sign_in = match back {
        Back::Linked(provider) => {
            return redirect(status(call), &format!("{base}/auth?linked={}", provider.as_str()));
        }
        Back::SignedIn(sign_in) => sign_in,
    };
    match &sign_in.next {
        Next::Challenge(issued) => {
            let answer = redirect(status(call), &format!("{base}/auth?mfa=1"));
            let cookie = SetCookie {
                name: CHALLENGE_COOKIE,
                value: &issued.token.expose_secret(),
                expires_at: Some(call.ctx.now.plus(issued.expires_in)),
                same_site: call.config.cookie_same_site,
                secure: call.is_secure(),
            };
            let cookie = cookie.header(call.ctx.now).replace("Path=/;", "Path=/api/v1/auths/mfa;");
            let answer = view::with_cookie(answer, &cookie);
            view::with_cookie(answer, &view::forget(call, TOKEN_COOKIE))
        }
        Next::Pending => {
            let answer = redirect(status(call), &format!("{base}/auth?pending=1"));
            view::with_cookie(answer, &view::forget(call, TOKEN_COOKIE))
        }
        Next::Session(signed_in) => {
            let id_token = sign_in.id_token.as_ref().filter(|_| call.config.oauth_pages.id_token_cookie);
            let session = sign_in.session.to_string();
            let cookies = [
                Some((TOKEN_COOKIE, signed_in.token.as_str())),
                Some((OAUTH_SESSION_COOKIE, session.as_str())),
                id_token.map(|token| (ID_TOKEN_COOKIE, token.expose_secret().as_str())),
            ];
            let kept = cookies.into_iter().flatten().filter(|(_, value)| value.len() <= MAX_COOKIE_BYTES);
            kept.fold(redirect(status(call), &format!("{base}/auth")), |answer, (name, value)| {
                let cookie = SetCookie {
                    name,
                    value,
                    expires_at: signed_in.expires_at,
                    same_site: call.config.cookie_same_site,
                    secure: call.is_secure(),
                };
                let cookie = cookie.header(call.ctx.now);
                let is_readable = name == TOKEN_COOKIE && call.config.oauth_pages.readable_token;
                let cookie = if is_readable { cookie.replace("HttpOnly; ", "") } else { cookie };
                view::with_cookie(answer, &cookie)
            })
        }
    }
}

/// 404, as for every path that there is not.
pub(crate) fn unknown() -> Answer {
    Error::unknown_path().into()
}

/// The session that the browser had so far (SE-04).
pub(crate) fn previous_token<P>(call: &Call<'_, P>) -> Option<String> {
    signin::previous_token(call)
}

/// Where the pages are: what the deployment says, or where the request came in.
pub(super) async fn base(call: &Call<'_, impl Ports>) -> Result<String, Error> {
    let settings = call.ctx.settings().await?;
    let configured = settings.text("WEBUI_URL").map(|url| url.trim_end_matches('/').to_string());
    Ok(configured.unwrap_or_else(|| call.own_origin()))
}

fn failed<P>(call: &Call<'_, P>, base: &str, error: &OAuthError) -> Answer {
    let text: String = form_urlencoded::byte_serialize(Error::of_provider(error).as_bytes()).collect();
    redirect(status(call), &format!("{base}/auth?error={text}"))
}

/// A form that was posted is not posted again (OA-14).
fn status<P>(call: &Call<'_, P>) -> StatusCode {
    match *call.request.method() {
        Method::POST => StatusCode::SEE_OTHER,
        _ => StatusCode::TEMPORARY_REDIRECT,
    }
}

fn redirect(status: StatusCode, location: &str) -> Answer {
    let mut answer = answer::bytes(status, "text/plain; charset=utf-8", Vec::new());
    if let Ok(location) = HeaderValue::from_str(location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    answer
}
