//! `/api/v1/auths/oauth/*`: what people have at providers, seen from here.

use http::StatusCode;
use percent_encoding::percent_decode_str;
use portico_core::{
    flow::{
        denial::Denial,
        oauth::{self, Fails, ProviderTokenError, Works},
    },
    identity::Unlinked,
    oauth::Provider,
    ports::Ports,
    secret::Secret,
};
use serde_json::{Value, json};

use super::signin;
use crate::{
    http::{
        answer::{self, Answer},
        round_trip,
    },
    open_webui::{
        self,
        caller::{self, Admin, HumanSession, Verified},
        error::Error,
        validate::Fields,
        view,
    },
    router::Call,
};

const NO_SESSION: &str = "No OAuth session found for this provider";

/// `DELETE /api/v1/auths/oauth/sessions/{provider}`: forgets the tokens that a provider gave for the caller.
///
/// # Errors
/// 404 when there are none, or 503.
pub async fn delete_sessions(call: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    match oauth::forget(&call.ctx, caller.id(), &provider_of(call)).await? {
        true => Ok(answer::json(StatusCode::OK, &true)),
        false => Err(Error::missing(NO_SESSION)),
    }
}

/// `GET /api/v1/auths/oauth/sessions`: what providers gave for the caller, without the tokens.
///
/// # Errors
/// 503.
pub async fn sessions(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    let sessions = oauth::list(&call.ctx, caller.session.user.id).await?;
    Ok(answer::json(StatusCode::OK, &sessions.iter().map(view::provider_session).collect::<Vec<_>>()))
}

/// `GET /api/v1/auths/oauth/sessions/{provider}`: a token of the provider's for the caller, good for a while yet.
///
/// # Errors
/// 404 when the provider gave none, or takes them back, 502 when it does not answer, or 503.
pub async fn token(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    match oauth::fresh(&call.ctx, caller.session.user.id, &provider_of(call)).await {
        Ok(tokens) => Ok(answer::json(
            StatusCode::OK,
            &json!({
                "access_token": tokens.access_token.expose_secret(),
                "token_type": "Bearer",
                "expires_at": tokens.expires_at,
                "scope": tokens.scope,
            }),
        )),
        Err(ProviderTokenError::None) => Err(Error::missing(NO_SESSION)),
        Err(ProviderTokenError::Provider) => Err(Error::provider_down()),
        Err(ProviderTokenError::Unreadable) => Err(Error::unavailable()),
        Err(ProviderTokenError::Unavailable(fault)) => Err(fault.into()),
    }
}

/// `GET /api/v1/auths/oauth/identities`: the accounts elsewhere that belong to the caller's.
///
/// # Errors
/// 503.
pub async fn identities(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    let linked = oauth::identities(&call.ctx, caller.session.user.id).await?;
    let views =
        linked.iter().map(|linked| json!({"provider": linked.identity.provider, "linked_at": linked.since}));
    Ok(answer::json(StatusCode::OK, &views.collect::<Vec<_>>()))
}

/// `POST /api/v1/auths/oauth/{provider}/link`: where the browser goes so that an account elsewhere belongs to the caller's.
///
/// # Errors
/// 403 for somebody who signed in too long ago, 404 for a provider that is not configured, 429, 502 or 503.
pub async fn link(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    let provider = Provider::parse(call.param("provider")).ok_or_else(Error::unknown_path)?;
    let redirect_uri = open_webui::oauth::redirect_uri(call, provider).await?;
    let held = round_trip::held(call.request.headers(), provider.preset().response_mode, call.is_secure());
    let away = oauth::start_link(&call.ctx, &caller.session, provider, &redirect_uri, held).await;
    let away = away.map_err(Error::linking)?;
    let answer = answer::json(StatusCode::OK, &json!({"url": away.url}));
    Ok(open_webui::oauth::holding(call, answer, &away))
}

