//! The key set of an identity provider, and how often it may be fetched.

use alloc::vec::Vec;

use super::{
    algorithm::Algorithm,
    claims::{Claims, Expected, VerifyError, check_claims},
    jwk::{self, JwkError, Parsed},
    key_ring::VerifyFailure,
    public_key::PublicKey,
    token::UntrustedToken,
};
use crate::{
    ports::Signatures,
    time::{Lifetime, UnixSeconds},
};

/// The public keys of one issuer (RFC 7517 §5), each under its own `kid`.
#[derive(Clone, Debug)]
pub struct Jwks(Vec<PublicKey>);

impl Jwks {
    /// Reads a set. One key that contradicts itself, is unsound or secret, or shares its `kid` spoils
    /// the whole set: the one in force stays (TK-23).
    ///
    /// # Errors
    /// [`JwkError`] of the first such key; [`JwkError::Contradiction`] for a `kid` that stands twice.
    pub fn parse(text: &str) -> Result<Self, JwkError> {
        let (mut keys, mut names) = (Vec::new(), Vec::new());
        for key in jwk::keys_of(text)? {
            let Parsed { kid, key } = jwk::parse_public(&key)?;
            if let Some(kid) = kid {
                if names.contains(&kid) {
                    return Err(JwkError::Contradiction);
                }
                names.push(kid);
            }
            keys.extend(key);
        }
        Ok(Self(keys))
    }

    /// How many keys there are that can be used.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key of exactly this name (TK-04).
    pub fn find(&self, kid: &str) -> Option<&PublicKey> {
        self.0.iter().find(|key| key.kid() == kid)
    }

    /// Verifies a token of the issuer: key by `kid`, an algorithm that both the key and the issuer's
    /// metadata name, signature, then claims. HS256 is never among them (TK-25).
    ///
    /// # Errors
    /// [`VerifyFailure`]; nothing about the token may be believed.
    pub async fn verify(
        &self,
        token: UntrustedToken<'_>,
        allowed: &[Algorithm],
        expected: &Expected<'_>,
        now: UnixSeconds,
        signatures: &impl Signatures,
    ) -> Result<Claims, VerifyFailure> {
        let key = token.kid().and_then(|kid| self.find(kid)).ok_or(VerifyError::UnknownKey)?;
        if !allowed.contains(&token.alg()) || !key.is_for(token.alg()) {
            return Err(VerifyError::WrongAlgorithm.into());
        }
        let input = token.signing_input().as_bytes();
        if !signatures.verify_signature(key, token.alg(), input, token.signature()).await? {
            return Err(VerifyError::BadSignature.into());
        }
        let claims = check_claims(token, expected, now)?;
        // A token of somebody else that never expires is none of ours to accept (TK-09).
        if claims.expires_at().is_none() {
            return Err(VerifyError::MalformedClaim.into());
        }
        Ok(claims)
    }
}

/// When an issuer's key set may be fetched again because a token names a `kid` it lacks: once in
/// sixty seconds, so that invented names cost the issuer nothing (TK-24).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RefetchBudget {
    fetched_at: Option<UnixSeconds>,
}

impl RefetchBudget {
    const PAUSE: Lifetime = Lifetime::from_seconds(60);

    /// What is left after a fetch at that instant.
    pub const fn last(at: UnixSeconds) -> Self {
        Self { fetched_at: Some(at) }
    }

    /// Takes the one fetch there is, if there is one. Failed fetches count: a provider that is down is
    /// not asked again sooner.
    pub fn take(&mut self, now: UnixSeconds) -> bool {
        let rested = self.fetched_at.is_none_or(|at| now >= at.plus(Self::PAUSE));
        if rested {
            self.fetched_at = Some(now);
        }
        rested
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::format;

    const OKP: &str =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"a"}"#;

    fn parse(keys: &[&str]) -> Result<Jwks, JwkError> {
        Jwks::parse(&format!(r#"{{"keys":[{}]}}"#, keys.join(",")))
    }

    #[test]
    fn a_key_is_found_by_its_exact_name() {
        /* TK-04 */
        let set = parse(&[OKP]).unwrap();
        assert!(set.find("a").is_some());
        for kid in ["", "A", "a ", "aa", "a\0"] {
            assert!(set.find(kid).is_none(), "{kid:?}");
        }
    }

    #[test]
    fn one_bad_key_spoils_the_set() {
        /* TK-23 */
        let oct = r#"{"kty":"oct","k":"AAAA","kid":"b"}"#;
        let encrypting = OKP.replace("\"a\"", r#""b","use":"enc""#);
        assert!(parse(&[]).is_ok());
        assert_eq!(parse(&[OKP, OKP]).unwrap_err(), JwkError::Contradiction, "the same name twice");
        assert_eq!(parse(&[OKP, oct]).unwrap_err(), JwkError::Secret);
        assert_eq!(parse(&[OKP, &encrypting]).unwrap_err(), JwkError::Contradiction);
        assert_eq!(parse(&[OKP, "1"]).unwrap_err(), JwkError::Malformed);
        // A key that is for something else has a name too.
        let foreign = r#"{"kty":"EC","crv":"P-384","x":"AA","y":"AA","kid":"a"}"#;
        assert_eq!(parse(&[foreign, OKP]).unwrap_err(), JwkError::Contradiction);
        assert!(parse(&[&foreign.replace("\"a\"", "\"b\""), OKP]).is_ok());
        for wrong in [
            r#""key_ops":["sign"]"#,
            r#""key_ops":["verify","verify"]"#,
            r#""key_ops":["sign","verify"]"#,
            r#""alg":"ES256""#,
            r#""use":"enc""#,
        ] {
            let key = OKP.replace("\"a\"", &format!("\"b\",{wrong}"));
            assert_eq!(parse(&[&key]).unwrap_err(), JwkError::Contradiction, "{wrong}");
        }
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let rsa = |more: &str| format!(r#"{{"kty":"RSA","kid":"r","n":"{n}",{more}}}"#);
        assert!(parse(&[&rsa(r#""e":"AQAB""#)]).is_ok());
        for one in ["AQ", "AAE", "AAAAAQ", "AAEAAQ"] {
            assert_eq!(parse(&[&rsa(&format!(r#""e":"{one}""#))]).unwrap_err(), JwkError::Unsound, "{one}");
        }
        assert_eq!(parse(&[&rsa(r#""e":"AQAB","crv":"P-256""#)]).unwrap_err(), JwkError::Contradiction);
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":null}"#, r#"{"keys":[]} "x""#] {
            assert_eq!(Jwks::parse(text).unwrap_err(), JwkError::Malformed, "{text}");
        }
    }

    #[test]
    fn unknown_names_lead_to_one_fetch_a_minute() {
        /* TK-24 */
        let mut budget = RefetchBudget::default();
        let at = |second: i64| UnixSeconds::new(1_000 + second);
        let taken: Vec<bool> = [0, 0, 1, 59, 60, 61, 119, 120].map(|second| budget.take(at(second))).into();
        assert_eq!(taken, [true, false, false, false, true, false, false, true]);
    }
}
