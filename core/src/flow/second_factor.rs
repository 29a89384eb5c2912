//! The second factor: asking for it, setting it up, replacing it, getting it back (open-webui.md §1.5, security.md §6).

mod in_session;
mod manage;
mod proof;
mod setup;

pub use in_session::{Staged, check, confirm, disable, prove, renew_codes, stage};
pub use manage::{recover, regenerate, replace, reset, status};
pub(super) use proof::is_fresh;
pub use proof::verify;
pub use setup::{confirm_enrolment, start_enrolment};

use alloc::{boxed::Box, string::String, vec::Vec};

use serde_json::json;

use super::{
    Ctx, Grant, SignedIn, audit,
    open_session::{self, Entrance, OpenError},
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    id::{ProviderSessionId, UserId},
    ports::{BucketKey, FactorReplaced, PortError, Ports},
    secret::Secret,
    session::{
        Attempt, AuthMethod, CHALLENGE_LIFETIME, Challenge, ChallengeKind, ChallengeLookup, ChallengeToken,
    },
    settings::Settings,
    throttle::{SECOND_FACTOR_LIMIT, Spent},
    time::{Lifetime, UnixSeconds},
    user::{Account, FactorState, Role},
};

/// What comes after the first proof of who somebody is.
#[derive(Clone, Debug)]
pub enum Next {
    /// A step; nobody is signed in.
    Challenge(Issued),
    /// Nothing, until an administrator approves the account.
    Pending,
    /// A session.
    Session(Box<SignedIn>),
}

/// A step that somebody may take now.
#[derive(Clone, Debug)]
pub struct Issued {
    /// What has to be done.
    pub kind: ChallengeKind,
    /// What opens the step.
    pub token: ChallengeToken,
    /// How long it waits.
    pub expires_in: Lifetime,
}

/// What an authenticator app needs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The secret, for typing.
    pub manual_key: Secret<String>,
    /// The same as a picture: SVG.
    pub qr_code: Secret<String>,
}

/// A new factor.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// The session that it led to; none for somebody who had one.
    pub signed_in: Option<SignedIn>,
    /// The backup codes, shown once.
    pub backup_codes: Vec<Secret<String>>,
}

/// Whether an account has a factor, and has to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Status {
    /// It has one.
    pub enabled: bool,
    /// It has to.
    pub required: bool,
    /// Backup codes that were not used.
    pub backup_codes_left: usize,
}

/// What somebody typed to show their factor.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Any text.
    pub code: Secret<String>,
    /// Whether it is meant for a backup code.
    pub is_backup: bool,
}

/// Lets somebody in who has proved who they are, or says what they have to do first (MF-06, MF-07).
///
/// A session that is opened by what was read of an account before it got a factor belongs to an older version of its
/// credential, and is dead.
pub(super) async fn after_first(
    ctx: &Ctx<'_, impl Ports>,
    account: Account,
    proof: impl Into<Proof>,
    grant: Grant,
) -> Result<Next, OpenError> {
    let proof = proof.into();
    let method = proof.method;
    let settings = ctx.settings().await?;
    let required = is_required(&settings, method);
    if required && account.user.role == Role::Pending {
        return Ok(Next::Pending);
    }
    let factor = if is_bypassed(&settings, method) { FactorState::Absent } else { account.user.factor };
    let kind = match factor {
        FactorState::InForce => ChallengeKind::Verify,
        FactorState::TakenAway => ChallengeKind::Recover,
        FactorState::Absent if required => ChallengeKind::Enroll,
        FactorState::Absent => {
            let entrance = Entrance { proof, auth_time: ctx.now, mfa_verified: false, grant };
            return Ok(Next::Session(Box::new(open_session::open(ctx, account, entrance).await?)));
        }
    };
    let proved = Proved { proof, auth_time: ctx.now, credential_version: account.credential_version };
    issue(ctx, account.user.id, kind, &proved, &settings).await.map(Next::Challenge)
}

