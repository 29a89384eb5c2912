//! ID tokens (OpenID Connect Core §3.1.3.7), and what providers say beside them about the same person.

use alloc::string::{String, ToString as _};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256, Sha512};

use super::{discovery::Metadata, provider::microsoft};
use crate::{
    jwt::{Algorithm, Claims, Expected, Jwks, ParseError, UntrustedToken, VerifyError, VerifyFailure},
    ports::{PortError, Signatures},
    time::{Lifetime, UnixSeconds},
};

/// Tolerance for other people's clocks, in seconds (TK-09).
const LEEWAY_SECONDS: u32 = 60;
/// Oldest ID token that still says who is signing in now (OA-07).
const MAX_AGE: Lifetime = Lifetime::from_minutes(10);
/// Longest subject, in bytes (OpenID Connect Core §2).
const MAX_SUBJECT_BYTES: usize = 255;

/// The claims of somebody, as a provider says them.
pub type ClaimSet = Map<String, Value>;

/// What an ID token has to be.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// What its provider says about itself.
    pub metadata: &'a Metadata,
    /// Whom it is for.
    pub client_id: &'a str,
    /// What the authorization request had; `None` where there was no such request.
    pub nonce: Option<&'a str>,
    /// The access token that came with it.
    pub access_token: Option<&'a str>,
}

/// Who a provider says that somebody is: the issuer that its ID token names, and the claims.
#[derive(Clone, Debug)]
pub struct Identified {
    /// Whose word it is.
    pub issuer: String,
    /// The word.
    pub claims: ClaimSet,
}

/// Verifies an ID token (OA-07).
///
/// # Errors
/// [`IdTokenError`]; nothing in it may be believed.
pub async fn verify(
    text: &str,
    keys: &Jwks,
    expected: Expectation<'_>,
    signatures: &impl Signatures,
    now: UnixSeconds,
) -> Result<Identified, IdTokenError> {
    let token = UntrustedToken::parse(text).map_err(IdTokenError::Malformed)?;
    let alg = token.alg();
    // Of many tenants, the one that it names; that it is theirs is shown by the signature.
    let template = &expected.metadata.issuer;
    let issuer = if template.contains(microsoft::TENANT_PLACE) {
        let claims = claims_of(token.unverified_claims().as_text()).ok_or(IdTokenError::Claim("tid"))?;
        microsoft::issuer_of_tenant(template, &claims).ok_or(IdTokenError::Claim("tid"))?
    } else {
        template.clone()
    };
    let rules =
        Expected { issuer: &issuer, audience: Some(expected.client_id), leeway_seconds: LEEWAY_SECONDS };
    let algorithms = &expected.metadata.id_token_algorithms;
    let verified = keys.verify(token, algorithms, &rules, now, signatures).await?;
    check(&verified, alg, expected, now)?;
    let claims = claims_of(verified.members().as_text()).ok_or(IdTokenError::Claim("sub"))?;
    Ok(Identified { issuer, claims })
}

fn check(
    claims: &Claims,
    alg: Algorithm,
    expected: Expectation<'_>,
    now: UnixSeconds,
) -> Result<(), IdTokenError> {
    let members = claims.members();
    let issued_at = claims.date("iat").ok_or(IdTokenError::Claim("iat"))?;
    if now.since(issued_at) > MAX_AGE {
        return Err(IdTokenError::Claim("iat"));
    }
    let subject = members.string("sub").ok_or(IdTokenError::Claim("sub"))?;
    if subject.is_empty() || subject.len() > MAX_SUBJECT_BYTES {
        return Err(IdTokenError::Claim("sub"));
    }
    let is_for_several = members.get("aud").is_some_and(|aud| aud.elements().len() > 1);
    let party = members.string("azp");
    let is_ours = party.as_deref().is_none_or(|party| party == expected.client_id);
    if !is_ours || (is_for_several && party.is_none()) || (members.contains("azp") && party.is_none()) {
        return Err(IdTokenError::Claim("azp"));
    }
    if let Some(nonce) = expected.nonce
        && members.string("nonce").as_deref() != Some(nonce)
    {
        return Err(IdTokenError::Claim("nonce"));
    }
    match (members.string("at_hash"), expected.access_token) {
        (Some(shown), Some(token)) if shown != half_hash(alg, token) => Err(IdTokenError::Claim("at_hash")),
        _ => Ok(()),
    }
}

