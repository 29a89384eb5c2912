//! What administrators do to accounts. Every change holds on the account's next request: it is stored
//! together with its audit event, and the session authority is told, before it is acknowledged.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use serde_json::{Map, Value, json};

use super::{
    Ctx, SignedIn, audit,
    configure::Presence,
    new_password,
    open_session::{self, OpenError},
    sign_out,
};
use crate::{
    audit::AuditAction,
    display_name::DisplayName,
    email::{Email, EmailError},
    id::UserId,
    image_reference::ImageReference,
    password::{self, Password, PasswordPolicyError, PublicKnowledge},
    ports::{Created, Deleted, PortError, Ports, Updated, UserChange},
    secret::Secret,
    user::{NewUser, Role, SignUpPolicy, User},
};

/// What an administrator typed into the form; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct UserForm {
    /// What the account may do.
    pub role: Option<Role>,
    /// Checked display name.
    pub name: Option<DisplayName>,
    /// Any text; must be a free address.
    pub email: Option<String>,
    /// Checked image reference.
    pub image: Option<ImageReference>,
    /// Any text; must satisfy the password policy.
    pub password: Option<Secret<String>>,
}

/// Changes an account. A new password also ends its sessions.
///
/// # Errors
/// [`ManageUserError`]; nothing was changed, except for [`ManageUserError::Unavailable`], after which
/// the account may be changed already.
pub async fn update(
    ctx: &Ctx<'_, impl Ports>,
    (admin, presence): (UserId, Presence),
    target: UserId,
    form: UserForm,
) -> Result<User, ManageUserError> {
    let primary = ctx.ports.primary_admin().await? == Some(target);
    if primary && (admin != target || form.role.is_some_and(|role| role != Role::Admin)) {
        return Err(ManageUserError::PrimaryAdmin);
    }
    let Some(current) = ctx.ports.load_credential(target).await? else {
        return Err(ManageUserError::NoAccount);
    };
    let email = form.email.as_deref().map(Email::parse).transpose().map_err(ManageUserError::InvalidEmail)?;
    // A key opens no way to sign in (AK-09).
    let other_email = email.as_ref().is_some_and(|email| *email != current.user.email);
    let promotes = form.role == Some(Role::Admin) && current.user.role != Role::Admin;
    if presence == Presence::ByKey && (other_email || form.password.is_some() || promotes) {
        return Err(ManageUserError::NeedsPerson);
    }
    if email.as_ref().is_some_and(|email| other_email && !ctx.policy.admits_address(email)) {
        return Err(ManageUserError::DomainRefused);
    }
    // Decided again in the step that stores it; here so that the answer is the contract's.
    if let Some(email) = email.as_ref().filter(|_| other_email)
        && ctx.ports.find_credential(email).await?.is_some()
    {
        return Err(ManageUserError::EmailTaken);
    }
    let password_hash = match &form.password {
        Some(password) => {
            let password =
                Password::new(password.expose_secret()).map_err(|_| ManageUserError::PasswordTooLong)?;
            let known = PublicKnowledge {
                email: email.as_ref().unwrap_or(&current.user.email).as_str(),
                name: form.name.as_ref().map_or(current.user.name.as_str(), DisplayName::as_str),
                site: &ctx.policy.site_name,
            };
            new_password::check(ctx, &password, &known).await.map_err(ManageUserError::WeakPassword)?;
            Some(password::create(&password, &ctx.policy.peppers, ctx.ports).await?)
        }
        None => None,
    };
    let signs_out = password_hash.is_some();
    // Whoever gives an account a role answers for it; its address proves nothing for that (RS-13).
    let admits = form.role.is_some_and(|role| role != current.user.role && role != Role::Pending);
    let change = UserChange {
        role: form.role,
        waives_verification: admits,
        email,
        name: form.name,
        image: form.image,
        password_hash,
        ..UserChange::default()
    };
    let event = audit::event_about(ctx, admin, target, AuditAction::UpdateUser)?;
    let event = audit::detailed(event, &described(&current.user, &change));
    let user = match ctx.ports.update_user(target, change, event).await {
        Ok(Updated::User(user)) => *user,
        Ok(Updated::EmailTaken) => return Err(ManageUserError::EmailTaken),
        Ok(Updated::LastAdmin) => return Err(ManageUserError::LastAdmin),
        Ok(Updated::NoAccount) => return Err(ManageUserError::NoAccount),
        Err(fault) => {
            // It may be stored all the same; whoever can be told shall look again.
            let _ = ctx.ports.account_changed(target).await;
            return Err(fault.into());
        }
    };
    if signs_out {
        sign_out::end_all(ctx, target).await?;
    } else {
        ctx.ports.account_changed(target).await?;
    }
    Ok(user)
}

/// What the log says about a change: the roles, and of everything else only that it changed (LG-01, LG-02).
fn described(user: &User, change: &UserChange) -> Value {
    let mut detail = Map::from_iter([("source".to_string(), json!("admin"))]);
    if let Some(role) = change.role.filter(|role| *role != user.role) {
        detail.insert("role".to_string(), json!({"role": role, "previous_role": user.role}));
    }
    let changed = [
        ("email", change.email.as_ref().is_some_and(|email| *email != user.email)),
        ("name", change.name.as_ref().is_some_and(|name| name.as_str() != user.name)),
        ("password", change.password_hash.is_some()),
    ];
    let changed: Vec<_> = changed.into_iter().filter_map(|(what, changed)| changed.then_some(what)).collect();
    detail.insert("changed".to_string(), json!(changed));
    Value::Object(detail)
}

