//! Groups: what administrators make of them, and what members see (open-webui.md §1.9, §7.2).

use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::{String, ToString as _},
    vec::Vec,
};

use serde_json::{Map, Value, json};

use super::{Ctx, GroupShare, audit};
use crate::{
    audit::AuditAction,
    group::{Group, GroupChange, Hierarchy, NewGroup},
    id::{GroupId, UserId},
    permission::Permissions,
    ports::{GroupChanged, PortError, Ports, UserRecord, granted_by},
    user::Role,
};

/// What an administrator typed into the form.
#[derive(Clone, Debug, Default)]
pub struct GroupForm {
    /// The group's name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// A checked permission tree.
    pub permissions: Option<String>,
    /// What pages keep with it.
    pub data: Option<Map<String, Value>>,
    /// The group above it; `Some(None)` for none.
    pub parent: Option<Option<GroupId>>,
}

/// Creates a group.
///
/// # Errors
/// [`GroupError`]
pub async fn create(ctx: &Ctx<'_, impl Ports>, admin: UserId, form: GroupForm) -> Result<Group, GroupError> {
    let id = GroupId::random(ctx.ports)?;
    let mut data = form.data.unwrap_or_default();
    let config = data.entry("config").or_insert_with(|| json!({}));
    if let Some(config) = config.as_object_mut().filter(|config| !config.contains_key("share")) {
        config.insert(String::from("share"), share_value(ctx.policy.default_group_share));
    }
    let group = NewGroup {
        id,
        created_by: admin,
        name: form.name.unwrap_or_default(),
        description: form.description.unwrap_or_default(),
        parent: form.parent.flatten(),
        permissions: form.permissions,
        data: Some(Value::Object(data).to_string()),
    };
    let event = audit::event_about(ctx, admin, id, AuditAction::CreateGroup)?;
    changed(ctx.ports.create_group(group, event).await?)
}

/// How often a change is tried when others change the group at the same time.
const TRIES: usize = 5;

/// Changes a group. What the form does not name stays.
///
/// # Errors
/// [`GroupError`]; nothing was changed.
pub async fn update(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    id: GroupId,
    form: GroupForm,
) -> Result<Group, GroupError> {
    let (data, change) = (
        form.data,
        GroupChange {
            name: form.name,
            description: form.description,
            parent: form.parent,
            permissions: form.permissions,
            data: None,
        },
    );
    for _ in 0..TRIES {
        let data = match &data {
            Some(data) => {
                let old = ctx.ports.find_group(id).await?.ok_or(GroupError::NoGroup)?.data;
                let new = Value::Object(merged(old.as_deref(), data.clone())).to_string();
                Some((old, new))
            }
            None => None,
        };
        let event = audit::event_about(ctx, admin, id, AuditAction::ChangeGroup)?;
        let change = GroupChange { data, ..change.clone() };
        match ctx.ports.update_group(id, change, event).await? {
            GroupChanged::Outdated => {}
            result => return changed(result),
        }
    }
    Err(GroupError::Concurrent)
}

/// Deletes a group; its children move up to its parent.
///
/// # Errors
/// [`GroupError`]
pub async fn delete(ctx: &Ctx<'_, impl Ports>, admin: UserId, id: GroupId) -> Result<(), GroupError> {
    let event = audit::event_about(ctx, admin, id, AuditAction::DeleteGroup)?;
    if ctx.ports.delete_group(id, event).await? { Ok(()) } else { Err(GroupError::NoGroup) }
}

/// Adds members and takes others out. Accounts that do not exist are passed over.
///
/// # Errors
/// [`GroupError`]
pub async fn change_members(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    id: GroupId,
    add: &[UserId],
    remove: &[UserId],
) -> Result<Group, GroupError> {
    let event = audit::event_about(ctx, admin, id, AuditAction::ChangeGroup)?;
    let members: Vec<_> =
        ctx.ports.list_members(&[id]).await?.into_iter().map(|(_, member)| member).collect();
    let added: Vec<_> = add.iter().filter(|user| !members.contains(user)).collect();
    let removed: Vec<_> = remove.iter().filter(|user| members.contains(user)).collect();
    let mut detail = Map::from_iter([("members".to_string(), json!(true))]);
    for (what, users) in [("added", added), ("removed", removed)] {
        if !users.is_empty() {
            detail.insert(what.to_string(), json!(users));
        }
    }
    let event = audit::detailed(event, &Value::Object(detail));
    ctx.ports.change_members(id, add, remove, event).await?.ok_or(GroupError::NoGroup)
}

