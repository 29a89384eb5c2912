use futures_util::future::join;
use portico_core::{
    display_name::DisplayName,
    email::Email,
    password::PasswordHash,
    ports::{Admission, Created, Deleted, Ports, Replaced, Updated, UserChange},
    user::{Role, SignUpPolicy, User},
};

use crate::{
    Outcome,
    check::{NOW, OPEN, event, existing_user, new_user, works},
};

async fn role_of_next(ports: &impl Ports, email: &str, policy: SignUpPolicy) -> Result<Option<Role>, String> {
    let new = new_user(ports, email)?;
    let address = new.email.clone();
    let preview = works(ports.preview_admission(Some(&address), policy).await)?;
    let created = works(ports.create_user(new, policy, event(ports)?).await)?;
    let agree = matches!(
        (preview, &created),
        (Admission::First | Admission::Open, Created::Account(_))
            | (Admission::Closed, Created::Closed)
            | (Admission::EmailTaken, Created::EmailTaken)
    );
    hold_agreement(agree, preview, &created)?;
    Ok(match created {
        Created::Account(account) => Some(account.user.role),
        Created::Closed | Created::EmailTaken => None,
    })
}

fn hold_agreement(agree: bool, preview: Admission, created: &Created) -> Outcome {
    if agree { Ok(()) } else { Err(format!("the preview said {preview:?}, the store did {created:?}")) }
}

/* AD-01 */
pub(crate) async fn the_first_account_is_administrator_and_closes_registration(
    ports: &impl Ports,
) -> Outcome {
    let policy = SignUpPolicy::UNTIL_FIRST_USER;
    hold_eq!(role_of_next(ports, "ann@example.com", policy).await?, Some(Role::Admin));
    hold_eq!(role_of_next(ports, "bob@example.com", policy).await?, None);
    // Closed answers before the address is looked at (TH-11).
    hold_eq!(works(ports.preview_admission(None, policy).await)?, Admission::Closed);
    hold_eq!(role_of_next(ports, "ann@example.com", policy).await?, None);
    Ok(())
}

pub(crate) async fn an_explicitly_open_policy_stays_open(ports: &impl Ports) -> Outcome {
    let open = SignUpPolicy { closes: false, ..SignUpPolicy::UNTIL_FIRST_USER };
    hold_eq!(role_of_next(ports, "ann@example.com", open).await?, Some(Role::Admin));
    hold_eq!(role_of_next(ports, "bob@example.com", open).await?, Some(Role::Pending));
    // Nobody has closed registration, so a deployment that stops saying so is still open.
    hold_eq!(
        role_of_next(ports, "cem@example.com", SignUpPolicy::UNTIL_FIRST_USER).await?,
        Some(Role::Pending)
    );
    Ok(())
}

pub(crate) async fn only_the_first_user_when_closed_explicitly(ports: &impl Ports) -> Outcome {
    let closed = SignUpPolicy { unless_stored: false, closes: false, ..SignUpPolicy::UNTIL_FIRST_USER };
    hold_eq!(role_of_next(ports, "ann@example.com", closed).await?, Some(Role::Admin));
    hold_eq!(role_of_next(ports, "bob@example.com", closed).await?, None);
    let never = SignUpPolicy { others: false, unless_stored: true, ..closed };
    hold_eq!(role_of_next(ports, "bob@example.com", never).await?, None);
    Ok(())
}

/* AD-01 */
pub(crate) async fn whoever_is_admitted_comes_in_through_a_closed_door(ports: &impl Ports) -> Outcome {
    let until_first = SignUpPolicy::UNTIL_FIRST_USER;
    hold_eq!(role_of_next(ports, "ann@example.com", SignUpPolicy::ADMITTED).await?, Some(Role::Admin));
    hold_eq!(role_of_next(ports, "bob@example.com", until_first).await?, None);
    hold_eq!(role_of_next(ports, "bob@example.com", SignUpPolicy::ADMITTED).await?, Some(Role::Pending));
    Ok(())
}

pub(crate) async fn a_closed_policy_lets_nobody_in(ports: &impl Ports) -> Outcome {
    let never = SignUpPolicy { first: false, ..SignUpPolicy::UNTIL_FIRST_USER };
    hold_eq!(role_of_next(ports, "ann@example.com", never).await?, None);
    hold_eq!(works(ports.stored_settings().await)?.has_users, false);
    Ok(())
}

/* FT-02, IN-06 */
pub(crate) async fn an_address_is_taken_once_and_keeps_its_owner(ports: &impl Ports) -> Outcome {
    let owner = existing_user(ports, "ann@example.com").await?;
    let mut thief = new_user(ports, "ann@example.com")?;
    thief.password_hash = new_user(ports, "thief@example.com")?.password_hash;
    hold_eq!(works(ports.create_user(thief, OPEN, event(ports)?).await)?, Created::EmailTaken);
    for other_spelling in ["ANN@example.com", "ann@EXAMPLE.com"] {
        let thief = new_user(ports, other_spelling)?;
        hold_eq!(works(ports.create_user(thief, OPEN, event(ports)?).await)?, Created::EmailTaken);
    }
    let email = works(Email::parse("ann@example.com"))?;
    let stored = works(ports.find_credential(&email).await)?.ok_or("the account is gone")?;
    hold_eq!(stored.user, owner);
    hold_eq!(stored.password_hash.as_ref().map(|hash| hash.as_str()), Some("hash of ann@example.com"));
    Ok(())
}

