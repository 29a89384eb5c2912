//! Tokens that the server and the npm package have to judge alike: `tokens.json`, which `wasm-pkg/test` reads as well.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portico_core::{
    jwt::{
        Algorithm, Expected, HmacKey, Jwks, ParseError, RustSignatures, UntrustedToken, VerifyError,
        VerifyFailure,
    },
    time::UnixSeconds,
};
use serde_json::Value;

const VECTORS: &str = include_str!("tokens.json");

fn verdict(vector: &Value) -> &'static str {
    let expected = Expected {
        issuer: vector["issuer"].as_str().unwrap(),
        audience: vector["audience"].as_str(),
        leeway_seconds: vector["leeway"].as_u64().unwrap().try_into().unwrap(),
    };
    let now = UnixSeconds::new(vector["now"].as_i64().unwrap());
    let token = match UntrustedToken::parse(vector["token"].as_str().unwrap()) {
        Ok(token) => token,
        Err(ParseError::Malformed | ParseError::TooLong) => return "malformed",
        Err(ParseError::UnsupportedAlgorithm) => return "wrong_algorithm",
        Err(ParseError::UnsupportedHeader) => return "unsupported_header",
    };
    let verified = if let Some(secret) = vector["secret"].as_str() {
        HmacKey::new(&URL_SAFE_NO_PAD.decode(secret).unwrap()).verify(token, &expected, now)
    } else {
        let keys = Jwks::parse(&vector["jwks"].to_string()).unwrap();
        let allowed = vector["algorithms"].as_array().unwrap().iter();
        let allowed: Vec<_> = allowed.map(|alg| Algorithm::parse(alg.as_str().unwrap()).unwrap()).collect();
        pollster::block_on(keys.verify(token, &allowed, &expected, now, &RustSignatures)).map_err(|error| {
            match error {
                VerifyFailure::Refused(error) => error,
                VerifyFailure::Unavailable(fault) => panic!("{fault:?}"),
            }
        })
    };
    match verified {
        Ok(_) => "ok",
        Err(VerifyError::BadSignature) => "bad_signature",
        Err(VerifyError::Expired) => "token_expired",
        Err(VerifyError::MalformedClaim | VerifyError::WrongKind) => "malformed_claim",
        Err(VerifyError::NotYetValid) => "token_not_yet_valid",
        Err(VerifyError::UnknownKey) => "unknown_kid",
        Err(VerifyError::WrongAlgorithm) => "wrong_algorithm",
        Err(VerifyError::WrongAudience) => "wrong_audience",
        Err(VerifyError::WrongIssuer) => "wrong_issuer",
    }
}

#[test]
fn every_token_gets_the_verdict_that_the_npm_package_gives_it() {
    /* TK-28 */
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    assert!(vectors.len() > 80, "{} vectors", vectors.len());
    let wrong = vectors.iter().filter(|vector| vector["outcome"] != verdict(vector));
    let wrong: Vec<_> = wrong.map(|vector| (&vector["name"], &vector["outcome"], verdict(vector))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
