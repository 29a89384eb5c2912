use futures_util::future::join_all;
use portico_core::{
    audit::{AuditEvent, AuditOutcome},
    display_name::DisplayName,
    email::Email,
    id::{GroupId, ProviderSessionId, SessionId, UserId},
    identity::{
        Arrival, ArrivalChange, ArrivalEvents, Arrived, ArrivedAccount, GroupSync, GroupTemplate, Identity,
        Linked, NewProviderSession, RoleChange, Unlinked,
    },
    oauth::{
        Provider,
        pending::{Dialect, Errand, Peer, Pending},
    },
    ports::{AuditQuery, EndedRemotely, Ports, RemoteLogout, Replaced},
    ticket::{Purpose, Ticket},
    time::{Lifetime, UnixSeconds},
    user::{EmailVerification, NewUser, Role, SignUpPolicy, User},
};

use crate::{
    Outcome,
    check::{NOW, OPEN, event, existing_user, new_user, works},
};

fn identity(subject: &str) -> Identity {
    Identity { provider: "google".into(), issuer: "https://id.example.com".into(), subject: subject.into() }
}

/// Whose account an identity belongs to.
async fn owner(ports: &impl Ports, identity: &Identity) -> Result<Option<UserId>, String> {
    let Identity { provider, issuer, subject } = identity;
    let known = works(ports.due_identities(provider, issuer, UnixSeconds::new(i64::MAX), 100).await)?;
    Ok(known.into_iter().find(|(_, known)| known == subject).map(|(user, _)| user))
}

fn arrival(ports: &impl Ports, subject: &str, email: &str) -> Result<Arrival, String> {
    let event = |outcome| Ok::<_, String>(AuditEvent { actor: None, target: None, outcome, ..event(ports)? });
    let new = NewUser { password_hash: None, ..new_user(ports, email)? };
    Ok(Arrival {
        identity: identity(subject),
        sign_up: Some(new),
        policy: OPEN,
        merge: None,
        change: ArrivalChange::default(),
        groups: None,
        session: None,
        events: ArrivalEvents {
            signed_up: event(AuditOutcome::Success)?,
            linked: event(AuditOutcome::Success)?,
            changed: event(AuditOutcome::Success)?,
            moved: event(AuditOutcome::Success)?,
            synced: event(AuditOutcome::Success)?,
            signed_in: event(AuditOutcome::Success)?,
            factor_due: Some(event(AuditOutcome::SecondFactorDue)?),
        },
        at: NOW,
    })
}

async fn account(ports: &impl Ports, arrival: Arrival) -> Result<ArrivedAccount, String> {
    match works(ports.arrive(arrival).await)? {
        Arrived::Account(account) => Ok(*account),
        other => Err(format!("nobody was let in: {other:?}")),
    }
}

async fn refusal(ports: &impl Ports, arrival: Arrival) -> Result<&'static str, String> {
    Ok(match works(ports.arrive(arrival).await)? {
        Arrived::Account(_) => "let in",
        Arrived::Closed => "closed",
        Arrived::EmailTaken => "taken",
    })
}

/// The ids of the log's events, latest first.
async fn log(ports: &impl Ports) -> Result<Vec<(portico_core::id::AuditId, Option<String>, String)>, String> {
    let rows = works(ports.list_events(AuditQuery { about: None, before: None, limit: 100 }).await)?;
    Ok(rows.into_iter().map(|row| (row.id, row.actor, row.outcome)).collect())
}

/// An account whose owner has shown that they read its address.
async fn verified(ports: &impl Ports, email: &str) -> Result<User, String> {
    let user = existing_user(ports, email).await?;
    let ticket = Ticket {
        hash: email.to_string(),
        purpose: Purpose::Verify,
        user: user.id,
        email: user.email.clone(),
        credential_version: 1,
        expires_at: NOW.plus(Lifetime::from_minutes(1)),
    };
    works(ports.issue_ticket(ticket.clone()).await)?;
    match works(ports.verify_email(&ticket, event(ports)?).await)? {
        Replaced::Yes => Ok(user),
        Replaced::No => Err("the address was not verified".to_string()),
    }
}