pub(crate) async fn the_stored_account_is_the_one_that_was_created(ports: &impl Ports) -> Outcome {
    let created = existing_user(ports, "Ann@MÜNCHEN.example").await?;
    hold_eq!(created.email.as_str(), "ann@xn--mnchen-3ya.example");
    hold_eq!(created.name, "Ann Lee");
    hold_eq!(created.created_at, NOW);
    hold_eq!(created.profile.image, "/user.png");
    hold_eq!(created.profile.bio, None);
    let stored = works(ports.find_credential(&created.email).await)?.ok_or("not found by its address")?;
    hold_eq!(stored.user, created);
    let other = works(Email::parse("ann@example.com"))?;
    hold!(works(ports.find_credential(&other).await)?.is_none());
    Ok(())
}

/* PW-02 */
pub(crate) async fn a_hash_is_replaced_only_while_it_is_the_one_that_was_read(ports: &impl Ports) -> Outcome {
    let (ann, bob) =
        (existing_user(ports, "ann@example.com").await?, existing_user(ports, "bob@example.com").await?);
    let hash = |text: &str| PasswordHash::from_stored(text.to_string());
    let (old, new) = (hash("hash of ann@example.com"), hash("$new$"));
    hold_eq!(works(ports.replace_password_hash(bob.id, &old, &new, NOW).await)?, Replaced::No);
    hold_eq!(works(ports.replace_password_hash(ann.id, &old, &new, NOW).await)?, Replaced::Yes);
    hold_eq!(works(ports.replace_password_hash(ann.id, &old, &hash("$late$"), NOW).await)?, Replaced::No);
    for (user, expected) in [(ann, "$new$"), (bob, "hash of bob@example.com")] {
        let stored = works(ports.find_credential(&user.email).await)?.ok_or("the account is gone")?;
        hold_eq!(stored.password_hash.as_ref().map(PasswordHash::as_str), Some(expected));
    }
    Ok(())
}

/* AD-05, LG-04 */
pub(crate) async fn the_last_administrator_stays(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let bob = existing_user(ports, "bob@example.com").await?;
    let role = |role| UserChange { role: Some(role), ..UserChange::default() };
    hold_eq!(works(ports.update_user(ann.id, role(Role::User), event(ports)?).await)?, Updated::LastAdmin);
    hold_eq!(works(ports.delete_user(ann.id, event(ports)?).await)?, Deleted::LastAdmin);
    hold!(matches!(
        works(ports.update_user(bob.id, role(Role::Admin), event(ports)?).await)?,
        Updated::User(_)
    ));
    // Both lose the role at the same time: one of them keeps it.
    let (one, two) = join(
        ports.update_user(ann.id, role(Role::User), event(ports)?),
        ports.update_user(bob.id, role(Role::User), event(ports)?),
    )
    .await;
    let outcomes = [works(one)?, works(two)?];
    hold_eq!(outcomes.iter().filter(|outcome| **outcome == Updated::LastAdmin).count(), 1);
    hold_eq!(works(ports.primary_admin().await)?.is_some(), true);
    Ok(())
}

/* AD-09, IN-06 */
pub(crate) async fn a_change_touches_what_it_names_and_nothing_else(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let bob = existing_user(ports, "bob@example.com").await?;
    hold_eq!(works(ports.primary_admin().await)?, Some(ann.id));
    let name = works(DisplayName::parse("Robert"))?;
    let change = UserChange { name: Some(name), ..UserChange::default() };
    let updated = works(ports.update_user(bob.id, change, event(ports)?).await)?;
    let renamed = User { name: "Robert".to_string(), ..bob.clone() };
    hold_eq!(updated, Updated::User(Box::new(renamed.clone())));
    let taken = UserChange {
        email: Some(ann.email.clone()),
        password_hash: Some(PasswordHash::from_stored("other".to_string())),
        ..UserChange::default()
    };
    hold_eq!(works(ports.update_user(bob.id, taken, event(ports)?).await)?, Updated::EmailTaken);
    let credential = works(ports.load_credential(bob.id).await)?.ok_or("no credential")?;
    hold_eq!(credential.user, renamed);
    hold_eq!(
        (credential.version, credential.password_hash),
        (1, Some(PasswordHash::from_stored("hash of bob@example.com".to_string())))
    );
    let change = UserChange {
        email: Some(works(Email::parse("robert@example.com"))?),
        password_hash: Some(PasswordHash::from_stored("other".to_string())),
        ..UserChange::default()
    };
    hold!(matches!(works(ports.update_user(bob.id, change, event(ports)?).await)?, Updated::User(_)));
    let credential = works(ports.find_credential(&works(Email::parse("robert@example.com"))?).await)?;
    let credential = credential.ok_or("no credential")?;
    hold_eq!(
        (credential.version, credential.password_hash),
        (2, Some(PasswordHash::from_stored("other".to_string())))
    );
    Ok(())
}

/* FT-21 */
pub(crate) async fn a_deleted_account_leaves_its_address_free(ports: &impl Ports) -> Outcome {
    existing_user(ports, "ann@example.com").await?;
    let bob = existing_user(ports, "bob@example.com").await?;
    hold_eq!(works(ports.delete_user(bob.id, event(ports)?).await)?, Deleted::Yes);
    hold_eq!(works(ports.delete_user(bob.id, event(ports)?).await)?, Deleted::NoAccount);
    hold_eq!(works(ports.find_credential(&bob.email).await)?.is_none(), true);
    hold_eq!(
        works(ports.update_user(bob.id, UserChange::default(), event(ports)?).await)?,
        Updated::NoAccount
    );
    let again = existing_user(ports, "bob@example.com").await?;
    hold!(again.id != bob.id);
    Ok(())
}
