use alloc::{
    rc::Rc,
    string::{String, ToString as _},
    vec::Vec,
};

use super::Memory;
use crate::{
    audit::AuditEvent,
    ports::{Configuration, Configured, PortError},
    settings::{DIRECTORY, SettingDefaults, Settings, StoredSetting, StoredSettings},
    time::UnixSeconds,
    webhook::DEFAULT_ID,
};

impl Memory {
    /// Groups or memberships have changed.
    pub(super) fn directory_changed(&self) {
        self.store_setting(DIRECTORY, "null");
    }

    pub(super) fn store_setting(&self, name: &str, value: &str) {
        let mut rows = self.settings.borrow_mut();
        let row = rows.entry(name.to_string()).or_insert(StoredSetting { value: String::new(), version: 0 });
        row.value = value.to_string();
        row.version += 1;
    }
}

impl Configuration for Memory {
    async fn settings(&self, defaults: &SettingDefaults, _: UnixSeconds) -> Result<Rc<Settings>, PortError> {
        Ok(Rc::new(Settings::new(defaults, &self.stored_settings().await?)))
    }

    async fn stored_settings(&self) -> Result<StoredSettings, PortError> {
        self.reach("settings")?;
        let has_users = self.users.borrow().has_users();
        let has_webhooks = self.webhooks.borrow().values().flatten().any(|(webhook, _)| webhook.enabled);
        let knows_default_webhook = self.webhooks.borrow().contains_key(DEFAULT_ID);
        let rows = self.settings.borrow().clone();
        Ok(StoredSettings { rows, has_users, has_webhooks, knows_default_webhook })
    }

    async fn change_settings(
        &self,
        version: u32,
        changes: Vec<(&'static str, String)>,
        event: AuditEvent,
    ) -> Result<Configured, PortError> {
        if self.stored_settings().await?.version() != version {
            return Ok(Configured::Outdated);
        }
        for (name, value) in changes {
            self.store_setting(name, &value);
        }
        self.audit.borrow_mut().push(event);
        Ok(Configured::Yes)
    }
}
