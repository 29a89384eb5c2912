use alloc::{string::String, vec::Vec};

use super::PortError;
use crate::{
    audit::AuditEvent,
    group::{Group, GroupChange, NewGroup},
    id::{GroupId, UserId},
    permission::Permissions,
};

/// What became of changing a group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum GroupChanged {
    /// It would be above itself; nothing was stored.
    Circle,
    /// The group as it is now.
    Group(Group),
    /// There is no such group.
    NoGroup,
    /// There is no such group to put it under; nothing was stored.
    NoParent,
    /// Its data is not what was read, any more; nothing was stored.
    Outdated,
}

/// Groups and who is in them. Every change is stored together with its event (LG-04) and shows in the
/// permissions of everybody concerned on their next request.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Groups {
    /// All groups, oldest first.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn list_groups(&self) -> Result<Vec<Group>, PortError>;

    /// One group.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn find_group(&self, group: GroupId) -> Result<Option<Group>, PortError>;

    /// Creates a group; its parent must exist.
    ///
    /// # Errors
    /// When the store failed; nothing was stored, or everything was.
    async fn create_group(&self, group: NewGroup, event: AuditEvent) -> Result<GroupChanged, PortError>;

    /// Changes a group, all of it or nothing.
    ///
    /// # Errors
    /// When the store failed; the old state or the new one is stored.
    async fn update_group(
        &self,
        group: GroupId,
        change: GroupChange,
        event: AuditEvent,
    ) -> Result<GroupChanged, PortError>;

    /// Deletes a group; its children move up to its parent. `false` when there is none.
    ///
    /// # Errors
    /// When the store failed.
    async fn delete_group(&self, group: GroupId, event: AuditEvent) -> Result<bool, PortError>;

    /// Adds members and takes others out; unknown accounts are passed over. `None` when there is no such group.
    ///
    /// # Errors
    /// When the store failed; all of it is stored or nothing.
    async fn change_members(
        &self,
        group: GroupId,
        add: &[UserId],
        remove: &[UserId],
        event: AuditEvent,
    ) -> Result<Option<Group>, PortError>;

    /// Who is in these groups directly: group and member, in the order of joining.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn list_members(&self, groups: &[GroupId]) -> Result<Vec<(GroupId, UserId)>, PortError>;

    /// The groups that somebody is in directly, in the order of joining.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn list_memberships(&self, user: UserId) -> Result<Vec<GroupId>, PortError>;

    /// Takes somebody's memberships from a list of group names: into every group that has one of these names, out of
    /// the others that such a list brought them into. What administrators decided stays. The event is stored in the
    /// same step.
    ///
    /// # Errors
    /// When the store failed.
    async fn sync_memberships(
        &self,
        user: UserId,
        names: &[String],
        event: AuditEvent,
    ) -> Result<(), PortError>;
}

/// A permission tree of a group that can not be read grants nothing; no such tree is ever stored.
pub fn granted_by<'t>(trees: impl IntoIterator<Item = &'t str>) -> Permissions {
    Permissions::granted_by(trees).unwrap_or_default()
}
