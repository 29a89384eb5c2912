//! What becomes of somebody whom a directory has let in (open-webui.md §9.2 steps 12 to 14, librechat.md §7).

use alloc::{string::String, vec::Vec};

use serde_json::{Value, json};

use super::{DirectoryLogin, DirectorySignInError, PROVIDER, exchange::Found};
use crate::{
    display_name::DisplayName,
    flow::{Ctx, arrivals, groups},
    id::UserId,
    identity::{Arrival, ArrivalChange, Arrived, GroupSync, Identity},
    ldap::{Directory, Person},
    oauth::pending::Dialect,
    ports::{PortError, Ports},
    session::AuthMethod,
    settings::Settings,
    user::{Account, EmailVerification, NewUser, SignUpPolicy},
};

/// Groups that nobody gets into because they are called so elsewhere (LD-16).
const ADMIN_GROUPS: [&str; 4] = ["admin", "admins", "administrator", "administrators"];

/// Their account: found by what names them for good in the directory, never by an address (LD-06), and made if there is
/// none.
pub(super) async fn arrive(
    ctx: &Ctx<'_, impl Ports>,
    settings: &Settings,
    directory: &Directory,
    login: &DirectoryLogin,
    (found, person): (Found, Person),
) -> Result<Account, DirectorySignInError> {
    if !ctx.policy.admits_address(&person.email) {
        return Err(DirectorySignInError::DomainRefused);
    }
    let groups = synced(ctx, settings, found.groups, person.groups.as_deref())?;
    let name = || person.name.clone().map_or_else(|| DisplayName::parse(person.email.as_str()), Ok);
    let name = name().map_err(|_| DirectorySignInError::NoEmail)?;
    let is_member = login.dialect == Dialect::LibreChat;
    let new = NewUser {
        username: person.username.clone().filter(|_| is_member),
        // The directory answers for it.
        verification: EmailVerification::Done,
        default_group: settings.default_group,
        ..NewUser::new(UserId::random(ctx.ports)?, person.email.clone(), name, settings.default_role, ctx.now)
    };
    let arrival = Arrival {
        identity: identity(directory, person.id),
        sign_up: Some(new),
        policy: SignUpPolicy { closes: settings.sign_up.closes, ..SignUpPolicy::ADMITTED },
        merge: None,
        change: ArrivalChange {
            email: Some(person.email).filter(|_| person.is_email_listed),
            is_email_verified: true,
            // Open WebUI leaves people the name that they have chosen; LibreChat takes the directory's each time.
            name: person.name.filter(|_| is_member),
            username: person.username.filter(|_| is_member),
            ..ArrivalChange::default()
        },
        groups,
        session: None,
        events: arrivals::events(ctx, AuthMethod::Ldap, PROVIDER, settings)?,
        at: ctx.now,
    };
    match ctx.ports.arrive(arrival).await? {
        Arrived::Account(arrived) => {
            if arrived.is_changed {
                ctx.ports.account_changed(arrived.account.user.id).await?;
            }
            Ok(arrived.account)
        }
        // Everybody whom the directory knows gets an account: nothing closes that.
        Arrived::Closed | Arrived::EmailTaken => Err(DirectorySignInError::EmailTaken),
    }
}

/// Somebody in a directory, among the identities that accounts have.
pub(super) fn identity(directory: &Directory, id: String) -> Identity {
    Identity { provider: PROVIDER.into(), issuer: directory.tree(), subject: id }
}

/// What their memberships become; `None` leaves them alone, as it is where the directory could not say.
fn synced(
    ctx: &Ctx<'_, impl Ports>,
    settings: &Settings,
    searched: Option<Vec<String>>,
    listed: Option<&[String]>,
) -> Result<Option<GroupSync>, PortError> {
    let Some(listed) = listed else { return Ok(None) };
    let is_searched = settings.text("LDAP_GROUP_SEARCH_BASE").is_some();
    let searched = match searched {
        Some(searched) => searched,
        None if is_searched => return Ok(None),
        None => Vec::new(),
    };
    let names = arrivals::group_names(&[listed, &searched].concat(), is_admins);
    let create = match settings.is_on("ENABLE_LDAP_GROUP_CREATION") {
        true => {
            let data = json!({"config": {"share": groups::share_value(ctx.policy.default_group_share)}});
            Some(arrivals::template(ctx, &names, &Value::Object(serde_json::Map::new()), &data, ("", ""))?)
        }
        false => None,
    };
    Ok(Some(GroupSync { names, spared: Vec::new(), create }))
}

fn is_admins(name: &str) -> bool {
    ADMIN_GROUPS.iter().any(|admins| name.trim().eq_ignore_ascii_case(admins))
}