/// Writes down that somebody proved who they are, after how many failures, and what that led to (LG-01).
pub(super) async fn record(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    method: AuthMethod,
    next: &Next,
    failures: u32,
) -> Result<(), PortError> {
    let outcome = match next {
        Next::Session(_) => AuditOutcome::Success,
        Next::Challenge(_) | Next::Pending => AuditOutcome::SecondFactorDue,
    };
    let event = audit::event(ctx, Some(user), AuditAction::SignIn, outcome)?;
    let detail = match failures {
        0 => json!({"auth_method": method}),
        failures => json!({"auth_method": method, "failures": failures}),
    };
    ctx.ports.append(audit::detailed(event, &detail)).await
}

/// Whether the deployment asks people for a second factor who came in this way.
pub(super) fn is_required(settings: &Settings, method: AuthMethod) -> bool {
    settings.is_on("ENABLE_MFA") && !is_bypassed(settings, method)
}

/// Whether whoever vouches for somebody who came in this way answers for the second factor as well.
pub(super) fn is_bypassed(settings: &Settings, method: AuthMethod) -> bool {
    match method {
        AuthMethod::OAuth => settings.is_on("MFA_ALLOW_OAUTH_BYPASS"),
        AuthMethod::Ldap | AuthMethod::Password => false,
        // Nobody is asked who they are.
        AuthMethod::System => true,
        AuthMethod::TrustedHeader => settings.is_on("MFA_ALLOW_TRUSTED_HEADER_BYPASS"),
    }
}

/// How somebody has shown who they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proof {
    pub(super) method: AuthMethod,
    /// What a provider gave with its word.
    pub(super) provider_session: Option<ProviderSessionId>,
}

impl From<AuthMethod> for Proof {
    fn from(method: AuthMethod) -> Self {
        Self { method, provider_session: None }
    }
}

/// What somebody has proved so far.
struct Proved {
    proof: Proof,
    auth_time: UnixSeconds,
    credential_version: u32,
}

impl Proved {
    const fn of(challenge: &Challenge) -> Self {
        Self {
            proof: Proof { method: challenge.method, provider_session: challenge.provider_session },
            auth_time: challenge.auth_time,
            credential_version: challenge.credential_version,
        }
    }
}

async fn issue(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    kind: ChallengeKind,
    proved: &Proved,
    settings: &Settings,
) -> Result<Issued, OpenError> {
    let token = ChallengeToken::random(user, ctx.ports)?;
    let challenge = Challenge {
        hash: token.hash(),
        kind,
        method: proved.proof.method,
        provider_session: proved.proof.provider_session,
        auth_time: proved.auth_time,
        credential_version: proved.credential_version,
        epoch: settings.generations.sessions,
        expires_at: ctx.now.plus(CHALLENGE_LIFETIME),
        attempts: 0,
        staged: None,
        staged_codes: None,
        user_agent: Some(ctx.client.user_agent.clone()),
    };
    match ctx.ports.open_challenge(user, challenge, ctx.now).await? {
        None => Ok(Issued { kind, token, expires_in: CHALLENGE_LIFETIME }),
        Some(until) => Err(OpenError::Banned { until }),
    }
}

/// Tells a page that has only the token what the step is.
///
/// # Errors
/// [`SecondFactorError`]
pub async fn look_up(ctx: &Ctx<'_, impl Ports>, token: &str) -> Result<Issued, SecondFactorError> {
    let (token, challenge) = find(ctx, token, Attempt::Free, &[]).await?;
    Ok(Issued { kind: challenge.kind, token, expires_in: challenge.expires_at.since(ctx.now) })
}

async fn find(
    ctx: &Ctx<'_, impl Ports>,
    token: &str,
    attempt: Attempt,
    kinds: &[ChallengeKind],
) -> Result<(ChallengeToken, Challenge), SecondFactorError> {
    // What we never issued reaches no authority.
    let token = ChallengeToken::parse(token).ok_or(SecondFactorError::Expired)?;
    let generations = ctx.settings().await?.generations;
    match ctx.ports.find_challenge(token.user, &token.hash(), attempt, generations, ctx.now).await? {
        ChallengeLookup::Alive(challenge)
            if (kinds.is_empty() || kinds.contains(&challenge.kind))
                && challenge.user_agent.as_ref().is_none_or(|agent| *agent == ctx.client.user_agent) =>
        {
            Ok((token, challenge))
        }
        ChallengeLookup::Alive(_) | ChallengeLookup::Gone => Err(SecondFactorError::Expired),
        ChallengeLookup::Spent => Err(SecondFactorError::TooManyCodes { retry_after: CHALLENGE_LIFETIME }),
    }
}

