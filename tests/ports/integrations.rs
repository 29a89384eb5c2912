use futures_util::future::join_all;
use portico_core::{
    id::{ProviderSessionId, UserId},
    identity::NewProviderSession,
    oauth::{IntegrationId, StoredIntegration, flight::Claim},
    ports::Ports,
    time::UnixSeconds,
};

use super::{
    Outcome,
    check::{NOW, event, existing_user, works},
};

fn id(name: &str) -> Result<IntegrationId, String> {
    IntegrationId::of("mcp", name).ok_or_else(|| format!("{name} is no name"))
}

fn integration(name: &str, sealed: &str, at: UnixSeconds) -> Result<StoredIntegration, String> {
    let server = "https://tools.example.com/mcp".to_string();
    Ok(StoredIntegration { id: id(name)?, server, sealed: sealed.into(), created_at: at, updated_at: at })
}

/// What somebody was given for an integration.
async fn give(ports: &impl Ports, user: UserId, name: &str, kept: u32) -> Result<ProviderSessionId, String> {
    let given = works(ProviderSessionId::random(ports))?;
    let session = NewProviderSession {
        id: given,
        remote: None,
        sealed: "sealed".into(),
        expires_at: NOW,
        kept,
        replaces: None,
    };
    works(ports.keep_provider_session(user, id(name)?.as_str(), session, event(ports)?).await)?;
    Ok(given)
}

/* OA-22, OA-23 */
pub(crate) async fn a_registration_replaces_the_one_before_and_what_that_brought(
    ports: &impl Ports,
) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?.id;
    let bob = existing_user(ports, "bob@example.com").await?.id;
    let (one, later) = (integration("one", "first", NOW)?, UnixSeconds::new(NOW.get() + 9));
    works(ports.save_integration(one.clone(), event(ports)?).await)?;
    works(ports.save_integration(integration("two", "other", NOW)?, event(ports)?).await)?;
    hold_eq!(works(ports.find_integration(&one.id).await)?, Some(one.clone()));
    hold_eq!(works(ports.find_integration(&id("three")?).await)?, None);
    let (first, second) = (give(ports, ann, "one", 1).await?, give(ports, ann, "one", 1).await?);
    let (bobs, elsewhere) = (give(ports, bob, "one", 1).await?, give(ports, ann, "two", 1).await?);
    hold_eq!(works(ports.find_provider_session(first).await)?, None);
    let kept = works(ports.find_provider_session(second).await)?;
    hold_eq!(kept.map(|kept| (kept.user, kept.provider)), Some((ann, "mcp:one".to_string())));
    works(ports.save_integration(integration("one", "second", later)?, event(ports)?).await)?;
    let stored = StoredIntegration { sealed: "second".into(), updated_at: later, ..one.clone() };
    hold_eq!(works(ports.find_integration(&one.id).await)?, Some(stored));
    hold_eq!(works(ports.find_provider_session(second).await)?, None);
    hold_eq!(works(ports.find_provider_session(bobs).await)?, None);
    hold_eq!(works(ports.find_provider_session(elsewhere).await)?.is_some(), true);
    let names: Vec<_> = works(ports.list_integrations().await)?.into_iter().map(|stored| stored.id).collect();
    hold_eq!(names, [id("one")?, id("two")?]);
    hold_eq!(works(ports.delete_integration(&id("two")?, event(ports)?).await)?, true);
    hold_eq!(works(ports.delete_integration(&id("two")?, event(ports)?).await)?, false);
    hold_eq!(works(ports.find_provider_session(elsewhere).await)?, None);
    // Nobody's tokens are kept.
    let nobody = works(UserId::random(ports))?;
    let nothing = give(ports, nobody, "one", 1).await?;
    hold_eq!(works(ports.find_provider_session(nothing).await)?, None);
    Ok(())
}

/* OA-23 */
pub(crate) async fn one_registers_at_a_time(ports: &impl Ports) -> Outcome {
    let one = id("one")?;
    hold_eq!(works(ports.claim_registration(&one, NOW).await)?, Claim::Lead);
    hold_eq!(works(ports.claim_registration(&id("two")?, NOW).await)?, Claim::Lead);
    let waiting = join_all((0..3).map(|_| ports.claim_registration(&one, NOW)));
    let (waited, released) = futures_util::join!(waiting, ports.release_registration(&one));
    works(released)?;
    for claim in waited {
        hold_eq!(works(claim)?, Claim::Done);
    }
    hold_eq!(works(ports.claim_registration(&one, NOW).await)?, Claim::Lead);
    works(ports.release_registration(&one).await)
}
