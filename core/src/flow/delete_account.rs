//! Deleting one's own account (LibreChat contract §1.8).

use super::{
    Ctx, audit,
    current_session::Authenticated,
    second_factor::{self, SecondFactorError, Shown},
    sign_out,
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    ports::{Deleted, PortError, Ports},
};

/// Deletes the caller's account and ends its sessions. Somebody with a second factor shows it.
///
/// # Errors
/// [`DeleteAccountError`]; the account is still there, except for [`DeleteAccountError::Unavailable`].
pub async fn delete(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    shown: Option<&Shown>,
) -> Result<(), DeleteAccountError> {
    let user = caller.user.id;
    second_factor::prove(ctx, user, shown, AuditAction::DeleteUser).await?;
    let event = audit::event(ctx, Some(user), AuditAction::DeleteUser, AuditOutcome::Success)?;
    match ctx.ports.delete_user(user, event).await? {
        Deleted::Yes | Deleted::NoAccount => {}
        Deleted::LastAdmin => return Err(DeleteAccountError::LastAdmin),
    }
    sign_out::end_all(ctx, user).await?;
    Ok(())
}

/// Why the account is still there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DeleteAccountError {
    /// The second factor was not shown.
    Factor(SecondFactorError),
    /// Nobody would administrate the deployment any more (AD-05).
    LastAdmin,
    /// The outside failed.
    Unavailable(PortError),
}

impl From<SecondFactorError> for DeleteAccountError {
    fn from(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::Unavailable(fault) => Self::Unavailable(fault),
            error => Self::Factor(error),
        }
    }
}

impl From<PortError> for DeleteAccountError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
