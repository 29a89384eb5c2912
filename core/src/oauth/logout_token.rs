//! Logout tokens: a provider says that somebody has signed out there (OpenID Connect Back-Channel Logout §2.4; OA-24).

use alloc::string::{String, ToString};

use super::discovery::Metadata;
use crate::{
    json::Json,
    jwt::{Expected, Jwks, ParseError, UntrustedToken, VerifyError, VerifyFailure},
    ports::{PortError, Signatures},
    time::{Lifetime, UnixSeconds},
};

/// The type that a logout token declares.
const TYPE: &str = "logout+jwt";
/// The event that it tells.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Tolerance for other people's clocks, in seconds (TK-09).
const LEEWAY_SECONDS: u32 = 60;
/// Oldest one that still tells something new; its `jti` is remembered as long.
pub const MAX_AGE: Lifetime = Lifetime::from_minutes(10);
/// Longest `jti`, `sub` or `sid`, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// Who has signed out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogoutToken {
    /// Whose word it is.
    pub issuer: String,
    /// Names the token, for once.
    pub jti: String,
    /// The account there.
    pub subject: Option<String>,
    /// The session there.
    pub session: Option<String>,
}

/// The issuer that a logout token names, unverified: only to find out who would have to have signed it.
///
/// # Errors
/// [`LogoutTokenError::Malformed`] or [`LogoutTokenError::NoIssuer`].
pub fn issuer_of(text: &str) -> Result<String, LogoutTokenError> {
    let token = UntrustedToken::parse_typed(text, TYPE)?;
    let issuer = token.unverified_claims().string("iss").ok_or(LogoutTokenError::NoIssuer)?;
    Ok(issuer.to_string())
}

/// The key that a logout token names.
///
/// # Errors
/// [`LogoutTokenError::Malformed`]
pub fn kid_of(text: &str) -> Result<String, LogoutTokenError> {
    let token = UntrustedToken::parse_typed(text, TYPE)?;
    token.kid().map(ToString::to_string).ok_or(LogoutTokenError::Malformed)
}

/// Verifies a logout token.
///
/// # Errors
/// [`LogoutTokenError`]; it tells nothing.
pub async fn verify(
    text: &str,
    keys: &Jwks,
    metadata: &Metadata,
    client_id: &str,
    signatures: &impl Signatures,
    now: UnixSeconds,
) -> Result<LogoutToken, LogoutTokenError> {
    let token = UntrustedToken::parse_typed(text, TYPE)?;
    let expected =
        Expected { issuer: &metadata.issuer, audience: Some(client_id), leeway_seconds: LEEWAY_SECONDS };
    let claims = keys.verify(token, &metadata.id_token_algorithms, &expected, now, signatures).await?;
    let members = claims.members();
    let issued_at = claims.date("iat").ok_or(VerifyError::MalformedClaim)?;
    if now.since(issued_at) > MAX_AGE {
        return Err(VerifyError::Expired.into());
    }
    let name = |claim: &str| -> Result<Option<String>, LogoutTokenError> {
        match members.get(claim) {
            None => Ok(None),
            Some(Json::String(text)) if !text.is_empty() && text.len() <= MAX_NAME_BYTES => {
                Ok(Some(text.to_string()))
            }
            Some(_) => Err(VerifyError::MalformedClaim.into()),
        }
    };
    let jti = name("jti")?.ok_or(VerifyError::MalformedClaim)?;
    if !tells_of_logout(members.get("events")) {
        return Err(LogoutTokenError::NoEvent);
    }
    if members.contains("nonce") {
        return Err(LogoutTokenError::Nonce);
    }
    let (subject, session) = (name("sub")?, name("sid")?);
    if subject.is_none() && session.is_none() {
        return Err(LogoutTokenError::Nobody);
    }
    Ok(LogoutToken { issuer: metadata.issuer.clone(), jti, subject, session })
}

fn tells_of_logout(events: Option<Json<'_>>) -> bool {
    let Some(Json::Object(events)) = events else { return false };
    let Ok(serde_json::Value::Object(events)) = serde_json::from_str(events) else { return false };
    events.get(EVENT).is_some_and(serde_json::Value::is_object)
}

