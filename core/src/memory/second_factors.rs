use super::Memory;
use crate::{
    audit::AuditEvent,
    id::UserId,
    ports::{FactorReplaced, PortError, Replaced, SecondFactors, StoredFactor},
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
    ) -> Result<FactorReplaced, PortError> {
        self.reach("second factors")?;
        let mut factors = self.factors.borrow_mut();
        if factors.get(&user) != old || (old.is_none() && new.is_none()) {
            return Ok(FactorReplaced::No);
        }
        let state = new.as_ref().map(StoredFactor::state).unwrap_or_default();
        let Some(credential_version) = self.users.borrow_mut().note_factor(user, state) else {
            return Ok(FactorReplaced::No);
        };
        match new {
            Some(factor) => factors.insert(user, factor),
            None => factors.remove(&user),
        };
        self.audit.borrow_mut().push(event);
        Ok(FactorReplaced::Yes { credential_version })
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
