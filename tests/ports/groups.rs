use portico_core::{
    group::{Group, GroupChange, NewGroup},
    id::{GroupId, UserId},
    permission::Feature,
    ports::{AuditQuery, GroupChanged, Ports},
    user::{NewUser, User},
};

use crate::{
    Outcome,
    check::{NOW, OPEN, event, existing_user, new_user, works},
};

const API_KEYS: &str = r#"{"features":{"api_keys":true}}"#;

async fn group(ports: &impl Ports, name: &str, parent: Option<GroupId>) -> Result<Group, String> {
    let creator = match works(ports.primary_admin().await)? {
        Some(user) => user,
        None => existing_user(ports, "root@example.com").await?.id,
    };
    let new = NewGroup {
        id: works(GroupId::random(ports))?,
        created_by: creator,
        name: name.to_string(),
        description: format!("the {name}"),
        parent,
        permissions: None,
        data: Some(r#"{"config":{"share":true}}"#.to_string()),
    };
    match works(ports.create_group(new, event(ports)?).await)? {
        GroupChanged::Group(group) => Ok(group),
        other => Err(format!("no group {name}: {other:?}")),
    }
}

async fn add(ports: &impl Ports, group: &Group, users: &[UserId]) -> Result<Option<Group>, String> {
    works(ports.change_members(group.id, users, &[], event(ports)?).await)
}

async fn update(ports: &impl Ports, group: &Group, change: GroupChange) -> Result<GroupChanged, String> {
    works(ports.update_group(group.id, change, event(ports)?).await)
}

async fn has_keys(ports: &impl Ports, user: &User) -> Result<bool, String> {
    let credential = works(ports.find_credential(&user.email).await)?.ok_or("the account is gone")?;
    Ok(credential.grants.contains(Feature::FeaturesApiKeys))
}

pub(crate) async fn a_group_is_stored_as_it_was_made(ports: &impl Ports) -> Outcome {
    let red = group(ports, "Red", None).await?;
    hold_eq!((red.name.as_str(), red.description.as_str(), red.member_count), ("Red", "the Red", 0));
    hold_eq!((red.created_at, red.updated_at, red.parent, red.permissions.clone()), (NOW, NOW, None, None));
    hold_eq!(works(ports.find_group(red.id).await)?, Some(red.clone()));
    let child = group(ports, "Red", Some(red.id)).await?;
    hold_eq!(works(ports.list_groups().await)?, vec![red, child]);
    hold_eq!(works(ports.find_group(works(GroupId::random(ports))?).await)?, None);
    let orphan = NewGroup {
        id: works(GroupId::random(ports))?,
        created_by: works(ports.primary_admin().await)?.ok_or("nobody")?,
        name: String::new(),
        description: String::new(),
        parent: Some(works(GroupId::random(ports))?),
        permissions: None,
        data: None,
    };
    hold_eq!(works(ports.create_group(orphan, event(ports)?).await)?, GroupChanged::NoParent);
    Ok(())
}

pub(crate) async fn a_change_of_a_group_touches_what_it_names(ports: &impl Ports) -> Outcome {
    let (red, blue) = (group(ports, "Red", None).await?, group(ports, "Blue", None).await?);
    let change = GroupChange { name: Some("Green".to_string()), ..GroupChange::default() };
    let GroupChanged::Group(green) = update(ports, &red, change).await? else {
        return Err("not changed".into());
    };
    hold_eq!(green, Group { name: "Green".to_string(), ..red.clone() });
    let under = |parent| GroupChange { parent: Some(parent), ..GroupChange::default() };
    hold!(matches!(update(ports, &red, under(Some(blue.id))).await?, GroupChanged::Group(_)));
    hold_eq!(update(ports, &blue, under(Some(red.id))).await?, GroupChanged::Circle);
    hold_eq!(update(ports, &blue, under(Some(blue.id))).await?, GroupChanged::Circle);
    let nobody = works(GroupId::random(ports))?;
    hold_eq!(update(ports, &blue, under(Some(nobody))).await?, GroupChanged::NoParent);
    hold_eq!(update(ports, &Group { id: nobody, ..red.clone() }, under(None)).await?, GroupChanged::NoGroup);
    hold_eq!(works(ports.find_group(red.id).await)?.and_then(|group| group.parent), Some(blue.id));
    hold!(matches!(update(ports, &red, under(None)).await?, GroupChanged::Group(Group { parent: None, .. })));
    Ok(())
}

pub(crate) async fn members_join_once_and_leave(ports: &impl Ports) -> Outcome {
    let red = group(ports, "Red", None).await?;
    let (ann, bob) =
        (existing_user(ports, "ann@example.com").await?, existing_user(ports, "bob@example.com").await?);
    let stranger = works(UserId::random(ports))?;
    let count = |group: Option<Group>| group.map(|group| group.member_count);
    hold_eq!(count(add(ports, &red, &[ann.id, stranger, bob.id]).await?), Some(2));
    hold_eq!(count(add(ports, &red, &[ann.id]).await?), Some(2));
    hold_eq!(works(ports.list_members(&[red.id]).await)?, vec![(red.id, ann.id), (red.id, bob.id)]);
    hold_eq!(works(ports.list_memberships(ann.id).await)?, vec![red.id]);
    let left = works(ports.change_members(red.id, &[], &[ann.id], event(ports)?).await)?;
    hold_eq!(count(left), Some(1));
    hold_eq!(works(ports.list_memberships(ann.id).await)?, vec![]);
    let nowhere = Group { id: works(GroupId::random(ports))?, ..red.clone() };
    hold_eq!(add(ports, &nowhere, &[ann.id]).await?, None);
    works(ports.delete_user(bob.id, event(ports)?).await)?;
    hold_eq!(works(ports.list_members(&[red.id]).await)?, vec![]);
    Ok(())
}

pub(crate) async fn grants_come_down_to_the_members_of_groups_below(ports: &impl Ports) -> Outcome {
    let (top, middle) = {
        let top = group(ports, "Top", None).await?;
        let middle = group(ports, "Middle", Some(top.id)).await?;
        (top, middle)
    };
    let bottom = group(ports, "Bottom", Some(middle.id)).await?;
    let ann = existing_user(ports, "ann@example.com").await?;
    add(ports, &bottom, &[ann.id]).await?;
    hold_eq!(has_keys(ports, &ann).await?, false);
    let change = GroupChange { permissions: Some(API_KEYS.to_string()), ..GroupChange::default() };
    update(ports, &top, change).await?;
    hold_eq!(has_keys(ports, &ann).await?, true);
    // The children of a group that goes move up to where it was.
    hold_eq!(works(ports.delete_group(middle.id, event(ports)?).await)?, true);
    hold_eq!(works(ports.delete_group(middle.id, event(ports)?).await)?, false);
    hold_eq!(works(ports.find_group(bottom.id).await)?.and_then(|group| group.parent), Some(top.id));
    hold_eq!(has_keys(ports, &ann).await?, true);
    works(ports.delete_group(top.id, event(ports)?).await)?;
    hold_eq!(has_keys(ports, &ann).await?, false);
    Ok(())
}

pub(crate) async fn a_new_account_joins_its_default_group_if_there_is_one(ports: &impl Ports) -> Outcome {
    let red = group(ports, "Red", None).await?;
    for (email, group, joined) in [
        ("ann@example.com", red.id, vec![red.id]),
        ("bob@example.com", works(GroupId::random(ports))?, vec![]),
    ] {
        let new = NewUser { default_group: Some(group), ..new_user(ports, email)? };
        let id = new.id;
        works(ports.create_user(new, OPEN, event(ports)?).await)?;
        hold_eq!(works(ports.list_memberships(id).await)?, joined);
    }
    Ok(())
}

pub(crate) async fn a_groups_data_is_replaced_only_while_it_is_what_was_read(ports: &impl Ports) -> Outcome {
    let red = group(ports, "Red", None).await?;
    let data = |old: Option<&str>, new: &str| GroupChange {
        data: Some((old.map(str::to_string), new.to_string())),
        name: Some("Other".to_string()),
        ..GroupChange::default()
    };
    for stale in [None, Some("{}")] {
        hold_eq!(update(ports, &red, data(stale, "{}")).await?, GroupChanged::Outdated);
    }
    hold_eq!(works(ports.find_group(red.id).await)?, Some(red.clone()));
    let changed = update(ports, &red, data(red.data.as_deref(), "{}")).await?;
    let expected = Group { data: Some("{}".to_string()), name: "Other".to_string(), ..red };
    hold_eq!(changed, GroupChanged::Group(expected));
    Ok(())
}

pub(crate) async fn a_list_of_names_takes_back_only_what_such_a_list_gave(ports: &impl Ports) -> Outcome {
    let (red, blue, other) = (
        group(ports, "Red", None).await?,
        group(ports, "Blue", None).await?,
        group(ports, "Red", None).await?,
    );
    let ann = existing_user(ports, "ann@example.com").await?;
    add(ports, &blue, &[ann.id]).await?;
    let sync = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_string()).collect();
        async move { works(ports.sync_memberships(ann.id, &names, event(ports)?).await) }
    };
    let of = || async {
        let groups = works(ports.list_memberships(ann.id).await)?;
        Ok::<alloc::collections::BTreeSet<GroupId>, String>(groups.into_iter().collect())
    };
    let events = || async {
        let query = AuditQuery { about: None, before: None, limit: 200 };
        works(ports.list_events(query).await).map(|rows| rows.len())
    };
    let before = events().await?;
    sync(&["Blue", "Nobody"]).await?;
    hold_eq!(events().await?, before);
    sync(&["Red", "Blue", "Nobody"]).await?;
    hold_eq!(events().await?, before + 1);
    hold_eq!(of().await?, alloc::collections::BTreeSet::from([red.id, blue.id, other.id]));
    // Leaving one group and joining another is one event, and no place in the log is lost.
    group(ports, "Green", None).await?;
    let before = works(ports.events_after(0, 200).await)?.last().map(|row| row.sequence);
    sync(&["Green"]).await?;
    works(ports.append(event(ports)?).await)?;
    let after = works(ports.events_after(before.unwrap_or_default(), 10).await)?;
    let places: Vec<_> = after.iter().map(|row| Some(row.sequence)).collect();
    hold_eq!(places, [before.map(|place| place + 1), before.map(|place| place + 2)]);
    sync(&["Nobody"]).await?;
    hold_eq!(of().await?, alloc::collections::BTreeSet::from([blue.id]));
    Ok(())
}
