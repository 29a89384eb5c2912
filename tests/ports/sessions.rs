use futures_util::future::join_all;
use portico_core::{
    id::{SessionId, SessionStamp, TokenId, UserId},
    permission::Permissions,
    ports::{FactorReplaced, Ports, Replaced, StoredFactor, Updated, UserChange},
    secret::RootSecret,
    session::Member,
    session::{
        AuthMethod, Ending, NewSession, Opened, Refresh, RefreshKeys, RefreshToken, RefreshUse, SessionCheck,
        SessionLimits, SessionProof, Use, UseKey,
    },
    settings::Generations,
    throttle::{BanPolicy, Violation},
    time::{Lifetime, UnixSeconds},
    totp::{BackupCodes, Step},
    user::{Role, User},
};

use crate::{
    Outcome,
    check::{NOW, event, existing_user, works},
};

/// How many callers try at the same time.
const AT_ONCE: usize = 50;

fn new_session(ports: &impl Ports, user_id: UserId) -> Result<NewSession, String> {
    Ok(NewSession {
        id: works(SessionId::random(ports))?,
        user_id,
        credential_version: 1,
        epoch: 0,
        method: AuthMethod::Password,
        created_at: NOW,
        ends_at: NOW.plus(SessionLimits::DEFAULT.absolute),
        idle_limit: SessionLimits::DEFAULT.idle,
        refresh: None,
        mfa_verified: false,
        provider_session: None,
        network: "203.0.113.7/32".to_string(),
        user_agent: "curl/8".to_string(),
    })
}

async fn open_this(ports: &impl Ports, session: NewSession) -> Result<SessionProof, String> {
    let (user_id, session_id) = (session.user_id, session.id);
    match works(ports.open_session(session).await)? {
        Opened::Session { stamp } => {
            Ok(SessionProof { user_id, session_id, stamp, token_id: works(TokenId::random(ports))? })
        }
        banned @ Opened::Banned { .. } => Err(format!("{banned:?}")),
    }
}

async fn open(ports: &impl Ports, user_id: UserId) -> Result<SessionProof, String> {
    open_this(ports, new_session(ports, user_id)?).await
}

async fn check(ports: &impl Ports, proof: &SessionProof, now: UnixSeconds) -> Result<SessionCheck, String> {
    let mut check = works(ports.check_session(proof, Generations::default(), now).await)?;
    if let SessionCheck::Active(member) = &mut check {
        // Noted beside the answer, sooner or later.
        member.user.last_active_at = member.user.created_at;
    }
    Ok(check)
}

fn alive(user: &User) -> SessionCheck {
    SessionCheck::Active(Box::new(Member { user: user.clone(), grants: Permissions::default() }))
}

fn after(seconds: u64) -> UnixSeconds {
    NOW.plus(Lifetime::from_seconds(seconds))
}

/* TK-16: both tokens are of the same second; the generation tells them apart. */
pub(crate) async fn an_open_session_shows_its_account(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let first = open(ports, ann.id).await?;
    let second = open(ports, ann.id).await?;
    hold_eq!(first.stamp, second.stamp);
    hold_eq!(check(ports, &first, NOW).await?, alive(&ann));
    hold_eq!(check(ports, &second, NOW).await?, alive(&ann));
    let other_generation = SessionProof { stamp: works(SessionStamp::random(ports))?, ..first };
    hold_eq!(check(ports, &other_generation, NOW).await?, SessionCheck::Ended);
    let never_opened = SessionProof { session_id: works(SessionId::random(ports))?, ..first };
    hold_eq!(check(ports, &never_opened, NOW).await?, SessionCheck::Ended);
    Ok(())
}

/* TK-15, SE-19 */
pub(crate) async fn ending_one_session_leaves_the_others(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let (here, there) = (open(ports, ann.id).await?, open(ports, ann.id).await?);
    hold_eq!(
        works(ports.end_session(ann.id, here.session_id).await)?,
        Ending::Now { provider_session: None }
    );
    hold_eq!(check(ports, &here, NOW).await?, SessionCheck::Ended);
    hold_eq!(check(ports, &there, NOW).await?, alive(&ann));
    hold_eq!(works(ports.end_session(ann.id, here.session_id).await)?, Ending::Before);
    hold_eq!(check(ports, &there, NOW).await?, alive(&ann));
    let third = open(ports, ann.id).await?;
    let listed = works(ports.list_sessions(ann.id, NOW).await)?;
    let mut ids: Vec<_> = listed.iter().map(|record| record.id).collect();
    let mut expected = vec![there.session_id, third.session_id];
    ids.sort();
    expected.sort();
    hold_eq!(ids, expected);
    hold_eq!(listed.first().map(|record| record.user_agent.as_str()), Some("curl/8"));
    hold_eq!(works(ports.end_other_sessions(ann.id, third.session_id, NOW).await)?.count, 1);
    hold_eq!(check(ports, &there, NOW).await?, SessionCheck::Ended);
    hold_eq!(check(ports, &third, NOW).await?, alive(&ann));
    Ok(())
}

