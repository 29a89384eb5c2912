use alloc::vec::Vec;

use super::Memory;
use crate::{
    audit::AuditEvent,
    oauth::{IntegrationId, StoredIntegration, flight::Claim},
    ports::{Integrations, PortError},
    time::UnixSeconds,
};

impl Integrations for Memory {
    async fn find_integration(&self, id: &IntegrationId) -> Result<Option<StoredIntegration>, PortError> {
        self.reach("integrations")?;
        Ok(self.integrations.borrow().get(id).cloned())
    }

    async fn list_integrations(&self) -> Result<Vec<StoredIntegration>, PortError> {
        self.reach("integrations")?;
        Ok(self.integrations.borrow().values().cloned().collect())
    }

    async fn save_integration(
        &self,
        integration: StoredIntegration,
        event: AuditEvent,
    ) -> Result<(), PortError> {
        self.reach("integrations")?;
        let mut integrations = self.integrations.borrow_mut();
        let known = integrations.get(&integration.id);
        let created_at = known.map_or(integration.created_at, |known| known.created_at);
        self.identities.borrow_mut().forget_provider(integration.id.as_str());
        integrations.insert(integration.id.clone(), StoredIntegration { created_at, ..integration });
        self.audit.borrow_mut().push(event);
        Ok(())
    }

    async fn delete_integration(&self, id: &IntegrationId, event: AuditEvent) -> Result<bool, PortError> {
        self.reach("integrations")?;
        let was_there = self.integrations.borrow_mut().remove(id).is_some();
        if was_there {
            self.identities.borrow_mut().forget_provider(id.as_str());
            self.audit.borrow_mut().push(event);
        }
        Ok(was_there)
    }

    async fn claim_registration(&self, id: &IntegrationId, now: UnixSeconds) -> Result<Claim, PortError> {
        self.reach("integrations")?;
        Ok(self.flights.claim(id.flight(), now).await)
    }

    async fn release_registration(&self, id: &IntegrationId) -> Result<(), PortError> {
        self.reach("integrations")?;
        self.flights.release(id.flight());
        Ok(())
    }
}
