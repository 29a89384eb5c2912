//! Signing in with the password that a directory knows (open-webui.md §9, librechat.md §7), and what administrators do
//! about that.

mod arrival;
mod error;
mod exchange;
mod link;
mod recognise;
mod settings;
mod trial;

pub use error::{DirectorySignInError, Misconfigured};
pub use link::{LinkDirectoryError, link, unlink};
pub use recognise::recognise_all;
pub(super) use settings::check;
pub use trial::{Finding, Trial, try_out};

use alloc::{rc::Rc, string::String, vec::Vec};

use serde_json::{Value, json};

use super::{
    Ctx, Grant, audit,
    open_session::OpenError,
    second_factor::{self, Next},
    sign_in::{self, PasswordLogin, SignInError},
    sign_out,
};
use crate::{
    audit::{AuditAction, AuditEvent, AuditOutcome},
    id::UserId,
    ldap::{
        Directory, Entry, HostRules, LdapError, Person, PersonError, Purpose, Stage, case_ignored,
        may_be_tried,
    },
    oauth::pending::Dialect,
    password::Password,
    ports::{BucketKey, PortError, Ports, SignInAttempt},
    secret::Secret,
    session::AuthMethod,
    settings::Settings,
    throttle::{FIRST_FACTOR_LIMIT, Spent},
};

use exchange::{Failure, Found};

/// What an identity of a directory is called among those of other providers.
pub const PROVIDER: &str = "ldap";
/// Longest name that is searched for, in bytes.
const MAX_NAME_BYTES: usize = 256;
/// Longest word of a directory that is written down, in characters.
const MAX_DIAGNOSTIC: usize = 200;

/// What the environment says about directories.
#[derive(Debug, Default)]
pub struct DirectoryPolicy {
    /// Which servers may be asked.
    pub rules: HostRules,
    /// The directory of LibreChat's variables, where there is one: people of that dialect sign in with it only.
    pub members: Option<Rc<Directory>>,
    /// Whether they sign in with a password of ours where the directory refuses; then people of it may have one, too.
    pub local_fallback: bool,
}

/// What someone typed into a sign-in form.
#[derive(Clone, Debug)]
pub struct DirectoryLogin {
    /// Any text; only a name that the directory knows leads anywhere.
    pub name: String,
    /// Any text.
    pub password: Secret<String>,
    /// Whose directory it is.
    pub dialect: Dialect,
    /// The session token that this browser has shown, if it has: a success ends its session (SE-04).
    pub previous_token: Option<String>,
}

impl DirectoryLogin {
    const fn grant(&self) -> Grant {
        match self.dialect {
            Dialect::LibreChat => Grant::Refreshable,
            Dialect::OpenWebui => Grant::Token,
        }
    }
}

/// Signs in with a name and a password that a directory knows; makes an account for somebody who has none.
///
/// An attempt is spent before the directory hears of it, and everything that makes somebody nobody there is one answer
/// (TH-06, LD-13).
///
/// # Errors
/// [`DirectorySignInError`]; no session was opened.
pub async fn sign_in(ctx: &Ctx<'_, impl Ports>, login: DirectoryLogin) -> Result<Next, DirectorySignInError> {
    attempt(ctx, login, &mut Spendings::default()).await
}

/// The same for a deployment that lets people in with a password of ours, too, whom the directory refuses (`local`), if it
/// does.
///
/// # Errors
/// [`DirectorySignInError`]; no session was opened.
pub async fn sign_in_or_local(
    ctx: &Ctx<'_, impl Ports>,
    login: DirectoryLogin,
    local: PasswordLogin,
) -> Result<Next, DirectorySignInError> {
    let mut spent = Spendings::default();
    match attempt(ctx, login, &mut spent).await {
        Err(DirectorySignInError::Refused) if ctx.policy.directory.local_fallback => {
            let next = sign_in::with_password(ctx, local).await?;
            // It was one attempt, and it was right. The port reports its own fault.
            let _ = spent.settle(ctx).await;
            Ok(next)
        }
        attempted => attempted,
    }
}