/* TK-16 */
pub(crate) async fn ending_all_sessions_starts_a_new_generation(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let (one, two) = (open(ports, ann.id).await?, open(ports, ann.id).await?);
    hold_eq!(works(ports.end_all_sessions(ann.id, NOW).await)?.count, 2);
    hold_eq!(check(ports, &one, NOW).await?, SessionCheck::Ended);
    hold_eq!(check(ports, &two, NOW).await?, SessionCheck::Ended);
    let three = open(ports, ann.id).await?;
    hold!(three.stamp != one.stamp);
    hold_eq!(check(ports, &three, NOW).await?, alive(&ann));
    Ok(())
}

pub(crate) async fn nobody_ends_or_uses_the_session_of_another(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let bob = existing_user(ports, "bob@example.com").await?;
    let anns = open(ports, ann.id).await?;
    let bobs = open(ports, bob.id).await?;
    hold_eq!(works(ports.end_session(bob.id, anns.session_id).await)?, Ending::Before);
    hold_eq!(check(ports, &anns, NOW).await?, alive(&ann));
    let mixed = SessionProof { session_id: anns.session_id, ..bobs };
    hold_eq!(check(ports, &mixed, NOW).await?, SessionCheck::Ended);
    Ok(())
}

/* SE-05, R-04 */
pub(crate) async fn a_session_ends_at_its_end_and_when_idle(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let short = NewSession { ends_at: after(600), ..new_session(ports, ann.id)? };
    let idle = NewSession { idle_limit: Lifetime::from_seconds(600), ..new_session(ports, ann.id)? };
    let (short, idle) = (open_this(ports, short).await?, open_this(ports, idle).await?);
    hold_eq!(check(ports, &short, after(599)).await?, alive(&ann));
    // Each sign of life starts the idle limit anew.
    hold_eq!(check(ports, &idle, after(599)).await?, alive(&ann));
    hold_eq!(check(ports, &short, after(600)).await?, SessionCheck::Ended);
    hold_eq!(check(ports, &idle, after(1_198)).await?, alive(&ann));
    hold_eq!(check(ports, &idle, after(1_798)).await?, SessionCheck::Ended);
    Ok(())
}

pub(crate) async fn an_account_that_is_gone_has_no_session(ports: &impl Ports) -> Outcome {
    let nobody = works(UserId::random(ports))?;
    let session = open(ports, nobody).await?;
    hold_eq!(check(ports, &session, NOW).await?, SessionCheck::NoAccount);
    Ok(())
}

/* TK-13, TK-14 */
pub(crate) async fn a_change_of_the_account_shows_in_the_next_check(ports: &impl Ports) -> Outcome {
    existing_user(ports, "ann@example.com").await?;
    let bob = existing_user(ports, "bob@example.com").await?;
    let session = open(ports, bob.id).await?;
    hold_eq!(check(ports, &session, NOW).await?, alive(&bob));
    let promoted = UserChange { role: Some(Role::User), ..UserChange::default() };
    let updated = works(ports.update_user(bob.id, promoted, event(ports)?).await)?;
    works(ports.account_changed(bob.id).await)?;
    let Updated::User(bob) = updated else { return Err(format!("{updated:?}")) };
    hold_eq!(bob.role, Role::User);
    hold_eq!(check(ports, &session, NOW).await?, alive(&bob));
    works(ports.delete_user(bob.id, event(ports)?).await)?;
    works(ports.account_changed(bob.id).await)?;
    hold_eq!(check(ports, &session, NOW).await?, SessionCheck::NoAccount);
    Ok(())
}

