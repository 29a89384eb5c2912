use portico_core::{
    api_key::{ApiKeyDigest, StoredApiKey},
    display_name::DisplayName,
    id::{ApiKeyId, UserId},
    ports::{About, DocumentKind, Ports, Replaced, StatusLine, Updated, UserChange, UserOrder, UserQuery},
    time::Lifetime,
    user::NewUser,
};

use crate::{
    Outcome,
    check::{NOW, OPEN, event, existing_user, new_user, works},
};

async fn user(ports: &impl Ports, name: &str, email: &str, age: u64) -> Result<UserId, String> {
    let created_at = NOW.plus(Lifetime::from_seconds(age));
    let name = works(DisplayName::parse(name))?;
    let new = NewUser { name, created_at, ..new_user(ports, email)? };
    let id = new.id;
    works(ports.create_user(new, OPEN, event(ports)?).await)?;
    Ok(id)
}

async fn emails(ports: &impl Ports, query: UserQuery) -> Result<(Vec<String>, u32), String> {
    let page = works(ports.list_users(&query).await)?;
    let email =
        |record: &portico_core::ports::UserRecord| record.user.email.as_str().replace("@example.com", "");
    Ok((page.records.iter().map(email).collect(), page.total))
}

pub(crate) async fn accounts_are_sorted_searched_and_paged(ports: &impl Ports) -> Outcome {
    user(ports, "Zoe", "ann@example.com", 0).await?;
    user(ports, "100%_\\ Bob", "bob@example.com", 1).await?;
    user(ports, "abe", "cem@example.com", 2).await?;
    let by = |order, descending| UserQuery { order, descending, ..UserQuery::default() };
    for (query, expected) in [
        (by(UserOrder::CreatedAt, true), ["cem", "bob", "ann"]),
        (by(UserOrder::Email, false), ["ann", "bob", "cem"]),
        (by(UserOrder::Name, false), ["bob", "cem", "ann"]),
        (by(UserOrder::Role, false), ["ann", "bob", "cem"]),
        (by(UserOrder::Role, true), ["cem", "bob", "ann"]),
        (by(UserOrder::LastActiveAt, true), ["cem", "bob", "ann"]),
        (by(UserOrder::UpdatedAt, false), ["ann", "bob", "cem"]),
    ] {
        hold_eq!(emails(ports, query).await?, (expected.map(String::from).to_vec(), 3));
    }
    let page = |skip, limit| UserQuery { skip, limit: Some(limit), ..UserQuery::default() };
    hold_eq!(emails(ports, page(1, 1)).await?, (vec!["bob".to_string()], 3));
    hold_eq!(emails(ports, page(30, 30)).await?, (vec![], 3));
    // IN-13: what means something in a pattern is text.
    for (text, expected) in [
        ("ZOE", vec!["ann"]),
        ("@EXAMPLE", vec!["ann", "bob", "cem"]),
        ("%_\\", vec!["bob"]),
        ("b%b", vec![]),
        ("' OR 1=1 --", vec![]),
    ] {
        let query = UserQuery { text: Some(text.to_string()), ..UserQuery::default() };
        hold_eq!(emails(ports, query).await?.0, expected);
    }
    let long = UserQuery { text: Some("x".repeat(10_000)), ..UserQuery::default() };
    hold_eq!(emails(ports, long).await?, (vec![], 0));
    Ok(())
}

/* AD-03, AD-09 */
pub(crate) async fn a_profile_is_replaced_as_a_whole_and_nothing_beside_it(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?;
    let text = |text: &str| Some(text.to_string());
    let about = About { bio: text("b"), gender: text("g"), date_of_birth: text("1990-01-02") };
    let status = StatusLine { emoji: text(":)"), message: text("busy"), expires_at: Some(NOW) };
    let change = UserChange {
        about: Some(about),
        status: Some(status),
        timezone: text("UTC"),
        ..UserChange::default()
    };
    let Updated::User(user) = works(ports.update_user(ann.id, change, event(ports)?).await)? else {
        return Err("not updated".into());
    };
    hold_eq!(user.profile.bio, text("b"));
    hold_eq!((user.profile.timezone.clone(), user.profile.status_expires_at), (text("UTC"), Some(NOW)));
    let change =
        UserChange { about: Some(About { gender: text("x"), ..About::default() }), ..UserChange::default() };
    let Updated::User(user) = works(ports.update_user(ann.id, change, event(ports)?).await)? else {
        return Err("not updated".into());
    };
    hold_eq!((user.profile.bio.clone(), user.profile.gender.clone()), (None, text("x")));
    hold_eq!(
        (user.profile.status_message.clone(), user.profile.timezone.clone()),
        (text("busy"), text("UTC"))
    );
    hold_eq!((user.role, user.email.clone(), user.name.clone()), (ann.role, ann.email, ann.name));
    let found = works(ports.find_users(&[ann.id, works(UserId::random(ports))?]).await)?;
    hold_eq!(found.iter().map(|record| &record.user).collect::<Vec<_>>(), vec![&*user]);
    Ok(())
}

