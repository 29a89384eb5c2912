//! What becomes of a factor that is there.

use alloc::{string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{
    Ctx, Issued, Proved, SecondFactorError, Shown, Status, account, audit, find, give_back, issue,
    proof::prove_again, refused, spend,
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    flow::{current_session::Authenticated, sign_out},
    id::UserId,
    ports::{PortError, Ports, ResetTicket, StoredFactor},
    secret::Secret,
    session::{Attempt, ChallengeKind, Completed},
    time::Lifetime,
    totp::{BackupCode, BackupCodes},
};

/// How long what an operator gives out is good for.
const RESET_LIFETIME: Lifetime = Lifetime::from_minutes(60);

/// Whether the caller has a factor.
///
/// # Errors
/// When the store can not be read.
pub async fn status(ctx: &Ctx<'_, impl Ports>, caller: &Authenticated) -> Result<Status, PortError> {
    let stored = ctx.ports.find_second_factor(caller.user.id).await?;
    let enabled = stored.as_ref().is_some_and(StoredFactor::is_in_force);
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
        proof: caller.claims.auth_method.into(),
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
    let (codes, _) = replace_codes(ctx, user, &stored).await?;
    sign_out::end_all(ctx, user).await?;
    Ok(codes)
}

/// Stores new backup codes in the place of all others; with the version of the credential that begins with them.
pub(super) async fn replace_codes(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    stored: &StoredFactor,
) -> Result<(Vec<Secret<String>>, u32), SecondFactorError> {
    let (codes, backup_codes) = BackupCodes::generate(user, &ctx.policy.backup_code_key, ctx.ports)?;
    let event = audit::event(ctx, Some(user), AuditAction::RegenerateCodes, AuditOutcome::Success)?;
    let renewed = StoredFactor { backup_codes, ..stored.clone() };
    let replaced = ctx.ports.replace_second_factor(user, Some(stored), Some(renewed), event).await?;
    Ok((codes.iter().map(BackupCode::to_text).collect(), replaced.stored()?))
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
    if ctx.is_out_of_reach(admin, target).await? {
        return Err(SecondFactorError::PrimaryAdmin);
    }
    // Somebody who has none would be asked for what they never had, even where nobody needs one.
    ctx.ports.load_credential(target).await?.ok_or(SecondFactorError::NoAccount)?;
    let present = ctx.ports.find_second_factor(target).await?.ok_or(SecondFactorError::Off)?;
    let mut bytes = [0; 32];
    ctx.ports.fill(&mut bytes)?;
    let token = Secret::new(URL_SAFE_NO_PAD.encode(bytes));
    let reset = ResetTicket { hash: digest(token.expose_secret()), expires_at: ctx.now.plus(RESET_LIFETIME) };
    let factor = StoredFactor { secret: None, backup_codes: BackupCodes::default(), reset: Some(reset) };
    let event = audit::event_about(ctx, admin, target, AuditAction::ResetFactor)?;
    ctx.ports.replace_second_factor(target, Some(&present), Some(factor), event).await?.stored()?;
    sign_out::end_all(ctx, target).await?;
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

fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}
