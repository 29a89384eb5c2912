use super::Memory;
use crate::{
    audit::AuditEvent,
    id::UserId,
    ports::{PortError, Replaced, SecondFactors, StoredFactor},
    totp::BackupCodes,
};

impl SecondFactors for Memory {
    async fn find_second_factor(&self, user: UserId) -> Result<Option<StoredFactor>, PortError> {
        self.reach("second factors")?;
        Ok(self.factors.borrow().get(&user).cloned())
    }

    async fn replace_second_factor(
        &self,
        user: UserId,
        old: Option<&StoredFactor>,
        new: Option<StoredFactor>,
        event: AuditEvent,
    ) -> Result<Replaced, PortError> {
        self.reach("second factors")?;
        let mut factors = self.factors.borrow_mut();
        if self.account(user).is_none() || factors.get(&user) != old || (old.is_none() && new.is_none()) {
            return Ok(Replaced::No);
        }
        self.users.borrow_mut().note_factor(user, new.is_some());
        match new {
            Some(factor) => factors.insert(user, factor),
            None => factors.remove(&user),
        };
        self.audit.borrow_mut().push(event);
        Ok(Replaced::Yes)
    }

    async fn swap_backup_codes(
        &self,
        user: UserId,
        old: &BackupCodes,
        new: &BackupCodes,
    ) -> Result<Replaced, PortError> {
        self.reach("second factors")?;
        let mut factors = self.factors.borrow_mut();
        match factors.get_mut(&user).filter(|factor| factor.backup_codes == *old) {
            Some(factor) => {
                factor.backup_codes = new.clone();
                Ok(Replaced::Yes)
            }
            None => Ok(Replaced::No),
        }
    }
}
