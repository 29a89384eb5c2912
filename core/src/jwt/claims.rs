//! The registered claims (RFC 7519 §4.1), checked after the signature (TK-08 … TK-11).

use alloc::string::String;

use serde_json::{Map, Value};

use crate::time::UnixSeconds;

/// 2^53: the largest second that every JSON reader agrees on (TK-08).
const MAX_NUMERIC_DATE: f64 = 9_007_199_254_740_992.0;

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
    members: Map<String, Value>,
    expires_at: Option<UnixSeconds>,
}

impl Claims {
    /// One claim by name.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// All claims, as the token holds them.
    pub const fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// `exp`, whole seconds; `None` when the token does not expire.
    pub const fn expires_at(&self) -> Option<UnixSeconds> {
        self.expires_at
    }
}

/// Checks the registered claims of a token **whose signature has been verified**, here or by the host.
///
/// # Errors
/// [`VerifyError`] for the first claim that does not hold.
pub fn check_claims(
    members: &Map<String, Value>,
    expected: &Expected<'_>,
    now: UnixSeconds,
) -> Result<Claims, VerifyError> {
    let leeway = f64::from(expected.leeway_seconds);
    #[expect(clippy::cast_precision_loss, reason = "dates are refused long before 2^53")]
    let clock = now.get() as f64;
    let exp = numeric_date(members, "exp")?;
    if exp.is_some_and(|exp| clock >= exp + leeway) {
        return Err(VerifyError::Expired);
    }
    for claim in ["nbf", "iat"] {
        if numeric_date(members, claim)?.is_some_and(|start| clock + leeway < start) {
            return Err(VerifyError::NotYetValid);
        }
    }
    if members.get("iss").and_then(Value::as_str) != Some(expected.issuer) {
        return Err(VerifyError::WrongIssuer);
    }
    if !audience_matches(members.get("aud"), expected.audience) {
        return Err(VerifyError::WrongAudience);
    }
    #[expect(clippy::cast_possible_truncation, reason = "within 0..=2^53; a fraction is dropped on purpose")]
    let expires_at = exp.map(|exp| UnixSeconds::new(exp as i64));
    Ok(Claims { members: members.clone(), expires_at })
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

/// A date as a finite number in 0..=2^53, whole or fractional; anything else is refused, never taken
/// for absent (TK-08).
fn numeric_date(members: &Map<String, Value>, name: &str) -> Result<Option<f64>, VerifyError> {
    let Some(value) = members.get(name) else { return Ok(None) };
    match value.as_f64() {
        Some(date) if value.is_number() && (0.0..=MAX_NUMERIC_DATE).contains(&date) => Ok(Some(date)),
        _ => Err(VerifyError::MalformedClaim),
    }
}

fn audience_matches(aud: Option<&Value>, expected: Option<&str>) -> bool {
    match (aud, expected) {
        (None, None) => true,
        (Some(Value::String(aud)), Some(expected)) => aud == expected,
        (Some(Value::Array(several)), Some(expected)) => {
            several.iter().all(Value::is_string) && several.iter().any(|aud| aud.as_str() == Some(expected))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn check(claims: Value, audience: Option<&str>, leeway_seconds: u32) -> Result<(), VerifyError> {
        let expected = Expected { issuer: "portico", audience, leeway_seconds };
        check_claims(claims.as_object().unwrap(), &expected, UnixSeconds::new(NOW)).map(|_| ())
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
