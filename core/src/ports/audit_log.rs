use alloc::vec::Vec;

use super::PortError;
use crate::{audit::AuditEvent, audit::AuditRow, id::AuditId, id::UserId};

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
    /// Appends one event.
    ///
    /// # Errors
    /// When the log could not be written. The caller's decision stands: a refusal stays a refusal (LG-04).
    async fn append(&self, event: AuditEvent) -> Result<(), PortError>;

    /// Events, latest first.
    ///
    /// # Errors
    /// When the log can not be read.
    async fn list_events(&self, query: AuditQuery) -> Result<Vec<AuditRow>, PortError>;
}
