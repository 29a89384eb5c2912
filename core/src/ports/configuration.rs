use alloc::{rc::Rc, string::String, vec::Vec};

use super::PortError;
use crate::{
    audit::AuditEvent,
    settings::{SettingDefaults, Settings, StoredSettings},
    time::UnixSeconds,
};

/// What became of changing settings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Configured {
    /// Somebody else has changed a setting since the version that the change is based on; nothing was stored.
    Outdated,
    /// All of it is stored.
    Yes,
}

/// What administrators have set.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Configuration {
    /// The settings that hold now, at most a minute old where they were changed elsewhere (AD-08).
    ///
    /// # Errors
    /// When nothing that young is known and the store can not be read.
    async fn settings(&self, defaults: &SettingDefaults, now: UnixSeconds)
    -> Result<Rc<Settings>, PortError>;

    /// What is stored right now, for changing it.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn stored_settings(&self) -> Result<StoredSettings, PortError>;

    /// Stores settings, all of them or none, if their [version](StoredSettings::version) is still the given one.
    /// The values are JSON. The event is stored in the same step (LG-04).
    ///
    /// # Errors
    /// When the store failed; the old state or the new one is stored.
    async fn change_settings(
        &self,
        version: u32,
        changes: Vec<(&'static str, String)>,
        event: AuditEvent,
    ) -> Result<Configured, PortError>;
}
