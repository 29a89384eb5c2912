use http::StatusCode;
use portico_core::{
    flow::{
        Grant,
        denial::Denial,
        second_factor::Next,
        sign_in::{self, PasswordLogin, SignInError},
        trusted_identity,
    },
    ports::Ports,
    secret::Secret,
};
use serde_json::json;

use super::mfa;

use crate::{
    http::{
        answer::{self, Answer},
        cookie::{self, Found},
    },
    open_webui::{
        caller,
        error::Error,
        validate::Fields,
        view::{self, TOKEN_COOKIE},
    },
    router::{Call, Cookies},
};

/// `POST /api/v1/auths/signin`: e-mail and password for a session.
///
/// # Errors
/// 400, 403, 422, 429 or 503.
pub async fn signin(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let form = form(call)?;
    if !call.ctx.policy.password_sign_in {
        caller::note(call, Denial::NotTaken).await;
        return Err(SignInError::PasswordSignInOff.into());
    }
    // In these two modes the form has to be one, and what it says does not matter (contract §10).
    if let Some(trusted) = &call.config.trusted_headers {
        let previous = form.previous_token.as_deref();
        let Some(identity) = trusted.identity(call.request.headers()) else {
            caller::note(call, Denial::NotTaken).await;
            return Err(Error::no_trusted_header());
        };
        return Ok(next(call, &trusted_identity::sign_in(&call.ctx, identity, previous).await?));
    }
    if !call.ctx.policy.defaults.authentication {
        let previous = form.previous_token.as_deref();
        return Ok(next(call, &trusted_identity::sign_in_anybody(&call.ctx, previous).await?));
    }
    Ok(next(call, &sign_in::with_password(&call.ctx, form).await?))
}

/// `SigninResult`: a session, or what comes before it.
pub(super) fn next(call: &Call<'_, impl Ports>, next: &Next) -> Answer {
    match next {
        Next::Challenge(issued) => mfa::challenge_view(issued),
        Next::Pending => answer::json(StatusCode::OK, &json!({"next_step": "pending"})),
        Next::Session(signed_in) => view::signed_in(call, signed_in),
    }
}

fn form<P>(call: &Call<'_, P>) -> Result<PasswordLogin, Error> {
    let mut fields = Fields::of(call.request)?;
    match (fields.string("email"), fields.string("password")) {
        (Some(email), Some(password)) => Ok(PasswordLogin {
            email,
            password: Secret::new(password),
            previous_token: previous_token(call),
            grant: Grant::Token,
        }),
        _ => Err(fields.into_error()),
    }
}

/// The session that this browser had so far. Other programs keep cookies too, for several sessions.
pub(in crate::open_webui) fn previous_token<P>(call: &Call<'_, P>) -> Option<String> {
    if call.cookies == Cookies::Ignored {
        return None;
    }
    match cookie::find(call.request.headers(), TOKEN_COOKIE) {
        Found::One(token) => Some(token.into()),
        Found::Nothing | Found::Unusable => None,
    }
}
