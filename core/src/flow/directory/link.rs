//! An administrator says whose account somebody in the directory has (LD-06).

use alloc::string::String;

use serde_json::json;

use super::{
    Misconfigured, PROVIDER, arrival, directory,
    exchange::{self, Failure},
};
use crate::{
    audit::AuditAction,
    flow::{Ctx, audit},
    id::UserId,
    identity::{Linked, Unlinked},
    ldap::{Person, PersonError, Purpose},
    oauth::pending::Dialect,
    ports::{PortError, Ports},
};

/// Links somebody in the directory, by the name that they type there, to an account that has nobody there yet.
///
/// # Errors
/// [`LinkDirectoryError`]; nothing was linked.
pub async fn link(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    target: UserId,
    name: &str,
) -> Result<(), LinkDirectoryError> {
    if ctx.is_out_of_reach(admin, target).await? {
        return Err(LinkDirectoryError::PrimaryAdmin);
    }
    let settings = ctx.settings().await?;
    let directory = directory(ctx, &settings, Dialect::OpenWebui)?;
    let no_password = async |_: &_| Ok::<(), Failure>(());
    let found: Result<_, Failure> = exchange::run(ctx, &directory, Purpose::Find { name }, no_password).await;
    let found = found.map_err(|failure| LinkDirectoryError::NotFound(failure.explained(&directory)))?;
    let person = Person::read(&found.entry, &directory, name).map_err(LinkDirectoryError::Person)?;
    let identity = arrival::identity(&directory, person.id);
    let event = audit::event_about(ctx, admin, target, AuditAction::LinkIdentity)?;
    let event = audit::detailed(event, &json!({"provider": PROVIDER}));
    match ctx.ports.link_identity(target, &identity, event).await? {
        Linked::Yes => Ok(ctx.ports.account_changed(target).await?),
        Linked::Taken => Err(LinkDirectoryError::Taken),
        Linked::NoAccount => Err(LinkDirectoryError::NoAccount),
    }
}

/// Takes an account away from somebody in a directory, unless its owner could not sign in any more.
///
/// # Errors
/// [`LinkDirectoryError::PrimaryAdmin`], or when the store failed.
pub async fn unlink(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    target: UserId,
) -> Result<Unlinked, LinkDirectoryError> {
    if ctx.is_out_of_reach(admin, target).await? {
        return Err(LinkDirectoryError::PrimaryAdmin);
    }
    let event = audit::event_about(ctx, admin, target, AuditAction::UnlinkIdentity)?;
    let event = audit::detailed(event, &json!({"provider": PROVIDER}));
    let unlinked = ctx.ports.unlink_identities(target, PROVIDER, event).await?;
    if unlinked == Unlinked::Yes {
        ctx.ports.account_changed(target).await?;
    }
    Ok(unlinked)
}

/// Why nothing was linked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LinkDirectoryError {
    /// What is said about the directory makes no sense.
    Misconfigured(Misconfigured),
    /// There is no such account.
    NoAccount,
    /// Nobody was found; why, in words for administrators.
    NotFound(String),
    /// The entry does not describe somebody who could have an account.
    Person(PersonError),
    /// The first administrator's account is its owner's alone.
    PrimaryAdmin,
    /// They have an account, or the account has somebody in the directory.
    Taken,
    /// The outside failed.
    Unavailable(PortError),
}

impl From<Misconfigured> for LinkDirectoryError {
    fn from(error: Misconfigured) -> Self {
        Self::Misconfigured(error)
    }
}

impl From<PortError> for LinkDirectoryError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
