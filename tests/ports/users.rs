use portico_core::{
    email::Email,
    password::PasswordHash,
    ports::{Admission, Created, Ports, Replaced},
    user::{Role, SignUpPolicy},
};

use crate::{
    Outcome,
    check::{NOW, existing_user, new_user, works},
};

async fn role_of_next(ports: &impl Ports, email: &str, policy: SignUpPolicy) -> Result<Option<Role>, String> {
    let new = new_user(ports, email)?;
    let address = new.email.clone();
    let preview = works(ports.preview_admission(Some(&address), policy).await)?;
    let created = works(ports.create_user(new, policy).await)?;
    let agree = matches!(
        (preview, &created),
        (Admission::Open, Created::User(_))
            | (Admission::Closed, Created::Closed)
            | (Admission::EmailTaken, Created::EmailTaken)
    );
    hold_agreement(agree, preview, &created)?;
    Ok(match created {
        Created::User(user) => Some(user.role),
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
    let policy = SignUpPolicy::UntilFirstUser;
    hold_eq!(role_of_next(ports, "ann@example.com", policy).await?, Some(Role::Admin));
    hold_eq!(role_of_next(ports, "bob@example.com", policy).await?, None);
    // Closed answers before the address is looked at (TH-11).
    hold_eq!(works(ports.preview_admission(None, policy).await)?, Admission::Closed);
    hold_eq!(role_of_next(ports, "ann@example.com", policy).await?, None);
    Ok(())
}

pub(crate) async fn an_explicitly_open_policy_stays_open(ports: &impl Ports) -> Outcome {
    hold_eq!(role_of_next(ports, "ann@example.com", SignUpPolicy::Always).await?, Some(Role::Admin));
    hold_eq!(role_of_next(ports, "bob@example.com", SignUpPolicy::Always).await?, Some(Role::Pending));
    // Nobody has closed registration, so a deployment that stops saying "always" is still open.
    hold_eq!(
        role_of_next(ports, "cem@example.com", SignUpPolicy::UntilFirstUser).await?,
        Some(Role::Pending)
    );
    Ok(())
}

pub(crate) async fn only_the_first_user_when_closed_explicitly(ports: &impl Ports) -> Outcome {
    hold_eq!(role_of_next(ports, "ann@example.com", SignUpPolicy::FirstUserOnly).await?, Some(Role::Admin));
    hold_eq!(role_of_next(ports, "bob@example.com", SignUpPolicy::FirstUserOnly).await?, None);
    Ok(())
}

pub(crate) async fn a_closed_policy_lets_nobody_in(ports: &impl Ports) -> Outcome {
    hold_eq!(role_of_next(ports, "ann@example.com", SignUpPolicy::Never).await?, None);
    hold_eq!(works(ports.instance_state().await)?.has_users, false);
    Ok(())
}

/* FT-02, IN-06 */
pub(crate) async fn an_address_is_taken_once_and_keeps_its_owner(ports: &impl Ports) -> Outcome {
    let owner = existing_user(ports, "ann@example.com").await?;
    let mut thief = new_user(ports, "ann@example.com")?;
    thief.password_hash = new_user(ports, "thief@example.com")?.password_hash;
    hold_eq!(works(ports.create_user(thief, SignUpPolicy::Always).await)?, Created::EmailTaken);
    for other_spelling in ["ANN@example.com", "ann@EXAMPLE.com"] {
        let thief = new_user(ports, other_spelling)?;
        hold_eq!(works(ports.create_user(thief, SignUpPolicy::Always).await)?, Created::EmailTaken);
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
