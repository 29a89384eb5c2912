//! Whether those who signed in by a directory are still let in there (LD-19).

use alloc::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    string::String,
    vec::Vec,
};

use serde_json::json;

use super::{
    PROVIDER, directory,
    exchange::{self, Failure, Found},
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    flow::{Ctx, audit, sign_out},
    id::UserId,
    ldap::{Directory, Purpose},
    oauth::pending::Dialect,
    ports::{PortError, Ports},
    time::Lifetime,
};

/// How often somebody is looked for.
const EVERY: Lifetime = Lifetime::from_minutes(15);
/// How many are looked for by one search, and how many searches there are at one time.
const AT_ONCE: u32 = 100;
const SEARCHES: usize = 50;

/// Looks for people whom nobody has looked for in a while, and ends the sessions of those whom their directory does not
/// know any more, or has locked out. A directory that does not answer has not said that. Where both dialects have a
/// directory of one tree, each with a place of its own to search, whoever is in one of them is let in.
///
/// # Errors
/// When the store fails; the next turn goes on.
pub async fn recognise_all(ctx: &Ctx<'_, impl Ports>) -> Result<(), PortError> {
    let settings = ctx.settings().await?;
    let mut trees: BTreeMap<String, Vec<Rc<Directory>>> = BTreeMap::new();
    for dialect in [Dialect::OpenWebui, Dialect::LibreChat] {
        if super::is_on(ctx, &settings, dialect)
            && let Ok(directory) = directory(ctx, &settings, dialect)
        {
            trees.entry(directory.tree()).or_default().push(directory);
        }
    }
    for (tree, directories) in trees {
        for _ in 0..SEARCHES {
            let due = ctx.ports.due_identities(PROVIDER, &tree, ctx.now.minus(EVERY), AT_ONCE).await?;
            let ids: Vec<_> = due.iter().map(|(_, id)| id.clone()).collect();
            if ids.is_empty() {
                break;
            }
            // Whoever comes next would be told as little.
            let Some(present) = present(ctx, &directories, &ids).await else { break };
            for (user, _) in due.iter().filter(|(_, id)| !present.contains(id)) {
                end(ctx, *user).await?;
            }
            ctx.ports.note_recognised(PROVIDER, &tree, &ids, ctx.now).await?;
        }
    }
    Ok(())
}

/// Which of these are there and not locked out; `None` when a directory did not say.
async fn present(
    ctx: &Ctx<'_, impl Ports>,
    directories: &[Rc<Directory>],
    ids: &[String],
) -> Option<BTreeSet<String>> {
    let mut present = BTreeSet::new();
    for directory in directories {
        let no_password = async |_: &_| Ok::<(), Failure>(());
        let found: Result<Found, Failure> =
            exchange::run(ctx, directory, Purpose::Recognise { ids }, no_password).await;
        let entries = found.ok()?.entries;
        let is_there = |id: &&String| entries.iter().any(|entry| entry.has_id(id) && !entry.is_disabled());
        present.extend(ids.iter().filter(is_there).cloned());
    }
    Some(present)
}

async fn end(ctx: &Ctx<'_, impl Ports>, user: UserId) -> Result<(), PortError> {
    if sign_out::end_all(ctx, user).await? == 0 {
        return Ok(());
    }
    let event = audit::event(ctx, Some(user), AuditAction::EndSessions, AuditOutcome::Disabled)?;
    ctx.ports.append(audit::detailed(event, &json!({"source": PROVIDER}))).await
}
