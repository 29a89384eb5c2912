//! `/oauth/*`: signing in by a provider (contract §8).

use http::{HeaderValue, Method, StatusCode, header};
use portico_core::{
    flow::{
        oauth::{self, Away, Back, BackchannelError, OAuthError, Previous},
        second_factor::Next,
    },
    id::ProviderSessionId,
    oauth::{
        Provider,
        logout_token::LogoutTokenError,
        pending::{Dialect, Errand},
    },
    ports::Ports,
};
use serde_json::json;

use super::{
    auths::signin,
    error::Error,
    view::{self, CHALLENGE_COOKIE, OAUTH_SESSION_COOKIE, TOKEN_COOKIE},
};
use crate::{
    http::{
        answer::{self, Answer},
        cookie::{self, Found, SetCookie},
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
    let held = round_trip::held(call.request.headers(), provider.preset().response_mode, call.is_secure());
    let errand = Errand::SignIn;
    match oauth::start(&call.ctx, provider, Dialect::OpenWebui, errand, &redirect_uri, held).await {
        Ok(away) => Ok(holding(call, redirect(StatusCode::FOUND, &away.url), &away)),
        Err(OAuthError::UnknownProvider) => Err(Error::unknown_path()),
        Err(OAuthError::Throttled { retry_after }) => Err(Error::too_many(retry_after)),
        Err(OAuthError::Unavailable(fault)) => Err(fault.into()),
        Err(error) => Ok(failed(call, &base, &error)),
    }
}

/// The answer with what the browser holds while it is away.
pub(super) fn holding(call: &Call<'_, impl Ports>, answer: Answer, away: &Away) -> Answer {
    let cookie = round_trip::hold(&away.browser, away.response_mode, call.is_secure(), call.ctx.now);
    view::with_cookie(answer, &cookie)
}

/// Where answers of a provider come in, unless the deployment has registered another place.
pub(super) async fn redirect_uri(call: &Call<'_, impl Ports>, provider: Provider) -> Result<String, Error> {
    Ok(format!("{}/oauth/{}/callback", base(call).await?, provider.as_str()))
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
                value: issued.token.expose_secret(),
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
            let session = signed_in.provider_session.map(|session| session.to_string());
            let cookies = [
                Some((TOKEN_COOKIE, signed_in.token.as_str())),
                session.as_deref().map(|session| (OAUTH_SESSION_COOKIE, session)),
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

/// The session that the browser had so far (SE-04), and what a provider gave for it.
pub(crate) fn previous<P>(call: &Call<'_, P>) -> Previous {
    let provider_session = match cookie::find(call.request.headers(), OAUTH_SESSION_COOKIE) {
        Found::One(text) => ProviderSessionId::parse(text).ok(),
        Found::Nothing | Found::Unusable => None,
    };
    Previous { token: signin::previous_token(call), provider_session }
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
pub(super) fn status<P>(call: &Call<'_, P>) -> StatusCode {
    match *call.request.method() {
        Method::POST => StatusCode::SEE_OTHER,
        _ => StatusCode::TEMPORARY_REDIRECT,
    }
}

pub(super) fn redirect(status: StatusCode, location: &str) -> Answer {
    let mut answer = answer::bytes(status, "text/plain; charset=utf-8", Vec::new());
    if let Ok(location) = HeaderValue::from_str(location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    answer
}

/// `POST /oauth/backchannel-logout`: a provider says that somebody has signed out there (contract §8.12).
///
/// # Errors
/// 400 in the words of OAuth, 404 while nobody listens, or 503.
pub async fn backchannel(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    if !call.config.oauth_pages.backchannel {
        return Err(Error::unknown_path());
    }
    let mut tokens = form_urlencoded::parse(call.request.body()).filter(|(name, _)| name == "logout_token");
    let refusal = match (tokens.next(), tokens.next()) {
        (Some((_, token)), None) => match oauth::hear(&call.ctx, &token).await {
            Ok(()) => return Ok(unstored(answer::json(StatusCode::OK, &json!({})))),
            Err(BackchannelError::Unavailable(fault)) => return Err(fault.into()),
            Err(error) => described(&error),
        },
        _ => "Missing logout_token parameter",
    };
    let body = json!({"error": "invalid_request", "error_description": refusal});
    Ok(unstored(answer::json(StatusCode::BAD_REQUEST, &body)))
}

const fn described(error: &BackchannelError) -> &'static str {
    match error {
        BackchannelError::Token(LogoutTokenError::Malformed) => "Malformed logout_token",
        BackchannelError::Token(LogoutTokenError::NoIssuer) => "logout_token missing iss claim",
        BackchannelError::Token(LogoutTokenError::NoEvent) => "Missing backchannel-logout event claim",
        BackchannelError::Token(LogoutTokenError::Nonce) => "logout_token must not contain nonce",
        BackchannelError::Token(LogoutTokenError::Nobody) => "logout_token must contain sub or sid",
        BackchannelError::UnknownIssuer => "No configured provider matches token issuer",
        BackchannelError::Token(LogoutTokenError::Refused(_)) => "Invalid logout_token: refused",
        BackchannelError::Token(LogoutTokenError::Unavailable(_))
        | BackchannelError::Unavailable(_)
        | BackchannelError::Unverifiable => "Failed to validate logout_token",
    }
}

fn unstored(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
