use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};
use core::cmp::Ordering;

use super::Memory;
use crate::{
    id::UserId,
    ports::{DocumentKind, PortError, UserOrder, UserPage, UserQuery, UserRecord, UserRecords},
    time::UnixSeconds,
    user::User,
};

impl Memory {
    fn record(&self, user: User) -> UserRecord {
        let document = |kind| self.documents.borrow().get(&(user.id, kind)).cloned();
        UserRecord {
            info: document(DocumentKind::Info),
            settings: document(DocumentKind::Settings),
            groups: self.groups.borrow().memberships(user.id),
            user,
        }
    }
}

fn compare(order: UserOrder, a: &UserRecord, b: &UserRecord) -> Ordering {
    let (one, two) = (&a.user, &b.user);
    let folded = |text: &str| text.to_ascii_lowercase();
    match order {
        UserOrder::CreatedAt => one.created_at.cmp(&two.created_at),
        UserOrder::Email => one.email.as_str().cmp(two.email.as_str()),
        UserOrder::Group(group) => a.groups.contains(&group).cmp(&b.groups.contains(&group)),
        UserOrder::LastActiveAt => one.last_active_at.cmp(&two.last_active_at),
        UserOrder::Name => folded(&one.name).cmp(&folded(&two.name)),
        UserOrder::Role => one.role.as_str().cmp(two.role.as_str()),
        UserOrder::UpdatedAt => one.updated_at.cmp(&two.updated_at),
    }
}

impl UserRecords for Memory {
    async fn list_users(&self, query: &UserQuery) -> Result<UserPage, PortError> {
        self.reach("user records")?;
        let text = query.text.as_deref().map(str::to_ascii_lowercase);
        let matches = |user: &User| {
            let holds = |part: &String| {
                user.name.to_ascii_lowercase().contains(part) || user.email.as_str().contains(part.as_str())
            };
            text.as_ref().is_none_or(holds)
        };
        let mut records: Vec<_> = self
            .users
            .borrow()
            .in_order()
            .into_iter()
            .filter(matches)
            .map(|user| self.record(user))
            .collect();
        // In the order of creation already, and sorting keeps that among equals.
        records.sort_by(|a, b| compare(query.order, a, b));
        if query.descending {
            records.reverse();
        }
        let total = u32::try_from(records.len()).unwrap_or(u32::MAX);
        let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
        Ok(UserPage { records: records.into_iter().skip(query.skip as usize).take(limit).collect(), total })
    }

    async fn find_users(&self, users: &[UserId]) -> Result<Vec<UserRecord>, PortError> {
        self.reach("user records")?;
        let all = self.users.borrow().in_order();
        Ok(all.into_iter().filter(|user| users.contains(&user.id)).map(|user| self.record(user)).collect())
    }

    async fn find_document(&self, user: UserId, kind: DocumentKind) -> Result<Option<String>, PortError> {
        self.reach("user records")?;
        Ok(self.documents.borrow().get(&(user, kind)).cloned())
    }

    async fn replace_document(
        &self,
        user: UserId,
        kind: DocumentKind,
        old: Option<&str>,
        new: &str,
        _: UnixSeconds,
    ) -> Result<bool, PortError> {
        self.reach("user records")?;
        let mut documents = self.documents.borrow_mut();
        let is_read = documents.get(&(user, kind)).map(String::as_str) == old;
        if !is_read || !self.users.borrow().holds(user) {
            return Ok(false);
        }
        documents.insert((user, kind), new.to_string());
        Ok(true)
    }
}
