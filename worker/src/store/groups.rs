use portico_core::{
    audit::AuditEvent,
    group::{Group, GroupChange, NewGroup},
    id::{GroupId, UserId},
    ports::{GroupChanged, Groups, PortError},
    time::UnixSeconds,
};
use serde::Deserialize;
use worker::D1Type;

use super::{
    Store,
    audit_log::{self, Condition},
    batch::{changed, first, missing, optional, rows, seconds},
    configuration::directory_changed,
    fault,
};

/// The columns of `groups AS g` that make a group; see [`GroupRow`].
macro_rules! group_columns {
    () => {
        "g.id, g.created_by, g.name, g.description, g.parent_id, g.permissions, g.data, g.meta, g.created_at,
         g.updated_at, (SELECT COUNT(*) FROM group_members AS m WHERE m.group_id = g.id) AS member_count"
    };
}

const FIND: &str = concat!("SELECT ", group_columns!(), " FROM groups AS g WHERE g.id = ?1");

#[derive(Deserialize)]
struct GroupRow {
    id: GroupId,
    created_by: Option<UserId>,
    name: String,
    description: String,
    parent_id: Option<GroupId>,
    permissions: Option<String>,
    data: Option<String>,
    meta: Option<String>,
    created_at: i64,
    updated_at: i64,
    member_count: u32,
}

impl From<GroupRow> for Group {
    fn from(row: GroupRow) -> Self {
        Self {
            id: row.id,
            created_by: row.created_by,
            name: row.name,
            description: row.description,
            parent: row.parent_id,
            permissions: row.permissions,
            data: row.data,
            meta: row.meta,
            created_at: UnixSeconds::new(row.created_at),
            updated_at: UnixSeconds::new(row.updated_at),
            member_count: row.member_count,
        }
    }
}

impl Groups for Store {
    async fn list_groups(&self) -> Result<Vec<Group>, PortError> {
        self.read_groups().await.map_err(fault("groups"))
    }

    async fn find_group(&self, group: GroupId) -> Result<Option<Group>, PortError> {
        self.read_group(group).await.map_err(fault("groups"))
    }

    async fn create_group(&self, group: NewGroup, event: AuditEvent) -> Result<GroupChanged, PortError> {
        self.insert_group(&group, &event).await.map_err(fault("groups"))
    }

    async fn update_group(
        &self,
        group: GroupId,
        change: GroupChange,
        event: AuditEvent,
    ) -> Result<GroupChanged, PortError> {
        self.write_group(group, &change, &event).await.map_err(fault("groups"))
    }

    async fn delete_group(&self, group: GroupId, event: AuditEvent) -> Result<bool, PortError> {
        self.remove_group(group, &event).await.map_err(fault("groups"))
    }

    async fn change_members(
        &self,
        group: GroupId,
        add: &[UserId],
        remove: &[UserId],
        event: AuditEvent,
    ) -> Result<Option<Group>, PortError> {
        self.write_members(group, add, remove, &event).await.map_err(fault("groups"))
    }

    async fn list_members(&self, groups: &[GroupId]) -> Result<Vec<(GroupId, UserId)>, PortError> {
        self.read_members(groups).await.map_err(fault("groups"))
    }

    async fn list_memberships(&self, user: UserId) -> Result<Vec<GroupId>, PortError> {
        self.read_memberships(user).await.map_err(fault("groups"))
    }

    async fn sync_memberships(
        &self,
        user: UserId,
        names: &[String],
        event: AuditEvent,
    ) -> Result<(), PortError> {
        self.write_synced(user, names, &event).await.map_err(fault("groups"))
    }
}