/// Which groups somebody may see: an administrator all. Others those that they belong to, or, asked for groups to
/// share with or not to share with, those.
///
/// # Errors
/// When the store can not be read.
pub async fn visible(
    ctx: &Ctx<'_, impl Ports>,
    caller: UserId,
    role: Role,
    share: Option<bool>,
) -> Result<Vec<Group>, PortError> {
    let mut groups = ctx.ports.list_groups().await?;
    if role == Role::Admin {
        return Ok(groups);
    }
    let direct = ctx.ports.list_memberships(caller).await?;
    let own = with_ancestors(&groups, &direct);
    groups.retain(|group| match (share, share_of(group)) {
        (None, _) => own.contains(&group.id),
        (Some(true), GroupShare::Anybody) | (Some(false), GroupShare::Nobody) => true,
        (Some(true), GroupShare::Members) => own.contains(&group.id),
        (Some(true), GroupShare::Nobody) | (Some(false), GroupShare::Anybody | GroupShare::Members) => false,
    });
    Ok(groups)
}

fn with_ancestors(groups: &[Group], direct: &[GroupId]) -> BTreeSet<GroupId> {
    Hierarchy::of(groups).with_ancestors(direct).into_iter().map(|group| group.id).collect()
}

/// How somebody belongs to a group.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Membership {
    /// By themselves.
    Direct,
    /// Through a group below it.
    Inherited,
}

/// The groups that somebody belongs to, oldest first.
///
/// # Errors
/// When the store can not be read.
pub async fn of_user(ctx: &Ctx<'_, impl Ports>, user: UserId) -> Result<Vec<(Group, Membership)>, PortError> {
    let groups = ctx.ports.list_groups().await?;
    let direct = ctx.ports.list_memberships(user).await?;
    let all = with_ancestors(&groups, &direct);
    let with_membership = |group: Group| {
        let membership = if direct.contains(&group.id) { Membership::Direct } else { Membership::Inherited };
        (group, membership)
    };
    Ok(groups.into_iter().filter(|group| all.contains(&group.id)).map(with_membership).collect())
}

/// A member of a group, and how they came to be one.
#[derive(Clone, Debug)]
pub struct Member {
    /// The account.
    pub record: UserRecord,
    /// How it belongs to the group.
    pub membership: Membership,
    /// The groups below through which it belongs; none for a direct member.
    pub via: Vec<GroupId>,
}

/// Everybody who belongs to a group, directly or through a group below it, in the order of their creation.
///
/// # Errors
/// [`GroupError`]
pub async fn members(ctx: &Ctx<'_, impl Ports>, id: GroupId) -> Result<Vec<Member>, GroupError> {
    let groups = ctx.ports.list_groups().await?;
    if !groups.iter().any(|group| group.id == id) {
        return Err(GroupError::NoGroup);
    }
    let hierarchy = Hierarchy::of(&groups);
    let below = hierarchy.descendants(&id);
    let reach: Vec<_> = core::iter::once(id).chain(below.iter().map(|group| group.id)).collect();
    let mut direct = BTreeSet::new();
    let mut via: BTreeMap<UserId, Vec<GroupId>> = BTreeMap::new();
    for (group, user) in ctx.ports.list_members(&reach).await? {
        let through = via.entry(user).or_default();
        if group == id {
            direct.insert(user);
        } else {
            through.push(group);
        }
    }
    let users: Vec<_> = via.keys().copied().collect();
    let records = ctx.ports.find_users(&users).await?;
    let member = |record: UserRecord| match direct.contains(&record.user.id) {
        true => Member { record, membership: Membership::Direct, via: Vec::new() },
        false => {
            let via = via.get(&record.user.id).cloned().unwrap_or_default();
            Member { record, membership: Membership::Inherited, via }
        }
    };
    Ok(records.into_iter().map(member).collect())
}

