use alloc::vec::Vec;

use super::PortError;
use crate::{
    audit::{AuditEvent, AuditRow},
    id::{AuditId, UserId},
    time::UnixSeconds,
};

/// Which events to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditQuery {
    /// Those that somebody did, or that were done to them.
    pub about: Option<UserId>,
    /// Those before this one.
    pub before: Option<AuditId>,
    /// How many at most.
    pub limit: u32,
}

/// The append-only log of security events (LG-01 … LG-03).
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait AuditLog {
    /// Appends one event; not again, if there is one of its id.
    ///
    /// # Errors
    /// When the log could not be written. The caller's decision stands: a refusal stays a refusal (LG-04).
    async fn append(&self, event: AuditEvent) -> Result<(), PortError>;

    /// Events, latest first.
    ///
    /// # Errors
    /// When the log can not be read.
    async fn list_events(&self, query: AuditQuery) -> Result<Vec<AuditRow>, PortError>;

    /// Events after the one in that place, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the log can not be read.
    async fn events_after(&self, sequence: u64, limit: u32) -> Result<Vec<AuditRow>, PortError>;

    /// Takes events out that happened before then, oldest first, at most `limit`, and appends `event` in the same step if
    /// there were any. The log itself refuses to lose what is younger than [`MIN_RETENTION`](crate::audit::MIN_RETENTION).
    ///
    /// # Errors
    /// When the log could not be changed.
    async fn expire_events(
        &self,
        before: UnixSeconds,
        limit: u32,
        event: AuditEvent,
    ) -> Result<(), PortError>;
}
