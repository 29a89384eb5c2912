use portico_core::{
    id::{SessionId, SessionStamp, UserId},
    ports::Ports,
    session::{AuthMethod, Ending, IDLE_LIMIT, NewSession, SessionCheck, SessionProof},
    time::{Lifetime, UnixSeconds},
    user::User,
};

use crate::{
    Outcome,
    check::{NOW, existing_user, works},
};

async fn open(
    ports: &impl Ports,
    user_id: UserId,
    expires_at: Option<UnixSeconds>,
) -> Result<SessionProof, String> {
    let id = works(SessionId::random(ports))?;
    let session = NewSession {
        id,
        user_id,
        method: AuthMethod::Password,
        created_at: NOW,
        expires_at,
        network: "203.0.113.7/32".to_string(),
        user_agent: "curl/8".to_string(),
    };
    let stamp = works(ports.open_session(session).await)?;
    Ok(SessionProof { user_id, session_id: id, stamp })
}

async fn check(ports: &impl Ports, proof: &SessionProof, now: UnixSeconds) -> Result<SessionCheck, String> {
    works(ports.check_session(proof, now).await)
}

fn alive(user: &User) -> SessionCheck {
    SessionCheck::Active(Box::new(user.clone()))
}

/* TK-16: both tokens are of the same second; the generation tells them apart. */
pub(crate) async fn an_open_session_shows_its_account(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let first = open(ports, ann.id, None).await?;
    let second = open(ports, ann.id, None).await?;
    hold_eq!(first.stamp, second.stamp);
    hold_eq!(check(ports, &first, NOW).await?, alive(&ann));
    hold_eq!(check(ports, &second, NOW).await?, alive(&ann));
    let other_generation = SessionProof { stamp: works(SessionStamp::random(ports))?, ..first };
    hold_eq!(check(ports, &other_generation, NOW).await?, SessionCheck::Ended);
    let never_opened = SessionProof { session_id: works(SessionId::random(ports))?, ..first };
    hold_eq!(check(ports, &never_opened, NOW).await?, SessionCheck::Ended);
    Ok(())
}

/* TK-15 */
pub(crate) async fn ending_one_session_leaves_the_others(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let (here, there) = (open(ports, ann.id, None).await?, open(ports, ann.id, None).await?);
    hold_eq!(works(ports.end_session(ann.id, here.session_id).await)?, Ending::Now);
    hold_eq!(check(ports, &here, NOW).await?, SessionCheck::Ended);
    hold_eq!(check(ports, &there, NOW).await?, alive(&ann));
    hold_eq!(works(ports.end_session(ann.id, here.session_id).await)?, Ending::Before);
    hold_eq!(check(ports, &there, NOW).await?, alive(&ann));
    Ok(())
}

pub(crate) async fn nobody_ends_or_uses_the_session_of_another(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let bob = existing_user(ports, "bob@example.com").await?;
    let anns = open(ports, ann.id, None).await?;
    let bobs = open(ports, bob.id, None).await?;
    hold_eq!(works(ports.end_session(bob.id, anns.session_id).await)?, Ending::Before);
    hold_eq!(check(ports, &anns, NOW).await?, alive(&ann));
    let mixed = SessionProof { session_id: anns.session_id, ..bobs };
    hold_eq!(check(ports, &mixed, NOW).await?, SessionCheck::Ended);
    Ok(())
}

pub(crate) async fn a_session_ends_at_its_expiry(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let expiry = NOW.plus(Lifetime::from_minutes(10));
    let session = open(ports, ann.id, Some(expiry)).await?;
    hold_eq!(check(ports, &session, UnixSeconds::new(expiry.get() - 1)).await?, alive(&ann));
    hold_eq!(check(ports, &session, expiry).await?, SessionCheck::Ended);
    Ok(())
}

/* */
pub(crate) async fn a_session_without_expiry_ends_when_idle(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let session = open(ports, ann.id, None).await?;
    // Each sign of life starts the idle limit anew.
    let almost = UnixSeconds::new(NOW.plus(IDLE_LIMIT).get() - 1);
    hold_eq!(check(ports, &session, almost).await?, alive(&ann));
    let almost_again = UnixSeconds::new(almost.plus(IDLE_LIMIT).get() - 1);
    hold_eq!(check(ports, &session, almost_again).await?, alive(&ann));
    hold_eq!(check(ports, &session, almost_again.plus(IDLE_LIMIT)).await?, SessionCheck::Ended);
    Ok(())
}

pub(crate) async fn an_account_that_is_gone_has_no_session(ports: &impl Ports) -> Outcome {
    let nobody = works(UserId::random(ports))?;
    let session = open(ports, nobody, None).await?;
    hold_eq!(check(ports, &session, NOW).await?, SessionCheck::NoAccount);
    Ok(())
}
