use portico_core::{
    audit::AuditEvent,
    email::Email,
    id::UserId,
    password::PasswordHash,
    ports::{Admission, Created, Credential, Deleted, PortError, Replaced, Updated, UserChange, Users},
    time::UnixSeconds,
    user::{Account, NewUser, SignUpPolicy},
};
use serde::Deserialize;
use worker::{D1Database, D1Result, D1Type};

use super::{
    Store,
    audit_log::{self, Condition},
    fault,
    row::UserRow,
};

/// Whether `?1`, a policy, lets a sign-up in at this moment. Part of the statements below, so that the
/// decision and the insert see the same state.
macro_rules! is_open {
    () => {
        "CASE ?1
           WHEN 'always' THEN 1
           WHEN 'never' THEN 0
           WHEN 'first_user_only' THEN NOT EXISTS (SELECT 1 FROM users)
           ELSE NOT EXISTS (SELECT 1 FROM users)
             OR COALESCE((SELECT value FROM settings WHERE key = 'ENABLE_SIGNUP'), 'true') = 'true'
         END"
    };
}

/// Whether the account `?1` is the only administrator.
macro_rules! is_last_admin {
    () => {
        "(EXISTS (SELECT 1 FROM users WHERE id = ?1 AND role = 'admin')
          AND NOT EXISTS (SELECT 1 FROM users WHERE id <> ?1 AND role = 'admin'))"
    };
}

/// The columns of `users AS u` that make an account; see [`UserRow`].
macro_rules! user_columns {
    () => {
        "u.id, u.email, u.name, u.role, u.profile_image_url, u.bio, u.gender, u.date_of_birth, u.timezone,
         u.status_emoji, u.status_message, u.status_expires_at, u.created_at, u.updated_at, u.last_active_at"
    };
}

const FIND_BY_ID: &str = concat!("SELECT ", user_columns!(), " FROM users AS u WHERE u.id = ?1");

impl Users for Store {
    async fn preview_admission(
        &self,
        email: Option<&Email>,
        policy: SignUpPolicy,
    ) -> Result<Admission, PortError> {
        self.read_admission(email, policy).await.map_err(fault("users"))
    }

    async fn create_user(&self, user: NewUser, policy: SignUpPolicy) -> Result<Created, PortError> {
        self.insert_user(user, policy).await.map_err(fault("users"))
    }

    async fn find_credential(&self, email: &Email) -> Result<Option<Credential>, PortError> {
        self.read_credential(CredentialOf::Email, email.as_str()).await.map_err(fault("users"))
    }

    async fn load_credential(&self, user: UserId) -> Result<Option<Credential>, PortError> {
        self.read_credential(CredentialOf::Id, &user.to_string()).await.map_err(fault("users"))
    }

    async fn change_password(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        event: AuditEvent,
    ) -> Result<Replaced, PortError> {
        self.store_new_password(user, old, new, &event).await.map_err(fault("users"))
    }

    async fn primary_admin(&self) -> Result<Option<UserId>, PortError> {
        self.read_primary_admin().await.map_err(fault("users"))
    }

    async fn update_user(
        &self,
        user: UserId,
        change: UserChange,
        event: AuditEvent,
    ) -> Result<Updated, PortError> {
        self.write_user(user, &change, &event).await.map_err(fault("users"))
    }

    async fn delete_user(&self, user: UserId, event: AuditEvent) -> Result<Deleted, PortError> {
        self.remove_user(user, &event).await.map_err(fault("users"))
    }

    async fn replace_password_hash(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        now: UnixSeconds,
    ) -> Result<Replaced, PortError> {
        self.swap_password_hash(user, old, new, now).await.map_err(fault("users"))
    }
}

impl Store {
    async fn read_admission(&self, email: Option<&Email>, policy: SignUpPolicy) -> worker::Result<Admission> {
        const ADMISSION: &str = concat!(
            "SELECT ",
            is_open!(),
            " AS open, EXISTS (SELECT 1 FROM users WHERE email = ?2) AS taken,
                NOT EXISTS (SELECT 1 FROM users) AS first"
        );
        #[derive(Deserialize)]
        struct Row {
            open: i64,
            taken: i64,
            first: i64,
        }
        let email = email.map_or(D1Type::Null, |email| D1Type::Text(email.as_str()));
        let statement =
            self.database()?.prepare(ADMISSION).bind_refs(&[D1Type::Text(spelling(policy)), email])?;
        let row: Row = statement.first(None).await?.ok_or_else(|| missing("admission"))?;
        Ok(match row {
            Row { open: 0, .. } => Admission::Closed,
            Row { taken: 1, .. } => Admission::EmailTaken,
            Row { first: 1, .. } => Admission::First,
            Row { .. } => Admission::Open,
        })
    }

