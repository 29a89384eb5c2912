//! What somebody may do here because of what their provider says (open-webui.md §8.6, librechat.md §6.5).

use alloc::{string::String, vec::Vec};

use crate::user::Role;
use regex_lite::Regex;

/// Stands for any role, in the list of those that are let in.
const ANY: &str = "*";

/// What an expression has, and a name has not (open-webui.md §8.6).
const EXPRESSION: [char; 11] = ['^', '$', '[', ']', '(', ')', '{', '}', '+', '\\', '|'];
const WILDCARDS: [char; 2] = ['*', '?'];

/// What roles and groups at a provider mean here.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AccessRules {
    /// Whether roles there decide about roles here.
    pub manages_roles: bool,
    /// Who has one of these is a member.
    pub allowed_roles: Vec<String>,
    /// Who has one of these is an administrator.
    pub admin_roles: Vec<String>,
    /// Whether groups there decide about groups here.
    pub manages_groups: bool,
    /// Whether groups that are missing here are made.
    pub creates_groups: bool,
    /// Patterns of groups that they decide nothing about.
    pub blocked_groups: Vec<String>,
}

/// What somebody's roles there mean.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RoleVerdict {
    /// Nothing: whoever has an account keeps the role it has.
    Keeps,
    /// They are not let in.
    Refused,
    /// This role.
    Role(Role),
}

impl AccessRules {
    /// What somebody's roles there mean, as far as they are known (OA-18).
    pub fn role(&self, roles: Option<&[String]>) -> RoleVerdict {
        let Some(roles) = roles.filter(|_| self.manages_roles) else { return RoleVerdict::Keeps };
        let has_one_of = |wanted: &[String]| wanted.iter().any(|role| roles.contains(role));
        if has_one_of(&self.admin_roles) {
            RoleVerdict::Role(Role::Admin)
        } else if has_one_of(&self.allowed_roles) || self.allowed_roles.iter().any(|role| role == ANY) {
            RoleVerdict::Role(Role::User)
        } else {
            RoleVerdict::Refused
        }
    }

    /// Whether nobody is let in whose roles are not known: for tokens that somebody else got (open-webui.md §8.6).
    pub fn needs_roles(&self) -> bool {
        self.manages_roles
            && !self.allowed_roles.is_empty()
            && !self.allowed_roles.iter().any(|role| role == ANY)
    }

    /// Whether some of the blocked groups are not named, but described.
    pub fn has_patterns(&self) -> bool {
        self.blocked_groups.iter().any(|pattern| pattern.contains(EXPRESSION) || pattern.contains(WILDCARDS))
    }

    /// Whether a group is none that a provider decides about.
    pub fn is_blocked(&self, group: &str) -> bool {
        self.blocked_groups.iter().any(|pattern| fits(pattern, group))
    }
}

/// Whether a name is the pattern, or has what the expression says, or fits the wildcards (open-webui.md §8.6).
fn fits(pattern: &str, name: &str) -> bool {
    let is_expression = pattern.contains(EXPRESSION);
    pattern == name
        || (is_expression && Regex::new(pattern).is_ok_and(|expression| expression.is_match(name)))
        || (pattern.contains(WILDCARDS) && fits_wildcards(pattern, name))
}

/// `*` stands for any text, `?` for one character.
fn fits_wildcards(pattern: &str, name: &str) -> bool {
    let mut expression = String::from("^(?s:");
    for character in pattern.chars() {
        match character {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            other => expression.push_str(&regex_lite::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    expression.push_str(")$");
    Regex::new(&expression).is_ok_and(|expression| expression.is_match(name))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn list(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).into()).collect()
    }

    fn rules(allowed: &[&str]) -> AccessRules {
        AccessRules {
            manages_roles: true,
            allowed_roles: list(allowed),
            admin_roles: list(&["admin"]),
            ..AccessRules::default()
        }
    }

    #[test]
    fn roles_that_are_known_decide_and_the_administrators_wins() {
        /* OA-18 */
        let verdict = |allowed: &[&str], roles: &[&str]| rules(allowed).role(Some(&list(roles)));
        assert_eq!(verdict(&["user"], &["user", "admin"]), RoleVerdict::Role(Role::Admin));
        assert_eq!(verdict(&["user"], &["user"]), RoleVerdict::Role(Role::User));
        assert_eq!(verdict(&["*"], &["anything"]), RoleVerdict::Role(Role::User));
        for roles in [&["User"][..], &["users"], &["*"], &[]] {
            assert_eq!(verdict(&["user"], roles), RoleVerdict::Refused, "{roles:?}");
        }
        assert_eq!(rules(&["user"]).role(None), RoleVerdict::Keeps, "not known is not none");
        assert_eq!(AccessRules::default().role(Some(&list(&["admin"]))), RoleVerdict::Keeps);
        assert!(rules(&["user"]).needs_roles() && !rules(&["*"]).needs_roles() && !rules(&[]).needs_roles());
    }

    #[test]
    fn blocked_groups_are_named_or_matched() {
        let is_blocked = |pattern: &str, group: &str| {
            AccessRules { blocked_groups: list(&[pattern]), ..AccessRules::default() }.is_blocked(group)
        };
        for (pattern, group) in [
            ("staff", "staff"),
            ("it-*", "it-ops"),
            ("team-?", "team-a"),
            ("^it-", "it-ops"),
            ("ops$", "it-ops"),
            ("a(b|c)", "xaby"),
            ("a.b*", "a.bc"),
            ("*", "any\nthing"),
            ("(", "("),
        ] {
            assert!(is_blocked(pattern, group), "{pattern} {group}");
        }
        for (pattern, group) in [
            ("staff", "Staff"),
            ("staff", "staffing"),
            ("it-*", "not it-ops"),
            ("a.b*", "axb"),
            ("team-?", "team-"),
            ("(", "x"),
        ] {
            assert!(!is_blocked(pattern, group), "{pattern} {group}");
        }
    }
}
