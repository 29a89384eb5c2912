//! What every path asks of a password that somebody wants to set (PW-07, PW-09).

use super::Ctx;
use crate::{
    password::{BreachQuery, Password, PasswordPolicyError, PublicKnowledge},
    ports::Ports,
};

/// Checks a password against the rules, then against the list of breached ones where the deployment has
/// one. A list that does not answer is passed over: it must not keep anybody from choosing a password.
pub(super) async fn check(
    ctx: &Ctx<'_, impl Ports>,
    password: &Password,
    known: &PublicKnowledge<'_>,
) -> Result<(), PasswordPolicyError> {
    ctx.policy.password.check(password, known)?;
    let Some(list) = &ctx.policy.breach_list else { return Ok(()) };
    let query = BreachQuery::of(password);
    match ctx.ports.breached(list, query.prefix()).await {
        Ok(answer) if query.is_in(&answer) => Err(PasswordPolicyError::Breached),
        // The port has written its fault to the log.
        Ok(_) | Err(_) => Ok(()),
    }
}
