use alloc::{boxed::Box, collections::BTreeMap};

use super::Memory;
use crate::{
    audit::AuditEvent,
    email::Email,
    id::UserId,
    password::PasswordHash,
    ports::{
        Admission, Created, Credential, Deleted, InstanceState, PortError, Replaced, Updated, UserChange,
        Users,
    },
    time::UnixSeconds,
    user::{Account, FIRST_CREDENTIAL_VERSION, NewUser, Profile, Role, SignUpPolicy, User},
};

#[derive(Debug, Default)]
pub(super) struct UserTable {
    rows: BTreeMap<UserId, UserRow>,
    created: usize,
    sign_up_enabled: Option<bool>,
}

#[derive(Debug)]
pub(super) struct UserRow {
    pub(super) user: User,
    pub(super) password_hash: PasswordHash,
    version: u32,
    /// Counts the accounts that there were before.
    place: usize,
}

impl UserRow {
    fn credential(&self) -> Credential {
        Credential {
            user: self.user.clone(),
            password_hash: Some(self.password_hash.clone()),
            version: self.version,
        }
    }
}

impl UserTable {
    pub(super) fn account(&self, id: UserId) -> Option<Account> {
        let row = self.rows.get(&id)?;
        Some(Account { user: row.user.clone(), credential_version: row.version })
    }

    pub(super) fn find(&self, email: &str) -> Option<&UserRow> {
        self.rows.values().find(|row| row.user.email.as_str() == email)
    }

    pub(super) fn find_mut(&mut self, email: &str) -> Option<&mut UserRow> {
        self.rows.values_mut().find(|row| row.user.email.as_str() == email)
    }

    pub(super) fn delete(&mut self, email: &str) {
        self.rows.retain(|_, row| row.user.email.as_str() != email);
    }

    pub(super) fn instance_state(&self) -> InstanceState {
        InstanceState { has_users: !self.rows.is_empty(), sign_up_enabled: self.sign_up_enabled }
    }

    fn is_closed(&self, policy: SignUpPolicy) -> bool {
        match policy {
            SignUpPolicy::Always => false,
            SignUpPolicy::FirstUserOnly => !self.rows.is_empty(),
            SignUpPolicy::Never => true,
            SignUpPolicy::UntilFirstUser => !self.rows.is_empty() && !self.sign_up_enabled.unwrap_or(true),
        }
    }

    fn insert(&mut self, new: NewUser, policy: SignUpPolicy) -> User {
        let first = self.rows.is_empty();
        if first && policy == SignUpPolicy::UntilFirstUser {
            self.sign_up_enabled = Some(false);
        }
        let user = User {
            id: new.id,
            email: new.email,
            name: new.name.into_string(),
            role: if first { Role::Admin } else { new.default_role },
            profile: Profile { image: new.image.into_string(), ..Profile::default() },
            created_at: new.created_at,
            updated_at: new.created_at,
            last_active_at: new.created_at,
        };
        self.created += 1;
        let row = UserRow {
            user: user.clone(),
            password_hash: new.password_hash,
            version: FIRST_CREDENTIAL_VERSION,
            place: self.created,
        };
        self.rows.insert(user.id, row);
        user
    }

    /// The account, while its hash is the one that was read.
    fn with_hash(&mut self, id: UserId, hash: &PasswordHash) -> Option<&mut UserRow> {
        self.rows.get_mut(&id).filter(|row| row.password_hash == *hash)
    }

    fn is_last_admin(&self, id: UserId) -> bool {
        let mut admins = self.rows.values().filter(|row| row.user.role == Role::Admin);
        admins.next().is_some_and(|row| row.user.id == id) && admins.next().is_none()
    }