impl Store {
    async fn write_synced(&self, user: UserId, names: &[String], event: &AuditEvent) -> worker::Result<()> {
        const LEAVE: &str = "DELETE FROM group_members WHERE user_id = ?1 AND source = 'synced'
             AND group_id NOT IN (SELECT id FROM groups WHERE name IN (SELECT value FROM json_each(?2)))";
        const JOIN: &str = "INSERT INTO group_members (group_id, user_id, created_at, source)
             SELECT groups.id, users.id, ?3, 'synced' FROM groups, users
             WHERE users.id = ?1 AND groups.name IN (SELECT value FROM json_each(?2))
             ON CONFLICT (group_id, user_id) DO NOTHING";
        let user = user.to_string();
        let (user, names) = (D1Type::Text(&user), serde_json::to_string(names)?);
        let names = D1Type::Text(&names);
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(LEAVE).bind_refs([&user, &names])?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
                database.prepare(JOIN).bind_refs([&user, &names, &seconds(event.at)])?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
            ])
            .await;
        results.map(|_| ())
    }

    async fn read_groups(&self) -> worker::Result<Vec<Group>> {
        const ALL: &str =
            concat!("SELECT ", group_columns!(), " FROM groups AS g ORDER BY g.created_at, g.rowid");
        let rows: Vec<GroupRow> = self.database()?.prepare(ALL).all().await?.results()?;
        Ok(rows.into_iter().map(Group::from).collect())
    }

    async fn read_group(&self, group: GroupId) -> worker::Result<Option<Group>> {
        let id = group.to_string();
        let row: Option<GroupRow> =
            self.database()?.prepare(FIND).bind_refs(&D1Type::Text(&id))?.first(None).await?;
        Ok(row.map(Group::from))
    }

    async fn insert_group(&self, group: &NewGroup, event: &AuditEvent) -> worker::Result<GroupChanged> {
        const INSERT: &str = "INSERT INTO groups
                 (id, created_by, name, description, parent_id, permissions, data, created_at, updated_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8
             WHERE ?5 IS NULL OR EXISTS (SELECT 1 FROM groups WHERE id = ?5)";
        let (id, creator) = (group.id.to_string(), group.created_by.to_string());
        let parent = group.parent.map(|parent| parent.to_string());
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(INSERT).bind_refs(&[
                    D1Type::Text(&id),
                    D1Type::Text(&creator),
                    D1Type::Text(&group.name),
                    D1Type::Text(&group.description),
                    optional(parent.as_deref()),
                    optional(group.permissions.as_deref()),
                    optional(group.data.as_deref()),
                    seconds(event.at),
                ])?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
                directory_changed(&database, event.at)?,
                database.prepare(FIND).bind_refs(&D1Type::Text(&id))?,
            ])
            .await;
        self.forget_settings().await;
        let row: Option<GroupRow> = first(&results?, 3)?;
        Ok(row.map_or(GroupChanged::NoParent, |row| GroupChanged::Group(row.into())))
    }

    async fn write_group(
        &self,
        group: GroupId,
        change: &GroupChange,
        event: &AuditEvent,
    ) -> worker::Result<GroupChanged> {
        /// Whether `?1` is among the groups from `?2` upwards.
        macro_rules! is_circle {
            () => {
                "EXISTS (WITH RECURSIVE above (id) AS (
                     SELECT ?2 UNION SELECT g.parent_id FROM groups AS g JOIN above ON g.id = above.id
                     WHERE g.parent_id IS NOT NULL)
                 SELECT 1 FROM above WHERE id = ?1)"
            };
        }
        const STATE: &str = concat!(
            "SELECT ?2 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM groups WHERE id = ?2) AS no_parent, ",
            is_circle!(),
            " AS circle"
        );
        // What is NULL stays, except for the parent, for which ?3 says whether it is meant.
        const UPDATE: &str = concat!(
            "UPDATE groups SET
                 parent_id = CASE ?3 WHEN 1 THEN ?2 ELSE parent_id END,
                 name = COALESCE(?4, name), description = COALESCE(?5, description),
                 permissions = COALESCE(?6, permissions), data = COALESCE(?7, data), updated_at = ?8
             WHERE id = ?1 AND (?7 IS NULL OR data IS ?9) AND (?2 IS NULL OR EXISTS (SELECT 1 FROM groups WHERE id = ?2)) AND NOT ",
            is_circle!()
        );
        #[derive(Deserialize)]
        struct State {
            no_parent: i64,
            circle: i64,
        }
        let id = group.to_string();
        let parent = change.parent.flatten().map(|parent| parent.to_string());
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(STATE).bind_refs(&[D1Type::Text(&id), optional(parent.as_deref())])?,
                database.prepare(UPDATE).bind_refs(&[
                    D1Type::Text(&id),
                    optional(parent.as_deref()),
                    D1Type::Integer(i32::from(change.parent.is_some())),
                    optional(change.name.as_deref()),
                    optional(change.description.as_deref()),
                    optional(change.permissions.as_deref()),
                    optional(change.data.as_ref().map(|(_, new)| new.as_str())),
                    seconds(event.at),
                    optional(change.data.as_ref().and_then(|(old, _)| old.as_deref())),
                ])?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
                directory_changed(&database, event.at)?,
                database.prepare(FIND).bind_refs(&D1Type::Text(&id))?,
            ])
            .await;
        self.forget_settings().await;
        let results = results?;
        let (state, row): (Option<State>, Option<GroupRow>) = (first(&results, 0)?, first(&results, 4)?);
        Ok(match (row, state) {
            (None, _) => GroupChanged::NoGroup,
            (Some(row), _) if changed(&results, 1)? => GroupChanged::Group(row.into()),
            (Some(_), Some(State { no_parent: 1, .. })) => GroupChanged::NoParent,
            (Some(_), Some(State { circle: 1, .. })) => GroupChanged::Circle,
            (Some(_), _) if change.data.is_some() => GroupChanged::Outdated,
            (Some(_), _) => return Err(missing("reason for an update that changed nothing")),
        })
    }

    /// Memberships go with the group: the schema says so.
    async fn remove_group(&self, group: GroupId, event: &AuditEvent) -> worker::Result<bool> {
        const MOVE_CHILDREN: &str = "UPDATE groups
             SET parent_id = (SELECT parent_id FROM groups WHERE id = ?1) WHERE parent_id = ?1";
        const DELETE: &str = "DELETE FROM groups WHERE id = ?1";
        let id = group.to_string();
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(MOVE_CHILDREN).bind_refs(&D1Type::Text(&id))?,
                database.prepare(DELETE).bind_refs(&D1Type::Text(&id))?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
                directory_changed(&database, event.at)?,
            ])
            .await;
        self.forget_settings().await;
        changed(&results?, 1)
    }

    async fn write_members(
        &self,
        group: GroupId,
        add: &[UserId],
        remove: &[UserId],
        event: &AuditEvent,
    ) -> worker::Result<Option<Group>> {
        const ADD: &str = "INSERT INTO group_members (group_id, user_id, created_at)
             SELECT ?1, users.id, ?3 FROM json_each(?2) AS added JOIN users ON users.id = added.value
             WHERE EXISTS (SELECT 1 FROM groups WHERE id = ?1)
             ON CONFLICT (group_id, user_id) DO NOTHING";
        const REMOVE: &str =
            "DELETE FROM group_members WHERE group_id = ?1 AND user_id IN (SELECT value FROM json_each(?2))";
        const TOUCH: &str = "UPDATE groups SET updated_at = ?2 WHERE id = ?1";
        let id = group.to_string();
        let id = D1Type::Text(&id);
        let (add, remove) = (serde_json::to_string(add)?, serde_json::to_string(remove)?);
        let now = seconds(event.at);
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(ADD).bind_refs([&id, &D1Type::Text(&add), &now])?,
                database.prepare(REMOVE).bind_refs([&id, &D1Type::Text(&remove)])?,
                database.prepare(TOUCH).bind_refs([&id, &now])?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
                directory_changed(&database, event.at)?,
                database.prepare(FIND).bind_refs(&id)?,
            ])
            .await;
        self.forget_settings().await;
        let row: Option<GroupRow> = first(&results?, 5)?;
        Ok(row.map(Group::from))
    }

    async fn read_members(&self, groups: &[GroupId]) -> worker::Result<Vec<(GroupId, UserId)>> {
        const MEMBERS: &str = "SELECT group_id, user_id FROM group_members
             WHERE group_id IN (SELECT value FROM json_each(?1)) ORDER BY created_at, rowid";
        #[derive(Deserialize)]
        struct Row {
            group_id: GroupId,
            user_id: UserId,
        }
        let groups = serde_json::to_string(groups)?;
        let statement = self.database()?.prepare(MEMBERS).bind_refs(&D1Type::Text(&groups))?;
        let found: Vec<Row> = rows(&[statement.all().await?], 0)?;
        Ok(found.into_iter().map(|row| (row.group_id, row.user_id)).collect())
    }

    async fn read_memberships(&self, user: UserId) -> worker::Result<Vec<GroupId>> {
        const MEMBERSHIPS: &str =
            "SELECT group_id FROM group_members WHERE user_id = ?1 ORDER BY created_at, rowid";
        #[derive(Deserialize)]
        struct Row {
            group_id: GroupId,
        }
        let user = user.to_string();
        let statement = self.database()?.prepare(MEMBERSHIPS).bind_refs(&D1Type::Text(&user))?;
        let found: Vec<Row> = statement.all().await?.results()?;
        Ok(found.into_iter().map(|row| row.group_id).collect())
    }
}
