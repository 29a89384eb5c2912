//! Bindings over `portico-core`: convert, call, convert back. Tokens and claims cross the border as
//! JSON text, which `index.mjs` parses, so that a claim named `__proto__` stays an ordinary member
//! (TK-28). Refusals cross as their stable code.

#![warn(missing_docs)]

mod error;
mod token;

use wasm_bindgen::prelude::wasm_bindgen;

pub use error::Refusal;

/// Header and claims of a token that nobody has verified, as JSON: `{"header": …, "claims": …}`.
///
/// # Errors
/// `malformed` and the other codes of parsing.
#[wasm_bindgen(js_name = decodeUnverified)]
pub fn decode_unverified(token: &str) -> Result<String, Refusal> {
    token::decode_unverified(token)
}

/// What a host needs to check the signature: `{"alg", "kid", "signingInput", "signature"}`, the
/// signature as an array of bytes.
///
/// # Errors
/// `malformed` and the other codes of parsing.
#[wasm_bindgen(js_name = signatureParts)]
pub fn signature_parts(token: &str) -> Result<String, Refusal> {
    token::signature_parts(token)
}

/// The claims of a token **whose signature the host has verified**, as JSON, after checking `exp`,
/// `nbf`, `iat`, `iss` and `aud` against `expected`, a JSON object with `issuer`, `audience`, `now`
/// and `clockTolerance` (both in seconds).
///
/// # Errors
/// `token_expired`, `wrong_issuer` and the other codes of claims.
#[wasm_bindgen(js_name = checkClaims)]
pub fn check_claims(token: &str, expected: &str) -> Result<String, Refusal> {
    token::check_claims(token, expected)
}

/// The claims of an HS256 token, verified with a shared secret, as JSON.
///
/// # Errors
/// `bad_signature`, `unknown_kid` and all the codes above.
#[wasm_bindgen(js_name = verifyWithSecret)]
pub fn verify_with_secret(token: &str, secret: &[u8], expected: &str) -> Result<String, Refusal> {
    token::verify_with_secret(token, secret, expected)
}

/// Whether a permission tree, as JSON, grants a path such as `chat.delete`.
#[wasm_bindgen(js_name = hasPermission)]
pub fn has_permission(tree: &str, path: &str) -> bool {
    serde_json::from_str(tree).is_ok_and(|tree| portico_core::permission::has_permission(&tree, path))
}