    /// One batch, which D1 runs as one transaction (FT-01).
    async fn insert_user(&self, user: NewUser, policy: SignUpPolicy) -> worker::Result<Created> {
        const OPEN: &str = concat!("SELECT ", is_open!(), " AS yes");
        const INSERT_USER: &str = concat!(
            "INSERT INTO users (id, email, name, role, profile_image_url, created_at, updated_at, last_active_at)
             SELECT ?2, ?3, ?4, CASE WHEN EXISTS (SELECT 1 FROM users) THEN ?5 ELSE 'admin' END, ?6, ?7, ?7, ?7
             WHERE ", is_open!(), "
             ON CONFLICT (email) DO NOTHING"
        );
        const INSERT_CREDENTIAL: &str = "INSERT INTO credentials (user_id, password_hash, updated_at)
             SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM users WHERE id = ?1)";
        // A new account never gets the role from configuration, so `admin` means: the first one.
        const CLOSE_SIGN_UP: &str = "INSERT INTO settings (key, value, version, updated_at, updated_by)
             SELECT 'ENABLE_SIGNUP', 'false', 1, ?3, ?1
             WHERE ?2 = 'until_first_user' AND EXISTS (SELECT 1 FROM users WHERE id = ?1 AND role = 'admin')
             ON CONFLICT (key) DO UPDATE
             SET value = 'false', version = version + 1, updated_at = ?3, updated_by = ?1";