/// The account, while it has the credential that was proved.
async fn account(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    challenge: &Challenge,
) -> Result<Account, SecondFactorError> {
    // Switching passwords off holds for what has begun (AD-12).
    if challenge.method == AuthMethod::Password && !ctx.policy.password_sign_in {
        return Err(SecondFactorError::Expired);
    }
    let credential = ctx.ports.load_credential(user).await?.ok_or(SecondFactorError::Expired)?;
    if credential.version != challenge.credential_version {
        return Err(SecondFactorError::Concurrent);
    }
    if credential.user.role == Role::Pending && ctx.settings().await?.is_on("ENABLE_MFA") {
        return Err(SecondFactorError::Pending);
    }
    Ok(credential.into_account())
}

async fn spend(ctx: &Ctx<'_, impl Ports>, user: UserId) -> Result<(), SecondFactorError> {
    let bucket = BucketKey::second_factor(user);
    match ctx.ports.spend(&bucket, SECOND_FACTOR_LIMIT, None, &ctx.client.network, ctx.now).await? {
        Spent::Granted => Ok(()),
        Spent::Refused { retry_after } => {
            let (action, outcome) = (AuditAction::VerifyFactor, AuditOutcome::Throttled);
            audit::record_refusal(ctx, Some(user), action, outcome).await;
            Err(SecondFactorError::Throttled { retry_after })
        }
    }
}

/// It was no guess. An attempt that stays spent is merely strict; the port reports its own fault.
async fn give_back(ctx: &Ctx<'_, impl Ports>, user: UserId) {
    let _ = ctx.ports.give_back(&BucketKey::second_factor(user)).await;
}

async fn open_verified(
    ctx: &Ctx<'_, impl Ports>,
    account: Account,
    proved: &Proved,
    grant: Grant,
) -> Result<SignedIn, SecondFactorError> {
    let entrance = Entrance { proof: proved.proof, auth_time: proved.auth_time, mfa_verified: true, grant };
    Ok(open_session::open(ctx, account, entrance).await?)
}

async fn refused(ctx: &Ctx<'_, impl Ports>, user: UserId, action: AuditAction) {
    audit::record_refusal(ctx, Some(user), action, AuditOutcome::WrongCode).await;
}

/// Why a step was not taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SecondFactorError {
    /// The account is banned.
    Banned {
        /// Until when.
        until: UnixSeconds,
    },
    /// Somebody else was faster, or the credential has changed.
    Concurrent,
    /// There is no such step, any more.
    Expired,
    /// There is no such account.
    NoAccount,
    /// A factor is there, and nothing of it was shown.
    NothingShown,
    /// The account has no factor.
    Off,
    /// The account waits for approval.
    Pending,
    /// The account that nobody else may change.
    PrimaryAdmin,
    /// They signed in too long ago.
    Reauthenticate,
    /// The deployment asks everybody for a factor.
    Required,
    /// The factor is gone; signing in again tells what to do.
    SignInAgain,
    /// Too many codes for this account.
    Throttled {
        /// When one will be looked at again.
        retry_after: Lifetime,
    },
    /// Too many codes for this step.
    TooManyCodes {
        /// When a new step can be had at the latest.
        retry_after: Lifetime,
    },
    /// The outside failed.
    Unavailable(PortError),
    /// The stored secret does not open (SR-05).
    Unreadable,
    /// Not a good code, or a used one.
    WrongCode,
    /// Not what the operator gave out, or too late.
    WrongResetToken,
    /// Not a code of the new factor.
    WrongSetupCode,
}

impl FactorReplaced {
    /// The version of the credential that begins with the new factor.
    fn stored(self) -> Result<u32, SecondFactorError> {
        match self {
            Self::Yes { credential_version } => Ok(credential_version),
            Self::No => Err(SecondFactorError::Concurrent),
        }
    }
}

impl From<OpenError> for SecondFactorError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Banned { until } => Self::Banned { until },
            OpenError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<PortError> for SecondFactorError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
