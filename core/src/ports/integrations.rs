use alloc::vec::Vec;

use super::PortError;
use crate::{
    audit::AuditEvent,
    oauth::{IntegrationId, StoredIntegration, flight::Claim},
    time::UnixSeconds,
};

/// Clients that the deployment is for services of others.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Integrations {
    /// An integration by its name.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn find_integration(&self, id: &IntegrationId) -> Result<Option<StoredIntegration>, PortError>;

    /// All integrations, by name.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn list_integrations(&self) -> Result<Vec<StoredIntegration>, PortError>;

    /// Stores an integration in the place of the one that had its name. What people were given for that is gone: it may be
    /// another service's. The event is stored in the same step.
    ///
    /// # Errors
    /// When the store failed; all of it is stored, or nothing is.
    async fn save_integration(
        &self,
        integration: StoredIntegration,
        event: AuditEvent,
    ) -> Result<(), PortError>;

    /// Deletes an integration, and what people were given for it; says whether there was one. The event is stored in the
    /// same step.
    ///
    /// # Errors
    /// When the store failed; all of it is gone, or nothing is.
    async fn delete_integration(&self, id: &IntegrationId, event: AuditEvent) -> Result<bool, PortError>;

    /// Whose turn it is to register an integration: waits until whoever has it is done (OA-23).
    ///
    /// # Errors
    /// When the authority can not be reached.
    async fn claim_registration(&self, id: &IntegrationId, now: UnixSeconds) -> Result<Claim, PortError>;

    /// Says that the registration is stored, or that there will be none.
    ///
    /// # Errors
    /// When the authority can not be reached; it notices by itself after [`LEASE`](crate::oauth::flight::LEASE).
    async fn release_registration(&self, id: &IntegrationId) -> Result<(), PortError>;
}
