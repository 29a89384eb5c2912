//! What administrators change while the service runs: the environment gives the defaults, what is stored wins
//! (open-webui.md §12, AD-07, AD-08).
//!
//! A setting is a row of the [catalogue](ADMIN): its name, what it accepts, its default. Flows read the typed
//! fields of [`Settings`]; the wire reads and writes [values](Settings::value).

mod catalog;
mod effective;
mod kind;

pub use catalog::{ADMIN, ALL, LDAP, LDAP_SWITCH, OAUTH, Omitted, PERMISSIONS, Spec};
pub use effective::{
    ApiKeyRules, DIRECTORY, Generations, SECRET_SENTINEL, SESSION_EPOCH, SettingDefaults, Settings,
    StoredSetting, StoredSettings,
};
pub use kind::{Kind, SettingError};
