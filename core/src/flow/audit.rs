//! Writing down how a flow ended.

use super::Ctx;
use crate::{
    audit::{AuditAction, AuditEvent, AuditOutcome},
    id::{AuditId, UserId},
    ports::{PortError, Ports},
};

/// Appends one event about the request in `ctx`.
pub(super) async fn record(
    ctx: &Ctx<'_, impl Ports>,
    actor: Option<UserId>,
    action: AuditAction,
    outcome: AuditOutcome,
) -> Result<(), PortError> {
    let event = AuditEvent {
        id: AuditId::random(ctx.ports)?,
        at: ctx.now,
        actor,
        action,
        outcome,
        network: ctx.client.network.as_str().into(),
        user_agent: ctx.client.user_agent.clone(),
        request_id: ctx.client.request_id.clone(),
    };
    ctx.ports.append(event).await
}

/// Appends a refusal. The refusal stands whether or not it could be written down (LG-04); the port
/// reports its own fault.
pub(super) async fn record_refusal(
    ctx: &Ctx<'_, impl Ports>,
    actor: Option<UserId>,
    action: AuditAction,
    outcome: AuditOutcome,
) {
    // Nothing to decide on the result: see above.
    let _ = record(ctx, actor, action, outcome).await;
}
