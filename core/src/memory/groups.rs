use alloc::{collections::BTreeSet, string::String, vec::Vec};

use super::Memory;
use crate::{
    audit::AuditEvent,
    group::{Group, GroupChange, Hierarchy, NewGroup},
    id::{GroupId, UserId},
    identity::GroupTemplate,
    permission::Permissions,
    ports::{GroupChanged, Groups, PortError, granted_by},
    time::UnixSeconds,
};

/// Groups in the order of their creation, and memberships in the order of joining.
#[derive(Debug, Default)]
pub(super) struct GroupTable {
    groups: Vec<Group>,
    members: Vec<(GroupId, UserId)>,
    /// Memberships that a list of names brought about.
    synced: BTreeSet<(GroupId, UserId)>,
}

impl GroupTable {
    fn find(&self, id: GroupId) -> Option<Group> {
        let count = self.members.iter().filter(|(group, _)| *group == id).count();
        let group = self.groups.iter().find(|group| group.id == id)?;
        Some(Group { member_count: u32::try_from(count).unwrap_or(u32::MAX), ..group.clone() })
    }

    pub(super) fn memberships(&self, user: UserId) -> Vec<GroupId> {
        self.members.iter().filter(|(_, member)| *member == user).map(|(group, _)| *group).collect()
    }

    pub(super) fn grants_of(&self, user: UserId) -> Permissions {
        let hierarchy = Hierarchy::of(&self.groups);
        let groups = hierarchy.with_ancestors(&self.memberships(user));
        granted_by(groups.into_iter().filter_map(|group| group.permissions.as_deref()))
    }

    pub(super) fn join(&mut self, group: GroupId, user: UserId) {
        let exists = self.groups.iter().any(|known| known.id == group);
        if exists && !self.members.contains(&(group, user)) {
            self.members.push((group, user));
        }
    }

    /// Takes a user's memberships from a list of names, but for those in groups that are spared; says whether any is
    /// another.
    pub(super) fn sync(&mut self, user: UserId, names: &[String], spared: &[String]) -> bool {
        let ids = |names: &[String]| -> BTreeSet<_> {
            self.groups.iter().filter(|group| names.contains(&group.name)).map(|group| group.id).collect()
        };
        let (named, spared) = (ids(names), ids(spared));
        let before = self.members.clone();
        let is_lost = |(group, member): &(GroupId, UserId)| {
            *member == user && !named.contains(group) && !spared.contains(group)
        };
        let lost: Vec<_> = self.synced.iter().copied().filter(is_lost).collect();
        self.members.retain(|membership| !lost.contains(membership));
        self.synced.retain(|membership| !lost.contains(membership));
        for group in named.difference(&spared) {
            if !self.members.contains(&(*group, user)) {
                self.members.push((*group, user));
                self.synced.insert((*group, user));
            }
        }
        self.members != before
    }

    /// Makes the groups of these names that are missing.
    pub(super) fn create_missing(
        &mut self,
        names: &[String],
        template: &GroupTemplate,
        creator: Option<UserId>,
        now: UnixSeconds,
    ) {
        for (name, id) in names.iter().zip(&template.ids) {
            if self.groups.iter().any(|group| group.name == *name) {
                continue;
            }
            self.groups.push(Group {
                id: *id,
                created_by: creator,
                name: name.clone(),
                description: template.description(name),
                parent: None,
                permissions: Some(template.permissions.clone()),
                data: Some(template.data.clone()),
                meta: None,
                created_at: now,
                updated_at: now,
                member_count: 0,
            });
        }
    }

    pub(super) fn forget_user(&mut self, user: UserId) {
        self.members.retain(|(_, member)| *member != user);
        for group in self.groups.iter_mut().filter(|group| group.created_by == Some(user)) {
            group.created_by = None;
        }
    }

    fn update(&mut self, id: GroupId, change: GroupChange, now: UnixSeconds) -> GroupChanged {
        if self.find(id).is_none() {
            return GroupChanged::NoGroup;
        }
        if let Some(Some(parent)) = change.parent {
            if self.find(parent).is_none() {
                return GroupChanged::NoParent;
            }
            if Hierarchy::of(&self.groups).with_ancestors(&[parent]).iter().any(|group| group.id == id) {
                return GroupChanged::Circle;
            }
        }
        if let Some(group) = self.groups.iter_mut().find(|group| group.id == id) {
            if change.data.as_ref().is_some_and(|(old, _)| *old != group.data) {
                return GroupChanged::Outdated;
            }
            group.name = change.name.unwrap_or_else(|| group.name.clone());
            group.description = change.description.unwrap_or_else(|| group.description.clone());
            group.parent = change.parent.unwrap_or(group.parent);
            group.permissions = change.permissions.or_else(|| group.permissions.clone());
            group.data = change.data.map(|(_, new)| new).or_else(|| group.data.clone());
            group.updated_at = now;
        }
        self.find(id).map_or(GroupChanged::NoGroup, GroupChanged::Group)
    }
}

