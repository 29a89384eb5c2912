//! Caller levels as types: only authentication makes them, so a handler's signature says who may
//! call it (contract §0).

use core::ops::Deref;

use futures_util::future::LocalBoxFuture;
use portico_core::{
    api_key,
    flow::{
        api_keys::{self, KeyHolder},
        configure::Presence,
        current_session::{self, Authenticated},
        denial::{self, Denial},
    },
    id::UserId,
    permission::Permissions,
    ports::Ports,
    user::{Role, User},
};

use super::{
    error::Error,
    view::{self, TOKEN_COOKIE},
};
use crate::{
    http::{
        cookie,
        credential::{self, Credential},
    },
    router::{Call, Cookies},
};

/// A person with a live session, and the token they showed.
#[derive(Debug)]
pub struct HumanSession<'a> {
    /// The session and its account.
    pub session: Authenticated,
    /// The token as it came.
    pub token: &'a str,
}

/// Somebody with an account, whatever their role: a person with a session, or a program with a key.
#[derive(Debug)]
pub enum Current<'a> {
    /// A person.
    Human(HumanSession<'a>),
    /// A program.
    Key {
        /// Whose key it is.
        holder: KeyHolder,
        /// The key as it came.
        key: &'a str,
    },
}

impl Current<'_> {
    /// The account.
    pub const fn user(&self) -> &User {
        match self {
            Self::Human(human) => &human.session.user,
            Self::Key { holder, .. } => &holder.user,
        }
    }

    /// The account's id.
    pub const fn id(&self) -> UserId {
        self.user().id
    }

    /// What the account may do.
    pub const fn permissions(&self) -> &Permissions {
        match self {
            Self::Human(human) => &human.session.permissions,
            Self::Key { holder, .. } => &holder.permissions,
        }
    }

    /// Whether the person is there.
    pub const fn presence(&self) -> Presence {
        match self {
            Self::Human(_) => Presence::InPerson,
            Self::Key { .. } => Presence::ByKey,
        }
    }
}

/// A member of the deployment: not somebody who waits for approval.
#[derive(Debug)]
pub struct Verified<'a>(Current<'a>);

impl<'a> Deref for Verified<'a> {
    type Target = Current<'a>;

    fn deref(&self) -> &Current<'a> {
        &self.0
    }
}

/// An administrator.
#[derive(Debug)]
pub struct Admin<'a>(Current<'a>);

impl<'a> Deref for Admin<'a> {
    type Target = Current<'a>;

    fn deref(&self) -> &Current<'a> {
        &self.0
    }
}

/// Authenticates an administrator, by the role that is stored now (TK-13).
///
/// # Errors
/// 401, 403, 429 or 503.
pub async fn admin<'a>(call: &Call<'a, impl Ports>) -> Result<Admin<'a>, Error> {
    let caller = current(call).await?;
    match caller.user().role {
        Role::Admin => Ok(Admin(caller)),
        Role::Pending | Role::User => Err(turned_away(call, caller.id(), Error::role_too_low()).await),
    }
}

/// Authenticates a member.
///
/// # Errors
/// 401, 403, 429 or 503.
pub async fn verified<'a>(call: &Call<'a, impl Ports>) -> Result<Verified<'a>, Error> {
    let caller = current(call).await?;
    match caller.user().role {
        Role::Admin | Role::User => Ok(Verified(caller)),
        Role::Pending => Err(turned_away(call, caller.id(), Error::role_too_low()).await),
    }
}

/// Authenticates a person.
///
/// # Errors
/// 401, 403, 429 or 503.
pub async fn human<'a>(call: &Call<'a, impl Ports>) -> Result<HumanSession<'a>, Error> {
    match current(call).await? {
        Current::Human(human) => Ok(human),
        caller @ Current::Key { .. } => Err(turned_away(call, caller.id(), Error::human_needed()).await),
    }
}

async fn turned_away(call: &Call<'_, impl Ports>, caller: UserId, answer: Error) -> Error {
    note(call, Denial::Forbidden(caller)).await;
    answer
}

/// Writes a refusal down. One function for all routes, instead of a copy in each.
pub(super) fn note<'c>(call: &'c Call<'_, impl Ports>, denial: Denial) -> LocalBoxFuture<'c, ()> {
    Box::pin(denial::record(&call.ctx, denial, call.request.uri().path()))
}

/// Authenticates anybody who has an account: by the `Authorization` header, else by the cookie, else by the header for
/// API keys. The first one that is there decides. A refusal also clears the cookie, so that a browser does not go on
/// sending a token that will not work again; a fault clears nothing.
///
/// # Errors
/// 401, 403, 429 or 503.
pub async fn current<'a>(call: &Call<'a, impl Ports>) -> Result<Current<'a>, Error> {
    // One function for all routes, instead of a copy in each.
    authenticated(call).await
}

fn authenticated<'c, 'a>(call: &'c Call<'a, impl Ports>) -> LocalBoxFuture<'c, Result<Current<'a>, Error>> {
    Box::pin(authenticate(call))
}

async fn authenticate<'a>(call: &Call<'a, impl Ports>) -> Result<Current<'a>, Error> {
    let forget = || view::forget(call, TOKEN_COOKIE);
    let headers = call.request.headers();
    let found = match call.cookies {
        Cookies::Count => credential::read(headers, TOKEN_COOKIE),
        Cookies::Ignored => credential::bearer(headers),
    };
    let found = match found {
        Credential::Missing => credential::plain(headers, &call.config.api_key_header),
        found => found,
    };
    let token = match found {
        Credential::Missing => return Err(Error::not_authenticated()),
        Credential::Unusable => {
            if call.cookies == Cookies::Count && cookie::is_repeated(headers, TOKEN_COOKIE) {
                note(call, Denial::DuplicateCookie).await;
            }
            return Err(Error::not_authenticated().with_cookie(&forget()));
        }
        Credential::Present(token) => token,
    };
    if token.starts_with(api_key::PREFIX) {
        // A browser that got hold of a key must not turn it into a session (AK-09).
        let in_cookie = credential::bearer(headers) == Credential::Missing
            && credential::cookie(headers, TOKEN_COOKIE) == found;
        if in_cookie {
            note(call, Denial::NotTaken).await;
            return Err(Error::unknown_api_key().with_cookie(&forget()));
        }
        let holder = api_keys::authenticate(&call.ctx, token, call.request.uri().path()).await?;
        return Ok(Current::Key { holder, key: token });
    }
    match current_session::authenticate(&call.ctx, token).await {
        Ok(session) if is_somebody_else(call, &session.user) => {
            note(call, Denial::SomebodyElse(session.user.id)).await;
            Err(Error::user_mismatch().with_cookie(&forget()))
        }
        Ok(session) => Ok(Current::Human(HumanSession { session, token })),
        Err(fault @ current_session::AuthenticateError::Unavailable(_)) => Err(fault.into()),
        Err(refusal) => Err(Error::from(refusal).with_cookie(&forget())),
    }
}

/// Whether a proxy says that it is somebody else than the token does.
fn is_somebody_else<P>(call: &Call<'_, P>, user: &User) -> bool {
    let trusted = call.config.trusted_headers.as_ref();
    trusted.is_some_and(|trusted| trusted.contradicts(call.request.headers(), user.email.as_str()))
}
