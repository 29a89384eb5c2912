//! The registered claims (RFC 7519 §4.1), checked after the signature (TK-08 … TK-11).

use super::{numeric_date, token::UntrustedToken};
use crate::{
    json::{Json, Members},
    time::{Lifetime, UnixSeconds},
};

/// What a verifier expects of a token.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Must equal `iss` exactly.
    pub issuer: &'a str,
    /// Must be a member of `aud`; with `None` a token that carries `aud` is refused, because it was
    /// made for somebody else (RFC 7519 §4.1.3).
    pub audience: Option<&'a str>,
    /// Tolerance for `exp`, `nbf` and `iat`, in seconds. Zero for our own tokens, at most 60 for
    /// those of others (TK-09).
    pub leeway_seconds: u32,
}

/// Claims of a token whose signature and registered claims have been checked.
#[derive(Clone, Debug)]
pub struct Claims {
    members: Members,
    expires_at: Option<UnixSeconds>,
}

impl Claims {
    /// All claims, as the token holds them.
    pub const fn members(&self) -> &Members {
        &self.members
    }

    /// One claim that is a date, in whole seconds, rounded up; `None` when it is absent or no date.
    pub fn date(&self, name: &str) -> Option<UnixSeconds> {
        date(&self.members, name).ok().flatten()
    }

    /// `exp`, in whole seconds; `None` when the token does not expire.
    pub const fn expires_at(&self) -> Option<UnixSeconds> {
        self.expires_at
    }
}

/// Checks the registered claims of a token **whose signature has been verified**, here or by the host.
///
/// # Errors
/// [`VerifyError`] for the first claim that does not hold.
pub fn check_claims(
    token: UntrustedToken<'_>,
    expected: &Expected<'_>,
    now: UnixSeconds,
) -> Result<Claims, VerifyError> {
    let members = token.into_claims();
    let leeway = Lifetime::from_seconds(expected.leeway_seconds.into());
    let expires_at = date(&members, "exp")?;
    if expires_at.is_some_and(|exp| now >= exp.plus(leeway)) {
        return Err(VerifyError::Expired);
    }
    for claim in ["nbf", "iat"] {
        if date(&members, claim)?.is_some_and(|start| now.plus(leeway) < start) {
            return Err(VerifyError::NotYetValid);
        }
    }
    if members.string("iss").as_deref() != Some(expected.issuer) {
        return Err(VerifyError::WrongIssuer);
    }
    if !audience_matches(members.get("aud"), expected.audience) {
        return Err(VerifyError::WrongAudience);
    }
    Ok(Claims { members, expires_at })
}

/// Why a well-formed token is not believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VerifyError {
    /// The signature does not fit the key.
    BadSignature,
    /// `exp` has passed.
    Expired,
    /// A claim has the wrong type or range, or a required one is missing.
    MalformedClaim,
    /// `nbf` or `iat` lies in the future.
    NotYetValid,
    /// No key of that `kid`.
    UnknownKey,
    /// The key is for another algorithm.
    WrongAlgorithm,
    /// `aud` does not name the expected audience, or names one where none is expected.
    WrongAudience,
    /// `iss` is not the expected issuer.
    WrongIssuer,
    /// A token of another kind, or one without the claims of its kind.
    WrongKind,
}

/// A date, or that there is none; a value that is no date is refused, never taken for absent (TK-08).
fn date(members: &Members, name: &str) -> Result<Option<UnixSeconds>, VerifyError> {
    let seconds = match members.get(name) {
        None => return Ok(None),
        Some(Json::Number(number)) => numeric_date::ceiling(number),
        Some(_) => None,
    };
    let seconds = seconds.and_then(|seconds| i64::try_from(seconds).ok());
    seconds.map(|seconds| Some(UnixSeconds::new(seconds))).ok_or(VerifyError::MalformedClaim)
}

