//! Signing in where somebody else has checked who it is, or nobody does (open-webui.md §10).

use alloc::{string::String, vec::Vec};

use serde_json::json;

use super::{
    Ctx, Grant, audit,
    open_session::OpenError,
    second_factor::{self, Next},
    sign_out,
};
use crate::{
    audit::{AuditAction, AuditEvent, AuditOutcome},
    display_name::DisplayName,
    email::{Email, EmailError},
    id::UserId,
    password::{self, Password, Verification},
    ports::{Created, Credential, PortError, Ports, Updated, UserChange},
    secret::Secret,
    session::AuthMethod,
    time::UnixSeconds,
    user::{Account, NewUser, Role, SignUpPolicy},
};

/// Whom a proxy vouches for.
#[derive(Clone, Debug)]
pub struct TrustedIdentity {
    /// Their address, as the proxy says it.
    pub email: String,
    /// Their name; `None` for the address.
    pub name: Option<String>,
    /// The names of their groups; none leaves memberships alone.
    pub groups: Vec<String>,
    /// What they may do; `None` leaves the role alone.
    pub role: Option<Role>,
}

/// Signs somebody in whom a proxy vouches for, and makes an account for them if they have none.
///
/// # Errors
/// [`TrustedSignInError`]
pub async fn sign_in(
    ctx: &Ctx<'_, impl Ports>,
    identity: TrustedIdentity,
    previous_token: Option<&str>,
) -> Result<Next, TrustedSignInError> {
    let email = Email::parse(&identity.email).map_err(TrustedSignInError::InvalidEmail)?;
    let known = ctx.ports.find_credential(&email).await?;
    let mut account = match known {
        Some(credential) => credential.into_account(),
        None if !ctx.policy.admits_address(&email) => return Err(TrustedSignInError::DomainRefused),
        None => {
            let text = identity.name.as_deref().unwrap_or(email.as_str());
            let name = DisplayName::parse(text).or_else(|_| DisplayName::parse(email.as_str()));
            let name = name.map_err(|_| TrustedSignInError::InvalidEmail(EmailError::Malformed))?;
            create(ctx, email.clone(), name, None, AuthMethod::TrustedHeader).await?
        }
    };
    let user = account.user.id;
    if let Some(role) = identity.role.filter(|role| *role != account.user.role) {
        let event = audit::event(ctx, Some(user), AuditAction::UpdateUser, AuditOutcome::Success)?;
        let detail = json!({"role": {"role": role, "previous_role": account.user.role}, "source": AuthMethod::TrustedHeader});
        let event = audit::detailed(event, &detail);
        let change = UserChange { role: Some(role), ..UserChange::default() };
        // The last administrator stays one, whatever the proxy says (AD-05).
        if let Updated::User(updated) = ctx.ports.update_user(user, change, event).await? {
            account.user = *updated;
        }
        ctx.ports.account_changed(user).await?;
    }
    if !identity.groups.is_empty() {
        let event = audit::event(ctx, Some(user), AuditAction::SyncGroups, AuditOutcome::Success)?;
        ctx.ports.sync_memberships(user, &identity.groups, event).await?;
        ctx.ports.account_changed(user).await?;
        let credential = ctx.ports.load_credential(user).await?.ok_or(TrustedSignInError::Gone)?;
        account = credential.into_account();
    }
    let method = AuthMethod::TrustedHeader;
    let next = second_factor::after_first(ctx, account, method, Grant::Token).await?;
    second_factor::record(ctx, user, method, &next, 0).await?;
    sign_out::end_previous(ctx, previous_token).await;
    Ok(next)
}

/// The account of a deployment that asks nobody who they are.
const NOBODY: &str = "admin@localhost";
/// Its password, by which Portico notices that somebody has taken it for themselves.
const NOBODYS_PASSWORD: &str = "admin";

