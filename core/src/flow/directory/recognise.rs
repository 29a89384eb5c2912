//! Whether those who signed in by a directory are still let in there (LD-19).

use alloc::rc::Rc;

use serde_json::json;

use super::{
    PROVIDER, arrival, directory,
    exchange::{self, Failure, Found},
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    flow::{Ctx, audit, sign_out},
    id::UserId,
    ldap::{Directory, LdapError, Person, PersonError, Purpose},
    oauth::pending::Dialect,
    ports::{PortError, Ports},
    time::Lifetime,
};

/// How often somebody is looked for.
const EVERY: Lifetime = Lifetime::from_minutes(15);
/// How many are looked for at one time.
const AT_ONCE: u32 = 100;

/// What a directory says about somebody who signed in by it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Standing {
    /// They are not there any more, or locked out.
    Gone,
    /// They are there.
    LetIn,
    /// It did not say.
    Unknown,
}

/// Looks for people whom nobody has looked for in a while, and ends the sessions of those whom their directory does not
/// know any more, or has locked out. A directory that does not answer has not said that.
///
/// # Errors
/// When the store fails; the next turn goes on.
pub async fn recognise_all(ctx: &Ctx<'_, impl Ports>) -> Result<(), PortError> {
    let settings = ctx.settings().await?;
    let dialects = [Dialect::OpenWebui, Dialect::LibreChat];
    let is_on = |dialect: &Dialect| super::is_on(ctx, &settings, *dialect);
    let directories =
        dialects.into_iter().filter(is_on).filter_map(|dialect| directory(ctx, &settings, dialect).ok());
    for directory in directories {
        let tree = directory.tree();
        let before = ctx.now.minus(EVERY);
        for (user, id) in ctx.ports.due_identities(PROVIDER, &tree, before, AT_ONCE).await? {
            match standing(ctx, &directory, &id).await {
                // Whoever comes next would wait as long for the same.
                Standing::Unknown => break,
                Standing::LetIn => {}
                Standing::Gone => end(ctx, user).await?,
            }
            ctx.ports.note_recognised(&arrival::identity(&directory, id), ctx.now).await?;
        }
    }
    Ok(())
}

async fn standing(ctx: &Ctx<'_, impl Ports>, directory: &Rc<Directory>, id: &str) -> Standing {
    let no_password = async |_: &_| Ok::<(), Failure>(());
    let found: Result<Found, Failure> =
        exchange::run(ctx, directory, Purpose::Recognise { id }, no_password).await;
    match found {
        Ok(found) => match Person::read(&found.entry, directory, "") {
            Err(PersonError::Disabled) => Standing::Gone,
            Ok(_) | Err(PersonError::NoEmail | PersonError::NoId) => Standing::LetIn,
        },
        Err(Failure { error: LdapError::NotFound, .. }) => Standing::Gone,
        Err(_) => Standing::Unknown,
    }
}

async fn end(ctx: &Ctx<'_, impl Ports>, user: UserId) -> Result<(), PortError> {
    if sign_out::end_all(ctx, user).await? == 0 {
        return Ok(());
    }
    let event = audit::event(ctx, Some(user), AuditAction::EndSessions, AuditOutcome::Disabled)?;
    ctx.ports.append(audit::detailed(event, &json!({"source": PROVIDER}))).await
}