/// Why a logout token tells nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogoutTokenError {
    /// Not a token, or none of this type.
    Malformed,
    /// It says that it answers somebody, as an ID token does.
    Nonce,
    /// It names neither account nor session.
    Nobody,
    /// It tells of no logout.
    NoEvent,
    /// It names no issuer.
    NoIssuer,
    /// Signature, issuer, audience, time or a claim.
    Refused(VerifyError),
    /// The host could not check it.
    Unavailable(PortError),
}

impl From<ParseError> for LogoutTokenError {
    fn from(_: ParseError) -> Self {
        Self::Malformed
    }
}

impl From<VerifyError> for LogoutTokenError {
    fn from(error: VerifyError) -> Self {
        Self::Refused(error)
    }
}

impl From<VerifyFailure> for LogoutTokenError {
    fn from(failure: VerifyFailure) -> Self {
        match failure {
            VerifyFailure::Refused(error) => Self::Refused(error),
            VerifyFailure::Unavailable(fault) => Self::Unavailable(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        jwt::RustSignatures,
        oauth::testing::{CLIENT, ISSUER, NOW, changed, key, keys, metadata, signed},
    };
    use serde_json::{Value, json};

    fn claims() -> Value {
        json!({
            "iss": ISSUER, "aud": CLIENT, "sub": "1", "sid": "s", "jti": "j",
            "iat": NOW.get(), "exp": NOW.get() + 120, "events": { EVENT: {} },
        })
    }

    fn header() -> Value {
        json!({"alg": "ES256", "kid": key().public().kid(), "typ": "logout+jwt"})
    }

    fn told(header: &Value, claims: &Value) -> Result<LogoutToken, LogoutTokenError> {
        let (metadata, token) = (metadata(ISSUER), signed(header, claims));
        pollster::block_on(verify(&token, &keys(), &metadata, CLIENT, &RustSignatures, NOW))
    }

    #[test]
    fn a_logout_token_names_an_account_or_a_session_and_itself() {
        /* OA-24 */
        let token = told(&header(), &claims()).unwrap();
        let text = |text: &str| Some(text.to_string());
        assert_eq!((token.subject, token.session, token.jti), (text("1"), text("s"), "j".to_string()));
        for missing in ["sub", "sid"] {
            assert!(told(&header(), &changed(claims(), json!({ missing: null }))).is_ok(), "{missing}");
        }
        let typed = changed(header(), json!({"typ": "application/logout+jwt"}));
        assert!(told(&typed, &claims()).is_ok(), "RFC 7515 §4.1.9");
        assert_eq!(issuer_of(&signed(&header(), &claims())).unwrap(), ISSUER);
    }

    #[test]
    fn no_other_token_ends_anybodys_session() {
        /* OA-24 */
        for typ in [json!(null), json!("JWT"), json!("at+jwt"), json!(1)] {
            let refused = told(&changed(header(), json!({ "typ": typ })), &claims());
            assert_eq!(refused, Err(LogoutTokenError::Malformed), "{typ}");
        }
        use LogoutTokenError::{NoEvent, Nobody, Nonce, Refused};
        for (change, error) in [
            (json!({"nonce": "n"}), Nonce),
            (json!({"nonce": ""}), Nonce),
            (json!({"events": null}), NoEvent),
            (json!({"events": {}}), NoEvent),
            (json!({"events": [EVENT]}), NoEvent),
            (json!({"events": {EVENT: true}}), NoEvent),
            (json!({"sub": null, "sid": null}), Nobody),
            (json!({"sub": 1}), Refused(VerifyError::MalformedClaim)),
            (json!({"jti": null}), Refused(VerifyError::MalformedClaim)),
            (json!({"iat": null}), Refused(VerifyError::MalformedClaim)),
            (json!({"exp": null}), Refused(VerifyError::MalformedClaim)),
            (json!({"iat": NOW.get() - 601}), Refused(VerifyError::Expired)),
            (json!({"aud": "client-2"}), Refused(VerifyError::WrongAudience)),
            (json!({"iss": "https://evil.example.com"}), Refused(VerifyError::WrongIssuer)),
        ] {
            assert_eq!(told(&header(), &changed(claims(), change.clone())), Err(error), "{change}");
        }
    }
}