        let (id, policy) = (user.id.to_string(), spelling(policy));
        let (id, policy) = (D1Type::Text(&id), D1Type::Text(policy));
        let created_at = seconds(user.created_at.get());
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(OPEN).bind_refs(&policy)?,
                database.prepare(INSERT_USER).bind_refs([
                    &policy,
                    &id,
                    &D1Type::Text(user.email.as_str()),
                    &D1Type::Text(user.name.as_str()),
                    &D1Type::Text(user.default_role.as_str()),
                    &D1Type::Text(user.image.as_str()),
                    &created_at,
                ])?,
                database.prepare(INSERT_CREDENTIAL).bind_refs([
                    &id,
                    &D1Type::Text(user.password_hash.as_str()),
                    &created_at,
                ])?,
                database.prepare(CLOSE_SIGN_UP).bind_refs([&id, &policy, &created_at])?,
                database.prepare(FIND_BY_ID).bind_refs(&id)?,
            ])
            .await?;

        #[derive(Deserialize)]
        struct Open {
            yes: i64,
        }
        let open: Option<Open> = first(&results, 0)?;
        let stored: Option<UserRow> = first(&results, 4)?;
        Ok(match (open, stored) {
            (Some(Open { yes: 0 }), _) => Created::Closed,
            (_, Some(row)) => Created::User(Box::new(row.try_into()?)),
            (_, None) => Created::EmailTaken,
        })
    }

    async fn swap_password_hash(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        now: UnixSeconds,
    ) -> worker::Result<Replaced> {
        const SWAP: &str = "UPDATE credentials SET password_hash = ?3, updated_at = ?4
             WHERE user_id = ?1 AND password_hash = ?2
             RETURNING user_id";
        #[derive(Deserialize)]
        struct Row {}
        let id = user.to_string();
        let statement = self.database()?.prepare(SWAP).bind_refs(&[
            D1Type::Text(&id),
            D1Type::Text(old.as_str()),
            D1Type::Text(new.as_str()),
            seconds(now.get()),
        ])?;
        let row: Option<Row> = statement.first(None).await?;
        Ok(if row.is_some() { Replaced::Yes } else { Replaced::No })
    }

    async fn read_credential(&self, by: CredentialOf, key: &str) -> worker::Result<Option<Credential>> {
        macro_rules! find_credential {
            ($condition:literal) => {
                concat!(
                    "SELECT ",
                    user_columns!(),
                    ", c.password_hash, u.credential_version
                     FROM users AS u LEFT JOIN credentials AS c ON c.user_id = u.id
                     WHERE ",
                    $condition
                )
            };
        }
        #[derive(Deserialize)]
        struct Row {
            password_hash: Option<String>,
            credential_version: u32,
            #[serde(flatten)]
            user: UserRow,
        }
        let statement = self.database()?.prepare(match by {
            CredentialOf::Email => find_credential!("u.email = ?1"),
            CredentialOf::Id => find_credential!("u.id = ?1"),
        });
        let Some(row) = statement.bind_refs(&D1Type::Text(key))?.first::<Row>(None).await? else {
            return Ok(None);
        };
        Ok(Some(Credential {
            user: row.user.try_into()?,
            password_hash: row.password_hash.map(PasswordHash::from_stored),
            version: row.credential_version,
        }))
    }

    /// The hash first, under the condition that it is still the old one; the version only if that changed
    /// something; the event only if the version changed.
    async fn store_new_password(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        event: &AuditEvent,
    ) -> worker::Result<Replaced> {
        const SWAP: &str = "UPDATE credentials SET password_hash = ?3, updated_at = ?4
             WHERE user_id = ?1 AND password_hash = ?2";
        const COUNT: &str = "UPDATE users SET credential_version = credential_version + 1, updated_at = ?2
             WHERE id = ?1 AND changes() > 0";
        let (id, now) = (user.to_string(), seconds(event.at.get()));
        let id = D1Type::Text(&id);
        let (old, new) = (D1Type::Text(old.as_str()), D1Type::Text(new.as_str()));
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(SWAP).bind_refs([&id, &old, &new, &now])?,
                database.prepare(COUNT).bind_refs([&id, &now])?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
            ])
            .await?;
        Ok(if changed(&results, 1)? { Replaced::Yes } else { Replaced::No })
    }

    async fn read_primary_admin(&self) -> worker::Result<Option<UserId>> {
        const PRIMARY: &str = "SELECT id FROM users ORDER BY created_at, role <> 'admin', rowid LIMIT 1";
        #[derive(Deserialize)]
        struct Row {
            id: UserId,
        }
        Ok(self.database()?.prepare(PRIMARY).first::<Row>(None).await?.map(|row| row.id))
    }

    async fn write_user(
        &self,
        user: UserId,
        change: &UserChange,
        event: &AuditEvent,
    ) -> worker::Result<Updated> {
        // What is NULL stays. `OR IGNORE` makes a taken address change nothing at all.
        const UPDATE: &str = concat!(
            "UPDATE OR IGNORE users SET
                 role = COALESCE(?2, role), email = COALESCE(?3, email), name = COALESCE(?4, name),
                 profile_image_url = COALESCE(?5, profile_image_url), updated_at = ?6,
                 credential_version = credential_version + ?7
             WHERE id = ?1 AND (COALESCE(?2, role) = 'admin' OR NOT ",
            is_last_admin!(),
            ")"
        );
        const SET_HASH: &str = "INSERT INTO credentials (user_id, password_hash, updated_at)
             SELECT ?1, ?2, ?3 WHERE ?2 IS NOT NULL AND EXISTS (SELECT 1 FROM users WHERE id = ?1 AND updated_at = ?3)
               AND changes() > 0
             ON CONFLICT (user_id) DO UPDATE SET password_hash = ?2, updated_at = ?3";
        const STATE: &str = concat!(
            "SELECT EXISTS (SELECT 1 FROM users WHERE email = ?2 AND id <> ?1) AS taken,
                    COALESCE(?3, 'admin') <> 'admin' AND ",
            is_last_admin!(),
            " AS last_admin"
        );
        #[derive(Deserialize)]
        struct State {
            taken: i64,
            last_admin: i64,
        }
        let id = user.to_string();
        let id = D1Type::Text(&id);
        let role = change.role.map_or(D1Type::Null, |role| D1Type::Text(role.as_str()));
        let email = change.email.as_ref().map_or(D1Type::Null, |email| D1Type::Text(email.as_str()));
        let name = change.name.as_ref().map_or(D1Type::Null, |name| D1Type::Text(name.as_str()));
        let image = change.image.as_ref().map_or(D1Type::Null, |image| D1Type::Text(image.as_str()));
        let hash = change.password_hash.as_ref().map_or(D1Type::Null, |hash| D1Type::Text(hash.as_str()));
        let now = seconds(event.at.get());
        let versions = D1Type::Integer(i32::from(change.password_hash.is_some()));
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(STATE).bind_refs([&id, &email, &role])?,
                database.prepare(UPDATE).bind_refs([&id, &role, &email, &name, &image, &now, &versions])?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
                database.prepare(SET_HASH).bind_refs([&id, &hash, &now])?,
                database.prepare(FIND_BY_ID).bind_refs(&id)?,
            ])
            .await?;
        let state: Option<State> = first(&results, 0)?;
        let row: Option<UserRow> = first(&results, 4)?;
        Ok(match (row, state) {
            (None, _) => Updated::NoAccount,
            (Some(row), _) if changed(&results, 1)? => Updated::User(Box::new(row.try_into()?)),
            (Some(_), Some(State { last_admin: 1, .. })) => Updated::LastAdmin,
            (Some(_), Some(State { taken: 1, .. })) => Updated::EmailTaken,
            (Some(_), _) => return Err(missing("reason for an update that changed nothing")),
        })
    }

    /// Credential, identities and memberships go with the account: the schema says so.
    async fn remove_user(&self, user: UserId, event: &AuditEvent) -> worker::Result<Deleted> {
        const DELETE: &str = concat!("DELETE FROM users WHERE id = ?1 AND NOT ", is_last_admin!());
        const LEFT: &str = "SELECT id FROM users WHERE id = ?1";
        #[derive(Deserialize)]
        struct Row {}
        let id = user.to_string();
        let id = D1Type::Text(&id);
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(DELETE).bind_refs(&id)?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
                database.prepare(LEFT).bind_refs(&id)?,
            ])
            .await?;
        let left: Option<Row> = first(&results, 2)?;
        Ok(match left {
            Some(_) => Deleted::LastAdmin,
            None if changed(&results, 0)? => Deleted::Yes,
            None => Deleted::NoAccount,
        })
    }
}

