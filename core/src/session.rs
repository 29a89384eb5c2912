//! Sessions: one record for each login, whichever dialect made it.

use alloc::{boxed::Box, string::String};

use serde::{Deserialize, Serialize};

use crate::{
    id::{SessionId, SessionStamp, UserId},
    time::{Lifetime, UnixSeconds},
    user::User,
};

/// A session that shows no sign of life for this long ends even if its token never expires.
pub const IDLE_LIMIT: Lifetime = Lifetime::from_days(30);

/// How a human proved who they are (`auth_method` in tokens).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// E-mail and password.
    Password,
}

impl AuthMethod {
    /// The stored and transmitted spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
        }
    }

    /// Reads the transmitted spelling; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        (text == Self::Password.as_str()).then_some(Self::Password)
    }
}

/// A session about to be opened.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct NewSession {
    /// Its future id.
    pub id: SessionId,
    /// Whose session it is.
    pub user_id: UserId,
    /// How they signed in.
    pub method: AuthMethod,
    /// When they signed in.
    pub created_at: UnixSeconds,
    /// When its token expires; `None` for never.
    pub expires_at: Option<UnixSeconds>,
    /// Canonical network of the sign-in; see [`crate::network::Network`].
    pub network: String,
    /// The browser's description, at most [`crate::flow::MAX_USER_AGENT_BYTES`] bytes.
    pub user_agent: String,
}

/// What a token claims about its session, to be held against the session's record.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SessionProof {
    /// Whose session it claims to be.
    pub user_id: UserId,
    /// Which session.
    pub session_id: SessionId,
    /// The generation in which the token was issued.
    pub stamp: SessionStamp,
}

/// What the session authority says about a [`SessionProof`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum SessionCheck {
    /// The session is alive; here is its account as of at most [`SNAPSHOT_LIFETIME`] ago.
    Active(Box<User>),
    /// Signed out, expired, idle too long, or of an earlier generation.
    Ended,
    /// The account does not exist any more.
    NoAccount,
}

/// What ending a session came to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Ending {
    /// It was not there any more.
    Before,
    /// It was alive until now.
    Now,
}

/// How long the authority may answer from its copy of the account. Every change through Portico
/// replaces the copy at once; the limit covers changes made behind its back.
pub const SNAPSHOT_LIFETIME: Lifetime = Lifetime::from_seconds(30);

/// Whether a session is still alive by its own record.
pub fn is_alive(expires_at: Option<UnixSeconds>, last_seen_at: UnixSeconds, now: UnixSeconds) -> bool {
    expires_at.is_none_or(|expiry| now < expiry) && now < last_seen_at.plus(IDLE_LIMIT)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_session_without_expiry_still_ends_when_idle() {
        /* R-04, SE-05 */
        let seen = UnixSeconds::new(1_000);
        let limit = seen.plus(IDLE_LIMIT);
        assert!(is_alive(None, seen, UnixSeconds::new(limit.get() - 1)));
        assert!(!is_alive(None, seen, limit));
    }

    #[test]
    fn a_session_ends_at_its_expiry_and_not_a_second_later() {
        let seen = UnixSeconds::new(1_000);
        let expiry = Some(UnixSeconds::new(2_000));
        assert!(is_alive(expiry, seen, UnixSeconds::new(1_999)));
        assert!(!is_alive(expiry, seen, UnixSeconds::new(2_000)));
    }
}
