//! Rows of D1 as plain structs, before they become records.

use portico_core::{
    email::Email,
    id::UserId,
    time::UnixSeconds,
    user::{Profile, Role, User},
};
use serde::Deserialize;

/// The columns of `users` that make a [`User`].
#[derive(Debug, Deserialize)]
pub(super) struct UserRow {
    id: String,
    email: String,
    name: String,
    role: String,
    profile_image_url: String,
    bio: Option<String>,
    gender: Option<String>,
    date_of_birth: Option<String>,
    timezone: Option<String>,
    status_emoji: Option<String>,
    status_message: Option<String>,
    status_expires_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
    last_active_at: i64,
}

impl TryFrom<UserRow> for User {
    type Error = worker::Error;

    fn try_from(row: UserRow) -> Result<Self, worker::Error> {
        let misfit = |column: &str| worker::Error::RustError(format!("users.{column} of a row does not fit"));
        Ok(Self {
            id: UserId::parse(&row.id).map_err(|_| misfit("id"))?,
            email: Email::parse(&row.email).map_err(|_| misfit("email"))?,
            role: Role::parse(&row.role).ok_or_else(|| misfit("role"))?,
            name: row.name,
            profile: Profile {
                image: row.profile_image_url,
                bio: row.bio,
                gender: row.gender,
                date_of_birth: row.date_of_birth,
                timezone: row.timezone,
                status_emoji: row.status_emoji,
                status_message: row.status_message,
                status_expires_at: row.status_expires_at.map(UnixSeconds::new),
            },
            created_at: UnixSeconds::new(row.created_at),
            updated_at: UnixSeconds::new(row.updated_at),
            last_active_at: UnixSeconds::new(row.last_active_at),
        })
    }
}
