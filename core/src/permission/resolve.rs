//! From groups to what a member may do (open-webui.md §7.4): a pure function on sets.

use alloc::{vec, vec::Vec};

use super::{catalog::Permission, set::PermissionSet};
use crate::id::GroupId;

/// What one group grants, and whose grants its members inherit.
#[derive(Clone, Copy, Debug)]
pub struct GroupGrants<P: Permission> {
    /// The group.
    pub id: GroupId,
    /// The group above it.
    pub parent: Option<GroupId>,
    /// What it grants by itself.
    pub grants: PermissionSet<P>,
}

/// The groups of a deployment, as far as they matter for somebody.
#[derive(Clone, Debug)]
pub struct Groups<P: Permission>(Vec<GroupGrants<P>>);

impl<P: Permission> Groups<P> {
    /// Groups in any order, each id once.
    pub fn new(mut groups: Vec<GroupGrants<P>>) -> Self {
        groups.sort_unstable_by_key(|group| group.id);
        Self(groups)
    }

    /// What a member of `direct` may do: the defaults, and everything that these groups or any group
    /// above them grants. Groups only add. Groups that are gone grant nothing; a circle of parents ends
    /// where it began.
    pub fn resolve(&self, defaults: PermissionSet<P>, direct: &[GroupId]) -> PermissionSet<P> {
        let mut seen = vec![false; self.0.len()];
        let mut effective = defaults;
        for id in direct {
            let mut next = Some(*id);
            while let Some((group, seen)) = next.and_then(|id| self.find(id, &mut seen)) {
                // Its ancestors have been counted, too.
                if core::mem::replace(seen, true) {
                    break;
                }
                effective = effective.union(group.grants);
                next = group.parent;
            }
        }
        effective
    }

    fn find<'s>(&self, id: GroupId, seen: &'s mut [bool]) -> Option<(&GroupGrants<P>, &'s mut bool)> {
        let at = self.0.binary_search_by_key(&id, |group| group.id).ok()?;
        Some((self.0.get(at)?, seen.get_mut(at)?))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::permission::Feature::{
        self, ChatDelete, ChatTemporaryEnforced, FeaturesApiKeys, FeaturesWebhooks,
    };
    use alloc::format;

    fn id(number: u32) -> GroupId {
        GroupId::parse(&format!("{number:08x}-0000-4000-8000-000000000000")).unwrap()
    }

    fn group(number: u32, parent: Option<u32>, grants: &[Feature]) -> GroupGrants<Feature> {
        GroupGrants { id: id(number), parent: parent.map(id), grants: grants.iter().copied().collect() }
    }

    fn resolve(groups: &[GroupGrants<Feature>], direct: &[u32]) -> PermissionSet<Feature> {
        let direct: Vec<_> = direct.iter().map(|number| id(*number)).collect();
        Groups::new(groups.to_vec()).resolve(PermissionSet::defaults(|_| None), &direct)
    }

    #[test]
    fn a_member_has_the_defaults_and_what_any_group_grants() {
        let groups =
            [group(1, None, &[]), group(2, None, &[FeaturesApiKeys]), group(3, None, &[FeaturesWebhooks])];
        let effective = resolve(&groups, &[1, 2]);
        assert!(effective.contains(ChatDelete), "a group that says nothing takes nothing away");
        assert!(effective.contains(FeaturesApiKeys) && !effective.contains(FeaturesWebhooks));
        assert_eq!(resolve(&groups, &[]), PermissionSet::defaults(|_| None));
        assert!(resolve(&[group(1, None, &[ChatTemporaryEnforced])], &[1]).contains(ChatTemporaryEnforced));
    }

    #[test]
    fn grants_come_down_from_every_ancestor_and_not_up_from_children() {
        let groups = [group(1, Some(2), &[]), group(2, Some(3), &[]), group(3, None, &[FeaturesApiKeys])];
        assert!(resolve(&groups, &[1]).contains(FeaturesApiKeys));
        let groups = [group(1, Some(2), &[FeaturesApiKeys]), group(2, None, &[])];
        assert!(!resolve(&groups, &[2]).contains(FeaturesApiKeys));
    }

    #[test]
    fn circles_and_groups_that_are_gone_end_the_climb() {
        let circle = [group(1, Some(2), &[FeaturesApiKeys]), group(2, Some(1), &[FeaturesWebhooks])];
        let effective = resolve(&circle, &[1, 2]);
        assert!(effective.contains(FeaturesApiKeys) && effective.contains(FeaturesWebhooks));
        assert_eq!(resolve(&[group(1, Some(9), &[])], &[1, 8]), PermissionSet::defaults(|_| None));
        assert_eq!(resolve(&[group(1, Some(1), &[])], &[1]), PermissionSet::defaults(|_| None));
    }
}
