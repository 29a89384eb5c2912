use portico_core::{
    id::{GroupId, UserId},
    ports::{DocumentKind, PortError, UserOrder, UserPage, UserQuery, UserRecord, UserRecords},
    time::UnixSeconds,
};
use serde::Deserialize;
use worker::D1Type;

use super::{
    Store,
    batch::{changed, first, optional, rows, seconds},
    fault,
    row::UserRow,
};

/// The columns of `users AS u` that make a record; see [`RecordRow`].
macro_rules! record_columns {
    () => {
        concat!(
            user_columns!(),
            ", (SELECT value FROM user_documents WHERE user_id = u.id AND kind = 'info') AS info,
               (SELECT value FROM user_documents WHERE user_id = u.id AND kind = 'settings') AS settings,
               (SELECT json_group_array(group_id) FROM
                  (SELECT group_id FROM group_members WHERE user_id = u.id ORDER BY created_at, rowid)) AS groups"
        )
    };
}

#[derive(Deserialize)]
struct RecordRow {
    info: Option<String>,
    settings: Option<String>,
    groups: String,
    #[serde(flatten)]
    user: UserRow,
}

impl TryFrom<RecordRow> for UserRecord {
    type Error = worker::Error;

    fn try_from(row: RecordRow) -> Result<Self, worker::Error> {
        let groups: Vec<GroupId> = serde_json::from_str(&row.groups)?;
        Ok(Self { user: row.user.try_into()?, info: row.info, settings: row.settings, groups })
    }
}

impl UserRecords for Store {
    async fn list_users(&self, query: &UserQuery) -> Result<UserPage, PortError> {
        self.read_page(query).await.map_err(fault("user records"))
    }

    async fn find_users(&self, users: &[UserId]) -> Result<Vec<UserRecord>, PortError> {
        self.read_records(users).await.map_err(fault("user records"))
    }

    async fn find_document(&self, user: UserId, kind: DocumentKind) -> Result<Option<String>, PortError> {
        self.read_document(user, kind).await.map_err(fault("user records"))
    }

    async fn replace_document(
        &self,
        user: UserId,
        kind: DocumentKind,
        old: Option<&str>,
        new: &str,
        now: UnixSeconds,
    ) -> Result<bool, PortError> {
        self.swap_document(user, kind, [old, Some(new)], now).await.map_err(fault("user records"))
    }
}

impl Store {
    async fn read_page(&self, query: &UserQuery) -> worker::Result<UserPage> {
        macro_rules! matching {
            () => {
                // Not LIKE: D1 takes no pattern of more than 50 bytes, and a part needs no escaping (IN-13).
                " FROM users AS u
                  WHERE ?1 IS NULL OR instr(lower(u.name), lower(?1)) > 0 OR instr(u.email, lower(?1)) > 0"
            };
        }
        macro_rules! page {
            ($key:literal) => {
                [
                    concat!(
                        "SELECT ",
                        record_columns!(),
                        matching!(),
                        " ORDER BY ",
                        $key,
                        ", u.created_at, u.rowid LIMIT ?2 OFFSET ?3"
                    ),
                    concat!(
                        "SELECT ",
                        record_columns!(),
                        matching!(),
                        " ORDER BY ",
                        $key,
                        " DESC, u.created_at DESC, u.rowid DESC LIMIT ?2 OFFSET ?3"
                    ),
                ]
            };
        }
        const COUNT: &str = concat!("SELECT COUNT(*) AS total", matching!());
        #[derive(Deserialize)]
        struct Count {
            total: u32,
        }
        let [ascending, descending] = match query.order {
            UserOrder::CreatedAt => page!("u.created_at"),
            UserOrder::Email => page!("u.email"),
            UserOrder::Group(_) => {
                page!("EXISTS (SELECT 1 FROM group_members AS m WHERE m.user_id = u.id AND m.group_id = ?4)")
            }
            UserOrder::LastActiveAt => page!("u.last_active_at"),
            UserOrder::Name => page!("u.name COLLATE NOCASE"),
            UserOrder::Role => page!("u.role"),
            UserOrder::UpdatedAt => page!("u.updated_at"),
        };
        let text = optional(query.text.as_deref());
        let group = match query.order {
            UserOrder::Group(group) => Some(group.to_string()),
            _ => None,
        };
        let limit = D1Type::Real(query.limit.map_or(-1.0, f64::from));
        let skip = D1Type::Real(f64::from(query.skip));
        let mut bound = vec![&text, &limit, &skip];
        let group = group.as_deref().map(D1Type::Text);
        bound.extend(&group);
        let database = self.database()?;
        let page = database.prepare(if query.descending { descending } else { ascending });
        let results =
            database.batch(vec![page.bind_refs(bound)?, database.prepare(COUNT).bind_refs([&text])?]).await?;
        let total = first(&results, 1)?.map_or(0, |Count { total }| total);
        let records: Vec<RecordRow> = rows(&results, 0)?;
        Ok(UserPage { records: records.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?, total })
    }

    async fn read_records(&self, users: &[UserId]) -> worker::Result<Vec<UserRecord>> {
        const FIND: &str = concat!(
            "SELECT ",
            record_columns!(),
            " FROM users AS u WHERE u.id IN (SELECT value FROM json_each(?1)) ORDER BY u.created_at, u.rowid"
        );
        let users = serde_json::to_string(users)?;
        let found = self.database()?.prepare(FIND).bind_refs(&D1Type::Text(&users))?.all().await?;
        found.results::<RecordRow>()?.into_iter().map(TryInto::try_into).collect()
    }

    async fn read_document(&self, user: UserId, kind: DocumentKind) -> worker::Result<Option<String>> {
        const FIND: &str = "SELECT value FROM user_documents WHERE user_id = ?1 AND kind = ?2";
        #[derive(Deserialize)]
        struct Row {
            value: String,
        }
        let user = user.to_string();
        let statement =
            self.database()?.prepare(FIND).bind_refs(&[D1Type::Text(&user), D1Type::Text(kind.as_str())])?;
        Ok(statement.first::<Row>(None).await?.map(|row| row.value))
    }

    async fn swap_document(
        &self,
        user: UserId,
        kind: DocumentKind,
        [old, new]: [Option<&str>; 2],
        now: UnixSeconds,
    ) -> worker::Result<bool> {
        const SWAP: &str = "INSERT INTO user_documents (user_id, kind, value, updated_at)
             SELECT ?1, ?2, ?4, ?5
             WHERE EXISTS (SELECT 1 FROM users WHERE id = ?1)
               AND (SELECT value FROM user_documents WHERE user_id = ?1 AND kind = ?2) IS ?3
             ON CONFLICT (user_id, kind) DO UPDATE SET value = ?4, updated_at = ?5";
        let user = user.to_string();
        let result = self
            .database()?
            .prepare(SWAP)
            .bind_refs(&[
                D1Type::Text(&user),
                D1Type::Text(kind.as_str()),
                optional(old),
                optional(new),
                seconds(now),
            ])?
            .run()
            .await?;
        changed(&[result], 0)
    }
}
