//! The tree form `{"chat": {"delete": true, …}, …}`, used on the wire only.

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeStruct as _},
};
use serde_json::Value;

use super::{catalog::CATALOG, set::PermissionSet};

/// Serialises a set as the contract's tree: every section, every leaf, all booleans.
#[derive(Clone, Copy, Debug)]
pub struct PermissionTree(pub PermissionSet);

impl Serialize for PermissionTree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tree = serializer.serialize_map(None)?;
        let mut start = 0;
        for section in CATALOG.chunk_by(|a, b| a.section == b.section) {
            if let Some(first) = section.first() {
                tree.serialize_entry(first.section, &Section { set: self.0, start, len: section.len() })?;
            }
            start += section.len();
        }
        tree.end()
    }
}

struct Section {
    set: PermissionSet,
    start: usize,
    len: usize,
}

impl Serialize for Section {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut leaves = serializer.serialize_struct("Section", self.len)?;
        for (index, permission) in CATALOG.iter().enumerate().skip(self.start).take(self.len) {
            leaves.serialize_field(permission.name, &self.set.contains_index(index))?;
        }
        leaves.end()
    }
}

/// Whether a tree as the API sends it grants `path`, such as `chat.delete` (open-webui.md §7.4). A
/// missing path, a section in place of a leaf, and anything but `true` grant nothing.
pub fn has_permission(tree: &Value, path: &str) -> bool {
    let leaf = path.split('.').try_fold(tree, |node, name| node.as_object()?.get(name));
    leaf == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tree(set: PermissionSet) -> Value {
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
        assert_eq!(leaves, CATALOG.len());
    }

    #[test]
    fn the_environment_overrules_single_leaves() {
        let set = PermissionSet::defaults(|p| (p.variable == "FEATURES_API_KEYS").then_some(true));
        assert!(has_permission(&tree(set), "features.api_keys"));
        assert!(!has_permission(&tree(set), "features.webhooks"));
    }

    #[test]
    fn a_missing_path_or_a_non_boolean_grants_nothing() {
        let tree = json!({"chat": {"delete": true, "edit": "true", "share": 1}, "notes": true});
        assert!(has_permission(&tree, "chat.delete"));
        for path in ["chat.edit", "chat.share", "chat", "chat.delete.x", "chat.none", "", ".", "notes.x"] {
            assert!(!has_permission(&tree, path), "{path:?}");
        }
        assert!(!has_permission(&json!(null), "chat.delete"));
        assert!(!has_permission(&json!([{"chat": true}]), "0.chat"));
    }
}
