use portico_core::{
    audit::{AuditEvent, AuditOutcome},
    display_name::DisplayName,
    email::Email,
    id::UserId,
    image_reference::ImageReference,
    password::PasswordHash,
    ports::{Admission, Created, Credential, Deleted, PortError, Replaced, Updated, UserChange, Users},
    time::UnixSeconds,
    user::{Account, EmailVerification, NewUser, Role, SignUpPolicy},
};
use serde::Deserialize;
use worker::D1Type;

use super::{
    Store,
    audit_log::{self, Condition},
    batch::{changed, first, missing, optional, seconds},
    fault,
    row::{AccountRow, CLOSE_SIGN_UP, JOIN_GROUP, UserRow, WAS_INSERTED},
};

/// Whether the account `?1` is the only administrator.
macro_rules! is_last_admin {
    () => {
        "(EXISTS (SELECT 1 FROM users WHERE id = ?1 AND role = 'admin')
          AND NOT EXISTS (SELECT 1 FROM users WHERE id <> ?1 AND role = 'admin'))"
    };
}

const FIND_BY_ID: &str = concat!("SELECT ", user_columns!(), " FROM users AS u WHERE u.id = ?1");

const FIND_ACCOUNT: &str = concat!("SELECT ", account_columns!(), " FROM users AS u WHERE u.id = ?1");

impl Users for Store {
    async fn preview_admission(
        &self,
        email: Option<&Email>,
        policy: SignUpPolicy,
    ) -> Result<Admission, PortError> {
        self.read_admission(email, policy).await.map_err(fault("users"))
    }

    async fn create_user(
        &self,
        user: NewUser,
        policy: SignUpPolicy,
        event: AuditEvent,
    ) -> Result<Created, PortError> {
        self.insert_user(user, policy, event).await.map_err(fault("users"))
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

    async fn delete_unverified(
        &self,
        user: UserId,
        before: UnixSeconds,
        event: AuditEvent,
    ) -> Result<Deleted, PortError> {
        self.remove_user(user, Some(before), &event).await.map_err(fault("users"))
    }

    async fn delete_user(&self, user: UserId, event: AuditEvent) -> Result<Deleted, PortError> {
        self.remove_user(user, None, &event).await.map_err(fault("users"))
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
            is_open!("?1", "?2", "?3", "?4"),
            " AS open, EXISTS (SELECT 1 FROM users WHERE email = ?5) AS taken,
                NOT EXISTS (SELECT 1 FROM users) AS first"
        );
        #[derive(Deserialize)]
        struct Row {
            open: i64,
            taken: i64,
            first: i64,
        }
        let [first, others, unless_stored, stored_counts] = flags(policy);
        let email = optional(email.map(Email::as_str));
        let bound = [first, others, unless_stored, stored_counts, email];
        let row: Option<Row> = self.database()?.prepare(ADMISSION).bind_refs(&bound)?.first(None).await?;
        Ok(match row.ok_or_else(|| missing("admission"))? {
            Row { open: 0, .. } => Admission::Closed,
            Row { taken: 1, .. } => Admission::EmailTaken,
            Row { first: 1, .. } => Admission::First,
            Row { .. } => Admission::Open,
        })
    }

