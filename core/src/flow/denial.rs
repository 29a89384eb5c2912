//! Somebody was turned away before a use case began.

use alloc::string::{String, ToString as _};

use serde_json::json;

use super::{Ctx, audit};
use crate::{
    audit::{AuditAction, AuditEvent, AuditOutcome},
    id::UserId,
    ports::Ports,
};

/// How much of a path is written down.
const MAX_PATH_CHARS: usize = 256;

/// Why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Denial {
    /// Their account may not do this (LG-01).
    Forbidden(UserId),
    /// The request had two cookies of one name, of which somebody else may have planted one (SE-03).
    DuplicateCookie,
    /// The deployment does not take what was shown: another site's request, a way of signing in that is off, headers that
    /// no proxy vouches for, a key where a token belongs.
    NotTaken,
    /// A proxy says that it is somebody else than the token does.
    SomebodyElse(UserId),
}

/// Writes it down. The refusal stands whether or not that works (LG-04).
pub async fn record(ctx: &Ctx<'_, impl Ports>, denial: Denial, path: &str) {
    let (actor, outcome) = match denial {
        Denial::Forbidden(actor) | Denial::SomebodyElse(actor) => (Some(actor), AuditOutcome::Forbidden),
        Denial::NotTaken => (None, AuditOutcome::Forbidden),
        Denial::DuplicateCookie => (None, AuditOutcome::DuplicateCookie),
    };
    let Ok(event) = audit::event(ctx, actor, AuditAction::Access, outcome) else { return };
    // Nobody is named: it must not be easy to fill the log with it.
    let event = if actor.is_none() { audit::once_a_minute(event) } else { event };
    let path: String = path.chars().take(MAX_PATH_CHARS).collect();
    let detail = Some(json!({ "path": path }).to_string());
    // Nothing to decide on the result: see above.
    let _ = ctx.ports.append(AuditEvent { detail, ..event }).await;
}
