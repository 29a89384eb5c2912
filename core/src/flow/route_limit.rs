//! What one network may ask of a route, and what one account may be asked (LibreChat contract §8).

use alloc::string::ToString as _;

use super::{Ctx, ban, second_factor::SecondFactorError};
use crate::{
    id::UserId,
    ports::{BucketKey, PortError, Ports},
    throttle::{Limit, Metered, Spent},
};

/// Spends one request of a network on the routes that share a limit's name.
///
/// # Errors
/// When the throttles can not count it.
pub async fn spend(ctx: &Ctx<'_, impl Ports>, name: &str, limit: Limit) -> Result<Metered, PortError> {
    let network = &ctx.client.network;
    let bucket = BucketKey::named(name, network.as_str());
    ctx.ports.meter(&bucket, limit, network, ctx.now).await
}

/// Spends a code that somebody shows for an account; one too many counts `points` against it.
///
/// # Errors
/// [`SecondFactorError::Throttled`] or [`SecondFactorError::Unavailable`].
pub async fn spend_code(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    limit: Limit,
    points: u32,
) -> Result<(), SecondFactorError> {
    let bucket = BucketKey::named("member-codes", &user.to_string());
    match ctx.ports.spend(&bucket, limit, None, &ctx.client.network, ctx.now).await? {
        Spent::Granted => Ok(()),
        Spent::Refused { retry_after } => {
            ban::violate(ctx, user, points).await?;
            Err(SecondFactorError::Throttled { retry_after })
        }
    }
}
