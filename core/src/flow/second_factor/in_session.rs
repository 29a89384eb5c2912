//! Setting a factor up, changing it and taking it away in the session that one has (LibreChat contract §5). The factor
//! in force stays in force until a code of the new one was shown (MF-08); other sessions end with every change, the
//! caller's own goes on.

use alloc::{string::String, vec::Vec};

use super::{
    Ctx, SecondFactorError, Shown, audit, give_back,
    proof::{is_fresh, prove_present},
    refused,
    setup::{self, STAGED, STORED},
    spend,
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    flow::{
        current_session::Authenticated,
        reauthentication::{self, Unproved},
        sign_out,
    },
    id::UserId,
    ports::{Ports, StoredFactor},
    secret::Secret,
    session::{Attempt, Challenge, ChallengeKind, ChallengeLookup, Completed, step_of_session},
    totp::{BackupCode, BackupCodes, STAGED_FOR, Step, TotpCode, TotpSecret, qr_svg},
};

/// A new factor that waits for its first code.
#[derive(Clone, Debug)]
pub struct Staged {
    /// What an authenticator app reads.
    pub otpauth_uri: Secret<String>,
    /// The secret, for typing.
    pub manual_key: Secret<String>,
    /// The address as a picture: SVG.
    pub qr_code: Secret<String>,
    /// The future backup codes, shown once.
    pub backup_codes: Vec<Secret<String>>,
}

/// Begins to set up a factor. Somebody who has one shows it; somebody who has none has signed in just now, or knows
/// their password (MF-09).
///
/// # Errors
/// [`SecondFactorError`]
pub async fn stage(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    shown: Option<&Shown>,
    password: Option<&Secret<String>>,
) -> Result<Staged, SecondFactorError> {
    let user = caller.user.id;
    let stored = ctx.ports.find_second_factor(user).await?;
    let replaces = stored.as_ref().is_some_and(StoredFactor::is_in_force);
    if replaces {
        let shown = shown.ok_or(SecondFactorError::NothingShown)?;
        prove_present(ctx, user, shown, AuditAction::EnrollFactor).await?;
    } else if let Some(password) = password {
        reauthentication::prove(ctx, user, password, AuditAction::EnrollFactor).await?;
    } else if !is_fresh(ctx, caller) {
        return Err(SecondFactorError::Reauthenticate);
    }
    let credential = ctx.ports.load_credential(user).await?.ok_or(SecondFactorError::NoAccount)?;
    let secret = TotpSecret::random(ctx.ports)?;
    let (codes, stored_codes) = BackupCodes::generate(user, &ctx.policy.backup_code_key, ctx.ports)?;
    let challenge = Challenge {
        hash: step_of_session(caller.claims.sid),
        kind: if replaces { ChallengeKind::Replace } else { ChallengeKind::Stage },
        method: caller.claims.auth_method,
        provider_session: None,
        auth_time: caller.claims.auth_time,
        credential_version: credential.version,
        epoch: ctx.settings().await?.generations.sessions,
        expires_at: ctx.now.plus(STAGED_FOR),
        attempts: 0,
        staged: Some(setup::seal(ctx, &secret, STAGED, user)?),
        staged_codes: Some(stored_codes),
        user_agent: None,
    };
    if let Some(until) = ctx.ports.open_challenge(user, challenge, ctx.now).await? {
        return Err(SecondFactorError::Banned { until });
    }
    let uri = secret.otpauth_uri(&ctx.policy.site_name, caller.user.email.as_str());
    let qr_code = qr_svg(&uri).ok_or(SecondFactorError::Unreadable)?;
    Ok(Staged {
        otpauth_uri: Secret::new(uri),
        manual_key: Secret::new(secret.to_base32()),
        qr_code: Secret::new(qr_code),
        backup_codes: codes.iter().map(BackupCode::to_text).collect(),
    })
}

/// Checks a code of the factor that waits, without using it up: the same one confirms it. Where none waits, the factor
/// in force is checked, and what was shown is used up.
///
/// # Errors
/// [`SecondFactorError`]
pub async fn check(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    shown: &Shown,
) -> Result<(), SecondFactorError> {
    match find_staged(ctx, caller).await {
        Ok(waiting) => {
            let step = waiting.step_of(ctx, caller, shown).await?;
            give_back(ctx, caller.user.id).await;
            step.map(|_| ()).ok_or(SecondFactorError::WrongCode)
        }
        Err(SecondFactorError::Expired) => {
            prove_present(ctx, caller.user.id, shown, AuditAction::VerifyFactor).await.map(|_| ())
        }
        Err(error) => Err(error),
    }
}

/// Makes the factor that waits the account's, with a code of it. All other sessions end (MF-13).
///
/// # Errors
/// [`SecondFactorError`]; the present factor stays in force.
pub async fn confirm(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    shown: &Shown,
) -> Result<(), SecondFactorError> {
    let user = caller.user.id;
    let waiting = find_staged(ctx, caller).await?;
    let step = waiting.step_of(ctx, caller, shown).await?.ok_or(SecondFactorError::WrongCode)?;
    let present = ctx.ports.find_second_factor(user).await?;
    // Only who has shown the present factor replaces it.
    if present.as_ref().is_some_and(StoredFactor::is_in_force) != waiting.replaces {
        return Err(SecondFactorError::Concurrent);
    }
    let hash = step_of_session(caller.claims.sid);
    if ctx.ports.complete_challenge(user, &hash, Some(step), ctx.now).await? == Completed::No {
        return Err(SecondFactorError::WrongCode);
    }
    let stored = StoredFactor {
        secret: Some(setup::seal(ctx, &waiting.secret, STORED, user)?),
        backup_codes: waiting.backup_codes,
        reset: None,
    };
    let event = audit::event(ctx, Some(user), AuditAction::EnrollFactor, AuditOutcome::Success)?;
    let replaced = ctx.ports.replace_second_factor(user, present.as_ref(), Some(stored), event).await?;
    let credential_version = replaced.stored()?;
    give_back(ctx, user).await;
    keep(ctx, caller, credential_version).await
}