pub(crate) async fn a_document_is_replaced_only_while_it_is_the_one_that_was_read(
    ports: &impl Ports,
) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?.id;
    let kind = DocumentKind::Settings;
    hold_eq!(works(ports.find_document(ann, kind).await)?, None);
    hold_eq!(works(ports.replace_document(ann, kind, Some("{}"), "{\"a\":1}", NOW).await)?, false);
    hold_eq!(works(ports.replace_document(ann, kind, None, "{}", NOW).await)?, true);
    hold_eq!(works(ports.replace_document(ann, kind, None, "{\"a\":1}", NOW).await)?, false);
    hold_eq!(works(ports.replace_document(ann, kind, Some("{}"), "{\"b\":1}", NOW).await)?, true);
    hold_eq!(works(ports.find_document(ann, kind).await)?, Some("{\"b\":1}".to_string()));
    hold_eq!(works(ports.find_document(ann, DocumentKind::Info).await)?, None);
    let record = works(ports.find_users(&[ann]).await)?.pop().ok_or("no record")?;
    hold_eq!((record.settings.as_deref(), record.info), (Some("{\"b\":1}"), None));
    let nobody = works(UserId::random(ports))?;
    hold_eq!(works(ports.replace_document(nobody, kind, None, "{}", NOW).await)?, false);
    Ok(())
}

fn key(ports: &impl Ports, digest: &str) -> Result<StoredApiKey, String> {
    Ok(StoredApiKey {
        id: works(ApiKeyId::random(ports))?,
        digest: ApiKeyDigest::from_stored(digest.to_string()),
        sealed: format!("sealed {digest}"),
        hint: "sk-…1234".to_string(),
        created_at: NOW,
    })
}

/* AK-02, AK-05, AK-07 */
pub(crate) async fn an_account_has_one_key_and_a_new_one_ends_the_old(ports: &impl Ports) -> Outcome {
    let (ann, bob) =
        (existing_user(ports, "ann@example.com").await?, existing_user(ports, "bob@example.com").await?);
    let (one, two, theirs) = (key(ports, "one")?, key(ports, "two")?, key(ports, "theirs")?);
    hold_eq!(works(ports.replace_api_key(ann.id, one.clone(), event(ports)?).await)?, true);
    hold_eq!(works(ports.find_api_key(ann.id).await)?, Some(one.clone()));
    hold_eq!(works(ports.replace_api_key(bob.id, theirs.clone(), event(ports)?).await)?, true);
    hold_eq!(works(ports.replace_api_key(ann.id, two.clone(), event(ports)?).await)?, true);
    let nobody = works(UserId::random(ports))?;
    hold_eq!(works(ports.replace_api_key(nobody, key(ports, "x")?, event(ports)?).await)?, false);
    for (digests, holder) in [
        (vec![one.digest.clone()], None),
        (vec![two.digest.clone()], Some(ann.id)),
        (vec![one.digest.clone(), theirs.digest.clone()], Some(bob.id)),
        (vec![], None),
    ] {
        let found = works(ports.find_key_holder(&digests, NOW).await)?;
        hold_eq!(found.map(|account| account.user.id), holder);
    }
    hold_eq!(works(ports.reseal_api_key(ann.id, &one, "late".to_string()).await)?, Replaced::No);
    hold_eq!(works(ports.find_api_key(ann.id).await)?, Some(two.clone()));
    hold_eq!(works(ports.reseal_api_key(ann.id, &two, String::new()).await)?, Replaced::Yes);
    hold_eq!(works(ports.reseal_api_key(ann.id, &two, "again".to_string()).await)?, Replaced::No);
    hold_eq!(works(ports.find_api_key(ann.id).await)?.map(|key| key.sealed), Some(String::new()));
    works(ports.delete_api_key(ann.id, event(ports)?).await)?;
    works(ports.delete_api_key(ann.id, event(ports)?).await)?;
    hold_eq!(works(ports.find_key_holder(&[two.digest], NOW).await)?.is_none(), true);
    works(ports.delete_user(bob.id, event(ports)?).await)?;
    hold_eq!(works(ports.find_key_holder(&[theirs.digest], NOW).await)?.is_none(), true);
    Ok(())
}

pub(crate) async fn of_ten_new_keys_at_once_one_works(ports: &impl Ports) -> Outcome {
    let ann = existing_user(ports, "ann@example.com").await?.id;
    let keys = (0..10).map(|number| key(ports, &number.to_string())).collect::<Result<Vec<_>, _>>()?;
    let events = keys.iter().map(|_| event(ports)).collect::<Result<Vec<_>, _>>()?;
    let stored = keys.iter().zip(events).map(|(key, event)| ports.replace_api_key(ann, key.clone(), event));
    for stored in futures_util::future::join_all(stored).await {
        hold_eq!(works(stored)?, true);
    }
    let mut working = 0;
    for key in &keys {
        working += usize::from(
            works(ports.find_key_holder(core::slice::from_ref(&key.digest), NOW).await)?.is_some(),
        );
    }
    hold_eq!(working, 1);
    Ok(())
}