/// The left half of a token's digest, by the hash of the signature's algorithm (OpenID Connect Core §3.1.3.6).
fn half_hash(alg: Algorithm, token: &str) -> String {
    match alg {
        // Ed25519 hashes with SHA-512 (RFC 8032 §5.1).
        Algorithm::EdDsa => {
            let digest = Sha512::digest(token);
            URL_SAFE_NO_PAD.encode(digest.get(..32).unwrap_or_default())
        }
        _ => {
            let digest = Sha256::digest(token);
            URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default())
        }
    }
}

/// What stands in the claims of a token, or in what a provider answers; `None` for anything but an object.
pub fn claims_of(text: &str) -> Option<ClaimSet> {
    match serde_json::from_str(text) {
        Ok(Value::Object(claims)) => Some(claims),
        _ => None,
    }
}

/// The claims of an ID token under those of the answer to a question about the same person, which win; `None` when that
/// answer is about somebody else (OA-08).
pub fn joined(mut id_token: ClaimSet, mut userinfo: ClaimSet) -> Option<ClaimSet> {
    let subject = id_token.get("sub").filter(|subject| subject.is_string())?;
    if userinfo.get("sub") != Some(subject) {
        return None;
    }
    // That somebody reads one address says nothing about another.
    if userinfo.get("email").is_some_and(|email| Some(email) != id_token.get("email")) {
        id_token.remove("email_verified");
    }
    for (name, value) in id_token {
        if userinfo.get(&name).is_none_or(Value::is_null) {
            userinfo.insert(name.to_string(), value);
        }
    }
    Some(userinfo)
}

/// Why an ID token is not believed. For the log; people are told that it did not work.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum IdTokenError {
    /// A claim of it is missing, or is not what it has to be.
    Claim(&'static str),
    /// Not a token that can be verified.
    Malformed(ParseError),
    /// Signature, issuer, audience or time.
    Refused(VerifyError),
    /// The host could not check it.
    Unavailable(PortError),
}

impl IdTokenError {
    /// Whether its provider may have new keys.
    pub const fn is_about_unknown_key(&self) -> bool {
        matches!(self, Self::Refused(VerifyError::UnknownKey))
    }
}

impl From<VerifyFailure> for IdTokenError {
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
    use serde_json::json;

    fn claims() -> Value {
        json!({
            "iss": ISSUER, "aud": CLIENT, "sub": "248289761001", "nonce": "n-0S6_WzA2Mj",
            "iat": NOW.get(), "exp": NOW.get() + 300,
        })
    }

    fn header() -> Value {
        json!({"alg": "ES256", "kid": key().public().kid()})
    }

