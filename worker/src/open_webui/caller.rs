//! Caller levels as types: only authentication makes them, so a handler's signature says who may
//! call it.

use portico_core::{
    flow::current_session::{self, Authenticated},
    id::UserId,
    ports::Ports,
    user::Role,
};

use super::{
    error::Error,
    view::{self, TOKEN_COOKIE},
};
use crate::{
    http::credential::{self, Credential},
    router::{Call, Cookies},
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

/// An administrator with a live session.
#[derive(Debug)]
pub struct Admin<'a>(HumanSession<'a>);

impl Admin<'_> {
    /// Whose session it is.
    pub const fn id(&self) -> UserId {
        self.0.session.user.id
    }
}

/// Authenticates an administrator, by the role that is stored now (TK-13).
///
/// # Errors
/// 401 or 503.
pub async fn admin<'a>(call: &Call<'a, impl Ports>) -> Result<Admin<'a>, Error> {
    let caller = human(call).await?;
    match caller.session.user.role {
        Role::Admin => Ok(Admin(caller)),
        Role::Pending | Role::User => Err(Error::role_too_low()),
    }
}

/// Authenticates a person. A refusal also clears the cookie, so that a browser does not go on
/// sending a token that will not work again; a fault clears nothing.
///
/// # Errors
/// 401 or 503.
pub async fn human<'a>(call: &Call<'a, impl Ports>) -> Result<HumanSession<'a>, Error> {
    let forget = view::forget(call, TOKEN_COOKIE);
    let found = match call.cookies {
        Cookies::Count => credential::read(call.request.headers(), TOKEN_COOKIE),
        Cookies::Ignored => credential::bearer(call.request.headers()),
    };
    let token = match found {
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
