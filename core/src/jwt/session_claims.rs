//! The claims of a session token: Open WebUI's (contract §3.1) plus `sid` and `iss`.

use alloc::{borrow::Cow, string::String};

use serde::Serialize;

use super::claims::{Claims, VerifyError};
use crate::{
    id::{SessionId, SessionStamp, TokenId, UserId},
    json::Json,
    session::{AuthMethod, SessionProof},
    time::UnixSeconds,
};

/// What access tokens say besides, for backends that read them (LibreChat contract §2.1). Nothing here decides by it.
#[derive(Clone, Debug, Serialize)]
pub struct AccessClaims<'a> {
    /// The session.
    #[serde(flatten)]
    pub session: SessionClaims,
    /// What its owner calls themselves.
    pub username: Option<&'a str>,
    /// Who knows the account's password.
    pub provider: &'a str,
    /// The account's address.
    pub email: &'a str,
}

/// What a session token says. Role, e-mail and permissions are not in it: they are read fresh on
/// every request (TK-13).
#[derive(Clone, Debug, Serialize)]
pub struct SessionClaims {
    /// The account.
    pub id: UserId,
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
    /// For whom, under a public key; absent under a shared one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// When.
    pub iat: UnixSeconds,
    /// When it expires; absent for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<UnixSeconds>,
    /// The administrator who had it made for somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_by: Option<UserId>,
}

impl SessionClaims {
    /// Reads verified claims as those of a session token.
    ///
    /// # Errors
    /// [`VerifyError::MalformedClaim`] when it names no account, [`VerifyError::WrongKind`] when a
    /// claim that session tokens have is missing or malformed.
    pub fn from_verified(claims: &Claims) -> Result<Self, VerifyError> {
        let members = claims.members();
        let id = members.string("id").ok_or(VerifyError::MalformedClaim)?;
        let complete = || {
            Some(Self {
                id: UserId::parse(&id).ok()?,
                auth_method: AuthMethod::parse(&members.string("auth_method")?)?,
                auth_time: claims.date("auth_time")?,
                session_stamp: SessionStamp::parse(&members.string("session_stamp")?).ok()?,
                mfa_verified: matches!(members.get("mfa_verified")?, Json::Bool(true)),
                jti: TokenId::parse(&members.string("jti")?).ok()?,
                sid: SessionId::parse(&members.string("sid")?).ok()?,
                iss: members.string("iss")?.into_owned(),
                aud: members.string("aud").map(Cow::into_owned),
                iat: claims.date("iat")?,
                exp: claims.expires_at(),
                issued_by: members.string("issued_by").and_then(|id| UserId::parse(&id).ok()),
            })
        };
        complete().ok_or(VerifyError::WrongKind)
    }

    /// What the session authority has to confirm.
    pub const fn proof(&self) -> SessionProof {
        SessionProof { user_id: self.id, session_id: self.sid, stamp: self.session_stamp, token_id: self.jti }
    }
}
