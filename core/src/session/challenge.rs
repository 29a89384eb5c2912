//! Steps between a first proof and a session: setting up a second factor, showing it, getting it back (MF-04, MF-06).

use alloc::{
    format,
    string::{String, ToString as _},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::AuthMethod;
use crate::{
    id::{ProviderSessionId, SessionId, UserId},
    ports::{Entropy, PortError},
    secret::Secret,
    time::{Lifetime, UnixSeconds},
    totp::BackupCodes,
};

/// How long a step waits to be taken.
pub const CHALLENGE_LIFETIME: Lifetime = Lifetime::from_minutes(5);

/// Codes that may be tried for one challenge (MF-04).
pub const CHALLENGE_ATTEMPTS: u32 = 5;

/// Most challenges of one account at the same time; the oldest makes room.
pub(super) const MAX_CHALLENGES: usize = 8;

/// What has to be done.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum ChallengeKind {
    /// Set up a factor, to be signed in.
    Enroll,
    /// Show what an operator gave out, to set up a new factor.
    Recover,
    /// Set up another factor beside the present one.
    Replace,
    /// Set up a factor in the session that it was begun in.
    Stage,
    /// Show the factor, to be signed in.
    Verify,
}

/// A step that waits to be taken, bound to the account's generation of sessions and credential.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Challenge {
    /// Digest of the token that opens it.
    pub hash: String,
    /// What has to be done.
    pub kind: ChallengeKind,
    /// How they proved who they are.
    pub method: AuthMethod,
    /// When they did.
    pub auth_time: UnixSeconds,
    /// The version of the credential that was proved.
    pub credential_version: u32,
    /// See [`Generations`](crate::settings::Generations).
    pub epoch: u32,
    /// When it is too late.
    pub expires_at: UnixSeconds,
    /// What a provider gave with its word.
    #[serde(default)]
    pub provider_session: Option<ProviderSessionId>,
    /// Codes that were tried.
    pub attempts: u32,
    /// The new factor's secret, in its envelope.
    pub staged: Option<String>,
    /// Its backup codes, where they were shown together with it.
    #[serde(default)]
    pub staged_codes: Option<BackupCodes>,
    /// What the browser that it was given to calls itself: nobody else takes the step (MF-06).
    #[serde(default)]
    pub user_agent: Option<String>,
}

/// What looking a challenge up came to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum ChallengeLookup {
    /// Here it is; an attempt was counted if that was asked for.
    Alive(Challenge),
    /// There is none, any more.
    Gone,
    /// Too many codes were tried for it; it is gone now.
    Spent,
}

/// Whether a look-up is an attempt.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Attempt {
    /// A code is about to be checked.
    Counts,
    /// Nothing is guessed.
    Free,
}

/// What taking the step came to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Completed {
    /// The code was used before, or the challenge is gone.
    No,
    /// It is taken; the challenge is gone and its code used.
    Yes,
}

/// What stands in the place of a token's digest for a step of somebody who is signed in already.
pub fn step_of_session(session: SessionId) -> String {
    URL_SAFE_NO_PAD.encode(
        Sha256::new().chain_update("portico/session-step/v1/").chain_update(session.as_bytes()).finalize(),
    )
}

/// What opens a challenge: `<user id>.<43 characters of base64url>`.
#[derive(Clone, Debug)]
pub struct ChallengeToken {
    /// Whose challenge it is.
    pub user: UserId,
    text: Secret<String>,
}

impl ChallengeToken {
    /// A new token.
    ///
    /// # Errors
    /// When the host's random source fails.
    pub fn random(user: UserId, entropy: &impl Entropy) -> Result<Self, PortError> {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes)?;
        Ok(Self { user, text: Secret::new(format!("{user}.{}", URL_SAFE_NO_PAD.encode(bytes))) })
    }

    /// Reads a token; `None` for anything that was never one.
    pub fn parse(text: &str) -> Option<Self> {
        let (user, random) = text.split_once('.')?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let sound = random.len() == 43 && random.bytes().all(plain);
        let user = UserId::parse(user).ok().filter(|_| sound)?;
        Some(Self { user, text: Secret::new(text.to_string()) })
    }

    /// The token itself.
    pub fn expose_secret(&self) -> &str {
        self.text.expose_secret()
    }

    /// What is stored of it.
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.expose_secret()))
    }
}