async fn attempt(
    ctx: &Ctx<'_, impl Ports>,
    login: DirectoryLogin,
    spent: &mut Spendings,
) -> Result<Next, DirectorySignInError> {
    let settings = ctx.settings().await?;
    if !is_on(ctx, &settings, login.dialect) {
        return Err(DirectorySignInError::Off);
    }
    if !ctx.policy.password_sign_in {
        return Err(SignInError::PasswordSignInOff.into());
    }
    let (name, password) = (login.name.trim(), login.password.expose_secret());
    if name.is_empty() || !may_be_tried(password) || Password::new(password).is_err() {
        return Err(SignInError::WrongPassword.into());
    }
    let directory = directory(ctx, &settings, login.dialect)?;
    spent.spend_name(ctx, &settings, name).await?;
    let (found, person) = match prove(ctx, &directory, &login, spent).await {
        Ok(proved) => proved,
        Err(unproved) => return Err(unproved.written_down(ctx).await),
    };
    let arrived = arrival::arrive(ctx, &settings, &directory, &login, (found, person)).await;
    // They knew the password: this was no guess. The port reports its own fault, and what stays spent is merely strict.
    let _ = spent.settle(ctx).await;
    let account = match arrived {
        Ok(account) => account,
        Err(error) => {
            if let Some(outcome) = error.outcome() {
                refused(ctx, None, outcome, None).await;
            }
            return Err(error);
        }
    };
    let user = account.user.id;
    if let Err(refusal) = ctx.policy.admit(&account.user, login.grant()) {
        refused(ctx, Some(user), refusal.outcome(), None).await;
        return Err(refusal.into());
    }
    match second_factor::after_first(ctx, account, AuthMethod::Ldap, login.grant()).await {
        Ok(next) => {
            sign_out::end_previous(ctx, login.previous_token.as_deref()).await;
            Ok(next)
        }
        Err(error) => {
            if matches!(error, OpenError::Banned { .. }) {
                refused(ctx, Some(user), AuditOutcome::Banned, None).await;
            }
            Err(error.into())
        }
    }
}

/// Whether people of a dialect sign in with a directory.
pub fn is_on(ctx: &Ctx<'_, impl Ports>, settings: &Settings, dialect: Dialect) -> bool {
    match dialect {
        Dialect::LibreChat => ctx.policy.directory.members.is_some(),
        Dialect::OpenWebui => settings.is_on("ENABLE_LDAP"),
    }
}

/// Whether people of a directory have no other password here: while there is one, and the deployment does not say otherwise.
pub(super) async fn rules_passwords(ctx: &Ctx<'_, impl Ports>) -> Result<bool, PortError> {
    let settings = ctx.settings().await?;
    let is_on = |dialect| is_on(ctx, &settings, dialect);
    Ok(!ctx.policy.directory.local_fallback && (is_on(Dialect::OpenWebui) || is_on(Dialect::LibreChat)))
}

/// The directory of a dialect.
fn directory(
    ctx: &Ctx<'_, impl Ports>,
    settings: &Settings,
    dialect: Dialect,
) -> Result<Rc<Directory>, Misconfigured> {
    match (dialect, &ctx.policy.directory.members) {
        (Dialect::LibreChat, Some(members)) => Ok(Rc::clone(members)),
        (Dialect::LibreChat, None) => Err(Misconfigured::nowhere()),
        (Dialect::OpenWebui, _) => settings::directory(ctx, settings).map(Rc::new),
    }
}

/// What an attempt has spent.
#[derive(Default)]
struct Spendings {
    attempts: Vec<SignInAttempt>,
    first_factor: Option<BucketKey>,
}

impl Spendings {
    /// Spends an attempt for a name as it was typed, known or not (TH-10).
    async fn spend_name(
        &mut self,
        ctx: &Ctx<'_, impl Ports>,
        settings: &Settings,
        name: &str,
    ) -> Result<(), DirectorySignInError> {
        let name = case_ignored(name);
        if let Spent::Refused { retry_after } = self.spend(ctx, BucketKey::directory_name(&name)).await? {
            refused(ctx, None, AuditOutcome::Throttled, None).await;
            return Err(SignInError::Throttled { retry_after }.into());
        }
        if !settings.is_on("ENABLE_MFA") {
            return Ok(());
        }
        let bucket = BucketKey::directory_first_factor(&name);
        let spent = ctx.ports.spend(&bucket, FIRST_FACTOR_LIMIT, None, &ctx.client.network, ctx.now).await?;
        if let Spent::Refused { retry_after } = spent {
            refused(ctx, None, AuditOutcome::Throttled, None).await;
            return Err(SignInError::TooManyPasswords { retry_after }.into());
        }
        self.first_factor = Some(bucket);
        Ok(())
    }

    /// Spends an attempt for whoever was found, so that all names of somebody are one budget, and for nobody the same, so
    /// that it takes as long (TH-03, TH-09).
    async fn spend_person(
        &mut self,
        ctx: &Ctx<'_, impl Ports>,
        tree: &str,
        id: &str,
    ) -> Result<Spent, PortError> {
        self.spend(ctx, BucketKey::directory_person(tree, id)).await
    }

    async fn spend(&mut self, ctx: &Ctx<'_, impl Ports>, account: BucketKey) -> Result<Spent, PortError> {
        let attempt = SignInAttempt { account, network: ctx.client.network.clone() };
        let spent = ctx.ports.spend_sign_in(&attempt, ctx.now).await?;
        if spent == Spent::Granted {
            self.attempts.push(attempt);
        }
        Ok(spent)
    }