/* OA-09, FT-01 */
pub(crate) async fn who_comes_first_gets_an_account_and_finds_it_again(ports: &impl Ports) -> Outcome {
    existing_user(ports, "root@example.com").await?;
    let first = arrival(ports, "1", "ann@example.com")?;
    let events = first.events.clone();
    let new = account(ports, first).await?;
    hold_eq!((new.account.user.email.as_str(), new.is_changed), ("ann@example.com", false));
    let ann = new.account.user.id;
    let logged = log(ports).await?;
    let by_ann = |id| (id, Some(ann.to_string()), "success".to_string());
    hold_eq!(logged.get(..2), Some(&[by_ann(events.signed_in.id), by_ann(events.signed_up.id)][..]));
    let again = account(ports, arrival(ports, "1", "other@example.com")?).await?;
    hold_eq!((again.account.user.id, again.is_changed), (ann, false));
    hold_eq!(owner(ports, &identity("1")).await?, Some(ann));
    for other in [
        Identity { provider: "github".into(), ..identity("1") },
        Identity { issuer: "https://id.example.com/".into(), ..identity("1") },
        identity("2"),
    ] {
        hold_eq!(owner(ports, &other).await?, None);
    }
    hold_eq!(refusal(ports, arrival(ports, "2", "ann@example.com")?).await?, "taken");
    let closed = Arrival { sign_up: None, ..arrival(ports, "2", "bob@example.com")? };
    hold_eq!(refusal(ports, closed).await?, "closed");
    let shut = SignUpPolicy { others: false, ..OPEN };
    let closed = Arrival { policy: shut, ..arrival(ports, "2", "bob@example.com")? };
    hold_eq!(refusal(ports, closed).await?, "closed");
    hold_eq!(owner(ports, &identity("2")).await?, None);
    hold_eq!(works(ports.list_identities(ann).await)?.len(), 1);
    Ok(())
}

/* AD-01 */
pub(crate) async fn the_first_of_all_administrates_and_closes_registration(ports: &impl Ports) -> Outcome {
    let first = arrival(ports, "1", "ann@example.com")?;
    let first = Arrival { policy: SignUpPolicy::ADMITTED, ..first };
    let signed_up = first.events.signed_up.id;
    let ann = account(ports, first).await?;
    hold_eq!(ann.account.user.role, Role::Admin);
    let outcome =
        log(ports).await?.into_iter().find(|(id, _, _)| *id == signed_up).map(|(_, _, outcome)| outcome);
    hold_eq!(outcome.as_deref(), Some("first_admin"));
    let stored = works(ports.stored_settings().await)?;
    hold_eq!(stored.rows.get("ENABLE_SIGNUP").map(|row| row.value.as_str()), Some("false"));
    Ok(())
}

pub(crate) async fn of_many_that_come_at_once_one_makes_the_account(ports: &impl Ports) -> Outcome {
    existing_user(ports, "root@example.com").await?;
    let tries =
        join_all((0..10).map(|_| async { account(ports, arrival(ports, "1", "ann@example.com")?).await }))
            .await;
    let mut ids =
        tries.into_iter().map(|tried| Ok(tried?.account.user.id)).collect::<Result<Vec<_>, String>>()?;
    ids.dedup();
    hold_eq!(ids.len(), 1);
    Ok(())
}

/* OA-10, OA-11 */
pub(crate) async fn an_address_leads_to_an_account_only_if_both_sides_have_shown_it(
    ports: &impl Ports,
) -> Outcome {
    let root = verified(ports, "root@example.com").await?;
    existing_user(ports, "unverified@example.com").await?;
    let ann = verified(ports, "ann@example.com").await?;
    let merge = |subject: &str, email: &str| -> Result<Arrival, String> {
        let address = Email::parse(email).map_err(|error| error.to_string())?;
        Ok(Arrival { merge: Some(address), ..arrival(ports, subject, email)? })
    };
    hold_eq!(root.role, Role::Admin);
    hold_eq!(refusal(ports, merge("1", "root@example.com")?).await?, "taken");
    hold_eq!(refusal(ports, merge("1", "unverified@example.com")?).await?, "taken");
    hold_eq!(refusal(ports, arrival(ports, "1", "ann@example.com")?).await?, "taken");
    let merged = merge("1", "ann@example.com")?;
    let linked = merged.events.linked.id;
    let found = account(ports, merged).await?;
    hold_eq!((found.account.user.id, found.is_changed), (ann.id, true));
    hold_eq!(found.account.user.means.identities.len(), 1);
    hold!(found.account.user.means.has_password && ann.means.identities.is_empty());
    hold!(log(ports).await?.iter().any(|(id, actor, _)| *id == linked && *actor == Some(ann.id.to_string())));
    hold_eq!(account(ports, arrival(ports, "1", "x@example.com")?).await?.account.user.id, ann.id);
    // One account has one identity of a provider.
    hold_eq!(refusal(ports, merge("2", "ann@example.com")?).await?, "taken");
    Ok(())
}

