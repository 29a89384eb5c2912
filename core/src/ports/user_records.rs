use alloc::{string::String, vec::Vec};

use super::PortError;
use crate::{
    id::{GroupId, UserId},
    time::UnixSeconds,
    user::User,
};

/// An account with everything that administrators see of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserRecord {
    /// The account.
    pub user: User,
    /// What a page keeps about it: JSON.
    pub info: Option<String>,
    /// How its owner likes the page: JSON.
    pub settings: Option<String>,
    /// The groups it is in directly, in the order of joining.
    pub groups: Vec<GroupId>,
}

/// What pages keep with an account. Portico does not look into it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum DocumentKind {
    /// What a page keeps about it.
    Info,
    /// How its owner likes the page.
    Settings,
    /// Texts that its owner puts into prompts.
    Variables,
}

impl DocumentKind {
    /// The stored spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Settings => "settings",
            Self::Variables => "variables",
        }
    }
}

/// Which accounts, and in which order.
#[derive(Clone, Debug, Default)]
pub struct UserQuery {
    /// Part of the name or the address, whatever the case of its ASCII letters.
    pub text: Option<String>,
    /// What they are sorted by; those that are equal in it, by their creation.
    pub order: UserOrder,
    /// Whether the order is turned around.
    pub descending: bool,
    /// How many of them to pass over.
    pub skip: u32,
    /// How many there may be at most; `None` for all.
    pub limit: Option<u32>,
}

/// What accounts are sorted by.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum UserOrder {
    /// When they were created.
    #[default]
    CreatedAt,
    /// Their address.
    Email,
    /// Whether they are in this group: members come last, so first when descending.
    Group(GroupId),
    /// When they were active last.
    LastActiveAt,
    /// Their name, whatever the case of its ASCII letters.
    Name,
    /// Their role.
    Role,
    /// When they were changed last.
    UpdatedAt,
}

/// Some accounts out of many.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UserPage {
    /// The accounts.
    pub records: Vec<UserRecord>,
    /// How many there are altogether.
    pub total: u32,
}

/// Accounts as lists show them, and what pages keep with them.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait UserRecords {
    /// Lists accounts.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn list_users(&self, query: &UserQuery) -> Result<UserPage, PortError>;

    /// These accounts, in the order of their creation; unknown ones are left out.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn find_users(&self, users: &[UserId]) -> Result<Vec<UserRecord>, PortError>;

    /// A document.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn find_document(&self, user: UserId, kind: DocumentKind) -> Result<Option<String>, PortError>;

    /// Replaces a document by another, if it is still the one that was read. `false` when it is not, and when
    /// there is no such account.
    ///
    /// # Errors
    /// When the store failed.
    async fn replace_document(
        &self,
        user: UserId,
        kind: DocumentKind,
        old: Option<&str>,
        new: &str,
        now: UnixSeconds,
    ) -> Result<bool, PortError>;
}
