//! The settings: stored in D1, kept for some seconds by each isolate and for less than a minute by KV. The cache knows
//! when it was read from D1, so that however it travels, it is never older than [`MAX_AGE`] (AD-08).

use alloc::rc::Rc;
use core::cell::{Cell, RefCell};

use portico_core::{
    audit::AuditEvent,
    ports::{Configuration, Configured, PortError},
    settings::{DIRECTORY, SettingDefaults, Settings, StoredSetting, StoredSettings},
    time::{Lifetime, UnixSeconds},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use worker::{D1Database, D1PreparedStatement, D1Type};

use super::{
    CACHE, Store,
    audit_log::{self, Condition},
    batch::{changed, seconds},
    fault,
};
use crate::{
    cache::{self, Aged},
    platform,
};

/// How long an isolate goes on with what it has read.
const OWN_AGE: Lifetime = Lifetime::from_seconds(5);

/// How long KV's copy is good for an isolate that has none, counted from the reading of D1.
const MAX_AGE: Lifetime = Lifetime::from_seconds(50);

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
    /// When something was last changed here: copies of that moment or before are not taken from KV, which is slow to
    /// take new ones.
    static CHANGED_AT: Cell<UnixSeconds> = const { Cell::new(UnixSeconds::new(i64::MIN)) };
    /// How often something was changed here: what was being read meanwhile is old.
    static CHANGES: Cell<u64> = const { Cell::new(0) };
}

/// What this isolate goes on with.
struct Kept {
    settings: Rc<Settings>,
    taken_at: UnixSeconds,
}

impl Configuration for Store {
    async fn settings(
        &self,
        defaults: &SettingDefaults,
        now: UnixSeconds,
    ) -> Result<Rc<Settings>, PortError> {
        if let Some(settings) = kept(now) {
            return Ok(settings);
        }
        let changes = CHANGES.get();
        let stored = self.recent_settings(now).await.map_err(fault("settings"))?;
        let settings = Rc::new(Settings::new(defaults, &stored));
        // Until there is an account, every request looks again: the first one may be made elsewhere.
        if stored.has_users && CHANGES.get() == changes {
            KEPT.set(Some(Kept { settings: Rc::clone(&settings), taken_at: now }));
        }
        Ok(settings)
    }

    async fn stored_settings(&self) -> Result<StoredSettings, PortError> {
        self.read_settings().await.map_err(fault("settings"))
    }

    async fn change_settings(
        &self,
        version: u32,
        changes: Vec<(&'static str, String)>,
        event: AuditEvent,
    ) -> Result<Configured, PortError> {
        self.write_settings(version, changes, &event).await.map_err(fault("settings"))
    }
}

impl Store {
    async fn recent_settings(&self, now: UnixSeconds) -> worker::Result<StoredSettings> {
        let kv = self.env.kv(CACHE)?;
        // A clock that ran backwards makes nothing young again (FT-11).
        let young = |aged: &Aged| {
            CHANGED_AT.get() < aged.read_at && aged.read_at <= now && now < aged.read_at.plus(MAX_AGE)
        };
        if let Some(aged) = cache::settings(&kv).await.filter(young) {
            return Ok(aged.settings);
        }
        let changes = CHANGES.get();
        let settings = self.read_settings().await?;
        if settings.has_users && CHANGES.get() == changes {
            cache::keep_settings(&kv, &Aged { settings: settings.clone(), read_at: now }).await;
        }
        Ok(settings)
    }