/* AD-05, OA-18 */
pub(crate) async fn an_arrival_brings_the_account_up_to_date(ports: &impl Ports) -> Outcome {
    let root = account(ports, arrival(ports, "root", "root@example.com")?).await?.account.user;
    let ann = account(ports, arrival(ports, "1", "ann@example.com")?).await?.account.user;
    hold_eq!((root.role, ann.role), (Role::Admin, Role::Pending));
    let change = |subject: &str, change: ArrivalChange| {
        Ok::<_, String>(Arrival { change, ..arrival(ports, subject, "x@example.com")? })
    };
    let becomes = |role| ArrivalChange { role: Some(role), ..ArrivalChange::default() };
    let role = |role| becomes(RoleChange::Role(role));
    let waits = account(ports, change("1", becomes(RoleChange::Demote))?).await?;
    hold_eq!((waits.account.user.role, waits.is_changed), (Role::Pending, false));
    let last = account(ports, change("root", becomes(RoleChange::Demote))?).await?;
    hold_eq!((last.account.user.role, last.is_changed), (Role::Admin, false));
    let kept = account(ports, change("root", role(Role::User))?).await?;
    hold_eq!((kept.account.user.role, kept.is_changed), (Role::Admin, false));
    let promoted = account(ports, change("1", role(Role::Admin))?).await?;
    hold_eq!((promoted.account.user.role, promoted.is_changed), (Role::Admin, true));
    let demoted = account(ports, change("root", becomes(RoleChange::Demote))?).await?;
    hold_eq!((demoted.account.user.role, demoted.is_changed), (Role::User, true));
    let address = |text: &str| Email::parse(text).map_err(|error| error.to_string());
    let all = ArrivalChange {
        role: None,
        email: Some(address("anna@example.com")?),
        is_email_verified: true,
        name: Some(DisplayName::parse("Anna").map_err(|_| "a name")?),
        username: Some("anna".into()),
        image: None,
    };
    let changed = change("1", all.clone())?;
    let events = [changed.events.changed.id, changed.events.moved.id];
    let anna = account(ports, changed).await?.account.user;
    hold_eq!((anna.email.as_str(), anna.name.as_str(), anna.role), ("anna@example.com", "Anna", Role::Admin));
    hold_eq!((anna.verification, anna.profile.username.as_deref()), (EmailVerification::Done, Some("anna")));
    hold_eq!(log(ports).await?.iter().filter(|(id, _, _)| events.contains(id)).count(), 2);
    hold_eq!(
        works(ports.previous_email(ann.id).await)?.map(|email| email.to_string()),
        Some("ann@example.com".to_string())
    );
    hold!(!account(ports, change("1", all)?).await?.is_changed);
    let taken = ArrivalChange {
        email: Some(address("root@example.com")?),
        name: Some(DisplayName::parse("Ann").map_err(|_| "a name")?),
        ..ArrivalChange::default()
    };
    let ann = account(ports, change("1", taken)?).await?.account.user;
    hold_eq!((ann.email.as_str(), ann.name.as_str()), ("anna@example.com", "Ann"));
    let called = ArrivalChange { username: Some("ann".into()), ..ArrivalChange::default() };
    let called = account(ports, change("1", called)?).await?;
    hold_eq!((called.account.user.profile.username.as_deref(), called.is_changed), (Some("ann"), true));
    Ok(())
}