/// `DELETE /api/v1/auths/oauth/identities/{provider}`: the account elsewhere belongs to the caller's no longer.
///
/// # Errors
/// 403 for somebody who signed in too long ago, 404 when there is none, 409 for the last way in, or 503.
pub async fn unlink(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    let provider = Provider::parse(call.param("provider")).ok_or_else(Error::unknown_path)?;
    match oauth::unlink(&call.ctx, &caller.session, provider).await.map_err(Error::linking)? {
        Unlinked::Yes => Ok(answer::json(StatusCode::OK, &true)),
        Unlinked::None => Err(Error::missing("No account of this provider is linked")),
        Unlinked::Last => Err(Error::last_way_in()),
    }
}

/// `POST /api/v1/auths/admin/config/oauth/test`: tries the provider that is stored, as far as that goes without a browser.
/// Says in plain words what works and what does not.
///
/// # Errors
/// 503.
pub async fn test(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let trial = oauth::try_out(&call.ctx).await?;
    let steps: Vec<_> = trial.iter().map(|found| found.as_ref().map_or_else(fails, works)).collect();
    Ok(answer::json(StatusCode::OK, &json!({"ok": trial.iter().all(Result::is_ok), "steps": steps})))
}

fn works(works: &Works) -> Value {
    let (step, detail) = match works {
        Works::ClientAuth { method } => ("client_auth", format!("The provider takes {method}.")),
        Works::Discovery { issuer } => ("discovery", format!("The provider says that it is {issuer}.")),
        Works::Keys { count } => ("keys", format!("Its keys can be had; {count} can be used.")),
        Works::Scopes => ("scopes", "It knows everything that is asked for.".to_string()),
        Works::Settings => ("configuration", "The settings make sense.".to_string()),
    };
    json!({"step": step, "ok": true, "detail": detail})
}

fn fails(fails: &Fails) -> Value {
    let (step, detail) = match fails {
        Fails::ClientAuth { method, offered } => {
            let offered = offered.join(", ");
            let text = format!(
                "The provider does not take {method}. Set OAUTH_TOKEN_ENDPOINT_AUTH_METHOD to one of: {offered}."
            );
            ("client_auth", text)
        }
        Fails::Discovery(error) => ("discovery", format!("What the provider says about itself {error}.")),
        Fails::Keys { url } => ("keys", format!("There is no key at {url} that could be used.")),
        Fails::Scopes { unknown } => (
            "scopes",
            format!("The provider does not know {}. Take it out of OAUTH_SCOPES.", unknown.join(", ")),
        ),
        Fails::Settings => {
            let text = "OPENID_PROVIDER_URL is no address that may be asked, or the way of showing who we are needs a secret that is not there.";
            ("configuration", text.to_string())
        }
        Fails::Unconfigured => {
            let text = "No provider is configured: OPENID_PROVIDER_URL and OAUTH_CLIENT_ID are needed.";
            ("configuration", text.to_string())
        }
        Fails::Unreachable { url } => {
            ("connect", format!("Nobody answers at {url} with what is expected there."))
        }
    };
    json!({"step": step, "ok": false, "detail": detail})
}

/// What the path has for a provider: integrations' names have colons and slashes.
fn provider_of<P>(call: &Call<'_, P>) -> String {
    percent_decode_str(call.param("provider")).decode_utf8_lossy().into_owned()
}

/// `POST /api/v1/auths/oauth/{provider}/token/exchange`: a session for a provider's access token.
///
/// # Errors
/// 403 while exchanges are switched off, 404 for a provider that is not configured, 422, 429 or 503.
pub async fn exchange(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let mut fields = Fields::of(call.request)?;
    let Some(token) = fields.string("token") else { return Err(fields.into_error()) };
    match oauth::exchange(&call.ctx, call.param("provider"), Secret::new(token)).await {
        // Whoever exchanges a token is no browser.
        Ok(next) => Ok(view::without_cookies(signin::next(call, &next))),
        Err(refusal) => {
            caller::note(call, Denial::NotTaken).await;
            Err(refusal.into())
        }
    }
}