    /// One batch, which D1 runs as one transaction (FT-01). Whether this is the first account is asked once; the
    /// statements after the insert see by the account's own row that it was let in.
    async fn insert_user(
        &self,
        user: NewUser,
        policy: SignUpPolicy,
        event: AuditEvent,
    ) -> worker::Result<Created> {
        const OPEN: &str = concat!(
            "SELECT ",
            is_open!("?1", "?2", "?3", "?4"),
            " AS yes, NOT EXISTS (SELECT 1 FROM users) AS first"
        );
        const INSERT_USER: &str = concat!(
            "INSERT INTO users (id, email, name, role, profile_image_url, created_at, updated_at, last_active_at,
                 username, email_verified_at, verify_by)
             SELECT ?5, ?6, ?7, CASE WHEN EXISTS (SELECT 1 FROM users) THEN ?8 ELSE 'admin' END, ?9, ?10, ?10, ?10,
                 ?11, ?12, ?13
             WHERE CASE WHEN ?14 IS NOT NULL THEN EXISTS (
                 SELECT 1 FROM invitations WHERE hash = ?14 AND email = ?6 AND expires_at > ?10) ELSE ",
            is_open!("?1", "?2", "?3", "?4"),
            " END ON CONFLICT (email) DO NOTHING"
        );
        // The account that has the address already, where the policy would have let the sign-up in.
        const IS_TAKEN: &str = concat!(
            "UPDATE users SET last_active_at = last_active_at
             WHERE email = ?6 AND id <> ?5 AND CASE WHEN ?7 IS NOT NULL THEN EXISTS (
                 SELECT 1 FROM invitations WHERE hash = ?7 AND email = ?6 AND expires_at > ?8) ELSE ",
            is_open!("?1", "?2", "?3", "?4"),
            " END"
        );
        const INSERT_CREDENTIAL: &str = "INSERT INTO credentials (user_id, password_hash, updated_at)
             SELECT ?1, ?2, ?3 WHERE ?2 IS NOT NULL AND EXISTS (SELECT 1 FROM users WHERE id = ?1)";
        const USE_INVITATION: &str = "DELETE FROM invitations
             WHERE email = ?2 AND EXISTS (SELECT 1 FROM users WHERE id = ?1)";
        const OPEN_INVITATION: &str =
            "SELECT EXISTS (SELECT 1 FROM invitations WHERE hash = ?1 AND email = ?2 AND expires_at > ?3) AS yes,
                    NOT EXISTS (SELECT 1 FROM users) AS first";
        let id = user.id.to_string();
        let id = D1Type::Text(&id);
        let [first_may, others, unless_stored, stored_counts] = flags(policy);
        let created_at = seconds(user.created_at);
        let group = user.default_group.map(|group| group.to_string());
        let first_event = AuditEvent { outcome: AuditOutcome::FirstAdmin, ..event.clone() };
        let database = self.database()?;
        let email = D1Type::Text(user.email.as_str());
        let invitation = optional(user.invitation.as_deref());
        let mut statements = vec![
            match &user.invitation {
                None => {
                    let policy = [&first_may, &others, &unless_stored, &stored_counts];
                    database.prepare(OPEN).bind_refs(policy)?
                }
                Some(hash) => {
                    let hash = D1Type::Text(hash);
                    database.prepare(OPEN_INVITATION).bind_refs([&hash, &email, &created_at])?
                }
            },
            database.prepare(INSERT_USER).bind_refs([
                &first_may,
                &others,
                &unless_stored,
                &stored_counts,
                &id,
                &email,
                &D1Type::Text(user.name.as_str()),
                &D1Type::Text(user.default_role.as_str()),
                &D1Type::Text(user.image.as_str()),
                &created_at,
                &optional(user.username.as_deref()),
                &match user.verification {
                    EmailVerification::Done => seconds(user.created_at),
                    EmailVerification::DueBy(_) | EmailVerification::Unasked => D1Type::Null,
                },
                &user.verification.due_by().map_or(D1Type::Null, seconds),
                &invitation,
            ])?,
            database.prepare(WAS_INSERTED).bind_refs([&id, &flag(true)])?,
            audit_log::insert(&database, &first_event, Condition::IfChanged)?,
            database.prepare(WAS_INSERTED).bind_refs([&id, &flag(false)])?,
            audit_log::insert(&database, &event, Condition::IfChanged)?,
            database.prepare(CLOSE_SIGN_UP).bind_refs([&id, &flag(policy.closes), &created_at])?,
            database.prepare(INSERT_CREDENTIAL).bind_refs([
                &id,
                &optional(user.password_hash.as_ref().map(PasswordHash::as_str)),
                &created_at,
            ])?,
            database.prepare(JOIN_GROUP).bind_refs([&id, &optional(group.as_deref()), &created_at])?,
            // Whoever was invited has come.
            database.prepare(USE_INVITATION).bind_refs([&id, &email])?,
            database.prepare(FIND_ACCOUNT).bind_refs(&id)?,
        ];
        if let Some(event) = &user.if_taken {
            let bound =
                [&first_may, &others, &unless_stored, &stored_counts, &id, &email, &invitation, &created_at];
            statements.push(database.prepare(IS_TAKEN).bind_refs(bound)?);
            statements.push(audit_log::insert_about_owner(&database, event, &user.email)?);
        }
        let results = database.batch(statements).await?;