/* OA-18 */
pub(crate) async fn groups_elsewhere_decide_about_what_they_brought(ports: &impl Ports) -> Outcome {
    existing_user(ports, "root@example.com").await?;
    let template = |count: usize| -> Result<GroupTemplate, String> {
        Ok(GroupTemplate {
            ids: (0..count).map(|_| works(GroupId::random(ports))).collect::<Result<_, _>>()?,
            permissions: r#"{"workspace":{"models":true}}"#.into(),
            data: r#"{"config":{"share":true}}"#.into(),
            description: ("Group '", "' came from elsewhere."),
        })
    };
    let come = |names: &[&str], spared: &[&str], create: Option<GroupTemplate>| {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_string()).collect();
        let groups = Some(GroupSync { names: list(names), spared: list(spared), create });
        Ok::<_, String>(Arrival { groups, ..arrival(ports, "1", "ann@example.com")? })
    };
    let ann = account(ports, come(&["a"], &[], None)?).await?;
    let ann_id = ann.account.user.id;
    hold!(!ann.is_changed);
    hold_eq!(works(ports.list_memberships(ann_id).await)?.len(), 0);
    let came = account(ports, come(&["a", "b"], &[], Some(template(2)?))?).await?;
    hold!(came.is_changed);
    let names = || async {
        let (groups, of_ann) =
            (works(ports.list_groups().await)?, works(ports.list_memberships(ann_id).await)?);
        let mut names: Vec<_> =
            groups.into_iter().filter(|group| of_ann.contains(&group.id)).map(|group| group.name).collect();
        names.sort();
        Ok::<_, String>(names)
    };
    hold_eq!(names().await?, ["a", "b"]);
    let group =
        works(ports.list_groups().await)?.into_iter().find(|group| group.name == "a").ok_or("no group")?;
    hold_eq!(group.description, "Group 'a' came from elsewhere.");
    hold_eq!(group.data.as_deref(), Some(r#"{"config":{"share":true}}"#));
    hold!(group.permissions.is_some() && group.created_by != Some(ann_id));
    hold!(!account(ports, come(&["a", "b"], &[], Some(template(2)?))?).await?.is_changed);
    hold_eq!(works(ports.list_groups().await)?.len(), 2);
    account(ports, come(&["b"], &["a"], None)?).await?;
    hold_eq!(names().await?, ["a", "b"]);
    account(ports, come(&[], &[], None)?).await?;
    hold_eq!(names().await?, Vec::<String>::new());
    account(ports, come(&["a"], &["a"], None)?).await?;
    hold_eq!(names().await?, Vec::<String>::new());
    works(ports.change_members(group.id, &[ann_id], &[], event(ports)?).await)?;
    account(ports, come(&[], &[], None)?).await?;
    hold_eq!(names().await?, ["a"]);
    Ok(())
}

/* OA-22 */
pub(crate) async fn what_a_provider_gave_is_kept_for_a_while_and_replaced_once(
    ports: &impl Ports,
) -> Outcome {
    existing_user(ports, "root@example.com").await?;
    let mut ids = Vec::new();
    let mut ann = None;
    for place in 0..4 {
        let id = works(ProviderSessionId::random(ports))?;
        let session = NewProviderSession {
            id,
            remote: Some(format!("sid-{place}")),
            sealed: format!("sealed-{place}"),
            expires_at: NOW,
            kept: 3,
            replaces: None,
        };
        let arrival = Arrival { session: Some(session), ..arrival(ports, "1", "ann@example.com")? };
        ann = Some(account(ports, arrival).await?.account.user.id);
        ids.insert(0, id);
    }
    let ann = ann.ok_or("nobody came")?;
    let listed = works(ports.list_provider_sessions(ann).await)?;
    let kept: Vec<_> = listed.iter().map(|session| session.id).collect();
    hold_eq!(Some(kept.as_slice()), ids.get(..3));
    let session = listed.into_iter().next().ok_or("none is kept")?;
    let later = NOW.plus(Lifetime::from_minutes(1));
    hold_eq!(works(ports.replace_provider_tokens(&session, "new", later, later).await)?, Replaced::Yes);
    hold_eq!(works(ports.replace_provider_tokens(&session, "newer", later, later).await)?, Replaced::No);
    let stored = works(ports.find_provider_session(session.id).await)?.ok_or("it is gone")?;
    hold_eq!((stored.sealed.as_str(), stored.expires_at, stored.created_at), ("new", later, NOW));
    hold_eq!(works(ports.take_provider_session(session.id).await)?, Some(stored));
    hold_eq!(works(ports.take_provider_session(session.id).await)?, None);
    hold!(!works(ports.delete_provider_sessions(ann, "github").await)?);
    hold!(works(ports.delete_provider_sessions(ann, "google").await)?);
    hold_eq!(works(ports.list_provider_sessions(ann).await)?, Vec::new());
    Ok(())
}

/* OA-12 */
pub(crate) async fn an_identity_belongs_to_one_account_and_the_last_way_in_stays(
    ports: &impl Ports,
) -> Outcome {
    let root = existing_user(ports, "root@example.com").await?.id;
    let ann = account(ports, arrival(ports, "1", "ann@example.com")?).await?.account.user.id;
    let nobody = works(UserId::random(ports))?;
    let link = |user: UserId, identity: Identity| async move {
        works(ports.link_identity(user, &identity, event(ports)?).await)
    };
    let unlink = |user: UserId, provider: &'static str| async move {
        works(ports.unlink_identities(user, provider, event(ports)?).await)
    };
    hold_eq!(link(root, identity("1")).await?, Linked::Taken);
    hold_eq!(link(nobody, identity("2")).await?, Linked::NoAccount);
    hold_eq!(link(ann, identity("2")).await?, Linked::Taken);
    let github = Identity { provider: "github".into(), ..identity("9") };
    hold_eq!(unlink(ann, "google").await?, Unlinked::Last);
    hold_eq!(link(ann, github.clone()).await?, Linked::Yes);
    hold_eq!(unlink(ann, "google").await?, Unlinked::Yes);
    hold_eq!(unlink(ann, "google").await?, Unlinked::None);
    hold_eq!(unlink(ann, "github").await?, Unlinked::Last);
    hold_eq!(link(root, identity("1")).await?, Linked::Yes);
    hold_eq!(unlink(root, "google").await?, Unlinked::Yes);
    let left: Vec<_> =
        works(ports.list_identities(ann).await)?.into_iter().map(|linked| linked.identity).collect();
    hold_eq!(left, core::slice::from_ref(&github));
    works(ports.delete_user(ann, event(ports)?).await)?;
    hold_eq!(owner(ports, &github).await?, None);
    Ok(())
}

