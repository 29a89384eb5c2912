//! The cookie that a browser holds while it is away at a provider (SE-02, OA-03).

use http::HeaderMap;
use portico_core::{
    oauth::{
        pending::{AWAY_FOR, RoundTripToken},
        provider::ResponseMode,
    },
    time::UnixSeconds,
};

use super::cookie::{self, Found, SetCookie};
use crate::config::SameSite;

const fn name(mode: ResponseMode, secure: bool) -> &'static str {
    // Nobody but this very host can have set a cookie that begins so (RFC 6265bis §4.1.3.2). One for each way back: a form
    // that a provider's page posts comes with cookies of another kind.
    match (mode, secure) {
        (ResponseMode::FormPost, false) => "oauth_state_post",
        (ResponseMode::FormPost, true) => "__Host-oauth_state_post",
        (ResponseMode::Query, false) => "oauth_state",
        (ResponseMode::Query, true) => "__Host-oauth_state",
    }
}

/// What the browser holds; nothing where it could be anybody's.
pub fn held(headers: &HeaderMap, mode: ResponseMode, secure: bool) -> Option<RoundTripToken> {
    match cookie::find(headers, name(mode, secure)) {
        Found::One(text) => RoundTripToken::parse(text),
        Found::Nothing | Found::Unusable => None,
    }
}

/// The `Set-Cookie` value that lets a browser hold it.
pub fn hold(token: &RoundTripToken, mode: ResponseMode, secure: bool, now: UnixSeconds) -> String {
    let cookie = SetCookie {
        name: name(mode, secure),
        value: token.expose_secret(),
        expires_at: Some(now.plus(AWAY_FOR)),
        same_site: match mode {
            ResponseMode::FormPost if secure => SameSite::None,
            ResponseMode::FormPost | ResponseMode::Query => SameSite::Lax,
        },
        secure,
    };
    cookie.header(now)
}
