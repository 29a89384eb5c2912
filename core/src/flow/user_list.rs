//! Accounts as others see them (open-webui.md §1.8).

use alloc::{string::String, vec::Vec};

use super::Ctx;
use crate::{
    email::Email,
    id::UserId,
    ports::{PortError, Ports, UserPage, UserQuery, UserRecord},
    time::Lifetime,
    user::User,
};

/// How many accounts one page shows.
pub const PAGE: u32 = 30;

/// How long after their last sign of life somebody counts as active.
const ACTIVE_FOR: Lifetime = Lifetime::from_minutes(3);

/// Accounts, as a page asks for them.
///
/// # Errors
/// When the store can not be read.
pub async fn list(ctx: &Ctx<'_, impl Ports>, query: &UserQuery) -> Result<UserPage, PortError> {
    ctx.ports.list_users(query).await
}

/// One account.
///
/// # Errors
/// When the store can not be read.
pub async fn find(ctx: &Ctx<'_, impl Ports>, user: UserId) -> Result<Option<UserRecord>, PortError> {
    Ok(ctx.ports.find_users(&[user]).await?.pop())
}

/// Whether somebody was active just now.
pub fn is_active<P>(ctx: &Ctx<'_, P>, user: &User) -> bool {
    ctx.now < user.last_active_at.plus(ACTIVE_FOR)
}

/// Whom people can ask for help.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Contact {
    /// Their name, if they have an account.
    pub name: Option<String>,
    /// Their address.
    pub email: Option<String>,
}

/// Whom people can ask for help: the address that the deployment names, else its primary administrator. `None` when
/// nobody is to be shown (AD-11).
///
/// # Errors
/// When the store can not be read.
pub async fn contact(ctx: &Ctx<'_, impl Ports>) -> Result<Option<Contact>, PortError> {
    let settings = ctx.settings().await?;
    if !settings.is_on("SHOW_ADMIN_DETAILS") {
        return Ok(None);
    }
    let Some(email) = settings.text("ADMIN_EMAIL") else {
        let primary: Vec<_> = ctx.ports.primary_admin().await?.into_iter().collect();
        let user = ctx.ports.find_users(&primary).await?.pop().map(|record| record.user);
        let email = user.as_ref().map(|user| user.email.as_str().into());
        return Ok(Some(Contact { name: user.map(|user| user.name), email }));
    };
    let found = match Email::parse(email) {
        Ok(email) => ctx.ports.find_credential(&email).await?,
        Err(_) => None,
    };
    Ok(Some(Contact { name: found.map(|credential| credential.user.name), email: Some(email.into()) }))
}
