//! What arrivals have in common, whoever has said who somebody is: a provider of accounts or a directory.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use serde_json::{Value, json};

use super::{Ctx, audit, second_factor};
use crate::{
    audit::{AuditAction, AuditEvent, AuditOutcome},
    id::GroupId,
    identity::{ArrivalEvents, GroupTemplate},
    ports::{PortError, Ports},
    session::AuthMethod,
    settings::Settings,
};

/// Groups of one person that count, at most; and the longest name of one, in bytes.
const MAX_GROUPS: usize = 200;
const MAX_GROUP_NAME_BYTES: usize = 256;

/// The names of groups that count, each once.
pub(super) fn group_names(names: &[String], is_left_out: impl Fn(&str) -> bool) -> Vec<String> {
    let is_name = |name: &&String| {
        !name.is_empty() && name.len() <= MAX_GROUP_NAME_BYTES && !name.chars().any(char::is_control)
    };
    let mut names: Vec<_> = names.iter().filter(is_name).filter(|name| !is_left_out(name)).cloned().collect();
    names.sort();
    names.dedup();
    names.truncate(MAX_GROUPS);
    names
}

/// What groups of these names are made of, where they are missing.
pub(super) fn template(
    ctx: &Ctx<'_, impl Ports>,
    names: &[String],
    permissions: &Value,
    data: &Value,
    description: (&'static str, &'static str),
) -> Result<GroupTemplate, PortError> {
    Ok(GroupTemplate {
        ids: names.iter().map(|_| GroupId::random(ctx.ports)).collect::<Result<_, _>>()?,
        permissions: permissions.to_string(),
        data: data.to_string(),
        description,
    })
}

/// What is written down. Whether the account has a second factor is known when it is found.
pub(super) fn events(
    ctx: &Ctx<'_, impl Ports>,
    method: AuthMethod,
    provider: &str,
    settings: &Settings,
) -> Result<ArrivalEvents, PortError> {
    let event = |action, outcome, more: Value| -> Result<AuditEvent, PortError> {
        let mut detail = json!({"auth_method": method, "provider": provider});
        if let (Some(detail), Value::Object(more)) = (detail.as_object_mut(), more) {
            detail.extend(more);
        }
        Ok(audit::detailed(audit::event(ctx, None, action, outcome)?, &detail))
    };
    let done = |action| event(action, AuditOutcome::Success, Value::Null);
    let due = || event(AuditAction::SignIn, AuditOutcome::SecondFactorDue, Value::Null);
    let is_bypassed = second_factor::is_bypassed(settings, method);
    Ok(ArrivalEvents {
        signed_up: done(AuditAction::SignUp)?,
        linked: done(AuditAction::LinkIdentity)?,
        changed: done(AuditAction::UpdateUser)?,
        moved: event(AuditAction::UpdateUser, AuditOutcome::Success, json!({"changed": ["email"]}))?,
        synced: done(AuditAction::SyncGroups)?,
        signed_in: match second_factor::is_required(settings, method) {
            true => due()?,
            false => done(AuditAction::SignIn)?,
        },
        factor_due: if is_bypassed { None } else { Some(due()?) },
    })
}
