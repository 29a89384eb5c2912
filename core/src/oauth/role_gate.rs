//! What a deployment of LibreChat's asks of roles at a provider of OpenID Connect (librechat.md §6.5).

use alloc::{string::String, vec::Vec};

use serde_json::Value;

use super::{claims::found, id_token::ClaimSet};

/// Which of a provider's words says what roles somebody has (librechat.md §6.5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenKind {
    /// The access token, where it is one that can be read.
    Access,
    /// The ID token.
    Id,
    /// The answer about the person.
    Userinfo,
}

impl TokenKind {
    /// Reads the spelling of the environment.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "access" => Some(Self::Access),
            "id" => Some(Self::Id),
            "userinfo" => Some(Self::Userinfo),
            _ => None,
        }
    }
}

/// What a provider has said about somebody, word for word.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// The access token's claims.
    pub access: Option<ClaimSet>,
    /// The ID token's claims.
    pub id: Option<ClaimSet>,
    /// The answer about the person.
    pub userinfo: Option<ClaimSet>,
}

/// A role that decides something.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoleGate {
    /// Any of these will do.
    pub roles: Vec<String>,
    /// Where roles stand; dots are steps.
    pub path: String,
    /// In which of the provider's words.
    pub kind: TokenKind,
}

impl RoleGate {
    /// Whether somebody has one of the roles; `None` when the provider does not say, or not in a way that can be read: that
    /// is not to have none (OA-18).
    pub fn holds(&self, words: &Words) -> Option<bool> {
        let is_wanted = |role: &str| self.roles.iter().any(|wanted| wanted == role);
        match self.said(words)? {
            Value::Array(list) => Some(list.iter().filter_map(Value::as_str).any(is_wanted)),
            Value::String(text) => {
                Some(text.split([' ', '\t', '\n', ',']).filter(|word| !word.is_empty()).any(is_wanted))
            }
            _ => None,
        }
    }

    /// The same where a plain yes will do: a flag names no role, but may say who administrates.
    fn holds_or_is_set(&self, words: &Words) -> Option<bool> {
        match self.said(words) {
            Some(Value::Bool(holds)) => Some(*holds),
            _ => self.holds(words),
        }
    }

    fn said<'w>(&self, words: &'w Words) -> Option<&'w Value> {
        let claims = match self.kind {
            TokenKind::Access => words.access.as_ref(),
            TokenKind::Id => words.id.as_ref(),
            TokenKind::Userinfo => words.userinfo.as_ref(),
        };
        found(claims?, &self.path)
    }
}

/// What a deployment of LibreChat's asks of roles at a provider of OpenID Connect (librechat.md §6.5).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RoleGates {
    /// Who has none of these is not let in.
    pub required: Option<RoleGate>,
    /// Who has one of these is an administrator, and nobody else who comes from there.
    pub admin: Option<RoleGate>,
}

/// What comes of that for somebody.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// They are not let in.
    pub is_refused: bool,
    /// Whether they are to administrate; `None` when nothing says so.
    pub is_admin: Option<bool>,
}

impl RoleGates {
    /// What comes of what a provider has said.
    pub fn standing(&self, words: &Words) -> Standing {
        Standing {
            // Nobody is let in whose roles are not known.
            is_refused: self.required.as_ref().is_some_and(|gate| gate.holds(words) != Some(true)),
            is_admin: self.admin.as_ref().and_then(|gate| gate.holds_or_is_set(words)),
        }
    }

    /// Whether the answer about the person matters.
    pub fn ask_userinfo(&self) -> bool {
        [&self.required, &self.admin].into_iter().flatten().any(|gate| gate.kind == TokenKind::Userinfo)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::vec;
    use serde_json::json;

    #[test]
    fn a_role_that_nobody_mentions_is_not_one_that_somebody_lacks() {
        /* OA-18 */
        let gate =
            |kind| RoleGate { roles: vec!["staff".into(), "boss".into()], path: "realm.roles".into(), kind };
        let words = |value: Value| {
            let claims = json!({"realm": {"roles": value}}).as_object().cloned();
            Words { id: claims, ..Words::default() }
        };
        let holds = |value: Value| gate(TokenKind::Id).holds(&words(value));
        for (value, expected) in [
            (json!(["x", "staff"]), Some(true)),
            (json!("x, boss"), Some(true)),
            (json!("x boss"), Some(true)),
            (json!(true), None),
            (json!(["Staff"]), Some(false)),
            (json!([]), Some(false)),
            (json!(""), Some(false)),
            (json!(7), None),
            (Value::Null, None),
        ] {
            assert_eq!(holds(value.clone()), expected, "{value}");
        }
        assert_eq!(gate(TokenKind::Userinfo).holds(&words(json!(["staff"]))), None);
        let gates = RoleGates { required: Some(gate(TokenKind::Id)), admin: Some(gate(TokenKind::Id)) };
        let unknown = Standing { is_refused: true, is_admin: None };
        assert_eq!(gates.standing(&Words::default()), unknown);
        let none = Standing { is_refused: true, is_admin: Some(false) };
        assert_eq!(gates.standing(&words(json!([]))), none);
        let flag = Standing { is_refused: true, is_admin: Some(true) };
        assert_eq!(gates.standing(&words(json!(true))), flag);
        assert_eq!(RoleGates::default().standing(&Words::default()), Standing::default());
        assert!(!gates.ask_userinfo());
    }
}