/// A group with what it grants.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The group.
    pub group: Group,
    /// What the groups above it grant.
    pub inherited: Permissions,
    /// What its members may do.
    pub effective: Permissions,
}

/// What belonging to a group means.
///
/// # Errors
/// [`GroupError`]
pub async fn preview(ctx: &Ctx<'_, impl Ports>, id: GroupId) -> Result<Preview, GroupError> {
    let groups = ctx.ports.list_groups().await?;
    let own = groups.iter().find(|group| group.id == id).ok_or(GroupError::NoGroup)?;
    let hierarchy = Hierarchy::of(&groups);
    let above = hierarchy.with_ancestors(&[id]).into_iter().filter(|group| group.id != id);
    let inherited = granted_by(above.filter_map(|group| group.permissions.as_deref()));
    let granted = granted_by(own.permissions.as_deref());
    let defaults = Permissions::from(ctx.settings().await?.default_permissions);
    Ok(Preview { effective: defaults.and(&inherited).and(&granted), inherited, group: own.clone() })
}

fn changed(changed: GroupChanged) -> Result<Group, GroupError> {
    match changed {
        GroupChanged::Circle => Err(GroupError::Circle),
        GroupChanged::Group(group) => Ok(group),
        GroupChanged::NoGroup => Err(GroupError::NoGroup),
        GroupChanged::NoParent => Err(GroupError::NoParent),
        GroupChanged::Outdated => Err(GroupError::Concurrent),
    }
}

/// `new` over `old`, member by member; `config` inside it as well.
fn merged(old: Option<&str>, new: Map<String, Value>) -> Map<String, Value> {
    let old = old.and_then(|text| serde_json::from_str(text).ok());
    let Some(Value::Object(mut data)) = old else { return new };
    for (name, value) in new {
        match (name.as_str(), data.get_mut(&name), value) {
            ("config", Some(Value::Object(config)), Value::Object(changes)) => config.extend(changes),
            (_, _, value) => {
                data.insert(name, value);
            }
        }
    }
    data
}

/// The same as a group's data has it.
pub(super) fn share_value(share: GroupShare) -> Value {
    match share {
        GroupShare::Anybody => json!(true),
        GroupShare::Members => json!("members"),
        GroupShare::Nobody => json!(false),
    }
}

/// A group that says nothing shares with anybody.
fn share_of(group: &Group) -> GroupShare {
    let data: Option<Value> = group.data.as_deref().and_then(|text| serde_json::from_str(text).ok());
    match data.as_ref().and_then(|data| data.get("config")?.get("share")) {
        Some(Value::Bool(false)) => GroupShare::Nobody,
        Some(Value::String(text)) if text == "members" => GroupShare::Members,
        _ => GroupShare::Anybody,
    }
}

/// Why a group was left as it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum GroupError {
    /// It would be above itself.
    Circle,
    /// Others changed it at the same time, again and again.
    Concurrent,
    /// There is no such group.
    NoGroup,
    /// There is no such group to put it under.
    NoParent,
    /// The outside failed.
    Unavailable(PortError),
}

impl From<PortError> for GroupError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn data_is_merged_two_levels_deep() {
        let new = |value: Value| value.as_object().unwrap().clone();
        let old = json!({"config": {"share": "members", "a": {"x": 1}}, "b": 1}).to_string();
        let merged = merged(Some(&old), new(json!({"config": {"share": false, "a": {"y": 2}}, "c": 2})));
        assert_eq!(Value::Object(merged), json!({"config": {"share": false, "a": {"y": 2}}, "b": 1, "c": 2}));
        assert_eq!(super::merged(None, new(json!({"c": 2}))).len(), 1);
    }
}
