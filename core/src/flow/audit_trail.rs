//! Reading the audit log (LG-01 … LG-03).

use alloc::vec::Vec;

use super::Ctx;
use crate::{
    audit::AuditRow,
    ports::{AuditQuery, PortError, Ports},
};

/// Most events of one page.
pub const PAGE: u32 = 100;

/// Events, latest first.
///
/// # Errors
/// When the log can not be read.
pub async fn list(ctx: &Ctx<'_, impl Ports>, query: AuditQuery) -> Result<Vec<AuditRow>, PortError> {
    ctx.ports.list_events(AuditQuery { limit: query.limit.clamp(1, PAGE), ..query }).await
}
