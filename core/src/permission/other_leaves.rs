//! Leaves of permission trees that this version has no name for. They are carried along: a newer client may know them.

use alloc::{borrow::ToOwned as _, collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap as _};

/// Such leaves, each once. A sorted list and no map of maps: there are hardly ever any, and browsers load this code.
/// Serialised, it is a tree.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct OtherLeaves(Vec<OtherLeaf>);

/// One of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct OtherLeaf {
    pub(super) section: String,
    pub(super) name: String,
    pub(super) granted: bool,
}

impl OtherLeaves {
    /// Adds what a leaf grants; a refusal takes nothing away.
    pub(super) fn add(&mut self, section: &str, name: &str, granted: bool) {
        let place =
            self.0.binary_search_by(|leaf| (leaf.section.as_str(), leaf.name.as_str()).cmp(&(section, name)));
        match place.map(|at| self.0.get_mut(at)) {
            Ok(Some(leaf)) => leaf.granted |= granted,
            Ok(None) => {}
            Err(at) => {
                self.0.insert(at, OtherLeaf { section: section.to_owned(), name: name.to_owned(), granted });
            }
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, those of one section together.
    pub(super) fn iter(&self) -> impl Iterator<Item = &OtherLeaf> {
        self.0.iter()
    }

    /// The sections with their leaves.
    pub(super) fn sections(&self) -> impl Iterator<Item = &[OtherLeaf]> {
        self.0.chunk_by(|a, b| a.section == b.section)
    }
}

impl Serialize for OtherLeaves {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tree = serializer.serialize_map(None)?;
        for leaves in self.sections() {
            if let Some(first) = leaves.first() {
                tree.serialize_entry(&first.section, &Leaves(leaves))?;
            }
        }
        tree.end()
    }
}

/// The leaves of one section.
pub(super) struct Leaves<'l>(pub(super) &'l [OtherLeaf]);

impl Serialize for Leaves<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|leaf| (&leaf.name, leaf.granted)))
    }
}

impl<'de> Deserialize<'de> for OtherLeaves {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = BTreeMap::<String, BTreeMap<String, bool>>::deserialize(deserializer)?;
        let mut leaves = Self::default();
        for (section, names) in &tree {
            for (name, granted) in names {
                leaves.add(section, name, *granted);
            }
        }
        Ok(leaves)
    }
}
