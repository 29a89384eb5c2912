//! Rows of D1 as plain structs, before they become records.

use portico_core::{
    email::Email,
    id::UserId,
    permission::Permissions,
    ports::granted_by,
    time::UnixSeconds,
    user::{Account, EmailVerification, FactorState, Means, Profile, Role, User},
};
use serde::Deserialize;

/// The columns of `users AS u` that make an account; see [`UserRow`].
macro_rules! user_columns {
    () => {
        "u.id, u.email, u.name, u.role, u.profile_image_url, u.bio, u.gender, u.date_of_birth, u.timezone,
         u.status_emoji, u.status_message, u.status_expires_at, u.created_at, u.updated_at, u.last_active_at,
         u.username, u.terms_accepted_at, u.email_verified_at, u.verify_by,
         (SELECT secret IS NOT NULL FROM second_factors WHERE user_id = u.id) AS factor_in_force,
         EXISTS (SELECT 1 FROM credentials WHERE user_id = u.id) AS has_password,
         (SELECT json_group_array(json_array(provider, subject)) FROM
           (SELECT provider, subject FROM identities WHERE user_id = u.id ORDER BY created_at, rowid)) AS identities"
    };
}

/// The same with the version of the credential, and the permission trees of the account's groups and of all groups
/// above those; see [`AccountRow`].
macro_rules! account_columns {
    () => {
        concat!(
            user_columns!(),
            ", u.credential_version,
            (SELECT json_group_array(g.permissions) FROM groups AS g
             WHERE g.permissions IS NOT NULL AND g.id IN (
               WITH RECURSIVE reach (id) AS (
                 SELECT group_id FROM group_members WHERE user_id = u.id
                 UNION SELECT above.parent_id FROM groups AS above JOIN reach ON above.id = reach.id
                 WHERE above.parent_id IS NOT NULL)
               SELECT id FROM reach)) AS trees"
        )
    };
}

/// Whether a policy (first, others, unless stored, stored counts) lets a sign-up in at this moment. Part of the statements
/// that insert accounts, so that the decision and the insert see the same state.
macro_rules! is_open {
    ($first:literal, $others:literal, $unless_stored:literal, $stored_counts:literal) => {
        concat!(
            "CASE WHEN NOT EXISTS (SELECT 1 FROM users) THEN ",
            $first,
            " ELSE ",
            $others,
            " AND COALESCE(CASE WHEN ",
            $stored_counts,
            " THEN (SELECT value = 'true' FROM settings WHERE key = 'ENABLE_SIGNUP') END, ",
            $unless_stored,
            ") END"
        )
    };
}

/// Whether the account `?1` is the only one: it has just been inserted.
macro_rules! is_first {
    () => {
        "(EXISTS (SELECT 1 FROM users WHERE id = ?1) AND NOT EXISTS (SELECT 1 FROM users WHERE id <> ?1))"
    };
}

/// Both are written with the condition that they are true; one of them is.
pub(super) const WAS_INSERTED: &str =
    concat!("UPDATE users SET last_active_at = last_active_at WHERE id = ?1 AND ?2 = ", is_first!());

/// Closes registration behind the first account.
pub(super) const CLOSE_SIGN_UP: &str = concat!(
    "INSERT INTO settings (key, value, version, updated_at, updated_by)
     SELECT 'ENABLE_SIGNUP', 'false', 1, ?3, ?1 WHERE ?2 AND ",
    is_first!(),
    " ON CONFLICT (key) DO UPDATE
     SET value = 'false', version = version + 1, updated_at = ?3, updated_by = ?1"
);

/// Lets a new account join its default group, if there is such a group.
pub(super) const JOIN_GROUP: &str = "INSERT INTO group_members (group_id, user_id, created_at)
     SELECT groups.id, users.id, ?3 FROM groups, users WHERE groups.id = ?2 AND users.id = ?1";

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
    username: Option<String>,
    terms_accepted_at: Option<i64>,
    factor_in_force: Option<i64>,
    email_verified_at: Option<i64>,
    verify_by: Option<i64>,
    has_password: i64,
    /// JSON: an array of pairs.
    identities: String,
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
            verification: match (row.email_verified_at, row.verify_by) {
                (Some(_), _) => EmailVerification::Done,
                (None, Some(due)) => EmailVerification::DueBy(UnixSeconds::new(due)),
                (None, None) => EmailVerification::Unasked,
            },
            terms_accepted_at: row.terms_accepted_at.map(UnixSeconds::new),
            factor: match row.factor_in_force {
                None => FactorState::Absent,
                Some(0) => FactorState::TakenAway,
                Some(_) => FactorState::InForce,
            },
            means: Means {
                has_password: row.has_password != 0,
                identities: serde_json::from_str(&row.identities)?,
            },
            profile: Profile {
                username: row.username,
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

/// The columns that make an [`Account`].
#[derive(Debug, Deserialize)]
pub(super) struct AccountRow {
    credential_version: u32,
    /// JSON: an array of JSON texts.
    trees: String,
    #[serde(flatten)]
    user: UserRow,
}

impl TryFrom<AccountRow> for Account {
    type Error = worker::Error;

    fn try_from(row: AccountRow) -> Result<Self, worker::Error> {
        let trees: Vec<String> = serde_json::from_str(&row.trees)?;
        let grants: Permissions = granted_by(trees.iter().map(String::as_str));
        Ok(Self { user: row.user.try_into()?, credential_version: row.credential_version, grants })
    }
}
