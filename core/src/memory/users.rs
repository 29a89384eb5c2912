use alloc::{boxed::Box, collections::BTreeMap, string::String, vec::Vec};

use super::Memory;
use crate::{
    audit::{AuditEvent, AuditOutcome},
    email::Email,
    id::UserId,
    password::PasswordHash,
    permission::Permissions,
    ports::{
        About, Admission, Created, Credential, Deleted, PortError, Replaced, StatusLine, Updated, UserChange,
        Users,
    },
    ticket::Invitation,
    time::{Lifetime, UnixSeconds},
    user::{
        Account, EmailVerification, FIRST_CREDENTIAL_VERSION, FactorState, Means, NewUser, Profile, Role,
        SignUpPolicy, User,
    },
};

/// How often the last sign of life of an account is written down.
const ACTIVE_EVERY: Lifetime = Lifetime::from_minutes(1);

#[derive(Debug, Default)]
pub(super) struct UserTable {
    rows: BTreeMap<UserId, UserRow>,
    created: usize,
}

#[derive(Debug)]
pub(super) struct UserRow {
    pub(super) user: User,
    pub(super) password_hash: Option<PasswordHash>,
    version: u32,
    previous_email: Option<Email>,
    /// Counts the accounts that there were before.
    place: usize,
}

impl UserRow {
    fn credential(&self, grants: Permissions) -> Credential {
        Credential {
            user: self.user.clone(),
            password_hash: self.password_hash.clone(),
            version: self.version,
            grants,
        }
    }
}

impl UserTable {
    pub(super) fn account(&self, id: UserId, grants: Permissions) -> Option<Account> {
        let row = self.rows.get(&id)?;
        Some(Account { user: row.user.clone(), credential_version: row.version, grants })
    }

    /// Notes whether an account has a second factor, with which a new version of its credential begins.
    pub(super) fn note_factor(&mut self, id: UserId, factor: FactorState) -> Option<u32> {
        let row = self.rows.get_mut(&id)?;
        row.user.factor = factor;
        row.version += 1;
        Some(row.version)
    }

    /// Notes the accounts elsewhere that belong to an account.
    pub(super) fn note_identities(&mut self, id: UserId, identities: Vec<(String, String)>) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        row.user.means.identities = identities;
    }

    pub(super) fn has_users(&self) -> bool {
        !self.rows.is_empty()
    }

    pub(super) fn holds(&self, id: UserId) -> bool {
        self.rows.contains_key(&id)
    }

    /// All accounts, oldest first.
    pub(super) fn in_order(&self) -> Vec<User> {
        let mut rows: Vec<_> = self.rows.values().collect();
        rows.sort_by_key(|row| (row.user.created_at, row.place));
        rows.into_iter().map(|row| row.user.clone()).collect()
    }

    /// Notes that an account was active, to the minute.
    pub(super) fn note_activity(&mut self, id: UserId, now: UnixSeconds) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        if now >= row.user.last_active_at.plus(ACTIVE_EVERY) {
            row.user.last_active_at = now;
        }
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

    fn insert(&mut self, new: NewUser) -> User {
        let first = self.rows.is_empty();
        let user = User {
            id: new.id,
            email: new.email,
            name: new.name.into_string(),
            role: if first { Role::Admin } else { new.default_role },
            profile: Profile { image: new.image.into_string(), username: new.username, ..Profile::default() },
            verification: new.verification,
            terms_accepted_at: None,
            factor: FactorState::Absent,
            means: Means { has_password: new.password_hash.is_some(), identities: Vec::new() },
            created_at: new.created_at,
            updated_at: new.created_at,
            last_active_at: new.created_at,
        };
        self.created += 1;
        let row = UserRow {
            user: user.clone(),
            password_hash: new.password_hash,
            version: FIRST_CREDENTIAL_VERSION,
            previous_email: None,
            place: self.created,
        };
        self.rows.insert(user.id, row);
        user
    }

    /// The account, while its hash is the one that was read.
    fn with_hash(&mut self, id: UserId, hash: &PasswordHash) -> Option<&mut UserRow> {
        self.rows.get_mut(&id).filter(|row| row.password_hash.as_ref() == Some(hash))
    }

    pub(super) fn set_password(&mut self, id: UserId, hash: &PasswordHash, now: UnixSeconds) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        row.password_hash = Some(hash.clone());
        row.user.means.has_password = true;
        row.version += 1;
        row.user.updated_at = now;
    }

    pub(super) fn note_verified(&mut self, id: UserId) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        row.user.verification = EmailVerification::Done;
    }

    pub(super) fn note_username(&mut self, id: UserId, username: Option<String>) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        row.user.profile.username = username;
    }

    pub(super) fn previous_email(&self, id: UserId) -> Option<Email> {
        self.rows.get(&id)?.previous_email.clone()
    }

    pub(super) fn unverified(&self, before: UnixSeconds) -> impl Iterator<Item = UserId> {
        let late = move |row: &&UserRow| matches!(row.user.verification, EmailVerification::DueBy(due) if due < before);
        self.rows.values().filter(late).map(|row| row.user.id)
    }

    pub(super) fn has_password(&self, id: UserId) -> bool {
        self.rows.get(&id).is_some_and(|row| row.password_hash.is_some())
    }

    pub(super) fn is_last_admin(&self, id: UserId) -> bool {
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
        if let Some(email) = change.email.filter(|email| *email != user.email) {
            row.previous_email = Some(core::mem::replace(&mut user.email, email));
            user.verification = EmailVerification::Unasked;
        }
        if change.accepts_terms {
            user.terms_accepted_at = user.terms_accepted_at.or(Some(now));
        }
        if change.waives_verification && user.is_unverified() {
            user.verification = EmailVerification::Unasked;
        }
        if let Some(name) = change.name {
            user.name = name.into_string();
        }
        if let Some(image) = change.image {
            user.profile.image = image.into_string();
        }
        if let Some(About { bio, gender, date_of_birth }) = change.about {
            let kept = core::mem::take(&mut user.profile);
            user.profile = Profile { bio, gender, date_of_birth, ..kept };
        }
        if let Some(timezone) = change.timezone {
            user.profile.timezone = Some(timezone);
        }
        if let Some(StatusLine { emoji, message, expires_at }) = change.status {
            let kept = core::mem::take(&mut user.profile);
            user.profile = Profile {
                status_emoji: emoji,
                status_message: message,
                status_expires_at: expires_at,
                ..kept
            };
        }
        if let Some(hash) = change.password_hash {
            row.password_hash = Some(hash);
            row.user.means.has_password = true;
            row.version += 1;
        }
        Updated::User(Box::new(row.user.clone()))
    }
}

