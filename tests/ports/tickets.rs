use futures_util::future::join_all;
use portico_core::{
    audit::AuditEvent,
    email::Email,
    id::{InvitationId, UserId},
    password::PasswordHash,
    ports::{Created, Ports, Replaced, Updated, UserChange},
    ticket::{Invitation, Purpose, Ticket, TicketToken},
    time::{Lifetime, UnixSeconds},
    user::{EmailVerification, NewUser, Role, SignUpPolicy, User},
};

use crate::{
    Outcome,
    check::{NOW, event, existing_user, new_user, works},
};

/// Nobody may sign up.
const CLOSED: SignUpPolicy =
    SignUpPolicy { first: false, others: false, unless_stored: false, stored_counts: false, closes: false };

fn at(second: i64) -> UnixSeconds {
    UnixSeconds::new(NOW.get() + second)
}

fn later(ports: &impl Ports, second: i64) -> Result<AuditEvent, String> {
    Ok(AuditEvent { at: at(second), ..event(ports)? })
}

fn ticket(ports: &impl Ports, user: &User, purpose: Purpose) -> Result<Ticket, String> {
    Ok(Ticket {
        hash: works(TicketToken::random(ports))?.hash(purpose),
        purpose,
        user: user.id,
        email: user.email.clone(),
        credential_version: 1,
        expires_at: at(900),
    })
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text.to_string())
}

async fn issued(ports: &impl Ports, user: &User, purpose: Purpose) -> Result<Ticket, String> {
    let ticket = ticket(ports, user, purpose)?;
    works(ports.issue_ticket(ticket.clone()).await)?;
    Ok(ticket)
}

async fn alive(ports: &impl Ports, ticket: &Ticket) -> Result<bool, String> {
    Ok(works(ports.find_ticket(&ticket.hash, ticket.purpose).await)?.is_some())
}

/* RS-06 */
pub(crate) async fn a_new_ticket_takes_the_place_of_others_of_its_purpose(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let bob = existing_user(ports, "bob@example.com").await?;
    let first = issued(ports, &ann, Purpose::Reset).await?;
    let verify = issued(ports, &ann, Purpose::Verify).await?;
    let of_bob = issued(ports, &bob, Purpose::Reset).await?;
    let second = issued(ports, &ann, Purpose::Reset).await?;
    hold!(!alive(ports, &first).await?);
    hold_eq!(works(ports.find_ticket(&second.hash, Purpose::Reset).await)?, Some(second.clone()));
    hold_eq!(works(ports.find_ticket(&second.hash, Purpose::Verify).await)?, None);
    hold!(alive(ports, &verify).await? && alive(ports, &of_bob).await?);
    hold_eq!(works(ports.reset_password(&first, &hash("new"), later(ports, 1)?).await)?, Replaced::No);
    let nobody = User { id: works(UserId::random(ports))?, ..ann };
    hold!(!alive(ports, &issued(ports, &nobody, Purpose::Reset).await?).await?);
    Ok(())
}

/* RS-05 */
pub(crate) async fn of_ten_new_passwords_at_once_one_is_stored(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let ticket = issued(ports, &ann, Purpose::Reset).await?;
    let verify = issued(ports, &ann, Purpose::Verify).await?;
    let late = ports.reset_password(&ticket, &hash("late"), later(ports, 900)?).await;
    hold_eq!(works(late)?, Replaced::No);
    let names: Vec<_> = (0..10).map(|number| hash(&format!("new {number}"))).collect();
    let events: Vec<_> = names.iter().map(|_| later(ports, 899)).collect::<Result<_, _>>()?;
    let tries = names.iter().zip(events).map(|(new, event)| ports.reset_password(&ticket, new, event));
    let mut stored = Vec::new();
    for (outcome, new) in join_all(tries).await.into_iter().zip(&names) {
        if works(outcome)? == Replaced::Yes {
            stored.push(new.clone());
        }
    }
    hold_eq!(stored.len(), 1);
    let credential = works(ports.load_credential(ann.id).await)?.ok_or("no account")?;
    hold_eq!(credential.password_hash, stored.pop());
    hold_eq!(credential.version, 2);
    hold!(!alive(ports, &ticket).await? && !alive(ports, &verify).await?);
    Ok(())
}

/* RS-06 */
pub(crate) async fn a_ticket_is_worth_nothing_once_the_account_has_changed(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let bob = existing_user(ports, "bob@example.com").await?;
    let old = works(ports.load_credential(ann.id).await)?.and_then(|found| found.password_hash);
    let of_ann = issued(ports, &ann, Purpose::Reset).await?;
    let changed = ports.change_password(ann.id, &old.ok_or("no hash")?, &hash("other"), event(ports)?).await;
    hold_eq!(works(changed)?, Replaced::Yes);
    hold_eq!(works(ports.reset_password(&of_ann, &hash("new"), later(ports, 1)?).await)?, Replaced::No);
    let (reset, verify) =
        (issued(ports, &bob, Purpose::Reset).await?, issued(ports, &bob, Purpose::Verify).await?);
    let change = UserChange { email: Some(works(Email::parse("rob@example.com"))?), ..UserChange::default() };
    works(ports.update_user(bob.id, change, event(ports)?).await)?;
    hold_eq!(works(ports.reset_password(&reset, &hash("new"), later(ports, 1)?).await)?, Replaced::No);
    hold_eq!(works(ports.verify_email(&verify, later(ports, 1)?).await)?, Replaced::No);
    hold_eq!(works(ports.previous_email(bob.id).await)?, Some(bob.email));
    hold_eq!(works(ports.previous_email(ann.id).await)?, None);
    Ok(())
}