    fn verify_as(issuer: &str, header: &Value, claims: &Value) -> Result<Identified, IdTokenError> {
        let metadata = metadata(issuer);
        let expected = Expectation {
            metadata: &metadata,
            client_id: CLIENT,
            nonce: Some("n-0S6_WzA2Mj"),
            access_token: Some("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
        };
        pollster::block_on(verify(&signed(header, claims), &keys(), expected, &RustSignatures, NOW))
    }

    fn refusal(change: Value) -> IdTokenError {
        verify_as(ISSUER, &header(), &changed(claims(), change)).unwrap_err()
    }

    #[test]
    fn an_id_token_that_is_ours_and_fresh_says_who_it_is() {
        /* OA-07 */
        let more = json!({"aud": [CLIENT, "other"], "azp": CLIENT, "at_hash": "77QmUPtjPfzWtF2AnpK9RQ"});
        for claims in [claims(), changed(claims(), more)] {
            let identified = verify_as(ISSUER, &header(), &claims).unwrap();
            assert_eq!(
                (identified.issuer.as_str(), &identified.claims["sub"]),
                (ISSUER, &json!("248289761001"))
            );
        }
    }

    #[test]
    fn an_id_token_for_somebody_else_or_from_somebody_else_is_refused() {
        /* OA-07 */
        use VerifyError::{Expired, NotYetValid, WrongAudience, WrongIssuer};
        for (change, error) in [
            (json!({"iss": "https://id.example.com/"}), WrongIssuer),
            (json!({"iss": "https://evil.example.com"}), WrongIssuer),
            (json!({"aud": "client-2"}), WrongAudience),
            (json!({"aud": null}), WrongAudience),
            (json!({"exp": NOW.get() - 60}), Expired),
            (json!({"exp": null}), VerifyError::MalformedClaim),
            (json!({"iat": NOW.get() + 61}), NotYetValid),
        ] {
            assert_eq!(refusal(change.clone()), IdTokenError::Refused(error), "{change}");
        }
        for (change, claim) in [
            (json!({"iat": null}), "iat"),
            (json!({"iat": NOW.get() - 601}), "iat"),
            (json!({"sub": null}), "sub"),
            (json!({"sub": ""}), "sub"),
            (json!({"sub": 7}), "sub"),
            (json!({"sub": "x".repeat(256)}), "sub"),
            (json!({"azp": "client-2"}), "azp"),
            (json!({"azp": 1}), "azp"),
            (json!({"aud": [CLIENT, "other"]}), "azp"),
            (json!({"nonce": null}), "nonce"),
            (json!({"nonce": "n-0S6_WzA2Mk"}), "nonce"),
            (json!({"at_hash": "77QmUPtjPfzWtF2AnpK9RX"}), "at_hash"),
        ] {
            assert_eq!(refusal(change.clone()), IdTokenError::Claim(claim), "{change}");
        }
    }

    #[test]
    fn neither_the_algorithm_nor_the_key_is_the_tokens_to_choose() {
        /* OA-07, TK-25 */
        let refused = |change: Value| verify_as(ISSUER, &changed(header(), change), &claims()).unwrap_err();
        for alg in ["none", "HS512", "ES384"] {
            let error = refused(json!({ "alg": alg }));
            assert_eq!(error, IdTokenError::Malformed(ParseError::UnsupportedAlgorithm), "{alg}");
        }
        for alg in ["HS256", "RS256"] {
            let error = refused(json!({ "alg": alg }));
            assert_eq!(error, IdTokenError::Refused(VerifyError::WrongAlgorithm), "{alg}");
        }
        assert!(refused(json!({"kid": "other"})).is_about_unknown_key());
        assert!(refused(json!({"kid": null})).is_about_unknown_key());
        let logout = refused(json!({"typ": "logout+jwt"}));
        assert_eq!(logout, IdTokenError::Malformed(ParseError::UnsupportedHeader));
    }

    #[test]
    fn of_many_tenants_the_one_that_the_token_names_is_the_issuer() {
        const TEMPLATE: &str = "https://id.example.com/{tenantid}/v2.0";
        let tenant = "9122040d-6c67-4c5b-b112-36a304b66dad";
        let issuer = TEMPLATE.replace("{tenantid}", tenant);
        let claims = changed(claims(), json!({"iss": issuer, "tid": tenant}));
        assert_eq!(verify_as(TEMPLATE, &header(), &claims).unwrap().issuer, issuer);
        for (change, error) in [
            (json!({"tid": null}), IdTokenError::Claim("tid")),
            (json!({"tid": "../x"}), IdTokenError::Claim("tid")),
            (
                json!({"tid": "00000000-0000-0000-0000-000000000000"}),
                IdTokenError::Refused(VerifyError::WrongIssuer),
            ),
        ] {
            assert_eq!(verify_as(TEMPLATE, &header(), &changed(claims.clone(), change)).unwrap_err(), error);
        }
    }

    #[test]
    fn an_answer_about_somebody_else_is_discarded_and_does_not_lend_its_words() {
        /* OA-08, OA-10 */
        let set = |value: Value| value.as_object().unwrap().clone();
        let token =
            || set(json!({"sub": "1", "email": "a@example.com", "email_verified": true, "roles": ["x"]}));
        for other in [json!({"sub": "2"}), json!({}), json!({"sub": 1}), json!({"sub": null})] {
            assert_eq!(joined(token(), set(other.clone())), None, "{other}");
        }
        let same = joined(token(), set(json!({"sub": "1", "name": "Ann", "roles": null}))).unwrap();
        assert_eq!(
            (&same["email_verified"], &same["roles"], &same["name"]),
            (&json!(true), &json!(["x"]), &json!("Ann"))
        );
        let other = joined(token(), set(json!({"sub": "1", "email": "b@example.com"}))).unwrap();
        assert_eq!((&other["email"], other.get("email_verified")), (&json!("b@example.com"), None));
    }
}
