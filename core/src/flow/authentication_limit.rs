//! What one network may ask of the routes that authenticate (open-webui.md §6).

use super::{Ctx, audit};
use crate::{
    audit::{AuditAction, AuditOutcome},
    ports::{BucketKey, PortError, Ports},
    throttle::{AUTHENTICATION_LIMIT, Spent},
};

/// Spends one request.
///
/// # Errors
/// When the throttles can not count it.
pub async fn spend(ctx: &Ctx<'_, impl Ports>) -> Result<Spent, PortError> {
    let network = &ctx.client.network;
    let bucket = BucketKey::authentication(network);
    let spent = ctx.ports.spend(&bucket, AUTHENTICATION_LIMIT, None, network, ctx.now).await?;
    if matches!(spent, Spent::Refused { .. }) {
        audit::record_refusal(ctx, None, AuditAction::Access, AuditOutcome::Throttled).await;
    }
    Ok(spent)
}
