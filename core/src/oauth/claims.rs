//! What a provider's claims say about somebody (open-webui.md §8.4).

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::Value;

use super::{id_token::ClaimSet, provider};

/// Longest subject that is kept, in bytes (OpenID Connect Core §2).
const MAX_SUBJECT_BYTES: usize = 255;
/// The claim that `email_verified` is about.
const EMAIL: &str = "email";

/// Where the claims stand. Names may be paths, with dots between.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimNames {
    /// What names the account; `None` for the provider's own.
    pub subject: Option<String>,
    /// The address.
    pub email: String,
    /// The name to show.
    pub name: String,
    /// What somebody calls themselves.
    pub username: String,
    /// Where the picture is; empty for no pictures.
    pub picture: String,
    /// Roles.
    pub roles: String,
    /// What stands between roles in one text.
    pub roles_separator: String,
    /// Groups.
    pub groups: String,
    /// What stands between groups in one text.
    pub groups_separator: String,
}

/// What a provider says about somebody.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    /// Names the account there, for good.
    pub subject: String,
    /// Their address, as it stands there.
    pub email: Option<String>,
    /// Whether the provider has seen that they read it (OA-10).
    pub is_email_verified: bool,
    /// Their name.
    pub name: Option<String>,
    /// What they call themselves there.
    pub username: Option<String>,
    /// Where their picture is.
    pub picture: Option<String>,
    /// Their roles; `None` when it does not say, or not in a way that can be read (OA-18).
    pub roles: Option<Vec<String>>,
    /// Their groups; the same.
    pub groups: Option<Vec<String>>,
    /// What the provider calls the session that they have there.
    pub session: Option<String>,
}

impl Profile {
    /// Reads claims in their usual places; `None` when they name no account.
    pub fn read(claims: &ClaimSet, names: &ClaimNames, quotes_booleans: bool) -> Option<Self> {
        let subject = provider::text(claims, names.subject.as_deref().unwrap_or("sub"))?;
        let text = |path: &str| found(claims, path).and_then(Value::as_str).filter(|text| !text.is_empty());
        let is_verified = match claims.get("email_verified") {
            Some(Value::Bool(is_verified)) => *is_verified,
            Some(Value::String(text)) => quotes_booleans && text == "true",
            _ => false,
        };
        Some(Self {
            email: text(&names.email).map(ToString::to_string),
            // That somebody reads what stands in `email` says nothing about what stands elsewhere.
            is_email_verified: is_verified && names.email == EMAIL,
            name: text(&names.name).map(ToString::to_string),
            username: text(&names.username).map(ToString::to_string),
            picture: text(&names.picture).map(ToString::to_string),
            roles: found(claims, &names.roles).and_then(|value| words(value, &names.roles_separator)),
            groups: found(claims, &names.groups).and_then(|value| words(value, &names.groups_separator)),
            session: text("sid").map(ToString::to_string),
            subject,
        })
        .filter(|profile| profile.subject.len() <= MAX_SUBJECT_BYTES)
    }

    /// The address of somebody whose provider knows none, in a domain that can have no mail (RFC 2606 §2 leaves `.local`
    /// to networks; the contract has it so).
    pub fn fallback_email(&self, provider: &str) -> String {
        format!("{provider}@{}.local", self.subject)
    }
}

/// The value at a path: step by step, or as one name that has dots in it, as some providers have (open-webui.md §8.4).
pub fn found<'a>(claims: &'a ClaimSet, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return None;
    }
    let is_readable = |value: &&Value| !value.is_object() && !value.is_null();
    let mut steps = path.split('.');
    let first = steps.next().and_then(|step| claims.get(step));
    let walked = first.and_then(|first| steps.try_fold(first, |value, step| value.get(step)));
    walked.filter(is_readable).or_else(|| claims.get(path).filter(is_readable))
}

