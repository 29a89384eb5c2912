//! `/oauth/*`: signing in by a provider (contract §6).

use http::{HeaderValue, StatusCode, header};
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
    session::ChallengeKind,
};

use super::{auth::login, error::Error, view};
use crate::{
    http::{
        answer::{self, Answer},
        round_trip,
    },
    router::Call,
};

const FAILED: &str = "auth_failed";

/// `GET /oauth/{provider}`: sends the browser to the provider.
///
/// # Errors
/// None: whatever goes wrong leads back to the page that people sign in on.
pub async fn login(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let Some(provider) = provider(call).filter(|_| call.config.oauth_pages.social_login) else {
        return Ok(failed(call, FAILED));
    };
    let server = call.config.pages.server.clone().unwrap_or_else(|| call.own_origin());
    let paths = &call.config.oauth_pages.callback_paths;
    let path = paths.iter().find(|(known, _)| *known == provider).map(|(_, path)| path.clone());
    let path = path.unwrap_or_else(|| format!("/oauth/{}/callback", name(provider)));
    let redirect_uri = format!("{server}{path}");
    let held = round_trip::held(call.request.headers(), provider.preset().response_mode, call.is_secure());
    let dialect = Dialect::LibreChat;
    match oauth::start(&call.ctx, provider, dialect, Errand::SignIn, &redirect_uri, held).await {
        Ok(away) => Ok(sent(call, &away)),
        Err(error) => Ok(failed(call, word(&error))),
    }
}

/// `GET /oauth/error`, and providers that nobody comes from: back to the page that people sign in on.
///
/// # Errors
/// None.
pub async fn error(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    Ok(failed(call, FAILED))
}

/// A browser that comes back (contract §6.6).
pub(crate) async fn returned(call: &Call<'_, impl Ports>, result: Result<Back, OAuthError>) -> Answer {
    let client = client(call);
    let sign_in = match result {
        Ok(Back::SignedIn(sign_in)) => sign_in,
        Ok(Back::Linked(_)) => return redirect(&client),
        Err(error) => return failed(call, word(&error)),
    };
    match &sign_in.next {
        // The page that asks for a code after a password asks for it here, too.
        Next::Challenge(issued) if issued.kind == ChallengeKind::Verify => {
            redirect(&format!("{client}/login/2fa?tempToken={}", issued.token.expose_secret()))
        }
        Next::Challenge(_) | Next::Pending => failed(call, FAILED),
        Next::Session(signed_in) => match &signed_in.refresh {
            Some(refresh) => {
                login::end_previous(call).await;
                let mut answer = redirect(&client);
                view::add_cookies(&mut answer, view::session_cookies(call, refresh));
                answer
            }
            None => failed(call, FAILED),
        },
    }
}

fn sent(call: &Call<'_, impl Ports>, away: &Away) -> Answer {
    let mut answer = redirect(&away.url);
    let cookie = round_trip::hold(&away.browser, away.response_mode, call.is_secure(), call.ctx.now);
    view::add_cookies(&mut answer, [cookie]);
    answer
}

fn provider<P>(call: &Call<'_, P>) -> Option<Provider> {
    let path = call.request.uri().path();
    let name = path.strip_prefix("/oauth/")?.split('/').next()?;
    [
        Provider::Apple,
        Provider::Discord,
        Provider::Facebook,
        Provider::Github,
        Provider::Google,
        Provider::Openid,
    ]
    .into_iter()
    .find(|provider| self::name(*provider) == name)
}

/// What the dialect calls a provider.
pub(super) const fn name(provider: Provider) -> &'static str {
    match provider {
        Provider::Openid => "openid",
        other => other.as_str(),
    }
}

pub(super) fn client<P>(call: &Call<'_, P>) -> String {
    call.config.pages.client.clone().unwrap_or_else(|| call.own_origin())
}

/// What the page is told, of the three words that it knows.
const fn word(error: &OAuthError) -> &'static str {
    match error {
        OAuthError::Banned { .. } => "auth_banned",
        OAuthError::Throttled { .. } => "auth_rate_limited",
        _ => FAILED,
    }
}

fn failed<P>(call: &Call<'_, P>, word: &str) -> Answer {
    redirect(&format!("{}/login?redirect=false&error={word}", client(call)))
}

fn redirect(location: &str) -> Answer {
    let mut answer = answer::bytes(StatusCode::FOUND, "text/plain; charset=utf-8", Vec::new());
    if let Ok(location) = HeaderValue::from_str(location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    answer
}