/// What an administrator typed into the form for a new account.
#[derive(Clone, Debug)]
pub struct NewUserForm {
    /// Checked display name.
    pub name: DisplayName,
    /// Any text; must be a free address.
    pub email: String,
    /// Any text; must satisfy the password policy.
    pub password: Secret<String>,
    /// Checked image reference.
    pub image: ImageReference,
    /// What the account may do.
    pub role: Role,
}

/// An account that was created for somebody else.
#[derive(Clone, Debug)]
pub struct Added {
    /// The account.
    pub user: User,
    /// A short session to set it up with; none where a second factor has to be set up first, and none for a key.
    pub session: Option<SignedIn>,
}

/// Creates an account for somebody else, whether or not registration is open, and a short session for whoever sets it
/// up (AD-10, R-02).
///
/// # Errors
/// [`ManageUserError`]; no account was created, except perhaps for [`ManageUserError::Unavailable`].
pub async fn add(
    ctx: &Ctx<'_, impl Ports>,
    (admin, presence): (UserId, Presence),
    form: NewUserForm,
) -> Result<Added, ManageUserError> {
    // A key makes nobody an administrator whose password its bearer knows (AK-09).
    if presence == Presence::ByKey && form.role == Role::Admin {
        return Err(ManageUserError::NeedsPerson);
    }
    let email = Email::parse(&form.email).map_err(ManageUserError::InvalidEmail)?;
    if !ctx.policy.admits_address(&email) {
        return Err(ManageUserError::DomainRefused);
    }
    if ctx.ports.find_credential(&email).await?.is_some() {
        return Err(ManageUserError::EmailTaken);
    }
    let password =
        Password::new(form.password.expose_secret()).map_err(|_| ManageUserError::PasswordTooLong)?;
    let known =
        PublicKnowledge { email: email.as_str(), name: form.name.as_str(), site: &ctx.policy.site_name };
    new_password::check(ctx, &password, &known).await.map_err(ManageUserError::WeakPassword)?;
    let id = UserId::random(ctx.ports)?;
    let new_user = NewUser {
        image: form.image,
        default_group: ctx.settings().await?.default_group,
        password_hash: Some(password::create(&password, &ctx.policy.peppers, ctx.ports).await?),
        ..NewUser::new(id, email, form.name, form.role, ctx.now)
    };
    let event = audit::event_about(ctx, admin, id, AuditAction::AddUser)?;
    let event = audit::detailed(event, &json!({"source": "admin", "role": form.role}));
    match ctx.ports.create_user(new_user, SignUpPolicy::ADMITTED, event).await? {
        Created::Account(account) if ctx.settings().await?.is_on("ENABLE_MFA") => {
            Ok(Added { user: account.user, session: None })
        }
        // Nor does it turn into a session.
        Created::Account(account) if presence == Presence::ByKey => {
            Ok(Added { user: account.user, session: None })
        }
        Created::Account(account) => {
            let session = open_session::open_for_another(ctx, *account, admin).await?;
            Ok(Added { user: session.user.clone(), session: Some(session) })
        }
        Created::Closed | Created::EmailTaken => Err(ManageUserError::EmailTaken),
    }
}

/// Deletes an account, and ends its sessions. Deleting one that is gone ends whatever is left of it, so
/// that a deletion that was interrupted can be repeated (FT-21).
///
/// # Errors
/// [`ManageUserError`]; after [`ManageUserError::Unavailable`] the account may be gone already.
pub async fn delete(ctx: &Ctx<'_, impl Ports>, admin: UserId, target: UserId) -> Result<(), ManageUserError> {
    if admin == target || ctx.ports.primary_admin().await? == Some(target) {
        return Err(ManageUserError::PrimaryAdmin);
    }
    let event = audit::event_about(ctx, admin, target, AuditAction::DeleteUser)?;
    match ctx.ports.delete_user(target, event).await? {
        Deleted::LastAdmin => return Err(ManageUserError::LastAdmin),
        Deleted::NoAccount | Deleted::Yes => {}
    }
    sign_out::end_all(ctx, target).await?;
    Ok(())
}

/// Ends all sessions of an account (SE-19).
///
/// # Errors
/// [`ManageUserError`].
pub async fn revoke_sessions(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    target: UserId,
) -> Result<(), ManageUserError> {
    if ctx.ports.load_credential(target).await?.is_none() {
        return Err(ManageUserError::NoAccount);
    }
    if ctx.is_out_of_reach(admin, target).await? {
        return Err(ManageUserError::PrimaryAdmin);
    }
    ctx.ports.append(audit::event_about(ctx, admin, target, AuditAction::RevokeSessions)?).await?;
    sign_out::end_all(ctx, target).await?;
    Ok(())
}

/// Why an account was left as it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ManageUserError {
    /// Addresses of that domain are not admitted.
    DomainRefused,
    /// Another account has that address.
    EmailTaken,
    /// Not an address.
    InvalidEmail(EmailError),
    /// Nobody would administrate the deployment any more (AD-05).
    LastAdmin,
    /// Not with an API key.
    NeedsPerson,
    /// There is no such account.
    NoAccount,
    /// Longer than anyone's password.
    PasswordTooLong,
    /// The account that only its owner may change, and nobody may demote or delete.
    PrimaryAdmin,
    /// The outside failed.
    Unavailable(PortError),
    /// The password breaks a rule.
    WeakPassword(PasswordPolicyError),
}

impl From<PortError> for ManageUserError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}

impl From<OpenError> for ManageUserError {
    fn from(error: OpenError) -> Self {
        match error {
            // Nobody can have banned an account that did not exist a moment ago.
            OpenError::Banned { .. } => Self::NoAccount,
            OpenError::Unavailable(fault) => fault.into(),
        }
    }
}
