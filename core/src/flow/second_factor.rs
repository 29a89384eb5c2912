//! The second factor: asking for it, setting it up, replacing it, getting it back (open-webui.md §1.5, security.md §6).

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
    vec::Vec,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{
    Ctx, SignedIn, audit,
    current_session::Authenticated,
    open_session::{self, OpenError},
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    id::UserId,
    ports::{BucketKey, PortError, Ports, Replaced, ResetTicket, StoredFactor},
    seal::Place,
    secret::Secret,
    session::{
        Attempt, AuthMethod, CHALLENGE_LIFETIME, Challenge, ChallengeKind, ChallengeLookup, ChallengeToken,
        Completed,
    },
    settings::Settings,
    throttle::{SECOND_FACTOR_LIMIT, Spent},
    time::{Lifetime, UnixSeconds},
    totp::{BackupCode, BackupCodes, SECRET_BYTES, Step, TotpCode, TotpSecret, qr_svg},
    user::{Account, Role},
};

/// How long ago somebody may have signed in to change their factor (MF-09).
const FRESH_FOR: Lifetime = Lifetime::from_minutes(5);

/// How long what an operator gives out is good for.
const RESET_LIFETIME: Lifetime = Lifetime::from_minutes(60);

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
pub(super) async fn after_first(
    ctx: &Ctx<'_, impl Ports>,
    account: Account,
    method: AuthMethod,
    has_factor: bool,
) -> Result<Next, OpenError> {
    let settings = ctx.settings().await?;
    let required = is_required(&settings, method);
    if required && account.user.role == Role::Pending {
        return Ok(Next::Pending);
    }
    let stored = if has_factor { ctx.ports.find_second_factor(account.user.id).await? } else { None };
    let kind = match stored {
        Some(StoredFactor { secret: Some(_), .. }) => ChallengeKind::Verify,
        Some(StoredFactor { secret: None, .. }) => ChallengeKind::Recover,
        None if required => ChallengeKind::Enroll,
        None => return Ok(Next::Session(Box::new(open_session::open(ctx, account, method).await?))),
    };
    let proved = Proved { method, auth_time: ctx.now, credential_version: account.credential_version };
    issue(ctx, account.user.id, kind, &proved, &settings).await.map(Next::Challenge)
}

/// Whether the deployment asks people for a second factor who came in this way.
pub(super) fn is_required(settings: &Settings, method: AuthMethod) -> bool {
    settings.is_on("ENABLE_MFA")
        && match method {
            AuthMethod::Password | AuthMethod::System => true,
            AuthMethod::TrustedHeader => !settings.is_on("MFA_ALLOW_TRUSTED_HEADER_BYPASS"),
        }
}

/// What somebody has proved so far.
struct Proved {
    method: AuthMethod,
    auth_time: UnixSeconds,
    credential_version: u32,
}