impl Groups for Memory {
    async fn list_groups(&self) -> Result<Vec<Group>, PortError> {
        self.reach("groups")?;
        let table = self.groups.borrow();
        Ok(table.groups.iter().filter_map(|group| table.find(group.id)).collect())
    }

    async fn find_group(&self, group: GroupId) -> Result<Option<Group>, PortError> {
        self.reach("groups")?;
        Ok(self.groups.borrow().find(group))
    }

    async fn create_group(&self, group: NewGroup, event: AuditEvent) -> Result<GroupChanged, PortError> {
        self.reach("groups")?;
        let mut table = self.groups.borrow_mut();
        if group.parent.is_some_and(|parent| table.find(parent).is_none()) {
            return Ok(GroupChanged::NoParent);
        }
        let group = Group {
            id: group.id,
            created_by: Some(group.created_by),
            name: group.name,
            description: group.description,
            parent: group.parent,
            permissions: group.permissions,
            data: group.data,
            meta: None,
            created_at: event.at,
            updated_at: event.at,
            member_count: 0,
        };
        table.groups.push(group.clone());
        self.audit.borrow_mut().push(event);
        self.directory_changed();
        Ok(GroupChanged::Group(group))
    }

    async fn update_group(
        &self,
        group: GroupId,
        change: GroupChange,
        event: AuditEvent,
    ) -> Result<GroupChanged, PortError> {
        self.reach("groups")?;
        let changed = self.groups.borrow_mut().update(group, change, event.at);
        if let GroupChanged::Group(_) = changed {
            self.audit.borrow_mut().push(event);
            self.directory_changed();
        }
        Ok(changed)
    }

    async fn delete_group(&self, group: GroupId, event: AuditEvent) -> Result<bool, PortError> {
        self.reach("groups")?;
        let mut table = self.groups.borrow_mut();
        let Some(gone) = table.find(group) else { return Ok(false) };
        table.groups.retain(|known| known.id != group);
        table.members.retain(|(known, _)| *known != group);
        for child in table.groups.iter_mut().filter(|child| child.parent == Some(group)) {
            child.parent = gone.parent;
        }
        self.audit.borrow_mut().push(event);
        self.directory_changed();
        Ok(true)
    }

    async fn change_members(
        &self,
        group: GroupId,
        add: &[UserId],
        remove: &[UserId],
        event: AuditEvent,
    ) -> Result<Option<Group>, PortError> {
        self.reach("groups")?;
        let mut table = self.groups.borrow_mut();
        if table.find(group).is_none() {
            return Ok(None);
        }
        let known: BTreeSet<_> =
            add.iter().copied().filter(|user| self.users.borrow().holds(*user)).collect();
        for user in add.iter().filter(|user| known.contains(user)) {
            table.join(group, *user);
        }
        table.members.retain(|(known, user)| *known != group || !remove.contains(user));
        if let Some(group) = table.groups.iter_mut().find(|known| known.id == group) {
            group.updated_at = event.at;
        }
        self.audit.borrow_mut().push(event);
        self.directory_changed();
        Ok(table.find(group))
    }

    async fn list_members(&self, groups: &[GroupId]) -> Result<Vec<(GroupId, UserId)>, PortError> {
        self.reach("groups")?;
        let table = self.groups.borrow();
        Ok(table.members.iter().copied().filter(|(group, _)| groups.contains(group)).collect())
    }

    async fn list_memberships(&self, user: UserId) -> Result<Vec<GroupId>, PortError> {
        self.reach("groups")?;
        Ok(self.groups.borrow().memberships(user))
    }

    async fn sync_memberships(
        &self,
        user: UserId,
        names: &[String],
        event: AuditEvent,
    ) -> Result<(), PortError> {
        self.reach("groups")?;
        if self.groups.borrow_mut().sync(user, names, &[]) {
            self.audit.borrow_mut().push(event);
        }
        Ok(())
    }
}