    fn update(&mut self, id: UserId, change: UserChange, now: UnixSeconds) -> Updated {
        let demoted = change.role.is_some_and(|role| role != Role::Admin);
        if demoted && self.is_last_admin(id) {
            return Updated::LastAdmin;
        }
        let taken =
            |email: &Email| self.rows.values().any(|row| row.user.id != id && row.user.email == *email);
        let email_taken = change.email.as_ref().is_some_and(taken);
        let Some(row) = self.rows.get_mut(&id) else { return Updated::NoAccount };
        if email_taken {
            return Updated::EmailTaken;
        }
        let user = &mut row.user;
        user.role = change.role.unwrap_or(user.role);
        user.updated_at = now;
        if let Some(email) = change.email {
            user.email = email;
        }
        if let Some(name) = change.name {
            user.name = name.into_string();
        }
        if let Some(image) = change.image {
            user.profile.image = image.into_string();
        }
        if let Some(hash) = change.password_hash {
            row.password_hash = hash;
            row.version += 1;
        }
        Updated::User(Box::new(row.user.clone()))
    }
}

impl Users for Memory {
    async fn preview_admission(
        &self,
        email: Option<&Email>,
        policy: SignUpPolicy,
    ) -> Result<Admission, PortError> {
        self.reach("users")?;
        let users = self.users.borrow();
        Ok(if users.is_closed(policy) {
            Admission::Closed
        } else if email.is_some_and(|email| users.find(email.as_str()).is_some()) {
            Admission::EmailTaken
        } else if users.rows.is_empty() {
            Admission::First
        } else {
            Admission::Open
        })
    }

    async fn create_user(&self, user: NewUser, policy: SignUpPolicy) -> Result<Created, PortError> {
        self.reach("users")?;
        let mut users = self.users.borrow_mut();
        Ok(if users.is_closed(policy) {
            Created::Closed
        } else if users.find(user.email.as_str()).is_some() {
            Created::EmailTaken
        } else {
            Created::User(Box::new(users.insert(user, policy)))
        })
    }

    async fn find_credential(&self, email: &Email) -> Result<Option<Credential>, PortError> {
        self.reach("users")?;
        Ok(self.users.borrow().find(email.as_str()).map(UserRow::credential))
    }

    async fn load_credential(&self, user: UserId) -> Result<Option<Credential>, PortError> {
        self.reach("users")?;
        Ok(self.users.borrow().rows.get(&user).map(UserRow::credential))
    }

    async fn replace_password_hash(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        _: UnixSeconds,
    ) -> Result<Replaced, PortError> {
        self.reach("users")?;
        let mut users = self.users.borrow_mut();
        let Some(row) = users.with_hash(user, old) else { return Ok(Replaced::No) };
        row.password_hash = new.clone();
        Ok(Replaced::Yes)
    }

    async fn change_password(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        event: AuditEvent,
    ) -> Result<Replaced, PortError> {
        self.reach("users")?;
        let mut users = self.users.borrow_mut();
        let Some(row) = users.with_hash(user, old) else { return Ok(Replaced::No) };
        row.password_hash = new.clone();
        row.version += 1;
        row.user.updated_at = event.at;
        self.audit.borrow_mut().push(event);
        Ok(Replaced::Yes)
    }

    async fn primary_admin(&self) -> Result<Option<UserId>, PortError> {
        self.reach("users")?;
        let users = self.users.borrow();
        let earliest = |row: &&UserRow| (row.user.created_at, row.user.role != Role::Admin, row.place);
        Ok(users.rows.values().min_by_key(earliest).map(|row| row.user.id))
    }

    async fn update_user(
        &self,
        user: UserId,
        change: UserChange,
        event: AuditEvent,
    ) -> Result<Updated, PortError> {
        self.reach("users")?;
        let updated = self.users.borrow_mut().update(user, change, event.at);
        if let Updated::User(_) = updated {
            self.audit.borrow_mut().push(event);
        }
        Ok(updated)
    }

    async fn delete_user(&self, user: UserId, event: AuditEvent) -> Result<Deleted, PortError> {
        self.reach("users")?;
        let mut users = self.users.borrow_mut();
        if users.is_last_admin(user) {
            return Ok(Deleted::LastAdmin);
        }
        if users.rows.remove(&user).is_none() {
            return Ok(Deleted::NoAccount);
        }
        self.audit.borrow_mut().push(event);
        Ok(Deleted::Yes)
    }
}
