use alloc::{boxed::Box, collections::BTreeMap};

use super::Memory;
use crate::{
    email::Email,
    id::UserId,
    password::PasswordHash,
    ports::{Admission, Created, Credential, InstanceState, PortError, Replaced, Users},
    time::UnixSeconds,
    user::{NewUser, Profile, Role, SignUpPolicy, User},
};

#[derive(Debug, Default)]
pub(super) struct UserTable {
    by_email: BTreeMap<Email, (User, PasswordHash)>,
    sign_up_enabled: Option<bool>,
}

impl UserTable {
    pub(super) fn find(&self, id: UserId) -> Option<User> {
        self.by_email.values().map(|(user, _)| user).find(|user| user.id == id).cloned()
    }

    pub(super) fn change(&mut self, email: &str, change: impl FnOnce(&mut User, &mut PasswordHash)) {
        let row = self.by_email.iter_mut().find(|(stored, _)| stored.as_str() == email);
        if let Some((_, (user, hash))) = row {
            change(user, hash);
        }
    }

    pub(super) fn delete(&mut self, email: &str) {
        self.by_email.retain(|stored, _| stored.as_str() != email);
    }

    pub(super) fn instance_state(&self) -> InstanceState {
        InstanceState { has_users: !self.by_email.is_empty(), sign_up_enabled: self.sign_up_enabled }
    }

    fn is_closed(&self, policy: SignUpPolicy) -> bool {
        match policy {
            SignUpPolicy::Always => false,
            SignUpPolicy::FirstUserOnly => !self.by_email.is_empty(),
            SignUpPolicy::Never => true,
            SignUpPolicy::UntilFirstUser => {
                !self.by_email.is_empty() && !self.sign_up_enabled.unwrap_or(true)
            }
        }
    }

    fn insert(&mut self, new: NewUser, policy: SignUpPolicy) -> User {
        let first = self.by_email.is_empty();
        if first && policy == SignUpPolicy::UntilFirstUser {
            self.sign_up_enabled = Some(false);
        }
        let user = User {
            id: new.id,
            email: new.email.clone(),
            name: new.name.into_string(),
            role: if first { Role::Admin } else { new.default_role },
            profile: Profile { image: new.image.into_string(), ..Profile::default() },
            created_at: new.created_at,
        };
        self.by_email.insert(new.email, (user.clone(), new.password_hash));
        user
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
        } else if email.is_some_and(|email| users.by_email.contains_key(email)) {
            Admission::EmailTaken
        } else {
            Admission::Open
        })
    }

    async fn create_user(&self, user: NewUser, policy: SignUpPolicy) -> Result<Created, PortError> {
        self.reach("users")?;
        let mut users = self.users.borrow_mut();
        Ok(if users.is_closed(policy) {
            Created::Closed
        } else if users.by_email.contains_key(&user.email) {
            Created::EmailTaken
        } else {
            Created::User(Box::new(users.insert(user, policy)))
        })
    }

    async fn find_credential(&self, email: &Email) -> Result<Option<Credential>, PortError> {
        self.reach("users")?;
        let users = self.users.borrow();
        Ok(users
            .by_email
            .get(email)
            .map(|(user, hash)| Credential { user: user.clone(), password_hash: Some(hash.clone()) }))
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
        let row = users.by_email.values_mut().find(|(stored, hash)| stored.id == user && hash == old);
        let Some((_, hash)) = row else { return Ok(Replaced::No) };
        *hash = new.clone();
        Ok(Replaced::Yes)
    }
}