fn audience_matches(aud: Option<Json<'_>>, expected: Option<&str>) -> bool {
    match (aud, expected) {
        (None, None) => true,
        (Some(Json::String(aud)), Some(expected)) => aud == expected,
        (Some(list @ Json::List(_)), Some(expected)) => {
            let several = list.elements();
            several.iter().all(|aud| matches!(aud, Json::String(_)))
                && several.iter().any(|aud| matches!(aud, Json::String(aud) if aud == expected))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::{format, string::ToString as _};
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    const NOW: i64 = 1_800_000_000;

    fn check(claims: Value, audience: Option<&str>, leeway_seconds: u32) -> Result<(), VerifyError> {
        let expected = Expected { issuer: "portico", audience, leeway_seconds };
        let segment = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let text = format!("{}.{}.AAAA", segment(r#"{"alg":"HS256"}"#), segment(&claims.to_string()));
        check_claims(UntrustedToken::parse(&text).unwrap(), &expected, UnixSeconds::new(NOW)).map(|_| ())
    }

    fn with(claim: &str, value: Value) -> Result<(), VerifyError> {
        check(json!({"iss": "portico", claim: value}), None, 0)
    }

    #[test]
    fn a_token_dies_on_the_second_of_its_exp() {
        /* TK-09; RFC 7519 §4.1.4 "on or after" */
        assert!(with("exp", json!(NOW + 1)).is_ok());
        assert_eq!(with("exp", json!(NOW)), Err(VerifyError::Expired));
        assert_eq!(with("exp", json!(NOW - 1)), Err(VerifyError::Expired));
        assert!(with("exp", json!(NOW as f64 + 0.5)).is_ok());
    }

    #[test]
    fn the_future_is_not_accepted_yet() {
        /* TK-10 */
        for claim in ["nbf", "iat"] {
            assert!(with(claim, json!(NOW)).is_ok());
            assert_eq!(with(claim, json!(NOW + 1)), Err(VerifyError::NotYetValid));
        }
    }

    #[test]
    fn leeway_moves_both_ends_and_no_further() {
        /* TK-09 */
        let claims = |exp: i64, iat: i64| check(json!({"iss": "portico", "exp": exp, "iat": iat}), None, 60);
        assert!(claims(NOW - 59, NOW + 60).is_ok());
        assert_eq!(claims(NOW - 60, NOW), Err(VerifyError::Expired));
        assert_eq!(claims(NOW + 1, NOW + 61), Err(VerifyError::NotYetValid));
    }

    #[test]
    fn a_date_that_is_not_a_sensible_number_is_refused_and_never_taken_for_absent() {
        /* TK-08 */
        for value in [
            json!("1900000000"),
            json!(true),
            json!(null),
            json!([1]),
            json!({}),
            json!(-1),
            json!(-0.5),
            json!(9_007_199_254_740_994_u64),
            json!(u64::MAX),
            json!(1e300),
        ] {
            for claim in ["exp", "nbf", "iat"] {
                assert_eq!(with(claim, value.clone()), Err(VerifyError::MalformedClaim), "{claim} {value}");
            }
        }
    }

    #[test]
    fn the_issuer_is_compared_exactly() {
        /* TK-11 */
        for claims in
            [json!({}), json!({"iss": "Portico"}), json!({"iss": "portico/"}), json!({"iss": ["portico"]})]
        {
            assert_eq!(check(claims, None, 0), Err(VerifyError::WrongIssuer));
        }
    }

    #[test]
    fn the_audience_must_be_named_exactly_when_one_is_expected() {
        /* TK-11 */
        let aud = |aud: Value, expected| check(json!({"iss": "portico", "aud": aud}), expected, 0);
        assert!(aud(json!("web"), Some("web")).is_ok());
        assert!(aud(json!(["api", "web"]), Some("web")).is_ok());
        for (value, expected) in [
            (json!("web"), None),
            (json!("webs"), Some("web")),
            (json!([]), Some("web")),
            (json!(["web", 1]), Some("web")),
            (json!({"web": 1}), Some("web")),
            (json!(null), None),
        ] {
            assert_eq!(aud(value, expected), Err(VerifyError::WrongAudience));
        }
        assert_eq!(check(json!({"iss": "portico"}), Some("web"), 0), Err(VerifyError::WrongAudience));
    }
}
