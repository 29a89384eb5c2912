//! Writing down how a flow ended.

use alloc::string::ToString;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Ctx;
use crate::{
    audit::{AuditAction, AuditEvent, AuditOutcome},
    id::{AuditId, UserId},
    ports::{PortError, Ports},
};

/// One event about the request in `ctx`.
pub(super) fn event(
    ctx: &Ctx<'_, impl Ports>,
    actor: Option<UserId>,
    action: AuditAction,
    outcome: AuditOutcome,
) -> Result<AuditEvent, PortError> {
    Ok(AuditEvent {
        id: AuditId::random(ctx.ports)?,
        at: ctx.now,
        actor,
        target: None,
        detail: None,
        action,
        outcome,
        network: ctx.client.network.as_str().into(),
        user_agent: ctx.client.user_agent.clone(),
        request_id: ctx.client.request_id.clone(),
    })
}

/// One event about what somebody did to somebody or something else.
pub(super) fn event_about(
    ctx: &Ctx<'_, impl Ports>,
    actor: UserId,
    target: impl ToString,
    action: AuditAction,
) -> Result<AuditEvent, PortError> {
    let event = event(ctx, Some(actor), action, AuditOutcome::Success)?;
    Ok(AuditEvent { target: Some(target.to_string()), ..event })
}

/// The same event, with what else is to be known about it.
pub(super) fn detailed(event: AuditEvent, detail: &Value) -> AuditEvent {
    AuditEvent { detail: Some(detail.to_string()), ..event }
}

/// Appends one event about the request in `ctx`.
pub(super) async fn record(
    ctx: &Ctx<'_, impl Ports>,
    actor: Option<UserId>,
    action: AuditAction,
    outcome: AuditOutcome,
) -> Result<(), PortError> {
    ctx.ports.append(event(ctx, actor, action, outcome)?).await
}

/// Appends a refusal. The refusal stands whether or not it could be written down (LG-04); the port
/// reports its own fault.
pub(super) async fn record_refusal(
    ctx: &Ctx<'_, impl Ports>,
    actor: Option<UserId>,
    action: AuditAction,
    outcome: AuditOutcome,
) {
    let Ok(event) = event(ctx, actor, action, outcome) else { return };
    let event = if outcome == AuditOutcome::Throttled { once_a_minute(event) } else { event };
    // Nothing to decide on the result: see above.
    let _ = ctx.ports.append(event).await;
}

/// Whoever is told to wait and does not is in the log once a minute: the log must not grow with every packet.
pub(super) fn once_a_minute(event: AuditEvent) -> AuditEvent {
    let minute = event.at.get().div_euclid(60).to_be_bytes();
    let digest = Sha256::new()
        .chain_update(minute)
        .chain_update(event.action.as_str())
        .chain_update(event.outcome.as_str())
        .chain_update(event.actor.map(|actor| *actor.as_bytes()).unwrap_or_default())
        .chain_update(&event.network)
        .finalize();
    let mut id = [0; 16];
    id.iter_mut().zip(digest).for_each(|(byte, digest)| *byte = digest);
    AuditEvent { id: AuditId::from_hash(id), ..event }
}
