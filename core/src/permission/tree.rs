//! The tree form `{"chat": {"delete": true, …}, …}`, used on the wire only.

use alloc::vec::Vec;

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeStruct as _},
};

use super::{catalog::Permission, other_leaves::OtherLeaves, set::PermissionSet};
use crate::json::{Json, Limits, Members};

/// Serialises a set as the contract's tree: every section, every leaf, all booleans.
#[derive(Clone, Copy, Debug)]
pub struct PermissionTree<P: Permission>(pub PermissionSet<P>);

impl<P: Permission> Serialize for PermissionTree<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tree = serializer.serialize_map(None)?;
        for section in P::ALL.chunk_by(|a, b| a.section() == b.section()) {
            if let Some(first) = section.first() {
                tree.serialize_entry(first.section(), &Section { set: self.0, section })?;
            }
        }
        tree.end()
    }
}

struct Section<P: Permission> {
    set: PermissionSet<P>,
    section: &'static [P],
}

impl<P: Permission> Serialize for Section<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut leaves = serializer.serialize_struct("Section", self.section.len())?;
        for permission in self.section {
            leaves.serialize_field(permission.name(), &self.set.contains(*permission))?;
        }
        leaves.end()
    }
}

/// A tree that may leave leaves out, as groups and stored defaults do.
#[derive(Clone, Debug)]
pub struct PartialTree<P: Permission> {
    named: PermissionSet<P>,
    granted: PermissionSet<P>,
    other: OtherLeaves,
}

/// Not a tree of two levels with booleans at the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MalformedTree;

impl<P: Permission> PartialTree<P> {
    /// Reads a tree; `null` is one without leaves. Sections and leaves that this catalogue does not know
    /// are kept apart, as long as they have the form of the others.
    ///
    /// # Errors
    /// [`MalformedTree`] for a leaf where a section belongs and for a value that is no boolean: such a
    /// tree must not be stored.
    pub fn parse(text: &str) -> Result<Self, MalformedTree> {
        if text.trim() == "null" {
            return Ok(Leaves::default().into());
        }
        let tree = Members::parse(text.into(), TREE_LIMITS).map_err(|_| MalformedTree)?;
        let mut leaves: Leaves<P> = Leaves::default();
        for section in tree.names() {
            let Some(Json::Object(members)) = tree.get(section) else { return Err(MalformedTree) };
            leaves.read(section, members)?;
        }
        Ok(leaves.into())
    }

    /// What the tree grants by itself: what it leaves out is not granted.
    pub const fn granted(&self) -> PermissionSet<P> {
        self.granted
    }

    /// What the tree says about names that the catalogue does not have.
    pub(super) const fn other(&self) -> &OtherLeaves {
        &self.other
    }

    /// The tree with its gaps filled; what it says stays, also where it says no (§7.4 step 1).
    pub fn filled(&self, defaults: PermissionSet<P>) -> PermissionSet<P> {
        let silent = |permission: &P| !self.named.contains(*permission) && defaults.contains(*permission);
        self.granted.union(P::ALL.iter().copied().filter(silent).collect())
    }
}

/// The leaves read so far.
struct Leaves<P> {
    named: Vec<P>,
    granted: Vec<P>,
    other: OtherLeaves,
}

impl<P> Default for Leaves<P> {
    fn default() -> Self {
        Self { named: Vec::new(), granted: Vec::new(), other: OtherLeaves::default() }
    }
}

impl<P: Permission> From<Leaves<P>> for PartialTree<P> {
    fn from(leaves: Leaves<P>) -> Self {
        Self {
            named: leaves.named.into_iter().collect(),
            granted: leaves.granted.into_iter().collect(),
            other: leaves.other,
        }
    }
}

impl<P: Permission> Leaves<P> {
    fn read(&mut self, section: &str, members: &str) -> Result<(), MalformedTree> {
        let members = Members::parse(members.into(), TREE_LIMITS).map_err(|_| MalformedTree)?;
        for name in members.names() {
            let Some(Json::Bool(granted)) = members.get(name) else { return Err(MalformedTree) };
            let known = P::ALL.iter().find(|known| known.section() == section && known.name() == name);
            match known {
                Some(permission) => {
                    self.named.push(*permission);
                    self.granted.extend(granted.then_some(*permission));
                }
                None => self.other.add(section, name, granted),
            }
        }
        Ok(())
    }
}

