//! Sessions: one record for each login, whichever dialect made it.

mod book;
mod challenge;
mod refresh_family;
mod refresh_token;

pub use book::{AccountState, Book, BookRefresh, Changes, LiveSession, MAX_SESSIONS, RefreshUse, UseKey};
pub use challenge::{
    Attempt, CHALLENGE_ATTEMPTS, CHALLENGE_LIFETIME, Challenge, ChallengeKind, ChallengeLookup,
    ChallengeToken, Completed, step_of_session,
};
pub use refresh_family::LOST_ANSWER_TOLERANCE;
pub use refresh_token::{RefreshHash, RefreshKeys, RefreshToken};

use alloc::{boxed::Box, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    id::{ProviderSessionId, SessionId, SessionStamp, TokenId, UserId},
    permission::Permissions,
    time::{Lifetime, UnixSeconds},
    user::User,
};

/// How long sessions may last, whatever their tokens say (SE-05).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionLimits {
    /// A session that shows no sign of life for this long ends.
    pub idle: Lifetime,
    /// A session ends this long after its sign-in.
    pub absolute: Lifetime,
}

impl SessionLimits {
    /// 30 idle days, 365 days in all.
    pub const DEFAULT: Self = Self { idle: Lifetime::from_days(30), absolute: Lifetime::from_days(365) };
}

/// How a human proved who they are (`auth_method` in tokens).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// A directory knows their password.
    Ldap,
    /// A provider of accounts has said who they are.
    #[serde(rename = "oauth")]
    OAuth,
    /// E-mail and password.
    Password,
    /// Nobody did: an administrator made the account, or the deployment asks nobody.
    System,
    /// A proxy in front of us vouched for them.
    TrustedHeader,
}

impl AuthMethod {
    /// The stored and transmitted spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ldap => "ldap",
            Self::OAuth => "oauth",
            Self::Password => "password",
            Self::System => "system",
            Self::TrustedHeader => "trusted_header",
        }
    }

    /// Reads the transmitted spelling; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Ldap, Self::OAuth, Self::Password, Self::System, Self::TrustedHeader]
            .into_iter()
            .find(|method| method.as_str() == text)
    }
}

/// What its owner may see of a session (SE-19).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SessionRecord {
    /// The session.
    pub id: SessionId,
    /// How they signed in.
    pub method: AuthMethod,
    /// When they signed in.
    pub created_at: UnixSeconds,
    /// When the session was used last, to the minute.
    pub last_seen_at: UnixSeconds,
    /// When it ends at the latest.
    pub ends_at: UnixSeconds,
    /// Whether they have shown a second factor.
    #[serde(default)]
    pub mfa_verified: bool,
    /// What a provider gave when they signed in.
    #[serde(default)]
    pub provider_session: Option<ProviderSessionId>,
    /// Canonical network of the sign-in; see [`crate::network::Network`].
    pub network: String,
    /// The browser's description, at most [`crate::flow::MAX_USER_AGENT_BYTES`] bytes.
    pub user_agent: String,
}

/// A session about to be opened.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct NewSession {
    /// Its future id.
    pub id: SessionId,
    /// Whose session it is.
    pub user_id: UserId,
    /// The version of the account's credential that was just proved. Once it has changed, the session is
    /// dead, even if it was opened a moment too late to be ended with the others (PW-14).
    pub credential_version: u32,
    /// How often all sessions of the deployment had been ended by then; see
    /// [`Generations`](crate::settings::Generations).
    pub epoch: u32,
    /// How they signed in.
    pub method: AuthMethod,
    /// When they signed in.
    pub created_at: UnixSeconds,
    /// When it ends at the latest.
    pub ends_at: UnixSeconds,
    /// How long it may be idle.
    pub idle_limit: Lifetime,
    /// The first refresh token of its family, for dialects that refresh.
    pub refresh: Option<RefreshHash>,
    /// Whether they have shown a second factor.
    #[serde(default)]
    pub mfa_verified: bool,
    /// What a provider gave when they signed in.
    #[serde(default)]
    pub provider_session: Option<ProviderSessionId>,
    /// Canonical network of the sign-in.
    pub network: String,
    /// The browser's description.
    pub user_agent: String,
}

/// What became of opening a session.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Opened {
    /// The account is banned; nothing was opened.
    Banned {
        /// Until when.
        until: UnixSeconds,
    },
    /// It is recorded durably, in this generation.
    Session {
        /// The generation that its tokens belong to.
        stamp: SessionStamp,
    },
}

/// What a token claims about its session, to be held against the session's record.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct SessionProof {
    /// Whose session it claims to be.
    pub user_id: UserId,
    /// Which session.
    pub session_id: SessionId,
    /// The generation in which the token was issued.
    pub stamp: SessionStamp,
    /// The token.
    pub token_id: TokenId,
}

/// What the session authority says about a [`SessionProof`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum SessionCheck {
    /// The session is alive; here is its account as of at most [`SNAPSHOT_LIFETIME`] ago.
    Active(Box<Member>),
    /// Signed out, revoked, expired, idle too long, or of an earlier generation.
    Ended,
    /// The account does not exist any more.
    NoAccount,
}

/// An account, and what its groups grant.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Member {
    /// The account.
    pub user: User,
    /// What its groups grant.
    #[serde(default, skip_serializing_if = "Permissions::is_empty")]
    pub grants: Permissions,
}

/// Sessions that have ended.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct EndedSessions {
    /// How many.
    pub count: usize,
    /// What providers gave for them.
    pub provider_sessions: Vec<ProviderSessionId>,
}

/// What ending a session came to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Ending {
    /// It was not there any more.
    Before,
    /// It was alive until now.
    Now {
        /// What a provider gave when it was opened.
        #[serde(default)]
        provider_session: Option<ProviderSessionId>,
    },
}

/// What presenting a refresh token came to (SE-14 … SE-17).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Refresh {
    /// The account is banned.
    Banned {
        /// Until when.
        until: UnixSeconds,
    },
    /// The session is over, or the account's credential has changed.
    Ended,
    /// The account does not exist any more.
    NoAccount,
    /// The token was spent before, and its successor is not lost: somebody has a copy. The session
    /// was ended.
    Reused,
    /// The successor is the token to use from now on, whether this was the first time that it was
    /// asked for or a repetition after a lost answer.
    Rotated {
        /// The account, as stored now.
        member: Box<Member>,
        /// The generation that the session's tokens belong to.
        stamp: SessionStamp,
        /// What the record says.
        session: Box<SessionRecord>,
    },
}

/// What using something that works once came to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Use {
    /// It had been used.
    Before,
    /// This was its one use.
    Now,
}

/// How long the authority may answer from its copy of the account. Every change through Portico
/// replaces the copy at once; the limit covers changes made behind its back.
pub const SNAPSHOT_LIFETIME: Lifetime = Lifetime::from_seconds(30);
