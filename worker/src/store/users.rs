use portico_core::{
    email::Email,
    id::UserId,
    password::PasswordHash,
    ports::{Admission, Created, Credential, PortError, Replaced, Users},
    time::UnixSeconds,
    user::{NewUser, SignUpPolicy, User},
};
use serde::Deserialize;
use worker::{D1Database, D1Result, D1Type};

use super::{Store, fault, row::UserRow};

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

/// The columns of `users AS u` that make a [`User`]; see [`UserRow`].
macro_rules! user_columns {
    () => {
        "u.id, u.email, u.name, u.role, u.profile_image_url, u.bio, u.gender, u.date_of_birth,
         u.status_emoji, u.status_message, u.status_expires_at, u.created_at"
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
        self.read_credential(email).await.map_err(fault("users"))
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
            " AS open, EXISTS (SELECT 1 FROM users WHERE email = ?2) AS taken"
        );
        #[derive(Deserialize)]
        struct Row {
            open: i64,
            taken: i64,
        }
        let email = email.map_or(D1Type::Null, |email| D1Type::Text(email.as_str()));
        let statement =
            self.database()?.prepare(ADMISSION).bind_refs(&[D1Type::Text(spelling(policy)), email])?;
        let row: Row = statement.first(None).await?.ok_or_else(|| missing("admission"))?;
        Ok(match row {
            Row { open: 0, .. } => Admission::Closed,
            Row { taken: 0, .. } => Admission::Open,
            Row { .. } => Admission::EmailTaken,
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

    async fn read_credential(&self, email: &Email) -> worker::Result<Option<Credential>> {
        const FIND_BY_EMAIL: &str = concat!(
            "SELECT ",
            user_columns!(),
            ", c.password_hash
             FROM users AS u LEFT JOIN credentials AS c ON c.user_id = u.id
             WHERE u.email = ?1"
        );
        #[derive(Deserialize)]
        struct Row {
            password_hash: Option<String>,
            #[serde(flatten)]
            user: UserRow,
        }
        let statement = self.database()?.prepare(FIND_BY_EMAIL).bind_refs(&D1Type::Text(email.as_str()))?;
        let Some(row) = statement.first::<Row>(None).await? else { return Ok(None) };
        Ok(Some(Credential {
            user: row.user.try_into()?,
            password_hash: row.password_hash.map(PasswordHash::from_stored),
        }))
    }
}

/// The account of an id, for the session authority's snapshot.
pub(crate) async fn load_user(database: &D1Database, id: UserId) -> worker::Result<Option<User>> {
    let id = id.to_string();
    let row: Option<UserRow> =
        database.prepare(FIND_BY_ID).bind_refs(&D1Type::Text(&id))?.first(None).await?;
    row.map(User::try_from).transpose()
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
