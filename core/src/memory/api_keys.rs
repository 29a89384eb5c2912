use alloc::string::String;

use super::Memory;
use crate::{
    api_key::{ApiKeyDigest, StoredApiKey},
    audit::AuditEvent,
    id::UserId,
    ports::{ApiKeys, PortError, Replaced},
    time::UnixSeconds,
    user::Account,
};

impl ApiKeys for Memory {
    async fn replace_api_key(
        &self,
        user: UserId,
        key: StoredApiKey,
        event: AuditEvent,
    ) -> Result<bool, PortError> {
        self.reach("api keys")?;
        if self.account(user).is_none() {
            return Ok(false);
        }
        self.api_keys.borrow_mut().insert(user, key);
        self.audit.borrow_mut().push(event);
        Ok(true)
    }

    async fn find_api_key(&self, user: UserId) -> Result<Option<StoredApiKey>, PortError> {
        self.reach("api keys")?;
        Ok(self.api_keys.borrow().get(&user).cloned())
    }

    async fn delete_api_key(&self, user: UserId, event: AuditEvent) -> Result<(), PortError> {
        self.reach("api keys")?;
        if self.api_keys.borrow_mut().remove(&user).is_some() {
            self.audit.borrow_mut().push(event);
        }
        Ok(())
    }

    async fn reseal_api_key(
        &self,
        user: UserId,
        old: &StoredApiKey,
        sealed: String,
    ) -> Result<Replaced, PortError> {
        self.reach("api keys")?;
        match self.api_keys.borrow_mut().get_mut(&user).filter(|key| *key == old) {
            Some(key) => key.sealed = sealed,
            None => return Ok(Replaced::No),
        }
        Ok(Replaced::Yes)
    }

    async fn find_key_holder(
        &self,
        digests: &[ApiKeyDigest],
        now: UnixSeconds,
    ) -> Result<Option<Account>, PortError> {
        self.reach("api keys")?;
        let owner =
            self.api_keys.borrow().iter().find(|(_, key)| digests.contains(&key.digest)).map(|(id, _)| *id);
        if let Some(owner) = owner {
            self.users.borrow_mut().note_activity(owner, now);
        }
        Ok(owner.and_then(|owner| self.account(owner)))
    }
}