/// The words of a claim: a list of texts, a text with a separator between words, or a number. Anything else grants
/// nothing, and takes nothing away (OA-18).
pub fn words(value: &Value, separator: &str) -> Option<Vec<String>> {
    match value {
        Value::Array(list) => list.iter().map(|word| word.as_str().map(ToString::to_string)).collect(),
        Value::String(text) if text.is_empty() => Some(Vec::new()),
        Value::String(text) if separator.is_empty() => Some([text.clone()].into()),
        Value::String(text) => Some(text.split(separator).map(ToString::to_string).collect()),
        Value::Number(number) => number.as_i64().map(|number| [number.to_string()].into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use serde_json::json;

    fn names() -> ClaimNames {
        ClaimNames {
            subject: None,
            email: "email".into(),
            name: "name".into(),
            username: "preferred_username".into(),
            picture: "picture".into(),
            roles: "realm_access.roles".into(),
            roles_separator: ",".into(),
            groups: "groups".into(),
            groups_separator: ";".into(),
        }
    }

    fn read(claims: Value) -> Option<Profile> {
        Profile::read(claims.as_object().unwrap(), &names(), false)
    }

    #[test]
    fn an_address_is_verified_when_its_provider_says_so_in_so_many_words() {
        /* OA-10 */
        let is_verified = |word: Value| {
            read(json!({"sub": "1", "email": "a@example.com", "email_verified": word}))
                .unwrap()
                .is_email_verified
        };
        assert!(is_verified(json!(true)));
        for word in [json!(false), json!("true"), json!(1), json!(null), json!([true])] {
            assert!(!is_verified(word.clone()), "{word}");
        }
        let claims =
            json!({"sub": "1", "email": "a@example.com", "email_verified": "true", "upn": "b@example.com"});
        let claims = claims.as_object().unwrap();
        assert!(Profile::read(claims, &names(), true).unwrap().is_email_verified, "Apple quotes it");
        let elsewhere = ClaimNames { email: "upn".into(), ..names() };
        let profile = Profile::read(claims, &elsewhere, true).unwrap();
        assert_eq!((profile.email.as_deref(), profile.is_email_verified), (Some("b@example.com"), false));
    }

    #[test]
    fn a_claim_that_is_missing_or_of_another_type_is_not_an_empty_list() {
        /* OA-18 */
        let roles = |claim: Value| read(json!({"sub": "1", "realm_access": {"roles": claim}})).unwrap().roles;
        assert_eq!(roles(json!([])), Some(Vec::new()));
        assert_eq!(roles(json!("")), Some(Vec::new()));
        assert_eq!(roles(json!(["a", "b"])), Some(["a".to_string(), "b".to_string()].into()));
        assert_eq!(roles(json!("a,b")), roles(json!(["a", "b"])));
        assert_eq!(roles(json!("a")), roles(json!(["a"])));
        assert_eq!(roles(json!(7)), roles(json!(["7"])));
        for claim in
            [json!(null), json!({"admin": true}), json!(true), json!(["admin", 1]), json!([["admin"]])]
        {
            assert_eq!(roles(claim.clone()), None, "{claim}");
        }
        assert_eq!(read(json!({"sub": "1"})).unwrap().roles, None);
    }

    #[test]
    fn paths_walk_and_names_with_dots_are_names() {
        let claims = json!({"a": {"b": {"c": "deep"}}, "x.y": ["flat"], "e": {"f": {}}});
        let claims = claims.as_object().unwrap();
        assert_eq!(found(claims, "a.b.c"), Some(&json!("deep")));
        assert_eq!(found(claims, "x.y"), Some(&json!(["flat"])));
        for path in ["", ".", "a", "a.b", "a.b.c.d", "e.f", "x", "y"] {
            assert_eq!(found(claims, path), None, "{path}");
        }
    }

    #[test]
    fn an_account_has_a_name_of_bounded_length() {
        /* OA-07 */
        assert_eq!(read(json!({"sub": 7})).unwrap().subject, "7");
        for subject in [json!(""), json!(null), json!(["1"]), json!(1.5), json!("x".repeat(256))] {
            assert!(read(json!({ "sub": subject })).is_none(), "{subject}");
        }
    }
}
