use super::PortError;
use crate::audit::AuditEvent;

/// The append-only log of security events (LG-01 … LG-03).
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait AuditLog {
    /// Appends one event.
    ///
    /// # Errors
    /// When the log could not be written. The caller's decision stands: a refusal stays a refusal (LG-04).
    async fn append(&self, event: AuditEvent) -> Result<(), PortError>;
}
