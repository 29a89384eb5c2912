//! The claims of a session token, as decisions of the product fix them: Open WebUI's (contract §3.1)
//! plus `sid` and `iss`.

use alloc::string::String;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::claims::{Claims, VerifyError};
use crate::{
    id::{SessionId, SessionStamp, TokenId, UserId},
    session::{AuthMethod, SessionProof},
    time::UnixSeconds,
};

/// `typ` of a session token. Every other kind of token has another, so that none passes for this (TK-12).
pub const SESSION_TOKEN: &str = "session";

/// What a session token says. Role, e-mail and permissions are not in it: they are read fresh on
/// every request (TK-13).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SessionClaims {
    /// The account.
    pub id: UserId,
    /// Always [`SESSION_TOKEN`].
    pub typ: String,
    /// How the human signed in.
    pub auth_method: AuthMethod,
    /// When they did.
    pub auth_time: UnixSeconds,
    /// The generation of the account's sessions.
    pub session_stamp: SessionStamp,
    /// Whether a second factor was checked.
    pub mfa_verified: bool,
    /// This token.
    pub jti: TokenId,
    /// The session.
    pub sid: SessionId,
    /// Who issued it.
    pub iss: String,
    /// When.
    pub iat: UnixSeconds,
    /// When it expires; absent for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<UnixSeconds>,
}

impl SessionClaims {
    /// Reads verified claims as those of a session token.
    ///
    /// # Errors
    /// [`VerifyError::MalformedClaim`] when it names no account, [`VerifyError::WrongKind`] for
    /// another `typ` or when a claim that session tokens have is missing or malformed.
    pub fn from_verified(claims: &Claims) -> Result<Self, VerifyError> {
        if !claims.member("id").is_some_and(Value::is_string) {
            return Err(VerifyError::MalformedClaim);
        }
        if claims.member("typ").and_then(Value::as_str) != Some(SESSION_TOKEN) {
            return Err(VerifyError::WrongKind);
        }
        serde_json::from_value(Value::Object(claims.members().clone())).map_err(|_| VerifyError::WrongKind)
    }

    /// What the session authority has to confirm.
    pub const fn proof(&self) -> SessionProof {
        SessionProof { user_id: self.id, session_id: self.sid, stamp: self.session_stamp }
    }
}