/// Takes the caller's factor away. All other sessions end.
///
/// # Errors
/// [`SecondFactorError`]
pub async fn disable(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    shown: Option<&Shown>,
) -> Result<(), SecondFactorError> {
    let user = caller.user.id;
    if ctx.settings().await?.is_on("ENABLE_MFA") {
        return Err(SecondFactorError::Required);
    }
    let stored = ctx.ports.find_second_factor(user).await?.filter(StoredFactor::is_in_force);
    if stored.is_none() {
        return Err(SecondFactorError::Off);
    }
    let shown = shown.ok_or(SecondFactorError::NothingShown)?;
    let stored = prove_present(ctx, user, shown, AuditAction::DisableFactor).await?;
    let event = audit::event(ctx, Some(user), AuditAction::DisableFactor, AuditOutcome::Success)?;
    let replaced = ctx.ports.replace_second_factor(user, Some(&stored), None, event).await?;
    keep(ctx, caller, replaced.stored()?).await
}

/// New backup codes in the place of all old ones (MF-11). All other sessions end.
///
/// # Errors
/// [`SecondFactorError`]
pub async fn renew_codes(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    shown: Option<&Shown>,
) -> Result<Vec<Secret<String>>, SecondFactorError> {
    let shown = shown.ok_or(SecondFactorError::NothingShown)?;
    let stored = prove_present(ctx, caller.user.id, shown, AuditAction::RegenerateCodes).await?;
    let (codes, credential_version) = super::manage::replace_codes(ctx, caller.user.id, &stored).await?;
    keep(ctx, caller, credential_version).await?;
    Ok(codes)
}

/// Ends all other sessions of the caller's, for another version of their credential.
async fn keep(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    credential_version: u32,
) -> Result<(), SecondFactorError> {
    let (user, kept) = (caller.user.id, caller.claims.sid);
    let ended = ctx.ports.keep_session(user, kept, credential_version, ctx.now).await?;
    Ok(sign_out::forget_all(ctx, &ended).await?)
}

/// The caller shows their factor, for the sake of something else. Somebody without one has nothing to show.
///
/// # Errors
/// [`SecondFactorError`]
pub async fn prove(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    shown: Option<&Shown>,
    action: AuditAction,
) -> Result<(), SecondFactorError> {
    let stored = ctx.ports.find_second_factor(user).await?;
    if !stored.as_ref().is_some_and(StoredFactor::is_in_force) {
        return Ok(());
    }
    let shown = shown.ok_or(SecondFactorError::NothingShown)?;
    prove_present(ctx, user, shown, action).await.map(|_| ())
}

/// A factor that waits for its first code.
struct Waiting {
    secret: TotpSecret,
    /// Whether the factor in force was shown.
    replaces: bool,
    backup_codes: BackupCodes,
}

async fn find_staged(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
) -> Result<Waiting, SecondFactorError> {
    let user = caller.user.id;
    let (hash, generations) = (step_of_session(caller.claims.sid), ctx.settings().await?.generations);
    // Codes are counted for the account; ten guesses an hour are what one factor stands.
    let found = ctx.ports.find_challenge(user, &hash, Attempt::Free, generations, ctx.now).await?;
    let ChallengeLookup::Alive(challenge) = found else { return Err(SecondFactorError::Expired) };
    let staged = challenge.staged.as_deref().zip(challenge.staged_codes);
    let (sealed, backup_codes) = staged.ok_or(SecondFactorError::Expired)?;
    let credential = ctx.ports.load_credential(user).await?.ok_or(SecondFactorError::NoAccount)?;
    if credential.version != challenge.credential_version {
        return Err(SecondFactorError::Concurrent);
    }
    let secret = setup::open(ctx, sealed, STAGED, user)?;
    Ok(Waiting { secret, replaces: challenge.kind == ChallengeKind::Replace, backup_codes })
}

impl Waiting {
    /// The step of a code of the new secret.
    async fn step_of(
        &self,
        ctx: &Ctx<'_, impl Ports>,
        caller: &Authenticated,
        shown: &Shown,
    ) -> Result<Option<Step>, SecondFactorError> {
        let user = caller.user.id;
        spend(ctx, user).await?;
        let code = if shown.is_backup { None } else { TotpCode::parse(shown.code.expose_secret()) };
        let step = code.and_then(|code| self.secret.verify(&code, ctx.now, None));
        if step.is_none() {
            refused(ctx, user, AuditAction::EnrollFactor).await;
        }
        Ok(step)
    }
}

impl From<Unproved> for SecondFactorError {
    fn from(unproved: Unproved) -> Self {
        match unproved {
            Unproved::Gone => Self::NoAccount,
            Unproved::Throttled { retry_after } => Self::Throttled { retry_after },
            Unproved::Unavailable(fault) => fault.into(),
            Unproved::WrongPassword => Self::Reauthenticate,
        }
    }
}
