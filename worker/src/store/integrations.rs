use portico_core::{
    audit::AuditEvent,
    id::UserId,
    oauth::{IntegrationId, StoredIntegration, flight::Claim},
    ports::{Integrations, PortError, Sessions as _},
    time::UnixSeconds,
};
use serde::Deserialize;
use worker::{D1PreparedStatement, D1Type};

use super::{
    Store,
    audit_log::{self, Condition},
    batch::{changed, missing, seconds},
    fault,
};

macro_rules! columns {
    () => {
        "id, server_url, registration, created_at, updated_at"
    };
}

impl Integrations for Store {
    async fn find_integration(&self, id: &IntegrationId) -> Result<Option<StoredIntegration>, PortError> {
        self.read_integration(id).await.map_err(fault("integrations"))
    }

    async fn list_integrations(&self) -> Result<Vec<StoredIntegration>, PortError> {
        self.read_integrations().await.map_err(fault("integrations"))
    }

    async fn save_integration(
        &self,
        integration: StoredIntegration,
        event: AuditEvent,
    ) -> Result<(), PortError> {
        self.write_integration(&integration, &event).await.map_err(fault("integrations"))
    }

    async fn delete_integration(&self, id: &IntegrationId, event: AuditEvent) -> Result<bool, PortError> {
        self.remove_integration(id, &event).await.map_err(fault("integrations"))
    }

    async fn claim_registration(&self, id: &IntegrationId, now: UnixSeconds) -> Result<Claim, PortError> {
        self.claim_refresh(meeting_place(id), id.flight(), now).await
    }

    async fn release_registration(&self, id: &IntegrationId) -> Result<(), PortError> {
        self.release_refresh(meeting_place(id), id.flight()).await
    }
}

/// The object where those meet who register an integration: that of an account which nobody has.
fn meeting_place(id: &IntegrationId) -> UserId {
    UserId::from_bytes(*id.flight().as_bytes())
}

impl Store {
    async fn read_integration(&self, id: &IntegrationId) -> worker::Result<Option<StoredIntegration>> {
        const FIND: &str = concat!("SELECT ", columns!(), " FROM oauth_clients WHERE id = ?1");
        let statement = self.database()?.prepare(FIND).bind_refs(&D1Type::Text(id.as_str()))?;
        statement.first::<Row>(None).await?.map(Row::read).transpose()
    }

    async fn read_integrations(&self) -> worker::Result<Vec<StoredIntegration>> {
        const LIST: &str = concat!("SELECT ", columns!(), " FROM oauth_clients ORDER BY id");
        let rows: Vec<Row> = self.database()?.prepare(LIST).all().await?.results()?;
        rows.into_iter().map(Row::read).collect()
    }

    async fn write_integration(
        &self,
        integration: &StoredIntegration,
        event: &AuditEvent,
    ) -> worker::Result<()> {
        const SAVE: &str = "INSERT INTO oauth_clients (id, server_url, registration, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET server_url = ?2, registration = ?3, updated_at = ?5";
        let database = self.database()?;
        let save = database.prepare(SAVE).bind_refs(&[
            D1Type::Text(integration.id.as_str()),
            D1Type::Text(&integration.server),
            D1Type::Text(&integration.sealed),
            seconds(integration.created_at),
            seconds(integration.updated_at),
        ])?;
        let written = audit_log::insert(&database, event, Condition::IfChanged)?;
        let forget = self.forget_given(&integration.id)?;
        database.batch(vec![save, written, forget]).await.map(|_| ())
    }

    async fn remove_integration(&self, id: &IntegrationId, event: &AuditEvent) -> worker::Result<bool> {
        let database = self.database()?;
        let delete = database.prepare("DELETE FROM oauth_clients WHERE id = ?1");
        let results = database
            .batch(vec![
                delete.bind_refs(&D1Type::Text(id.as_str()))?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
                self.forget_given(id)?,
            ])
            .await?;
        changed(&results, 0)
    }

    fn forget_given(&self, id: &IntegrationId) -> worker::Result<D1PreparedStatement> {
        let forget = self.database()?.prepare("DELETE FROM provider_sessions WHERE provider = ?1");
        forget.bind_refs(&D1Type::Text(id.as_str()))
    }
}

#[derive(Deserialize)]
struct Row {
    id: String,
    server_url: String,
    registration: String,
    created_at: i64,
    updated_at: i64,
}

impl Row {
    fn read(self) -> worker::Result<StoredIntegration> {
        Ok(StoredIntegration {
            id: IntegrationId::parse(&self.id).ok_or_else(|| missing("name of an integration"))?,
            server: self.server_url,
            sealed: self.registration,
            created_at: UnixSeconds::new(self.created_at),
            updated_at: UnixSeconds::new(self.updated_at),
        })
    }
}