impl Proved {
    const fn of(challenge: &Challenge) -> Self {
        Self {
            method: challenge.method,
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
        method: proved.method,
        auth_time: proved.auth_time,
        credential_version: proved.credential_version,
        epoch: settings.generations.sessions,
        expires_at: ctx.now.plus(CHALLENGE_LIFETIME),
        attempts: 0,
        staged: None,
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

/// Begins to set up a factor. Doing it again shows the same secret; the present factor stays in force (MF-08).
///
/// # Errors
/// [`SecondFactorError`]
pub async fn start_enrolment(ctx: &Ctx<'_, impl Ports>, token: &str) -> Result<Setup, SecondFactorError> {
    let kinds = [ChallengeKind::Enroll, ChallengeKind::Replace];
    let (token, challenge) = find(ctx, token, Attempt::Free, &kinds).await?;
    let account = account(ctx, token.user, &challenge).await?;
    let staged = match challenge.staged {
        Some(staged) => staged,
        None => {
            let secret = TotpSecret::random(ctx.ports)?;
            let staged = seal(ctx, &secret, STAGED, token.user)?;
            ctx.ports
                .stage_factor(token.user, &token.hash(), staged, ctx.now)
                .await?
                .ok_or(SecondFactorError::Expired)?
        }
    };
    let secret = open(ctx, &staged, STAGED, token.user)?;
    let uri = secret.otpauth_uri(&ctx.policy.site_name, account.user.email.as_str());
    let qr_code = qr_svg(&uri).ok_or(SecondFactorError::Unreadable)?;
    Ok(Setup { manual_key: Secret::new(secret.to_base32()), qr_code: Secret::new(qr_code) })
}

/// Makes the new factor the account's, with a code of it. All sessions end (MF-13); somebody who was signing in gets a
/// new one.
///
/// # Errors
/// [`SecondFactorError`]; the present factor stays in force.
pub async fn confirm_enrolment(
    ctx: &Ctx<'_, impl Ports>,
    token: &str,
    code: &str,
) -> Result<Enrolled, SecondFactorError> {
    let kinds = [ChallengeKind::Enroll, ChallengeKind::Replace];
    let (token, challenge) = find(ctx, token, Attempt::Counts, &kinds).await?;
    let user = token.user;
    let account = account(ctx, user, &challenge).await?;
    spend(ctx, user).await?;
    let staged = challenge.staged.as_deref().ok_or(SecondFactorError::Expired)?;
    let secret = open(ctx, staged, STAGED, user)?;
    let step = TotpCode::parse(code).and_then(|code| secret.verify(&code, ctx.now, None));
    let Some(step) = step else {
        refused(ctx, user, AuditAction::EnrollFactor).await;
        return Err(SecondFactorError::WrongSetupCode);
    };
    if ctx.ports.complete_challenge(user, &token.hash(), Some(step), ctx.now).await? == Completed::No {
        return Err(SecondFactorError::Concurrent);
    }
    let (codes, stored_codes) = BackupCodes::generate(user, &ctx.policy.backup_code_key, ctx.ports)?;
    let stored = StoredFactor {
        secret: Some(seal(ctx, &secret, STORED, user)?),
        backup_codes: stored_codes,
        reset: None,
    };
    let event = audit::event(ctx, Some(user), AuditAction::EnrollFactor, AuditOutcome::Success)?;
    if !ctx.ports.replace_second_factor(user, Some(stored), event).await? {
        return Err(SecondFactorError::Expired);
    }
    ctx.ports.end_all_sessions(user, ctx.now).await?;
    give_back(ctx, user).await;
    let signed_in = match challenge.kind {
        ChallengeKind::Enroll => Some(open_verified(ctx, account, &Proved::of(&challenge)).await?),
        ChallengeKind::Recover | ChallengeKind::Replace | ChallengeKind::Verify => None,
    };
    Ok(Enrolled { signed_in, backup_codes: codes.iter().map(BackupCode::to_text).collect() })
}

/// Signs in with the factor.
///
/// # Errors
/// [`SecondFactorError`]; no session was opened.
pub async fn verify(
    ctx: &Ctx<'_, impl Ports>,
    token: &str,
    shown: &Shown,
) -> Result<SignedIn, SecondFactorError> {
    let (token, challenge) = find(ctx, token, Attempt::Counts, &[ChallengeKind::Verify]).await?;
    let user = token.user;
    let account = account(ctx, user, &challenge).await?;
    spend(ctx, user).await?;
    let stored = ctx.ports.find_second_factor(user).await?.ok_or(SecondFactorError::SignInAgain)?;
    let proof = check(ctx, user, &stored, shown, AuditAction::VerifyFactor).await?;
    if ctx.ports.complete_challenge(user, &token.hash(), proof.step(), ctx.now).await? == Completed::No {
        refused(ctx, user, AuditAction::VerifyFactor).await;
        return Err(SecondFactorError::WrongCode);
    }
    redeem(ctx, user, &stored, proof).await?;
    give_back(ctx, user).await;
    let signed_in = open_verified(ctx, account, &Proved::of(&challenge)).await?;
    audit::record(ctx, Some(user), AuditAction::VerifyFactor, AuditOutcome::Success).await?;
    Ok(signed_in)
}

/// Whether the caller has a factor.
///
/// # Errors
/// When the store can not be read.
pub async fn status(ctx: &Ctx<'_, impl Ports>, caller: &Authenticated) -> Result<Status, PortError> {
    let stored = ctx.ports.find_second_factor(caller.user.id).await?;
    let enabled = stored.as_ref().is_some_and(|stored| stored.secret.is_some());
    let left = stored.map_or(0, |stored| stored.backup_codes.left());
    let required = ctx.settings().await?.is_on("ENABLE_MFA");
    Ok(Status { enabled, required, backup_codes_left: if enabled { left } else { 0 } })
}

/// Begins to replace the caller's factor; the present one stays in force until the new one is confirmed (MF-08, MF-09).
///
/// # Errors
/// [`SecondFactorError`]
pub async fn replace(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    shown: &Shown,
) -> Result<Issued, SecondFactorError> {
    prove_again(ctx, caller, shown, AuditAction::EnrollFactor).await?;
    let credential = ctx.ports.load_credential(caller.user.id).await?.ok_or(SecondFactorError::Expired)?;
    let proved = Proved {
        method: caller.claims.auth_method,
        auth_time: caller.claims.auth_time,
        credential_version: credential.version,
    };
    let settings = ctx.settings().await?;
    Ok(issue(ctx, caller.user.id, ChallengeKind::Replace, &proved, &settings).await?)
}

/// New backup codes in the place of all old ones (MF-11). All sessions end.
///
/// # Errors
/// [`SecondFactorError`]
pub async fn regenerate(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    shown: &Shown,
) -> Result<Vec<Secret<String>>, SecondFactorError> {
    let user = caller.user.id;
    let stored = prove_again(ctx, caller, shown, AuditAction::RegenerateCodes).await?;
    let (codes, backup_codes) = BackupCodes::generate(user, &ctx.policy.backup_code_key, ctx.ports)?;
    let event = audit::event(ctx, Some(user), AuditAction::RegenerateCodes, AuditOutcome::Success)?;
    let stored = StoredFactor { backup_codes, ..stored };
    ctx.ports.replace_second_factor(user, Some(stored), event).await?;
    ctx.ports.end_all_sessions(user, ctx.now).await?;
    Ok(codes.iter().map(BackupCode::to_text).collect())
}

/// Takes an account's factor away, and gives out what its owner sets up a new one with (MF-14). All their sessions end.
///
/// # Errors
/// [`SecondFactorError`]
pub async fn reset(
    ctx: &Ctx<'_, impl Ports>,
    admin: UserId,
    target: UserId,
) -> Result<Secret<String>, SecondFactorError> {
    if admin != target && ctx.ports.primary_admin().await? == Some(target) {
        return Err(SecondFactorError::PrimaryAdmin);
    }
    // Somebody who has none would be asked for what they never had, even where nobody needs one.
    if !ctx.ports.load_credential(target).await?.ok_or(SecondFactorError::NoAccount)?.has_factor {
        return Err(SecondFactorError::Off);
    }
    let mut bytes = [0; 32];
    ctx.ports.fill(&mut bytes)?;
    let token = Secret::new(URL_SAFE_NO_PAD.encode(bytes));
    let reset = ResetTicket { hash: digest(token.expose_secret()), expires_at: ctx.now.plus(RESET_LIFETIME) };
    let factor = StoredFactor { secret: None, backup_codes: BackupCodes::default(), reset: Some(reset) };
    let event = audit::event_about(ctx, admin, target, AuditAction::ResetFactor)?;
    if !ctx.ports.replace_second_factor(target, Some(factor), event).await? {
        return Err(SecondFactorError::NoAccount);
    }
    ctx.ports.end_all_sessions(target, ctx.now).await?;
    Ok(token)
}

/// Shows what an operator gave out; the next step is to set up a new factor.
///
/// # Errors
/// [`SecondFactorError`]
pub async fn recover(
    ctx: &Ctx<'_, impl Ports>,
    token: &str,
    reset_token: &str,
) -> Result<Issued, SecondFactorError> {
    let (token, challenge) = find(ctx, token, Attempt::Counts, &[ChallengeKind::Recover]).await?;
    let user = token.user;
    account(ctx, user, &challenge).await?;
    spend(ctx, user).await?;
    let ticket = ctx.ports.find_second_factor(user).await?.and_then(|stored| stored.reset);
    let shown = digest(reset_token);
    let good = ticket.is_some_and(|ticket| {
        ctx.now < ticket.expires_at && bool::from(ticket.hash.as_bytes().ct_eq(shown.as_bytes()))
    });
    if !good {
        refused(ctx, user, AuditAction::RecoverFactor).await;
        return Err(SecondFactorError::WrongResetToken);
    }
    if ctx.ports.complete_challenge(user, &token.hash(), None, ctx.now).await? == Completed::No {
        return Err(SecondFactorError::Concurrent);
    }
    give_back(ctx, user).await;
    let settings = ctx.settings().await?;
    // The ticket stays until a factor is confirmed, which replaces it.
    Ok(issue(ctx, user, ChallengeKind::Enroll, &Proved::of(&challenge), &settings).await?)
}

/// A proof that was accepted, and what has to be used up with it.
enum Proof {
    Backup(BackupCodes),
    Code(Step),
}

impl Proof {
    const fn step(&self) -> Option<Step> {
        match self {
            Self::Backup(_) => None,
            Self::Code(step) => Some(*step),
        }
    }
}

/// The caller shows their factor once more, soon after they signed in.
async fn prove_again(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    shown: &Shown,
    action: AuditAction,
) -> Result<StoredFactor, SecondFactorError> {
    let user = caller.user.id;
    if caller.claims.auth_time.plus(FRESH_FOR) <= ctx.now {
        return Err(SecondFactorError::Reauthenticate);
    }
    let stored = ctx.ports.find_second_factor(user).await?.filter(|stored| stored.secret.is_some());
    let stored = stored.ok_or(SecondFactorError::Off)?;
    spend(ctx, user).await?;
    let proof = check(ctx, user, &stored, shown, action).await?;
    if let Some(step) = proof.step()
        && ctx.ports.accept_totp_step(user, step, ctx.now).await? == crate::session::Use::Before
    {
        refused(ctx, user, action).await;
        return Err(SecondFactorError::WrongCode);
    }
    redeem(ctx, user, &stored, proof).await?;
    give_back(ctx, user).await;
    Ok(ctx.ports.find_second_factor(user).await?.unwrap_or(stored))
}

async fn check(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    stored: &StoredFactor,
    shown: &Shown,
    action: AuditAction,
) -> Result<Proof, SecondFactorError> {
    let text = shown.code.expose_secret();
    let proof = if shown.is_backup {
        let key = &ctx.policy.backup_code_key;
        let code = BackupCode::parse(text);
        code.and_then(|code| stored.backup_codes.redeem(&code, user, key)).map(Proof::Backup)
    } else {
        let sealed = stored.secret.as_deref().ok_or(SecondFactorError::SignInAgain)?;
        let secret = open(ctx, sealed, STORED, user)?;
        TotpCode::parse(text).and_then(|code| secret.verify(&code, ctx.now, None)).map(Proof::Code)
    };
    match proof {
        Some(proof) => Ok(proof),
        None => {
            refused(ctx, user, action).await;
            Err(SecondFactorError::WrongCode)
        }
    }
}

/// Uses a backup code up: of many at once, one succeeds (MF-11).
async fn redeem(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    stored: &StoredFactor,
    proof: Proof,
) -> Result<(), SecondFactorError> {
    let Proof::Backup(left) = proof else { return Ok(()) };
    match ctx.ports.swap_backup_codes(user, &stored.backup_codes, &left).await? {
        Replaced::Yes => Ok(()),
        Replaced::No => Err(SecondFactorError::WrongCode),
    }
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
        ChallengeLookup::Alive(challenge) if kinds.is_empty() || kinds.contains(&challenge.kind) => {
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
) -> Result<SignedIn, SecondFactorError> {
    Ok(open_session::open_after_factor(ctx, account, proved.method, proved.auth_time).await?)
}

async fn refused(ctx: &Ctx<'_, impl Ports>, user: UserId, action: AuditAction) {
    audit::record_refusal(ctx, Some(user), action, AuditOutcome::WrongCode).await;
}

/// Where a secret stands: table and column.
type Column = (&'static str, &'static str);
const STAGED: Column = ("challenges", "staged");
const STORED: Column = ("second_factors", "secret");

fn seal(
    ctx: &Ctx<'_, impl Ports>,
    secret: &TotpSecret,
    (table, column): Column,
    user: UserId,
) -> Result<String, PortError> {
    let row = user.to_string();
    ctx.policy.sealing.seal(secret.expose_bytes(), &Place { table, column, row: &row }, ctx.ports)
}

/// A secret that does not open is no sign that there is none (SR-05).
fn open(
    ctx: &Ctx<'_, impl Ports>,
    envelope: &str,
    (table, column): Column,
    user: UserId,
) -> Result<TotpSecret, SecondFactorError> {
    let row = user.to_string();
    let opened = ctx.policy.sealing.open(envelope, &Place { table, column, row: &row });
    let opened = opened.map_err(|_| SecondFactorError::Unreadable)?;
    let bytes: [u8; SECRET_BYTES] =
        opened.expose_secret().as_slice().try_into().map_err(|_| SecondFactorError::Unreadable)?;
    Ok(TotpSecret::from_bytes(bytes))
}

fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
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
    /// The account has no factor.
    Off,
    /// The account waits for approval.
    Pending,
    /// The account that nobody else may change.
    PrimaryAdmin,
    /// They signed in too long ago.
    Reauthenticate,
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