/* RS-05, RS-12 */
pub(crate) async fn showing_an_address_is_noted_once(ports: &impl Ports) -> Outcome {
    let due = at(7 * 86_400);
    let new = NewUser {
        verification: EmailVerification::DueBy(due),
        username: Some("annie".to_string()),
        ..new_user(ports, "ann@example.com")?
    };
    let policy = SignUpPolicy { first: true, ..CLOSED };
    let created = works(ports.create_user(new, policy, event(ports)?).await)?;
    let Created::Account(account) = created else { return Err(format!("{created:?}")) };
    let ann = account.user;
    hold_eq!(ann.verification, EmailVerification::DueBy(due));
    hold_eq!(ann.profile.username.as_deref(), Some("annie"));
    hold_eq!(works(ports.list_unverified(due, 10).await)?, Vec::new());
    hold_eq!(works(ports.list_unverified(due.plus(Lifetime::from_seconds(1)), 10).await)?, vec![ann.id]);
    let ticket = issued(ports, &ann, Purpose::Verify).await?;
    hold_eq!(works(ports.verify_email(&ticket, later(ports, 900)?).await)?, Replaced::No);
    hold_eq!(works(ports.verify_email(&ticket, later(ports, 899)?).await)?, Replaced::Yes);
    hold_eq!(works(ports.verify_email(&ticket, later(ports, 899)?).await)?, Replaced::No);
    let stored = works(ports.load_credential(ann.id).await)?.ok_or("no account")?.user;
    hold_eq!(stored.verification, EmailVerification::Done);
    hold_eq!(works(ports.list_unverified(at(1_000_000_000), 10).await)?, Vec::new());
    // What an administrator writes proves nothing.
    let email = Some(works(Email::parse("other@example.com"))?);
    let change = UserChange { email, accepts_terms: true, ..UserChange::default() };
    let updated = works(ports.update_user(ann.id, change, later(ports, 1_000)?).await)?;
    let Updated::User(user) = updated else { return Err(format!("{updated:?}")) };
    hold_eq!(user.verification, EmailVerification::Unasked);
    hold_eq!(user.terms_accepted_at, Some(at(1_000)));
    let again = UserChange { accepts_terms: true, ..UserChange::default() };
    let updated = works(ports.update_user(ann.id, again, later(ports, 2_000)?).await)?;
    let Updated::User(user) = updated else { return Err(format!("{updated:?}")) };
    hold_eq!(user.terms_accepted_at, Some(at(1_000)));
    Ok(())
}

/* librechat.md §3, §13.28 */
pub(crate) async fn an_invitation_lets_one_address_in_and_is_used_up(ports: &impl Ports) -> Outcome {
    let admin = existing_user(ports, "ann@example.com").await?;
    let invitation = Invitation {
        id: works(InvitationId::random(ports))?,
        hash: "first".to_string(),
        email: works(Email::parse("bob@example.com"))?,
        created_by: admin.id,
        created_at: NOW,
        expires_at: at(100),
    };
    works(ports.create_invitation(invitation.clone(), event(ports)?).await)?;
    let again = Invitation {
        id: works(InvitationId::random(ports))?,
        hash: "second".to_string(),
        ..invitation.clone()
    };
    works(ports.create_invitation(again.clone(), event(ports)?).await)?;
    hold_eq!(works(ports.list_invitations(NOW).await)?, vec![again.clone()]);
    hold_eq!(works(ports.find_invitation("first", NOW).await)?, None);
    hold_eq!(works(ports.find_invitation("second", at(100)).await)?, None);
    hold_eq!(works(ports.renew_invitation(again.id, "third").await)?, Replaced::Yes);
    hold_eq!(works(ports.renew_invitation(invitation.id, "third").await)?, Replaced::No);
    let renewed = Invitation { hash: "third".to_string(), ..again };
    hold_eq!(works(ports.find_invitation("third", at(99)).await)?, Some(renewed.clone()));
    hold_eq!(works(ports.load_invitation(renewed.id).await)?, Some(renewed.clone()));
    let invited = |email: &str, hash: &str, second| -> Result<NewUser, String> {
        let invitation = Some(hash.to_string());
        Ok(NewUser { invitation, created_at: at(second), ..new_user(ports, email)? })
    };
    for (email, hash, second) in
        [("eve@example.com", "third", 0), ("bob@example.com", "second", 0), ("bob@example.com", "third", 100)]
    {
        let created = ports.create_user(invited(email, hash, second)?, CLOSED, event(ports)?).await;
        hold_eq!(works(created)?, Created::Closed);
    }
    let created = ports.create_user(invited("bob@example.com", "third", 99)?, CLOSED, event(ports)?).await;
    let created = works(created)?;
    let Created::Account(account) = created else { return Err(format!("{created:?}")) };
    hold_eq!(account.user.role, Role::Pending);
    hold_eq!(works(ports.list_invitations(NOW).await)?, Vec::new());
    hold_eq!(works(ports.delete_invitation(renewed.id, event(ports)?).await)?, Replaced::No);
    works(ports.create_invitation(invitation.clone(), event(ports)?).await)?;
    hold_eq!(works(ports.delete_invitation(invitation.id, event(ports)?).await)?, Replaced::Yes);
    Ok(())
}
