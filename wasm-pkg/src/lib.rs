//! Bindings over `portico-core`: convert, call, convert back. Claims cross the border as JSON text,
//! which `error.mjs` parses without members named `__proto__` (TK-28).
//! Refusals cross as their stable code behind a `!`.

#![warn(missing_docs)]

mod error;
mod membership;

use portico_core::{
    json::quoted,
    jwt::{self, Expected, UntrustedToken},
    permission::{self, MalformedTree, Permissions},
    time::UnixSeconds,
};
use wasm_bindgen::prelude::wasm_bindgen;

pub use error::Refusal;
use membership::Membership;

/// A third of the size of the standard one.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// What a token says and whether its claims hold, in four lines: the algorithm; the `kid` as JSON, or `null`; the code of
/// the claim that does not hold, or nothing; the claims as JSON. Or a refusal. **Nobody has verified the signature**: that
/// is the host's part, before it believes anything of this. `now` and `leeway` are in seconds.
#[wasm_bindgen(js_name = examine)]
pub fn examine(token: &str, issuer: &str, audience: Option<String>, now: f64, leeway: u32) -> String {
    answer(|| {
        let token = UntrustedToken::parse(token)?;
        let kid = token.kid().map_or_else(|| "null".into(), quoted);
        let (alg, claims) = (token.alg().as_str(), token.unverified_claims().as_text().to_owned());
        let expected = Expected { issuer, audience: audience.as_deref(), leeway_seconds: leeway };
        let checked = jwt::check_claims(token, &expected, seconds(now));
        let verdict = checked.err().map_or("", |error| Refusal::from(error).code());
        Ok([alg, "\n", &kid, "\n", verdict, "\n", &claims].concat())
    })
}

/// Whether a permission tree, as JSON, grants a path such as `chat.delete`.
#[wasm_bindgen(js_name = hasPermission)]
pub fn has_permission(tree: &str, path: &str) -> bool {
    permission::has_permission(tree, path)
}

/// What somebody may do, as a JSON tree, from `{"defaults": tree, "groups": [{"id", "parent_group_id", "permissions"}],
/// "member_of": [id]}`; or a refusal.
#[wasm_bindgen(js_name = effectivePermissions)]
pub fn effective_permissions(question: &str) -> String {
    answer(|| {
        let Membership { defaults, groups, direct } = Membership::parse(question)?;
        let trees = groups.with_ancestors(&direct).into_iter().map(String::as_str);
        let permissions = Permissions::resolve(&defaults, trees)?;
        serde_json::to_string(&permissions.tree()).map_err(|_| MalformedTree.into())
    })
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

    fn examined(token: &str) -> String {
        examine(token, "portico", None, 1_800_000_000.0, 0)
    }

    #[wasm_bindgen_test]
    fn a_refusal_has_the_code_of_its_cause() {
        assert_eq!(examined("a.b"), "!malformed");
        assert_eq!(examined("eyJhbGciOiJub25lIn0.e30."), "!wrong_algorithm");
    }

    #[wasm_bindgen_test]
    fn groups_grant_with_all_above_them() {
        let question = r#"{
            "defaults": {"chat": {"delete": false}},
            "groups": [
                {"id": "a", "parent_group_id": "b", "permissions": null},
                {"id": "b", "parent_group_id": "a", "permissions": {"features": {"api_keys": true}}},
                {"id": "c", "permissions": {"features": {"webhooks": true}}}
            ],
            "member_of": ["a", "gone"]
        }"#;
        let tree = effective_permissions(question);
        assert!(has_permission(&tree, "features.api_keys") && has_permission(&tree, "chat.edit"), "{tree}");
        assert!(
            !has_permission(&tree, "chat.delete") && !has_permission(&tree, "features.webhooks"),
            "{tree}"
        );
    }

    #[wasm_bindgen_test]
    fn a_question_of_another_shape_is_refused() {
        for question in [
            "[]",
            r#"{"defaults": []}"#,
            r#"{"defaults": {"chat": true}}"#,
            r#"{"groups": {}}"#,
            r#"{"groups": [1]}"#,
            r#"{"groups": [{}]}"#,
            r#"{"groups": [{"id": 1}]}"#,
            r#"{"groups": [{"id": "a", "parent_group_id": 1}]}"#,
            r#"{"groups": [{"id": "a", "permissions": true}]}"#,
            r#"{"groups": [{"id": "a", "permissions": {"chat": {"delete": 1}}}], "member_of": ["a"]}"#,
            r#"{"member_of": [1]}"#,
        ] {
            assert_eq!(effective_permissions(question), "!malformed_tree", "{question}");
        }
    }

    #[wasm_bindgen_test]
    fn a_token_is_told_in_four_lines() {
        assert_eq!(examined("eyJhbGciOiJIUzI1NiJ9.e30.AAAA"), "HS256\nnull\nwrong_issuer\n{}");
        // {"kid":"a\nb","alg":"HS256"}, {"iss":"portico"}
        let token = "eyJraWQiOiJhXG5iIiwiYWxnIjoiSFMyNTYifQ.eyJpc3MiOiJwb3J0aWNvIn0.AAAA";
        assert_eq!(examined(token), "HS256\n\"a\\u000ab\"\n\n{\"iss\":\"portico\"}");
    }
}