/* OA-24 */
pub(crate) async fn a_providers_word_is_heard_once(ports: &impl Ports) -> Outcome {
    existing_user(ports, "root@example.com").await?;
    let come = |subject: &'static str, email: &'static str, remote: &'static str| async move {
        let id = works(ProviderSessionId::random(ports))?;
        let session = NewProviderSession {
            id,
            remote: Some(remote.to_string()),
            sealed: "sealed".into(),
            expires_at: NOW,
            kept: 10,
            replaces: None,
        };
        let arrival = Arrival { session: Some(session), ..arrival(ports, subject, email)? };
        Ok::<_, String>((account(ports, arrival).await?.account.user.id, id))
    };
    let (ann, one) = come("1", "ann@example.com", "s1").await?;
    let (_, two) = come("1", "ann@example.com", "s2").await?;
    let (bob, three) = come("2", "bob@example.com", "s1").await?;
    let word = |jti: &str, subject: Option<&str>, remote: Option<&str>| RemoteLogout {
        provider: "google".into(),
        issuer: "https://id.example.com".into(),
        jti: jti.into(),
        subject: subject.map(ToString::to_string),
        remote: remote.map(ToString::to_string),
        remembered_until: NOW.plus(Lifetime::from_minutes(10)),
    };
    let hear = |word: RemoteLogout| async move {
        let ended = works(ports.ended_by(&word).await)?;
        hold_eq!(works(ports.ended_by(&word).await)?, ended);
        works(ports.hear_logout(&word).await)?;
        Ok::<_, String>(ended)
    };
    let ended = |user, session| EndedRemotely { user, session: Some(session) };
    hold_eq!(hear(word("a", Some("1"), Some("s1"))).await?, Some(vec![ended(ann, one)]));
    hold_eq!(hear(word("a", Some("2"), None)).await?, None);
    hold_eq!(hear(word("b", Some("nobody"), None)).await?, Some(Vec::new()));
    hold_eq!(hear(word("c", None, Some("s2"))).await?, Some(vec![ended(ann, two)]));
    hold_eq!(hear(word("d", Some("2"), None)).await?, Some(vec![EndedRemotely { user: bob, session: None }]));
    hold_eq!(works(ports.find_provider_session(three).await)?, None);
    let other = RemoteLogout { issuer: "https://other.example.com".into(), ..word("a", Some("1"), None) };
    hold_eq!(hear(other).await?, Some(Vec::new()));
    works(ports.expire_round_trips(NOW.plus(Lifetime::from_minutes(11))).await)?;
    hold_eq!(hear(word("a", Some("nobody"), None)).await?, Some(Vec::new()));
    Ok(())
}