/// Signs anybody in as the one account of a deployment that asks nobody who they are.
///
/// # Errors
/// [`TrustedSignInError`]
pub async fn sign_in_anybody(
    ctx: &Ctx<'_, impl Ports>,
    previous_token: Option<&str>,
) -> Result<Next, TrustedSignInError> {
    let email = Email::parse(NOBODY).map_err(TrustedSignInError::InvalidEmail)?;
    let typed = Password::new(NOBODYS_PASSWORD).map_err(|_| TrustedSignInError::Gone)?;
    let account = match ctx.ports.find_credential(&email).await? {
        Some(Credential { password_hash, user, version, grants, .. }) => {
            let peppers = &ctx.policy.peppers;
            match password::verify(&typed, password_hash.as_ref(), peppers, ctx.ports).await? {
                Verification::Match { .. } => Account { user, credential_version: version, grants },
                _ => return Err(TrustedSignInError::OwnPassword),
            }
        }
        None => {
            if ctx.ports.stored_settings().await?.has_users {
                return Err(TrustedSignInError::OthersExist);
            }
            let name = DisplayName::parse("User").map_err(|_| TrustedSignInError::Gone)?;
            let hash = password::create(&typed, &ctx.policy.peppers, ctx.ports).await?;
            create(ctx, email, name, Some(hash), AuthMethod::System).await?
        }
    };
    let user = account.user.id;
    let next = second_factor::after_first(ctx, account, AuthMethod::System, Grant::Token).await?;
    second_factor::record(ctx, user, AuthMethod::System, &next, 0).await?;
    sign_out::end_previous(ctx, previous_token).await;
    Ok(next)
}

/// The first administrator, as the environment names them.
#[derive(Clone, Debug)]
pub struct InitialAdmin {
    /// Their address.
    pub email: Email,
    /// Their name.
    pub name: DisplayName,
    /// Their password; the operator answers for it.
    pub password: Secret<String>,
}

/// Makes the environment's first administrator, in a deployment that has nobody. Of many that try at the same time, one
/// does it (AD-01).
///
/// # Errors
/// When the store or the hashing fails; the next request tries again.
pub async fn ensure_admin(ctx: &Ctx<'_, impl Ports>, admin: &InitialAdmin) -> Result<(), PortError> {
    if ctx.settings().await?.has_users {
        return Ok(());
    }
    let Ok(password) = Password::new(admin.password.expose_secret()) else { return Ok(()) };
    let hash = password::create(&password, &ctx.policy.peppers, ctx.ports).await?;
    let new = new_user(ctx, admin.email.clone(), admin.name.clone(), Some(hash), Role::Admin).await?;
    let event = created(ctx, new.id, AuthMethod::System)?;
    let only_first = SignUpPolicy { others: false, ..SignUpPolicy::ADMITTED };
    ctx.ports.create_user(new, only_first, event).await.map(|_| ())
}

/// The event of an account that nobody signed up for.
fn created(ctx: &Ctx<'_, impl Ports>, user: UserId, method: AuthMethod) -> Result<AuditEvent, PortError> {
    let event = audit::event(ctx, Some(user), AuditAction::SignUp, AuditOutcome::Success)?;
    Ok(audit::detailed(event, &json!({"source": method})))
}

async fn create(
    ctx: &Ctx<'_, impl Ports>,
    email: Email,
    name: DisplayName,
    hash: Option<password::PasswordHash>,
    method: AuthMethod,
) -> Result<Account, TrustedSignInError> {
    let settings = ctx.settings().await?;
    let role = if method == AuthMethod::System { Role::Admin } else { settings.default_role };
    let policy = SignUpPolicy { closes: settings.sign_up.closes, ..SignUpPolicy::ADMITTED };
    let new = new_user(ctx, email.clone(), name, hash, role).await?;
    let event = created(ctx, new.id, method)?;
    match ctx.ports.create_user(new, policy, event).await? {
        Created::Account(account) => Ok(*account),
        // Somebody else was faster with the same address: that is them, too.
        Created::Closed | Created::EmailTaken => {
            let credential = ctx.ports.find_credential(&email).await?.ok_or(TrustedSignInError::Gone)?;
            Ok(credential.into_account())
        }
    }
}

async fn new_user(
    ctx: &Ctx<'_, impl Ports>,
    email: Email,
    name: DisplayName,
    password_hash: Option<password::PasswordHash>,
    default_role: Role,
) -> Result<NewUser, PortError> {
    Ok(NewUser {
        default_group: ctx.settings().await?.default_group,
        password_hash,
        ..NewUser::new(UserId::random(ctx.ports)?, email, name, default_role, ctx.now)
    })
}

/// Why nobody was signed in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TrustedSignInError {
    /// The account is banned.
    Banned {
        /// Until when.
        until: UnixSeconds,
    },
    /// Addresses of that domain are not admitted.
    DomainRefused,
    /// The account went away in this moment.
    Gone,
    /// The proxy's word is no address.
    InvalidEmail(EmailError),
    /// The deployment asks nobody who they are, and there are others than nobody.
    OthersExist,
    /// Somebody has given nobody's account a password of their own.
    OwnPassword,
    /// The outside failed.
    Unavailable(PortError),
}

impl From<OpenError> for TrustedSignInError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Banned { until } => Self::Banned { until },
            OpenError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<PortError> for TrustedSignInError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