        #[derive(Deserialize)]
        struct Open {
            yes: i64,
            first: i64,
        }
        let open: Option<Open> = first(&results, 0)?;
        let stored: Option<AccountRow> = first(&results, 10)?;
        if stored.is_some() && open.as_ref().is_some_and(|open| open.first != 0) {
            // Registration has just been closed, and there is somebody.
            self.forget_settings().await;
        }
        Ok(match (open, stored) {
            (Some(Open { yes: 0, .. }), _) => Created::Closed,
            (_, Some(row)) => Created::Account(Box::new(row.try_into()?)),
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
            seconds(now),
        ])?;
        let row: Option<Row> = statement.first(None).await?;
        Ok(if row.is_some() { Replaced::Yes } else { Replaced::No })
    }

    async fn read_credential(&self, by: CredentialOf, key: &str) -> worker::Result<Option<Credential>> {
        macro_rules! find_credential {
            ($condition:literal) => {
                concat!(
                    "SELECT ",
                    account_columns!(),
                    ", c.password_hash FROM users AS u LEFT JOIN credentials AS c ON c.user_id = u.id
                     WHERE ",
                    $condition
                )
            };
        }
        #[derive(Deserialize)]
        struct Row {
            password_hash: Option<String>,
            #[serde(flatten)]
            account: AccountRow,
        }
        let statement = self.database()?.prepare(match by {
            CredentialOf::Email => find_credential!("u.email = ?1"),
            CredentialOf::Id => find_credential!("u.id = ?1"),
        });
        let Some(row) = statement.bind_refs(&D1Type::Text(key))?.first::<Row>(None).await? else {
            return Ok(None);
        };
        let Account { user, credential_version, grants } = row.account.try_into()?;
        Ok(Some(Credential {
            user,
            password_hash: row.password_hash.map(PasswordHash::from_stored),
            version: credential_version,
            grants,
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
        let (id, now) = (user.to_string(), seconds(event.at));
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
                 previous_email = CASE WHEN ?3 <> email THEN email ELSE previous_email END,
                 email_verified_at = CASE WHEN ?3 <> email THEN NULL ELSE email_verified_at END,
                 verify_by = CASE WHEN ?3 <> email OR ?18 THEN NULL ELSE verify_by END,
                 terms_accepted_at = CASE WHEN ?17 THEN COALESCE(terms_accepted_at, ?6) ELSE terms_accepted_at END,
                 role = COALESCE(?2, role), email = COALESCE(?3, email), name = COALESCE(?4, name),
                 profile_image_url = COALESCE(?5, profile_image_url), updated_at = ?6,
                 credential_version = credential_version + ?7,
                 bio = CASE WHEN ?8 THEN ?9 ELSE bio END, gender = CASE WHEN ?8 THEN ?10 ELSE gender END,
                 date_of_birth = CASE WHEN ?8 THEN ?11 ELSE date_of_birth END,
                 timezone = COALESCE(?12, timezone),
                 status_emoji = CASE WHEN ?13 THEN ?14 ELSE status_emoji END,
                 status_message = CASE WHEN ?13 THEN ?15 ELSE status_message END,
                 status_expires_at = CASE WHEN ?13 THEN ?16 ELSE status_expires_at END
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
        let role = optional(change.role.map(Role::as_str));
        let email = optional(change.email.as_ref().map(Email::as_str));
        let name = optional(change.name.as_ref().map(DisplayName::as_str));
        let image = optional(change.image.as_ref().map(ImageReference::as_str));
        let hash = optional(change.password_hash.as_ref().map(PasswordHash::as_str));
        let about = change.about.clone().unwrap_or_default();
        let status = change.status.clone().unwrap_or_default();
        let now = seconds(event.at);
        let versions = flag(change.password_hash.is_some());
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(STATE).bind_refs([&id, &email, &role])?,
                database.prepare(UPDATE).bind_refs([
                    &id,
                    &role,
                    &email,
                    &name,
                    &image,
                    &now,
                    &versions,
                    &flag(change.about.is_some()),
                    &optional(about.bio.as_deref()),
                    &optional(about.gender.as_deref()),
                    &optional(about.date_of_birth.as_deref()),
                    &optional(change.timezone.as_deref()),
                    &flag(change.status.is_some()),
                    &optional(status.emoji.as_deref()),
                    &optional(status.message.as_deref()),
                    &status.expires_at.map_or(D1Type::Null, seconds),
                    &flag(change.accepts_terms),
                    &flag(change.waives_verification),
                ])?,
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

    /// Credential, identities and memberships go with the account: the schema says so. `unverified_before` spares every
    /// account whose owner has shown their address, or has time to.
    async fn remove_user(
        &self,
        user: UserId,
        unverified_before: Option<UnixSeconds>,
        event: &AuditEvent,
    ) -> worker::Result<Deleted> {
        const DELETE: &str = concat!(
            "DELETE FROM users WHERE id = ?1
             AND (?2 IS NULL OR (verify_by < ?2 AND email_verified_at IS NULL)) AND NOT ",
            is_last_admin!()
        );
        const LEFT: &str = "SELECT id FROM users WHERE id = ?1
             AND (?2 IS NULL OR (verify_by < ?2 AND email_verified_at IS NULL))";
        #[derive(Deserialize)]
        struct Row {}
        let id = user.to_string();
        let bound = [D1Type::Text(&id), unverified_before.map_or(D1Type::Null, seconds)];
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(DELETE).bind_refs(&bound)?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
                database.prepare(LEFT).bind_refs(&bound)?,
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

/// The policy as the statements take it.
pub(super) fn flags(policy: SignUpPolicy) -> [D1Type<'static>; 4] {
    [policy.first, policy.others, policy.unless_stored, policy.stored_counts].map(flag)
}

pub(super) fn flag(value: bool) -> D1Type<'static> {
    D1Type::Integer(i32::from(value))
}
