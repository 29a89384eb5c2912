//! What people change about their own account, and what pages keep with it (open-webui.md §1.3, §1.8).

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
};

use serde_json::{Map, Value};

use super::{Ctx, audit};
use crate::{
    audit::{AuditAction, AuditOutcome},
    id::UserId,
    ports::{DocumentKind, PortError, Ports, Updated, UserChange},
    user::User,
};

/// How often a document is merged again when its owner changes it in two places at once.
const TRIES: usize = 5;

/// Changes the caller's own account. `change` names neither role, address nor password (AD-03).
///
/// # Errors
/// [`OwnAccountError`]
pub async fn update(
    ctx: &Ctx<'_, impl Ports>,
    caller: UserId,
    change: UserChange,
) -> Result<Box<User>, OwnAccountError> {
    let action = if change.accepts_terms { AuditAction::AcceptTerms } else { AuditAction::UpdateProfile };
    let event = audit::event(ctx, Some(caller), action, AuditOutcome::Success)?;
    let updated = ctx.ports.update_user(caller, change, event).await;
    ctx.ports.account_changed(caller).await?;
    match updated? {
        Updated::User(user) => Ok(user),
        Updated::EmailTaken | Updated::LastAdmin | Updated::NoAccount => Err(OwnAccountError::NoAccount),
    }
}

/// A document of the caller's; `None` while there is none.
///
/// # Errors
/// When the store can not be read.
pub async fn document(
    ctx: &Ctx<'_, impl Ports>,
    caller: UserId,
    kind: DocumentKind,
) -> Result<Option<Map<String, Value>>, PortError> {
    Ok(ctx.ports.find_document(caller, kind).await?.and_then(|text| parsed(&text)))
}

/// Changes a document of the caller's: `change` makes the new one of the old one.
///
/// # Errors
/// [`OwnAccountError`]
pub async fn change_document(
    ctx: &Ctx<'_, impl Ports>,
    caller: UserId,
    kind: DocumentKind,
    change: impl Fn(Map<String, Value>) -> Map<String, Value>,
) -> Result<Map<String, Value>, OwnAccountError> {
    for _ in 0..TRIES {
        let old = ctx.ports.find_document(caller, kind).await?;
        let new = change(old.as_deref().and_then(parsed).unwrap_or_default());
        let text = Value::Object(new.clone()).to_string();
        if text.len() > MAX_DOCUMENT_BYTES {
            return Err(OwnAccountError::TooLarge);
        }
        if ctx.ports.replace_document(caller, kind, old.as_deref(), &text, ctx.now).await? {
            return Ok(new);
        }
    }
    Err(OwnAccountError::NoAccount)
}

/// Longest document, in bytes: as much as one form may carry.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1_024;

fn parsed(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text).ok()
}

/// Why nothing was changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum OwnAccountError {
    /// The account is gone, or is being changed by somebody else all the time.
    NoAccount,
    /// The document would be too large.
    TooLarge,
    /// The outside failed.
    Unavailable(PortError),
}

impl From<PortError> for OwnAccountError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
