//! What somebody may do, and what groups grant: a set of the catalogue, and names that it does not have.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};

use super::{
    catalog::Permission as _,
    feature::Feature,
    other_leaves::{Leaves, OtherLeaves},
    set::PermissionSet,
    tree::{MalformedTree, PartialTree},
};

/// Permissions together with names that the catalogue does not have. Serialised, they have a short form for messages
/// between parts of one deployment; the wire gets the [tree](Self::tree).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Permissions {
    #[serde(default, skip_serializing_if = "PermissionSet::is_empty")]
    known: PermissionSet<Feature>,
    #[serde(default, skip_serializing_if = "OtherLeaves::is_empty")]
    other: OtherLeaves,
}

impl Permissions {
    /// What somebody may do (open-webui.md §7.4): the `defaults`, where a stored no stays a no and gaps are filled as the
    /// catalogue has them, and what the trees of their groups grant. Each is a JSON text.
    ///
    /// # Errors
    /// [`MalformedTree`] when one of them is none.
    pub fn resolve<'t>(
        defaults: &'t str,
        groups: impl IntoIterator<Item = &'t str>,
    ) -> Result<Self, MalformedTree> {
        let filled = PartialTree::parse(defaults)?.filled(PermissionSet::defaults(|_| None));
        // What they say about names that the catalogue does not have counts as a group's does.
        let granted = Self::granted_by(groups.into_iter().chain([defaults]))?;
        Ok(Self::from(filled).and(&granted))
    }

    /// What these trees grant together; each a JSON text, as a group has it.
    ///
    /// # Errors
    /// [`MalformedTree`] when one of them is none.
    pub fn granted_by<'t>(trees: impl IntoIterator<Item = &'t str>) -> Result<Self, MalformedTree> {
        let mut granted = Self::default();
        for tree in trees {
            let tree = PartialTree::<Feature>::parse(tree)?;
            granted.known = granted.known.union(tree.granted());
            granted.add_other(tree.other());
        }
        Ok(granted)
    }

    /// These and those.
    pub fn and(mut self, more: &Self) -> Self {
        self.known = self.known.union(more.known);
        self.add_other(&more.other);
        self
    }

    /// Whether a permission is among them.
    pub fn contains(&self, permission: Feature) -> bool {
        self.known.contains(permission)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && self.other.is_empty()
    }

    /// All that the catalogue has, and everything else, as the API shows it.
    pub const fn tree(&self) -> Tree<'_> {
        Tree(self)
    }

    fn add_other(&mut self, more: &OtherLeaves) {
        for leaf in more.iter() {
            self.other.add(&leaf.section, &leaf.name, leaf.granted);
        }
    }
}

impl From<PermissionSet<Feature>> for Permissions {
    fn from(known: PermissionSet<Feature>) -> Self {
        Self { known, other: OtherLeaves::default() }
    }
}

/// The tree form of [`Permissions`].
#[derive(Clone, Copy, Debug)]
pub struct Tree<'p>(&'p Permissions);

impl Serialize for Tree<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Permissions { known, other } = self.0;
        let mut tree = serializer.serialize_map(None)?;
        let sections = || Feature::ALL.chunk_by(|a, b| a.section() == b.section());
        for section in sections() {
            let Some(first) = section.first() else { continue };
            tree.serialize_entry(first.section(), &Section { known: *known, section, other })?;
        }
        let is_known = |name: &str| {
            sections().any(|section| section.first().is_some_and(|first| first.section() == name))
        };
        for leaves in other.sections() {
            if let Some(first) = leaves.first().filter(|first| !is_known(&first.section)) {
                tree.serialize_entry(&first.section, &Leaves(leaves))?;
            }
        }
        tree.end()
    }
}

struct Section<'p> {
    known: PermissionSet<Feature>,
    section: &'static [Feature],
    other: &'p OtherLeaves,
}

impl Serialize for Section<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut leaves = serializer.serialize_map(None)?;
        for permission in self.section {
            leaves.serialize_entry(permission.name(), &self.known.contains(*permission))?;
        }
        let section = self.section.first().map(|first| first.section());
        for other in self.other.iter().filter(|other| Some(other.section.as_str()) == section) {
            leaves.serialize_entry(&other.name, &other.granted)?;
        }
        leaves.end()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use serde_json::json;

    #[test]
    fn groups_add_to_the_defaults_whose_gaps_are_filled() {
        let defaults = r#"{"chat": {"delete": false}, "new": {"leaf": true}}"#;
        let groups = [
            r#"{"chat": {"delete": false}}"#,
            r#"{"features": {"api_keys": true}, "extra": {"custom": true}}"#,
        ];
        let all = Permissions::resolve(defaults, groups).unwrap();
        assert!(!all.contains(Feature::ChatDelete), "what the defaults say stays said");
        assert!(all.contains(Feature::ChatEdit), "what they leave out is the catalogue's");
        assert!(all.contains(Feature::FeaturesApiKeys) && !all.contains(Feature::FeaturesWebhooks));
        let tree = serde_json::to_value(all.tree()).unwrap();
        assert_eq!((&tree["new"]["leaf"], &tree["extra"]["custom"]), (&json!(true), &json!(true)));
        let nothing = Permissions::resolve("null", []).unwrap();
        assert_eq!(nothing, Permissions::from(PermissionSet::defaults(|_| None)));
        assert_eq!(Permissions::resolve("[]", []), Err(MalformedTree));
    }

    #[test]
    fn names_that_nobody_knows_are_carried_along() {
        let red = r#"{"chat": {"delete": false, "fly": true}, "extra": {"custom": false}}"#;
        let blue = r#"{"features": {"api_keys": true}, "extra": {"custom": true}}"#;
        let granted = Permissions::granted_by([red, blue, "null"]).unwrap();
        let all = Permissions::from(PermissionSet::defaults(|_| None)).and(&granted);
        assert!(all.contains(Feature::ChatDelete) && all.contains(Feature::FeaturesApiKeys));
        let tree = serde_json::to_value(all.tree()).unwrap();
        assert_eq!(tree["extra"], json!({"custom": true}));
        assert_eq!((&tree["chat"]["fly"], &tree["chat"]["delete"]), (&json!(true), &json!(true)));
        let short = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Permissions>(&short).unwrap(), all);
        assert_eq!(serde_json::to_string(&Permissions::default()).unwrap(), "{}");
        assert!(Permissions::granted_by([red, "[]"]).is_err());
    }
}