/* OA-02 */
pub(crate) async fn a_browser_comes_back_once_and_in_time(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?.id;
    let end = NOW.plus(Lifetime::from_minutes(10));
    let pending = |hash: &str, errand| Pending {
        hash: hash.to_string(),
        peer: Peer::Provider(Provider::Openid),
        issuer: "https://id.example.com".into(),
        metadata: "{}".into(),
        redirect_uri: "https://chat.example.com/oauth/oidc/callback".into(),
        browser: "browser".into(),
        dialect: Dialect::LibreChat,
        errand,
        sealed: "sealed".into(),
        expires_at: end,
    };
    let link = Errand::Link(ann, works(SessionId::random(ports))?);
    for pending in [pending("one", Errand::SignIn), pending("two", link), pending("three", Errand::SignIn)] {
        works(ports.begin_round_trip(pending).await)?;
    }
    let back =
        |hash: &'static str, now: UnixSeconds| async move { works(ports.end_round_trip(hash, now).await) };
    let tries = join_all((0..10).map(|_| back("one", NOW))).await;
    let tries = tries.into_iter().collect::<Result<Vec<_>, String>>()?;
    let got: Vec<_> = tries.into_iter().flatten().collect();
    hold_eq!(got, [pending("one", Errand::SignIn)]);
    hold_eq!(back("two", NOW).await?, Some(pending("two", link)));
    hold_eq!(back("three", end).await?, None);
    hold_eq!(back("three", NOW).await?, None);
    works(ports.begin_round_trip(pending("four", Errand::SignIn)).await)?;
    works(ports.expire_round_trips(end).await)?;
    hold_eq!(back("four", NOW).await?, None);
    Ok(())
}

/* LD-19 */
pub(crate) async fn people_are_looked_for_in_turn(ports: &impl Ports) -> Outcome {
    let before = |seconds| NOW.minus(Lifetime::from_seconds(seconds));
    let due = async |before, limit| {
        let due = works(ports.due_identities("google", "https://id.example.com", before, limit).await)?;
        Ok::<Vec<_>, String>(due.into_iter().map(|(_, subject)| subject).collect())
    };
    existing_user(ports, "root@example.com").await?;
    for subject in ["1", "2", "3"] {
        account(ports, arrival(ports, subject, &format!("user{subject}@example.com"))?).await?;
    }
    hold_eq!(due(NOW, 10).await?, ["1", "2", "3"]);
    let note = async |subjects: &[&str], at| {
        let subjects: Vec<_> = subjects.iter().map(|subject| subject.to_string()).collect();
        works(ports.note_recognised("google", "https://id.example.com", &subjects, at).await)
    };
    note(&["1", "nobody"], NOW).await?;
    note(&["3"], before(60)).await?;
    hold_eq!(due(NOW, 10).await?, ["2", "3", "1"]);
    hold_eq!(due(before(30), 10).await?, ["2", "3"]);
    hold_eq!(due(before(61), 10).await?, ["2"]);
    hold_eq!(due(NOW, 1).await?, ["2"]);
    let elsewhere = works(ports.due_identities("google", "https://other.example.com", NOW, 10).await)?;
    hold_eq!(elsewhere, []);
    Ok(())
}
