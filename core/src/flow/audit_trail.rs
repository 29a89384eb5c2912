//! Reading the audit log (LG-01 … LG-03).

use alloc::{string::ToString as _, vec::Vec};

use serde_json::json;

use super::{Ctx, audit};
use crate::{
    audit::{AuditAction, AuditEvent, AuditOutcome, AuditRow},
    ports::{AuditQuery, PortError, Ports},
    time::UnixSeconds,
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

/// How many events one call takes out at most.
const EXPIRED: u32 = 1_000;

/// Takes out what is older than the deployment keeps, and writes down that it did (LG-03).
///
/// # Errors
/// When the log could not be changed.
pub async fn expire(ctx: &Ctx<'_, impl Ports>) -> Result<(), PortError> {
    let kept = i64::try_from(ctx.policy.audit_retention.seconds()).unwrap_or(i64::MAX);
    let before = UnixSeconds::new(ctx.now.get().saturating_sub(kept));
    let event = audit::event(ctx, None, AuditAction::ExpireEvents, AuditOutcome::Success)?;
    let detail = Some(json!({"before": before.get()}).to_string());
    ctx.ports.expire_events(before, EXPIRED, AuditEvent { detail, ..event }).await
}
