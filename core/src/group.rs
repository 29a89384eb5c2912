//! Groups: what they are, and who is in them by way of which other group (open-webui.md §1.9, §7.2).

use alloc::{string::String, vec, vec::Vec};

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

/// How groups stand above each other: those above pass on what they grant (open-webui.md §7.4). `G` is whatever the
/// caller knows of a group.
#[derive(Clone, Debug)]
pub struct Hierarchy<Id, G> {
    places: Vec<Place<Id, G>>,
}

#[derive(Clone, Debug)]
struct Place<Id, G> {
    id: Id,
    parent: Option<Id>,
    group: G,
}

impl<'g> Hierarchy<GroupId, &'g Group> {
    /// The hierarchy of all groups.
    pub fn of(groups: &'g [Group]) -> Self {
        groups.iter().map(|group| (group.id, group.parent, group)).collect()
    }
}

impl<Id: Eq, G> Hierarchy<Id, G> {
    /// These groups and all above them, each once. Groups that are gone are left out; a circle ends where it began.
    pub fn with_ancestors(&self, groups: &[Id]) -> Vec<&G> {
        self.climb(groups).into_iter().map(|place| &place.group).collect()
    }

    /// All groups below this one.
    pub fn descendants(&self, group: &Id) -> Vec<&G> {
        let is_below = |place: &&Place<Id, G>| {
            place.id != *group && self.climb([&place.id]).iter().any(|above| above.id == *group)
        };
        self.places.iter().filter(is_below).map(|place| &place.group).collect()
    }

    fn climb<'i>(&self, groups: impl IntoIterator<Item = &'i Id>) -> Vec<&Place<Id, G>>
    where
        Id: 'i,
    {
        let mut seen = vec![false; self.places.len()];
        let mut reached = Vec::new();
        for id in groups {
            let mut next = Some(id);
            while let Some((place, seen)) = next.and_then(|id| self.find(id, &mut seen)) {
                // Those above have been reached, too.
                if core::mem::replace(seen, true) {
                    break;
                }
                reached.push(place);
                next = place.parent.as_ref();
            }
        }
        reached
    }

    fn find<'s>(&self, id: &Id, seen: &'s mut [bool]) -> Option<(&Place<Id, G>, &'s mut bool)> {
        // One by one: a deployment has hundreds at most, and browsers would have to load a sort.
        self.places.iter().zip(seen).find(|(place, _)| place.id == *id)
    }
}

/// Of groups in any order: the id of each, that of the group above it, and the group.
impl<Id, G> FromIterator<(Id, Option<Id>, G)> for Hierarchy<Id, G> {
    fn from_iter<I: IntoIterator<Item = (Id, Option<Id>, G)>>(groups: I) -> Self {
        let place = |(id, parent, group)| Place { id, parent, group };
        Self { places: groups.into_iter().map(place).collect() }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    type Numbers = Hierarchy<u32, u32>;

    fn hierarchy(parents: &[(u32, Option<u32>)]) -> Numbers {
        parents.iter().map(|(group, parent)| (*group, *parent, *group)).collect()
    }

    fn with_ancestors(hierarchy: &Numbers, groups: &[u32]) -> Vec<u32> {
        hierarchy.with_ancestors(groups).into_iter().copied().collect()
    }

    #[test]
    fn ancestors_go_up_to_the_top_and_descendants_down_to_the_bottom() {
        let tree = hierarchy(&[(1, None), (3, Some(2)), (2, Some(1)), (4, Some(1)), (5, None)]);
        assert_eq!(with_ancestors(&tree, &[3]), [3, 2, 1]);
        assert_eq!(with_ancestors(&tree, &[4, 2, 4]), [4, 1, 2], "each once");
        assert_eq!(with_ancestors(&tree, &[1, 5]), [1, 5]);
        assert_eq!(tree.descendants(&1), [&3, &2, &4]);
        assert!(tree.descendants(&5).is_empty());
    }

    #[test]
    fn circles_and_groups_that_are_gone_end_the_climb() {
        let circle = hierarchy(&[(1, Some(2)), (2, Some(1)), (3, Some(9)), (4, Some(4))]);
        assert_eq!(with_ancestors(&circle, &[1]), [1, 2]);
        assert_eq!(with_ancestors(&circle, &[3, 8, 4]), [3, 4]);
    }
}
