//! What a row of the route table says.

use futures_util::future::LocalBoxFuture;
use http::Method;
use portico_core::audit::AuditAction;

use super::{Call, dialect::Dialect};
use crate::{http::answer::Answer, librechat::limits::Limiter};

/// One row of the route table.
#[derive(Clone, Debug)]
pub struct Route<P> {
    /// Its method. A `GET` that only reads answers `HEAD` too.
    pub method: Method,
    /// Its exact path.
    pub path: &'static str,
    /// Who may call it.
    pub level: Level,
    /// Most bytes its body may have.
    pub body_cap: usize,
    /// What counts its attempts.
    pub throttle: Throttle,
    /// Who may make a browser call it.
    pub origin: Origin,
    /// What the audit log says about a call that does what it is for; `None` where that is no security event.
    pub audit: Option<AuditAction>,
    /// How its requests come in.
    pub way: Way,
    pub(super) handler: Handler<P>,
}

impl<P> Route<P> {
    /// Whether it is LibreChat's, by its path.
    pub fn is_of_librechat(&self) -> bool {
        Dialect::of(self.path) == Dialect::LibreChat
    }

    pub(super) fn answers(&self, method: &Method) -> bool {
        self.method == *method || (method == Method::HEAD && self.has_head())
    }

    /// `HEAD` asks what `GET` would say; it must not do what a `GET` that changes something does.
    pub(super) fn has_head(&self) -> bool {
        self.method == Method::GET && self.origin == Origin::Any
    }
}

/// Who may call a route (open-webui.md §0, librechat.md §1.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// An administrator, in person or with an API key.
    Admin,
    /// Anyone.
    Anonymous,
    /// Anyone with an account, in person or with an API key.
    Current,
    /// Anyone with an account, in person.
    Human,
    /// A member, in person, with a token in the header (librechat.md §1.2).
    Member,
    /// A member, in person or with an API key: not somebody who waits for approval.
    Verified,
}

/// What counts a route's attempts; the flow behind it spends them, or the router where that is said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Throttle {
    /// [`portico_core::throttle::API_KEY_LIMIT`], for one account.
    ApiKey,
    /// [`portico_core::throttle::AUTHENTICATION_LIMIT`] for one network,
    /// [`portico_core::session::CHALLENGE_ATTEMPTS`] for one step of signing in, and
    /// [`portico_core::throttle::SECOND_FACTOR_LIMIT`] for one account.
    Challenge,
    /// What the deployment says about one of LibreChat's routes, for one network. The router spends it and tells in
    /// headers what is left; codes of a second factor are counted for their account on top.
    Member(Limiter),
    /// [`portico_core::throttle::REAUTHENTICATION_LIMIT`], for one account.
    Reauthentication,
    /// [`portico_core::throttle::REFRESH_LIMIT`], for one session.
    Refresh,
    /// [`portico_core::throttle::SECOND_FACTOR_LIMIT`], for one account.
    SecondFactor,
    /// [`portico_core::throttle::SIGN_IN_LIMIT`] for one account from one network, a lockout for the account,
    /// and [`portico_core::throttle::NETWORK_LIMIT`] for the network.
    SignIn,
    /// [`portico_core::throttle::SIGN_UP_LIMIT`], for one network, and a ceiling for all.
    SignUp,
    /// What the deployment says, for one network.
    TokenExchange,
    /// Nothing.
    Unlimited,
}

/// Whether another site's page may make a browser call a route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The route only reads; CORS decides who sees the answer.
    Any,
    /// It changes something in the name of somebody who is signed in: as `Welcome`, and a cookie counts
    /// only where the browser says who sent it (SE-06).
    Own,
    /// It changes something: our own pages, listed origins, and clients that are no browsers.
    Welcome,
}

/// How requests to a route come in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// As the runtime's request, with all its headers and its body.
    Long,
    /// A `GET` as text, with [`HOT_HEADERS`](crate::HOT_HEADERS) only: for the routes that are called most.
    Short,
}

pub(super) type Handler<P> = for<'a> fn(&'a Call<'a, P>) -> LocalBoxFuture<'a, Answer>;

/// A handler together with the level that its signature asks for.
pub(super) struct Guarded<P> {
    pub(super) level: Level,
    pub(super) handler: Handler<P>,
}
