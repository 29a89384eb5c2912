use alloc::collections::BTreeSet;

use portico_core::{
    audit::{AuditEvent, AuditOutcome},
    id::TokenId,
    ports::{InstanceState, Ports},
    user::SignUpPolicy,
};

use crate::{
    Outcome,
    check::{event, new_user, works},
};

pub(crate) async fn random_identifiers_differ(ports: &impl Ports) -> Outcome {
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        hold!(seen.insert(works(TokenId::random(ports))?));
    }
    Ok(())
}

pub(crate) async fn the_audit_log_takes_events(ports: &impl Ports) -> Outcome {
    for outcome in [AuditOutcome::Success, AuditOutcome::WrongPassword] {
        let event = AuditEvent { outcome, ..event(ports)? };
        works(ports.append(event).await)?;
    }
    Ok(())
}

pub(crate) async fn the_state_follows_the_first_sign_up(ports: &impl Ports) -> Outcome {
    let empty = InstanceState { has_users: false, sign_up_enabled: None };
    hold_eq!(works(ports.instance_state().await)?, empty);
    works(ports.create_user(new_user(ports, "ann@example.com")?, SignUpPolicy::UntilFirstUser).await)?;
    let closed = InstanceState { has_users: true, sign_up_enabled: Some(false) };
    hold_eq!(works(ports.instance_state().await)?, closed);
    // The second answer may come from a cache.
    hold_eq!(works(ports.instance_state().await)?, closed);
    Ok(())
}
