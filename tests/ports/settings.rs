use alloc::collections::BTreeSet;

use portico_core::{
    audit::{AuditAction, AuditEvent, AuditOutcome},
    id::{AuditId, TokenId},
    ports::{AuditQuery, Configured, Ports},
    settings::{SettingDefaults, Settings},
    user::SignUpPolicy,
};

use crate::{
    Outcome,
    check::{NOW, event, existing_user, new_user, works},
};

pub(crate) async fn random_identifiers_differ(ports: &impl Ports) -> Outcome {
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        hold!(seen.insert(works(TokenId::random(ports))?));
    }
    Ok(())
}

/* LG-02, LG-03 */
pub(crate) async fn the_audit_log_is_read_backwards_and_by_account(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?.id;
    let mut ids = Vec::new();
    for (actor, target) in [(Some(ann), None), (None, Some(ann.to_string())), (None, None)] {
        let detail = Some(r#"{"a":1}"#.to_string());
        let event = AuditEvent { id: works(AuditId::random(ports))?, actor, target, detail, ..event(ports)? };
        ids.push(event.id);
        works(ports.append(event).await)?;
    }
    let [first, middle, last] = <[AuditId; 3]>::try_from(ids).map_err(|_| "three rows")?;
    let query = AuditQuery { limit: 2, ..AuditQuery::default() };
    let page = works(ports.list_events(query).await)?;
    hold_eq!(page.iter().map(|row| row.id).collect::<Vec<_>>(), [last, middle]);
    let second = page.first().ok_or("no row")?;
    hold_eq!((second.at, second.action.as_str()), (NOW, AuditAction::UpdateUser.as_str()));
    hold_eq!(
        (second.outcome.as_str(), second.detail.as_deref()),
        (AuditOutcome::Success.as_str(), Some(r#"{"a":1}"#))
    );
    let query = AuditQuery { before: Some(middle), limit: 1, ..AuditQuery::default() };
    hold_eq!(works(ports.list_events(query).await)?.first().map(|row| row.id), Some(first));
    let query = AuditQuery { about: Some(ann), limit: 10, ..AuditQuery::default() };
    let about: Vec<_> = works(ports.list_events(query).await)?.iter().map(|row| row.id).collect();
    hold_eq!(about, [middle, first]);
    Ok(())
}

fn defaults() -> Result<SettingDefaults, String> {
    SettingDefaults::read(|_| None).map_err(|problems| format!("{problems:?}"))
}

async fn now(ports: &impl Ports) -> Result<alloc::rc::Rc<Settings>, String> {
    works(ports.settings(&defaults()?, NOW).await)
}

pub(crate) async fn the_first_sign_up_shows_at_once(ports: &impl Ports) -> Outcome {
    hold_eq!((now(ports).await?.has_users, now(ports).await?.is_on("ENABLE_SIGNUP")), (false, true));
    let new = new_user(ports, "ann@example.com")?;
    works(ports.create_user(new, SignUpPolicy::UNTIL_FIRST_USER, event(ports)?).await)?;
    // The second answer may come from a cache.
    for _ in 0..2 {
        hold_eq!((now(ports).await?.has_users, now(ports).await?.is_on("ENABLE_SIGNUP")), (true, false));
    }
    Ok(())
}

/* AD-08, LG-04 */
pub(crate) async fn settings_change_together_and_only_from_the_version_that_was_read(
    ports: &impl Ports,
) -> Outcome {
    existing_user(ports, "ann@example.com").await?;
    let before = now(ports).await?;
    hold_eq!((before.api_keys.enabled, before.is_on("ENABLE_NOTES")), (false, true));
    let version = works(ports.stored_settings().await)?.version();
    let change = |version, value: &str| {
        let changes = vec![("ENABLE_API_KEYS", value.to_string()), ("ENABLE_NOTES", "false".to_string())];
        Ok::<_, String>(ports.change_settings(version, changes, event(ports)?))
    };
    hold_eq!(works(change(version, "true")?.await)?, Configured::Yes);
    let after = now(ports).await?;
    hold_eq!((after.api_keys.enabled, after.is_on("ENABLE_NOTES")), (true, false));
    hold_eq!(works(change(version, "false")?.await)?, Configured::Outdated);
    hold_eq!(now(ports).await?.api_keys.enabled, true);
    let query = AuditQuery { limit: 10, ..AuditQuery::default() };
    hold_eq!(works(ports.list_events(query).await)?.len(), 2);
    let stored = works(ports.stored_settings().await)?;
    hold_eq!(stored.version(), version + 2);
    hold_eq!(stored.rows.get("ENABLE_API_KEYS").map(|row| row.value.as_str()), Some("true"));
    Ok(())
}

pub(crate) async fn of_two_changes_at_once_one_is_outdated(ports: &impl Ports) -> Outcome {
    let version = works(ports.stored_settings().await)?.version();
    let change = |value: &str| {
        Ok::<_, String>(ports.change_settings(version, vec![("WEBUI_URL", value.to_string())], event(ports)?))
    };
    let (one, two) = futures_util::future::join(change(r#""a""#)?, change(r#""b""#)?).await;
    let outcomes = [works(one)?, works(two)?];
    hold_eq!(outcomes.iter().filter(|outcome| **outcome == Configured::Yes).count(), 1);
    Ok(())
}