/// What a credential is looked up by.
#[derive(Clone, Copy, Debug)]
enum CredentialOf {
    Email,
    Id,
}

/// The account of an id with the version of its credential, for the session authority's copy.
pub(crate) async fn load_account(database: &D1Database, id: UserId) -> worker::Result<Option<Account>> {
    const FIND_ACCOUNT: &str =
        concat!("SELECT ", user_columns!(), ", u.credential_version FROM users AS u WHERE u.id = ?1");
    #[derive(Deserialize)]
    struct Row {
        credential_version: u32,
        #[serde(flatten)]
        user: UserRow,
    }
    let id = id.to_string();
    let row: Option<Row> = database.prepare(FIND_ACCOUNT).bind_refs(&D1Type::Text(&id))?.first(None).await?;
    row.map(|row| Ok(Account { user: row.user.try_into()?, credential_version: row.credential_version }))
        .transpose()
}

/// Whether a statement of a batch has changed a row.
fn changed(results: &[D1Result], statement: usize) -> worker::Result<bool> {
    let result = results.get(statement).ok_or_else(|| missing("batch result"))?;
    let meta = result.meta()?.ok_or_else(|| missing("meta data"))?;
    Ok(meta.changes.unwrap_or_default() > 0)
}

const fn spelling(policy: SignUpPolicy) -> &'static str {
    match policy {
        SignUpPolicy::Always => "always",
        SignUpPolicy::FirstUserOnly => "first_user_only",
        SignUpPolicy::Never => "never",
        SignUpPolicy::UntilFirstUser => "until_first_user",
    }
}

/// D1 takes numbers as JavaScript has them; Unix seconds are exact in those.
#[expect(clippy::cast_precision_loss, reason = "Unix seconds stay far below 2^53")]
const fn seconds(value: i64) -> D1Type<'static> {
    D1Type::Real(value as f64)
}

/// The first row of one statement of a batch.
fn first<T: for<'de> Deserialize<'de>>(results: &[D1Result], statement: usize) -> worker::Result<Option<T>> {
    let result = results.get(statement).ok_or_else(|| missing("batch result"))?;
    Ok(result.results::<T>()?.into_iter().next())
}

fn missing(what: &str) -> worker::Error {
    worker::Error::RustError(format!("D1 gave no {what}"))
}
