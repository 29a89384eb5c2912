//! Bindings over `portico-core`: convert, call, convert back. Claims cross the border as JSON text,
//! which `index.mjs` parses, so that a claim named `__proto__` stays an ordinary member (TK-28).
//! Refusals cross as their stable code behind a `!`.

#![warn(missing_docs)]

mod error;

use portico_core::{
    json::quoted,
    jwt::{self, Expected, UntrustedToken},
    permission,
    time::UnixSeconds,
};
use wasm_bindgen::prelude::wasm_bindgen;

pub use error::Refusal;

/// A third of the size of the standard one.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// The claims of a token that nobody has verified, as JSON; or a refusal.
#[wasm_bindgen(js_name = unverifiedClaims)]
pub fn unverified_claims(token: &str) -> String {
    answer(|| Ok(UntrustedToken::parse(token)?.unverified_claims().as_text().into()))
}

/// What a token's header says, as JSON: `{"alg": …, "kid": …}`, the `kid` possibly null; or a refusal.
#[wasm_bindgen(js_name = unverifiedHeader)]
pub fn unverified_header(token: &str) -> String {
    answer(|| {
        let token = UntrustedToken::parse(token)?;
        let kid = token.kid().map_or_else(|| "null".into(), quoted);
        Ok([r#"{"alg":""#, token.alg().as_str(), r#"","kid":"#, &kid, "}"].concat())
    })
}

/// The claims of a token **whose signature the host has verified**, as JSON, after checking `exp`,
/// `nbf`, `iat`, `iss` and `aud`; or a refusal. `now` and `leeway` are in seconds.
#[wasm_bindgen(js_name = checkClaims)]
pub fn check_claims(token: &str, issuer: &str, audience: Option<String>, now: f64, leeway: u32) -> String {
    answer(|| {
        let expected = Expected { issuer, audience: audience.as_deref(), leeway_seconds: leeway };
        let claims = jwt::check_claims(UntrustedToken::parse(token)?, &expected, seconds(now))?;
        Ok(claims.members().as_text().into())
    })
}

/// Whether a permission tree, as JSON, grants a path such as `chat.delete`.
#[wasm_bindgen(js_name = hasPermission)]
pub fn has_permission(tree: &str, path: &str) -> bool {
    permission::has_permission(tree, path)
}

/// What somebody may do, as a JSON tree, from `{"defaults", "groups", "member_of"}`; or a refusal.
#[wasm_bindgen(js_name = effectivePermissions)]
pub fn effective_permissions(question: &str) -> String {
    answer(|| Ok(permission::effective(question)?))
}

/// JSON, or `!` and the code of a refusal: a text costs less at the border than an exception.
fn answer(result: impl FnOnce() -> Result<String, Refusal>) -> String {
    result().unwrap_or_else(|refusal| ["!", refusal.code()].concat())
}

#[expect(clippy::cast_possible_truncation, reason = "a cast saturates; clocks are far from both ends")]
const fn seconds(now: f64) -> UnixSeconds {
    UnixSeconds::new(now as i64)
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn a_refusal_has_the_code_of_its_cause() {
        assert_eq!(unverified_header("a.b"), "!malformed");
        assert_eq!(unverified_claims("eyJhbGciOiJub25lIn0.e30."), "!wrong_algorithm");
        let token = "eyJhbGciOiJIUzI1NiIsImtpZCI6IngifQ.e30.AAAA";
        assert_eq!(check_claims(token, "portico", None, 1_800_000_000.0, 0), "!wrong_issuer");
        assert_eq!(effective_permissions("[]"), "!malformed_tree");
    }

    #[wasm_bindgen_test]
    fn a_header_is_told_as_json() {
        assert_eq!(unverified_header("eyJhbGciOiJIUzI1NiJ9.e30.AAAA"), r#"{"alg":"HS256","kid":null}"#);
    }
}
