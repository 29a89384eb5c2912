//! Groups: what they are, and who is in them by way of which other group (open-webui.md §1.9, §7.2).

use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use crate::{
    id::{GroupId, UserId},
    time::UnixSeconds,
};

/// A group as it is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Group {
    /// The group.
    pub id: GroupId,
    /// Whoever created it, while they have an account.
    pub created_by: Option<UserId>,
    /// Its name; several groups may have the same.
    pub name: String,
    /// Free text.
    pub description: String,
    /// The group above it, whose grants its members inherit.
    pub parent: Option<GroupId>,
    /// A partial permission tree as JSON; `None` grants nothing.
    pub permissions: Option<String>,
    /// A JSON object of the API, such as `{"config": {"share": true}}`.
    pub data: Option<String>,
    /// A JSON object of the API.
    pub meta: Option<String>,
    /// When it was created.
    pub created_at: UnixSeconds,
    /// When it was changed last.
    pub updated_at: UnixSeconds,
    /// How many are in it directly.
    pub member_count: u32,
}

/// A group about to be created.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Its future id.
    pub id: GroupId,
    /// Who creates it.
    pub created_by: UserId,
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// The group to put it under.
    pub parent: Option<GroupId>,
    /// A checked permission tree.
    pub permissions: Option<String>,
    /// A JSON object.
    pub data: Option<String>,
}

/// What changes about a group; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct GroupChange {
    /// Its name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The group above it; `Some(None)` for none.
    pub parent: Option<Option<GroupId>>,
    /// A checked permission tree, in the place of the whole old one.
    pub permissions: Option<String>,
    /// JSON objects: the present one, as it was read, and what takes its place.
    pub data: Option<(Option<String>, String)>,
}

/// How groups stand above each other.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    parents: BTreeMap<GroupId, Option<GroupId>>,
}

impl Hierarchy {
    /// The hierarchy of all groups.
    pub fn of(groups: &[Group]) -> Self {
        Self { parents: groups.iter().map(|group| (group.id, group.parent)).collect() }
    }

    /// These groups and all above them. A circle ends where it began.
    pub fn with_ancestors(&self, groups: &[GroupId]) -> BTreeSet<GroupId> {
        let mut reached = BTreeSet::new();
        for group in groups {
            let mut next = Some(*group);
            while let Some(id) = next.filter(|id| self.parents.contains_key(id) && !reached.contains(id)) {
                reached.insert(id);
                next = self.parents.get(&id).copied().flatten();
            }
        }
        reached
    }

    /// All groups below this one.
    pub fn descendants(&self, group: GroupId) -> Vec<GroupId> {
        let below = |id: &GroupId| *id != group && self.with_ancestors(&[*id]).contains(&group);
        self.parents.keys().copied().filter(below).collect()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::{format, vec};

    fn id(number: u32) -> GroupId {
        GroupId::parse(&format!("{number:08x}-0000-4000-8000-000000000000")).unwrap()
    }

    fn hierarchy(parents: &[(u32, Option<u32>)]) -> Hierarchy {
        Hierarchy { parents: parents.iter().map(|(group, parent)| (id(*group), parent.map(id))).collect() }
    }

    #[test]
    fn ancestors_go_up_to_the_top_and_descendants_down_to_the_bottom() {
        let tree = hierarchy(&[(1, None), (2, Some(1)), (3, Some(2)), (4, Some(1)), (5, None)]);
        assert_eq!(tree.with_ancestors(&[id(3)]), [id(1), id(2), id(3)].into());
        assert_eq!(tree.descendants(id(1)), vec![id(2), id(3), id(4)]);
        assert_eq!(tree.descendants(id(5)), vec![]);
    }

    #[test]
    fn circles_and_groups_that_are_gone_end_the_climb() {
        let circle = hierarchy(&[(1, Some(2)), (2, Some(1)), (3, Some(9))]);
        assert_eq!(circle.with_ancestors(&[id(1)]), [id(1), id(2)].into());
        assert_eq!(circle.with_ancestors(&[id(3), id(8)]), [id(3)].into());
    }
}