/* PW-14: also for a session that was being opened with the old password while it changed. */
pub(crate) async fn a_changed_password_ends_what_was_opened_with_the_old_one(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let before = open(ports, ann.id).await?;
    let credential = works(ports.load_credential(ann.id).await)?.ok_or("no credential")?;
    let old = credential.password_hash.ok_or("no hash")?;
    let new = portico_core::password::PasswordHash::from_stored("another".to_string());
    hold_eq!(works(ports.change_password(ann.id, &old, &new, event(ports)?).await)?, Replaced::Yes);
    hold_eq!(works(ports.change_password(ann.id, &old, &new, event(ports)?).await)?, Replaced::No);
    works(ports.end_all_sessions(ann.id, NOW).await)?;
    let late = open(ports, ann.id).await?;
    hold_eq!(check(ports, &before, NOW).await?, SessionCheck::Ended);
    hold_eq!(check(ports, &late, NOW).await?, SessionCheck::Ended);
    let credential = works(ports.load_credential(ann.id).await)?.ok_or("no credential")?;
    hold_eq!(credential.version, 2);
    let fresh = NewSession { credential_version: 2, ..new_session(ports, ann.id)? };
    let fresh = open_this(ports, fresh).await?;
    hold!(matches!(check(ports, &fresh, NOW).await?, SessionCheck::Active(_)));
    Ok(())
}

/* MF-13: also for a session that was being opened without the factor while it was set up. */
pub(crate) async fn who_sets_up_a_factor_keeps_their_session_and_nobody_else(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let (here, there) = (open(ports, ann.id).await?, open(ports, ann.id).await?);
    let factor =
        StoredFactor { secret: Some("one".to_string()), backup_codes: BackupCodes::default(), reset: None };
    let replaced = works(ports.replace_second_factor(ann.id, None, Some(factor), event(ports)?).await)?;
    hold_eq!(replaced, FactorReplaced::Yes { credential_version: 2 });
    works(ports.keep_session(ann.id, here.session_id, 2, NOW).await)?;
    let late = open(ports, ann.id).await?;
    hold!(matches!(check(ports, &here, NOW).await?, SessionCheck::Active(_)));
    hold_eq!(check(ports, &there, NOW).await?, SessionCheck::Ended);
    hold_eq!(check(ports, &late, NOW).await?, SessionCheck::Ended);
    // Nobody is carried over a change that they had no part in.
    works(ports.keep_session(ann.id, here.session_id, 4, NOW).await)?;
    hold!(matches!(check(ports, &here, NOW).await?, SessionCheck::Active(_)));
    Ok(())
}

/* TK-17 */
pub(crate) async fn a_revoked_token_is_dead_and_its_session_is_not(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let old = open(ports, ann.id).await?;
    let new = SessionProof { token_id: works(TokenId::random(ports))?, ..old };
    works(ports.revoke_token(ann.id, old.session_id, old.token_id, Some(after(600)), NOW).await)?;
    hold_eq!(check(ports, &old, after(599)).await?, SessionCheck::Ended);
    hold_eq!(check(ports, &new, after(599)).await?, alive(&ann));
    Ok(())
}

/// A session with a refresh family, and its first token.
async fn family(
    ports: &impl Ports,
    user: UserId,
) -> Result<(RefreshKeys, RefreshToken, SessionProof), String> {
    let keys = RefreshKeys::derived(&works(RootSecret::parse(&"portico ".repeat(4)))?);
    let session = new_session(ports, user)?;
    let first = works(keys.issue(user, session.id, ports))?;
    let proof = open_this(ports, NewSession { refresh: Some(first.hash()), ..session }).await?;
    Ok((keys, first, proof))
}

async fn refresh(
    ports: &impl Ports,
    keys: &RefreshKeys,
    token: &RefreshToken,
    now: UnixSeconds,
) -> Result<Refresh, String> {
    let used = RefreshUse { presented: token.hash(), successor: keys.successor(token).hash() };
    works(ports.refresh_session(token.user_id, token.session_id, used, Generations::default(), now).await)
}

/* SE-14, SE-15, SE-16, SE-17 */
pub(crate) async fn a_refresh_token_rotates_and_its_reuse_ends_the_session(ports: &impl Ports) -> Outcome {
    existing_user(ports, "ann@example.com").await?;
    let bob = existing_user(ports, "bob@example.com").await?;
    let (keys, first, proof) = family(ports, bob.id).await?;
    let second = keys.successor(&first);
    hold!(matches!(refresh(ports, &keys, &first, NOW).await?, Refresh::Rotated { .. }));
    hold!(matches!(refresh(ports, &keys, &first, after(10)).await?, Refresh::Rotated { .. }));
    // The account is read anew, not from a copy.
    let promoted = UserChange { role: Some(Role::User), ..UserChange::default() };
    works(ports.update_user(bob.id, promoted, event(ports)?).await)?;
    match refresh(ports, &keys, &second, after(11)).await? {
        Refresh::Rotated { member, stamp, session } => {
            let user = member.user;
            hold_eq!((user.role, stamp, session.id), (Role::User, proof.stamp, proof.session_id));
        }
        other => return Err(format!("{other:?}")),
    }
    hold_eq!(refresh(ports, &keys, &first, after(12)).await?, Refresh::Reused);
    hold_eq!(refresh(ports, &keys, &keys.successor(&second), after(12)).await?, Refresh::Ended);
    hold_eq!(check(ports, &proof, after(12)).await?, SessionCheck::Ended);
    works(ports.delete_user(bob.id, event(ports)?).await)?;
    hold_eq!(refresh(ports, &keys, &first, after(13)).await?, Refresh::NoAccount);
    Ok(())
}

