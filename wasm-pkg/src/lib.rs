//! Bindings over `portico-core`: convert, call, convert back. Claims cross the border as JSON text,
//! which `index.mjs` parses, so that a claim named `__proto__` stays an ordinary member (TK-28).
//! Refusals cross as their stable code.

#![warn(missing_docs)]

mod error;

use portico_core::{
    json::quoted,
    jwt::{self, Expected, HmacKey, UntrustedToken},
    permission,
    time::UnixSeconds,
};
use wasm_bindgen::prelude::wasm_bindgen;

pub use error::Refusal;

/// The claims of a token that nobody has verified, as JSON.
///
/// # Errors
/// `malformed` and the other codes of parsing.
#[wasm_bindgen(js_name = unverifiedClaims)]
pub fn unverified_claims(token: &str) -> Result<String, Refusal> {
    Ok(UntrustedToken::parse(token)?.unverified_claims().as_text().into())
}

/// What a token's header says, as JSON: `{"alg": …, "kid": …}`, the `kid` possibly null.
///
/// # Errors
/// `malformed` and the other codes of parsing.
#[wasm_bindgen(js_name = unverifiedHeader)]
pub fn unverified_header(token: &str) -> Result<String, Refusal> {
    let token = UntrustedToken::parse(token)?;
    let kid = token.kid().map_or_else(|| "null".into(), quoted);
    Ok([r#"{"alg":""#, token.alg().as_str(), r#"","kid":"#, &kid, "}"].concat())
}

/// The bytes of a token's signature, for the host to check.
///
/// # Errors
/// `malformed` and the other codes of parsing.
#[wasm_bindgen(js_name = signatureOf)]
pub fn signature_of(token: &str) -> Result<Vec<u8>, Refusal> {
    Ok(UntrustedToken::parse(token)?.signature().to_vec())
}

/// The claims of a token **whose signature the host has verified**, as JSON, after checking `exp`,
/// `nbf`, `iat`, `iss` and `aud`; `now` and `leeway` are in seconds.
///
/// # Errors
/// `token_expired`, `wrong_issuer` and the other codes of claims.
#[wasm_bindgen(js_name = checkClaims)]
pub fn check_claims(
    token: &str,
    issuer: &str,
    audience: Option<String>,
    now: f64,
    leeway: u32,
) -> Result<String, Refusal> {
    let expected = Expected { issuer, audience: audience.as_deref(), leeway_seconds: leeway };
    let claims = jwt::check_claims(UntrustedToken::parse(token)?, &expected, seconds(now))?;
    Ok(claims.members().as_text().into())
}

/// The claims of an HS256 token, verified with a shared secret, as JSON.
///
/// # Errors
/// `bad_signature`, `unknown_kid` and all the codes above.
#[wasm_bindgen(js_name = verifyWithSecret)]
pub fn verify_with_secret(
    token: &str,
    secret: &[u8],
    issuer: &str,
    audience: Option<String>,
    now: f64,
    leeway: u32,
) -> Result<String, Refusal> {
    let expected = Expected { issuer, audience: audience.as_deref(), leeway_seconds: leeway };
    let claims = HmacKey::new(secret).verify(UntrustedToken::parse(token)?, &expected, seconds(now))?;
    Ok(claims.members().as_text().into())
}

/// Whether a permission tree, as JSON, grants a path such as `chat.delete`.
#[wasm_bindgen(js_name = hasPermission)]
pub fn has_permission(tree: &str, path: &str) -> bool {
    permission::has_permission(tree, path)
}

#[expect(clippy::cast_possible_truncation, reason = "a cast saturates; clocks are far from both ends")]
const fn seconds(now: f64) -> UnixSeconds {
    UnixSeconds::new(now as i64)
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    #[wasm_bindgen_test]
    fn a_refusal_has_the_code_of_its_cause() {
        let code = |token: &str| {
            verify_with_secret(token, SECRET, "portico", None, 1_800_000_000.0, 0).unwrap_err().code()
        };
        assert_eq!(code("a.b"), "malformed");
        assert_eq!(code("eyJhbGciOiJub25lIn0.e30."), "wrong_algorithm");
        assert_eq!(code("eyJhbGciOiJIUzI1NiIsImtpZCI6IngifQ.e30.AAAA"), "unknown_kid");
    }

    #[wasm_bindgen_test]
    fn a_header_is_told_as_json() {
        assert_eq!(
            unverified_header("eyJhbGciOiJIUzI1NiJ9.e30.AAAA").unwrap(),
            r#"{"alg":"HS256","kid":null}"#
        );
    }
}