    async fn settle(&self, ctx: &Ctx<'_, impl Ports>) -> Result<(), PortError> {
        for attempt in &self.attempts {
            ctx.ports.settle_sign_in(attempt, ctx.now).await?;
        }
        match &self.first_factor {
            Some(bucket) => ctx.ports.give_back(bucket).await,
            None => Ok(()),
        }
    }
}

/// Who it is, once the directory has seen their password.
async fn prove(
    ctx: &Ctx<'_, impl Ports>,
    directory: &Directory,
    login: &DirectoryLogin,
    spent: &mut Spendings,
) -> Result<(Found, Person), Unproved> {
    let name = login.name.trim();
    if name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
        return Err(Unproved::Failure(Failure { stage: Stage::Search, error: LdapError::NotFound }));
    }
    let tree = directory.tree();
    let purpose = Purpose::SignIn { name, password: login.password.expose_secret() };
    let mut was_found = false;
    let may_try = async |entry: &Entry| {
        was_found = true;
        let id = directory.id_of(entry).unwrap_or_else(|| entry.dn.clone());
        match spent.spend_person(ctx, &tree, &id).await? {
            Spent::Granted => Ok(()),
            // Under another name it was too often: to say so would tell that it is somebody's (TH-10).
            Spent::Refused { .. } => Err(Unproved::Throttled),
        }
    };
    let found: Result<Found, Unproved> = exchange::run(ctx, directory, purpose, may_try).await;
    if !was_found && found.is_err() {
        spent.spend_person(ctx, &tree, &case_ignored(name)).await?;
    }
    let found = found?;
    let person = Person::read(&found.entry, directory, name).map_err(Unproved::Person)?;
    Ok((found, person))
}

/// Why it is nobody.
enum Unproved {
    Failure(Failure),
    Person(PersonError),
    Throttled,
    Unavailable(PortError),
}

impl From<Failure> for Unproved {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<PortError> for Unproved {
    fn from(fault: PortError) -> Self {
        Self::Unavailable(fault)
    }
}

impl Unproved {
    /// What somebody is told; what it was in truth is in the audit log only (LD-13).
    async fn written_down(self, ctx: &Ctx<'_, impl Ports>) -> DirectorySignInError {
        let (outcome, detail, error) = match self {
            Self::Unavailable(fault) => return fault.into(),
            Self::Throttled => {
                refused(ctx, None, AuditOutcome::Throttled, None).await;
                return DirectorySignInError::Refused;
            }
            Self::Person(PersonError::Disabled) => {
                (AuditOutcome::Disabled, Value::Null, DirectorySignInError::Refused)
            }
            Self::Person(PersonError::NoEmail) => {
                (AuditOutcome::ProviderRefused, json!("no address"), DirectorySignInError::NoEmail)
            }
            Self::Person(PersonError::NoId) => {
                (AuditOutcome::ProviderRefused, json!("no immutable id"), DirectorySignInError::Unreachable)
            }
            Self::Failure(failure) => {
                let (outcome, error) = verdict(&failure);
                (outcome, failure.described(), error)
            }
        };
        let detail = json!({"auth_method": AuthMethod::Ldap, "directory": detail});
        refused(ctx, None, outcome, Some(&detail)).await;
        error
    }
}

/// What a conversation that came to nothing means.
const fn verdict(failure: &Failure) -> (AuditOutcome, DirectorySignInError) {
    match (&failure.error, failure.stage) {
        (LdapError::NotFound | LdapError::Mismatch | LdapError::Ambiguous, _) => {
            (AuditOutcome::UnknownAccount, DirectorySignInError::Refused)
        }
        (error, _) if error.is_of_server() => {
            (AuditOutcome::DirectoryUnavailable, DirectorySignInError::Unreachable)
        }
        (_, Stage::ServiceBind) => {
            (AuditOutcome::DirectoryUnavailable, DirectorySignInError::ServiceAccountRefused)
        }
        (_, Stage::Tls | Stage::Connect) => {
            (AuditOutcome::DirectoryUnavailable, DirectorySignInError::Unreachable)
        }
        (_, Stage::UserBind) => (AuditOutcome::WrongPassword, DirectorySignInError::Refused),
        (_, Stage::Search | Stage::Groups) => (AuditOutcome::UnknownAccount, DirectorySignInError::Refused),
    }
}

async fn refused(
    ctx: &Ctx<'_, impl Ports>,
    actor: Option<UserId>,
    outcome: AuditOutcome,
    detail: Option<&Value>,
) {
    let Some(detail) = detail else {
        return audit::record_refusal(ctx, actor, AuditAction::SignIn, outcome).await;
    };
    let Ok(event) = audit::event(ctx, actor, AuditAction::SignIn, outcome) else { return };
    let event: AuditEvent = audit::detailed(event, detail);
    // The refusal stands whether or not it could be written down (LG-04); the port reports its own fault.
    let _ = ctx.ports.append(event).await;
}