impl Memory {
    fn is_closed(&self, policy: SignUpPolicy) -> bool {
        let stored = self.settings.borrow().get("ENABLE_SIGNUP").map(|row| row.value == "true");
        !policy.admits(self.users.borrow().has_users(), stored)
    }

    fn credential_of(&self, row: impl FnOnce(&UserTable) -> Option<&UserRow>) -> Option<Credential> {
        let users = self.users.borrow();
        let row = row(&users)?;
        Some(row.credential(self.groups.borrow().grants_of(row.user.id)))
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
        Ok(if self.is_closed(policy) {
            Admission::Closed
        } else if email.is_some_and(|email| users.find(email.as_str()).is_some()) {
            Admission::EmailTaken
        } else if users.rows.is_empty() {
            Admission::First
        } else {
            Admission::Open
        })
    }

    async fn create_user(
        &self,
        user: NewUser,
        policy: SignUpPolicy,
        event: AuditEvent,
    ) -> Result<Created, PortError> {
        self.reach("users")?;
        let admits = |invitation: &Invitation| {
            Some(&invitation.hash) == user.invitation.as_ref()
                && invitation.email == user.email
                && user.created_at < invitation.expires_at
        };
        let is_invited = self.tickets.borrow().invitations.iter().any(admits);
        if !is_invited && (user.invitation.is_some() || self.is_closed(policy)) {
            return Ok(Created::Closed);
        }
        let first = !self.users.borrow().has_users();
        let (id, group) = (user.id, user.default_group);
        {
            let mut users = self.users.borrow_mut();
            if let Some(owner) = users.find(user.email.as_str()) {
                let target = Some(String::from(owner.user.id));
                let told = user.if_taken.map(|event| AuditEvent { target, ..event });
                self.audit.borrow_mut().extend(told);
                return Ok(Created::EmailTaken);
            }
            self.tickets.borrow_mut().invitations.retain(|known| known.email != user.email);
            users.insert(user);
        }
        if first && policy.closes {
            self.store_setting("ENABLE_SIGNUP", "false");
        }
        if let Some(group) = group {
            self.groups.borrow_mut().join(group, id);
        }
        let outcome = if first { AuditOutcome::FirstAdmin } else { event.outcome };
        self.audit.borrow_mut().push(AuditEvent { outcome, ..event });
        Ok(self.account(id).map_or(Created::Closed, |account| Created::Account(Box::new(account))))
    }

    async fn find_credential(&self, email: &Email) -> Result<Option<Credential>, PortError> {
        self.reach("users")?;
        Ok(self.credential_of(|users| users.find(email.as_str())))
    }

    async fn load_credential(&self, user: UserId) -> Result<Option<Credential>, PortError> {
        self.reach("users")?;
        Ok(self.credential_of(|users| users.rows.get(&user)))
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
        row.password_hash = Some(new.clone());
        row.user.means.has_password = true;
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
        row.password_hash = Some(new.clone());
        row.user.means.has_password = true;
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

    async fn delete_unverified(
        &self,
        user: UserId,
        before: UnixSeconds,
        event: AuditEvent,
    ) -> Result<Deleted, PortError> {
        if !self.users.borrow().unverified(before).any(|late| late == user) {
            self.reach("users")?;
            return Ok(Deleted::NoAccount);
        }
        Users::delete_user(self, user, event).await
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
        self.groups.borrow_mut().forget_user(user);
        self.api_keys.borrow_mut().remove(&user);
        self.tickets.borrow_mut().forget_user(user);
        self.factors.borrow_mut().remove(&user);
        self.identities.borrow_mut().forget_user(user);
        self.documents.borrow_mut().retain(|(owner, _), _| *owner != user);
        self.audit.borrow_mut().push(event);
        Ok(Deleted::Yes)
    }
}