    async fn read_settings(&self) -> worker::Result<StoredSettings> {
        const READ: &str =
            "SELECT key, value, version, 0 AS users, 0 AS webhooks, 0 AS default_webhook FROM settings
             UNION ALL SELECT '', '', 0, EXISTS (SELECT 1 FROM users),
                 EXISTS (SELECT 1 FROM webhooks WHERE deleted = 0 AND enabled = 1),
                 EXISTS (SELECT 1 FROM webhooks WHERE id = 'default')";
        #[derive(Deserialize)]
        struct Row {
            key: String,
            value: String,
            version: u32,
            users: i64,
            webhooks: i64,
            default_webhook: i64,
        }
        let rows: Vec<Row> = self.database()?.prepare(READ).all().await?.results()?;
        let has = |flag: fn(&Row) -> i64| rows.iter().any(|row| flag(row) != 0);
        let (has_users, has_webhooks) = (has(|row| row.users), has(|row| row.webhooks));
        let knows_default_webhook = has(|row| row.default_webhook);
        let rows = rows.into_iter().filter(|row| !row.key.is_empty());
        let rows =
            rows.map(|row| (row.key, StoredSetting { value: row.value, version: row.version })).collect();
        Ok(StoredSettings { rows, has_users, has_webhooks, knows_default_webhook })
    }

    async fn write_settings(
        &self,
        version: u32,
        changes: Vec<(&'static str, String)>,
        event: &AuditEvent,
    ) -> worker::Result<Configured> {
        // One statement: the sum of the versions is taken before any of them changes.
        const WRITE: &str = "INSERT INTO settings (key, value, version, updated_at, updated_by)
             SELECT change.key, change.value, 1, ?3, ?4 FROM json_each(?1) AS change
             WHERE (SELECT COALESCE(SUM(version), 0) FROM settings WHERE key <> ?5) = ?2
             ON CONFLICT (key) DO UPDATE
             SET value = excluded.value, version = version + 1, updated_at = ?3, updated_by = ?4";
        let changes: Map<_, _> =
            changes.into_iter().map(|(name, value)| (name.to_string(), Value::String(value))).collect();
        let changes = Value::Object(changes).to_string();
        let actor = event.actor.map(|actor| actor.to_string());
        let database = self.database()?;
        let results = database
            .batch(vec![
                database.prepare(WRITE).bind_refs(&[
                    D1Type::Text(&changes),
                    D1Type::Real(f64::from(version)),
                    seconds(event.at),
                    actor.as_deref().map_or(D1Type::Null, D1Type::Text),
                    D1Type::Text(DIRECTORY),
                ])?,
                audit_log::insert(&database, event, Condition::IfChanged)?,
            ])
            .await;
        // Whether or not the answer arrived: what is kept may be old now.
        self.forget_settings().await;
        Ok(if changed(&results?, 0)? { Configured::Yes } else { Configured::Outdated })
    }

    /// Something that settings are made of has been changed here: the next request looks again, and so does the next
    /// isolate that asks KV.
    pub(super) async fn forget_settings(&self) {
        KEPT.set(None);
        let now = platform::now();
        CHANGED_AT.set(now);
        CHANGES.set(CHANGES.get() + 1);
        let Ok(kv) = self.env.kv(CACHE) else { return };
        match self.read_settings().await {
            Ok(settings) if settings.has_users => {
                cache::keep_settings(&kv, &Aged { settings, read_at: now }).await;
            }
            // The copy dies of age.
            Ok(_) | Err(_) => {}
        }
    }
}

/// The statement that makes copies of accounts old, if the statement before it has changed a row.
pub(super) fn directory_changed(
    database: &D1Database,
    now: UnixSeconds,
) -> worker::Result<D1PreparedStatement> {
    const CHANGED: &str = "INSERT INTO settings (key, value, version, updated_at, updated_by)
         SELECT ?1, 'null', 1, ?2, NULL WHERE changes() > 0
         ON CONFLICT (key) DO UPDATE SET version = version + 1, updated_at = ?2";
    database.prepare(CHANGED).bind_refs(&[D1Type::Text(DIRECTORY), seconds(now)])
}

fn kept(now: UnixSeconds) -> Option<Rc<Settings>> {
    KEPT.with_borrow(|kept| {
        let kept = kept.as_ref()?;
        let young = kept.taken_at <= now && now < kept.taken_at.plus(OWN_AGE);
        young.then(|| Rc::clone(&kept.settings))
    })
}
