//! Caller levels as types: only authentication makes them, so a handler's signature says who may
//! call it.

use portico_core::{
    flow::current_session::{self, Authenticated},
    ports::Ports,
};

use super::{
    error::Error,
    view::{self, TOKEN_COOKIE},
};
use crate::{
    http::credential::{self, Credential},
    router::Call,
};

/// Start of every API key (contract §3.6).
const API_KEY_PREFIX: &str = "sk-";

/// A person with a live session, and the token they showed.
#[derive(Debug)]
pub struct HumanSession<'a> {
    /// The session and its account.
    pub session: Authenticated,
    /// The token as it came.
    pub token: &'a str,
}

/// Authenticates a person. A refusal also clears the cookie, so that a browser does not go on
/// sending a token that will not work again; a fault clears nothing.
///
/// # Errors
/// 401 or 503.
pub async fn human<'a>(call: &Call<'a, impl Ports>) -> Result<HumanSession<'a>, Error> {
    let forget = view::forget(call, TOKEN_COOKIE);
    let token = match credential::read(call.request.headers(), TOKEN_COOKIE) {
        Credential::Missing => return Err(Error::not_authenticated()),
        Credential::Unusable => return Err(Error::not_authenticated().with_cookie(&forget)),
        Credential::Present(key) if key.starts_with(API_KEY_PREFIX) => return Err(Error::unknown_api_key()),
        Credential::Present(token) => token,
    };
    match current_session::authenticate(&call.ctx, token).await {
        Ok(session) => Ok(HumanSession { session, token }),
        Err(fault @ current_session::AuthenticateError::Unavailable(_)) => Err(fault.into()),
        Err(refusal) => Err(Error::from(refusal).with_cookie(&forget)),
    }
}
