use portico_core::ports::{Instance, InstanceState, PortError};
use serde::Deserialize;

use super::{CACHE, Store, fault};
use crate::cache;

impl Instance for Store {
    async fn instance_state(&self) -> Result<InstanceState, PortError> {
        self.read_state().await.map_err(fault("instance"))
    }
}

impl Store {
    async fn read_state(&self) -> worker::Result<InstanceState> {
        const STATE: &str = "SELECT EXISTS (SELECT 1 FROM users) AS has_users,
                    (SELECT value FROM settings WHERE key = 'ENABLE_SIGNUP') AS sign_up";
        #[derive(Deserialize)]
        struct Row {
            has_users: i64,
            sign_up: Option<String>,
        }
        let kv = self.env.kv(CACHE)?;
        if let Some(state) = cache::instance_state(&kv).await {
            return Ok(state);
        }
        let row: Option<Row> = self.database()?.prepare(STATE).first(None).await?;
        let state =
            row.map_or(InstanceState { has_users: false, sign_up_enabled: None }, |row| InstanceState {
                has_users: row.has_users != 0,
                sign_up_enabled: row.sign_up.map(|value| value == "true"),
            });
        cache::keep_instance_state(&kv, state).await;
        Ok(state)
    }
}