/// Limits of a tree that somebody shows: two levels, and room for names that we do not know yet.
const TREE_LIMITS: Limits = Limits { depth: 8, members: 2_048 };

/// Whether a tree as the API sends it grants `path`, such as `chat.delete` (open-webui.md §7.4). A
/// missing path, a section in place of a leaf, and anything but `true` grant nothing.
pub fn has_permission(tree: &str, path: &str) -> bool {
    let Ok(members) = Members::parse(tree.into(), TREE_LIMITS) else { return false };
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    match (members.get(name), rest) {
        (Some(Json::Bool(granted)), None) => granted,
        (Some(Json::Object(section)), Some(rest)) => has_permission(section, rest),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::permission::Feature;
    use alloc::string::ToString as _;
    use serde_json::{Value, json};

    fn tree(set: PermissionSet<Feature>) -> Value {
        serde_json::to_value(PermissionTree(set)).unwrap()
    }

    #[test]
    fn the_tree_holds_every_leaf_with_its_default() {
        let tree = tree(PermissionSet::defaults(|_| None));
        assert_eq!(tree.as_object().unwrap().len(), 6);
        assert_eq!(tree["workspace"]["models"], json!(false));
        assert_eq!(tree["access_grants"], json!({"allow_users": true, "allow_groups": true}));
        assert_eq!(tree["chat"]["temporary_enforced"], json!(false));
        assert_eq!(tree["settings"], json!({"interface": true}));
        let leaves: usize = tree.as_object().unwrap().values().map(|s| s.as_object().unwrap().len()).sum();
        assert_eq!(leaves, Feature::ALL.len());
    }

    #[test]
    fn the_environment_overrules_single_leaves() {
        let set = PermissionSet::defaults(|p: Feature| (p.setting() == "FEATURES_API_KEYS").then_some(true));
        assert!(has_permission(&tree(set).to_string(), "features.api_keys"));
        assert!(!has_permission(&tree(set).to_string(), "features.webhooks"));
    }

    #[test]
    fn a_missing_path_or_a_non_boolean_grants_nothing() {
        let tree = json!({"chat": {"delete": true, "edit": "true", "share": 1}, "notes": true}).to_string();
        assert!(has_permission(&tree, "chat.delete"));
        for path in ["chat.edit", "chat.share", "chat", "chat.delete.x", "chat.none", "", ".", "notes.x"] {
            assert!(!has_permission(&tree, path), "{path:?}");
        }
        for text in ["", "null", r#"[{"chat": true}]"#, r#"{"0": {"chat": true}"#] {
            assert!(!has_permission(text, "0.chat"), "{text}");
        }
    }

    #[test]
    fn gaps_are_filled_and_what_is_said_stays_said() {
        let stored =
            PartialTree::<Feature>::parse(r#"{"chat": {"delete": false}, "features": {"api_keys": true}}"#);
        let filled = stored.unwrap().filled(PermissionSet::defaults(|_| None));
        assert!(!filled.contains(Feature::ChatDelete) && filled.contains(Feature::FeaturesApiKeys));
        assert!(filled.contains(Feature::SettingsInterface), "the stored tree lacks that section");
        assert_eq!(PartialTree::<Feature>::parse("null").unwrap().granted(), PermissionSet::none());
        let unknown = PartialTree::<Feature>::parse(r#"{"chat": {"fly": true}, "cooking": {"bake": true}}"#);
        assert_eq!(unknown.unwrap().granted(), PermissionSet::none());
    }

    #[test]
    fn a_tree_of_another_shape_is_refused() {
        for text in [
            "",
            "[]",
            "true",
            r#"{"chat": true}"#,
            r#"{"chat": {"delete": 1}}"#,
            r#"{"chat": {"delete": null}}"#,
            r#"{"chat": {"delete": {"x": true}}}"#,
            r#"{"chat": {}, "chat": {}}"#,
            r#"{"new": {"leaf": "true"}}"#,
        ] {
            assert_eq!(PartialTree::<Feature>::parse(text).unwrap_err(), MalformedTree, "{text}");
        }
    }

    #[test]
    fn a_tree_reads_back_as_the_set_it_was_written_from() {
        let set: PermissionSet<Feature> = PermissionSet::defaults(|_| None);
        let text = tree(set).to_string();
        assert_eq!(PartialTree::<Feature>::parse(&text).unwrap().granted(), set);
    }
}