/* SE-14, SE-16, FT-17 */
pub(crate) async fn of_fifty_refreshes_at_once_none_makes_a_second_branch(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let (keys, first, proof) = family(ports, ann.id).await?;
    let all = join_all((0..AT_ONCE).map(|_| refresh(ports, &keys, &first, NOW))).await;
    for one in all {
        hold!(matches!(one?, Refresh::Rotated { .. }));
    }
    // There is one successor, and it is the same for all of them.
    let second = keys.successor(&first);
    hold!(matches!(refresh(ports, &keys, &second, after(1)).await?, Refresh::Rotated { .. }));
    hold_eq!(refresh(ports, &keys, &first, after(1)).await?, Refresh::Reused);
    hold_eq!(check(ports, &proof, after(1)).await?, SessionCheck::Ended);
    Ok(())
}

/* MF-11, FT-17 */
pub(crate) async fn of_fifty_uses_at_once_one_counts(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    for (purpose, until) in [("backup_code", None), ("password_reset", Some(after(1_800)))] {
        let key = UseKey { purpose: purpose.to_string(), digest: "digest".to_string() };
        let uses = (0..AT_ONCE).map(|_| ports.use_once(ann.id, key.clone(), until, NOW));
        let uses = works(join_all(uses).await.into_iter().collect::<Result<Vec<_>, _>>())?;
        hold_eq!(uses.iter().filter(|used| **used == Use::Now).count(), 1);
        let another = UseKey { digest: "another".to_string(), ..key };
        hold_eq!(works(ports.use_once(ann.id, another, until, NOW).await)?, Use::Now);
    }
    works(ports.forget_uses(ann.id, "backup_code").await)?;
    let key = |purpose: &str| UseKey { purpose: purpose.to_string(), digest: "digest".to_string() };
    hold_eq!(works(ports.use_once(ann.id, key("backup_code"), None, NOW).await)?, Use::Now);
    hold_eq!(works(ports.use_once(ann.id, key("password_reset"), None, NOW).await)?, Use::Before);
    Ok(())
}

/* MF-03 */
pub(crate) async fn of_fifty_equal_codes_at_once_one_counts(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let accepted = (0..AT_ONCE).map(|_| ports.accept_totp_step(ann.id, Step::at(NOW), NOW));
    let accepted = works(join_all(accepted).await.into_iter().collect::<Result<Vec<_>, _>>())?;
    hold_eq!(accepted.iter().filter(|used| **used == Use::Now).count(), 1);
    let earlier = Step::at(UnixSeconds::new(NOW.get() - 30));
    hold_eq!(works(ports.accept_totp_step(ann.id, earlier, NOW).await)?, Use::Before);
    hold_eq!(works(ports.accept_totp_step(ann.id, Step::at(after(30)), after(30)).await)?, Use::Now);
    Ok(())
}

pub(crate) async fn a_ban_ends_all_sessions_and_opens_none(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let session = open(ports, ann.id).await?;
    let policy = BanPolicy { interval: 3, ..BanPolicy::DEFAULT };
    hold_eq!(works(ports.record_violation(ann.id, 2, policy, NOW).await)?, Violation::Counted);
    hold_eq!(check(ports, &session, NOW).await?, alive(&ann));
    let until = NOW.plus(policy.duration);
    hold_eq!(works(ports.record_violation(ann.id, 1, policy, NOW).await)?, Violation::Banned { until });
    hold_eq!(check(ports, &session, NOW).await?, SessionCheck::Ended);
    let opened = works(ports.open_session(new_session(ports, ann.id)?).await)?;
    hold_eq!(opened, Opened::Banned { until });
    works(ports.lift_ban(ann.id).await)?;
    let session = open(ports, ann.id).await?;
    hold_eq!(check(ports, &session, NOW).await?, alive(&ann));
    works(ports.ban_account(ann.id, after(60), NOW).await)?;
    hold_eq!(check(ports, &session, NOW).await?, SessionCheck::Ended);
    Ok(())
}
