//! Showing a factor.

use serde_json::json;

use super::{
    Ctx, Proved, SecondFactorError, Shown, account, audit, find, give_back, open_verified, refused, setup,
    spend,
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    flow::{Grant, SignedIn, current_session::Authenticated},
    id::UserId,
    ports::{Ports, Replaced, StoredFactor},
    session::{Attempt, ChallengeKind, Completed, Use},
    time::Lifetime,
    totp::{BackupCode, BackupCodes, Step, TotpCode},
};

/// How long ago somebody may have signed in to change their factor (MF-09).
const FRESH_FOR: Lifetime = Lifetime::from_minutes(5);

/// Signs in with the factor.
///
/// # Errors
/// [`SecondFactorError`]; no session was opened.
pub async fn verify(
    ctx: &Ctx<'_, impl Ports>,
    token: &str,
    shown: &Shown,
    grant: Grant,
) -> Result<SignedIn, SecondFactorError> {
    let (token, challenge) = find(ctx, token, Attempt::Counts, &[ChallengeKind::Verify]).await?;
    let user = token.user;
    let account = account(ctx, user, &challenge).await?;
    ctx.policy.admit(&account.user, grant).map_err(|_| SecondFactorError::Pending)?;
    spend(ctx, user).await?;
    let stored = ctx.ports.find_second_factor(user).await?.ok_or(SecondFactorError::SignInAgain)?;
    let proof = check(ctx, user, &stored, shown, AuditAction::VerifyFactor).await?;
    if ctx.ports.complete_challenge(user, &token.hash(), proof.step(), ctx.now).await? == Completed::No {
        refused(ctx, user, AuditAction::VerifyFactor).await;
        return Err(SecondFactorError::WrongCode);
    }
    redeem(ctx, user, &stored, proof).await?;
    give_back(ctx, user).await;
    let signed_in = open_verified(ctx, account, &Proved::of(&challenge), grant).await?;
    let event = audit::event(ctx, Some(user), AuditAction::VerifyFactor, AuditOutcome::Success)?;
    ctx.ports.append(audit::detailed(event, &json!({"auth_method": challenge.method}))).await?;
    Ok(signed_in)
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

/// The caller shows their factor once more, soon after they signed in. What is stored after that.
pub(super) async fn prove_again(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    shown: &Shown,
    action: AuditAction,
) -> Result<StoredFactor, SecondFactorError> {
    if !is_fresh(ctx, caller) {
        return Err(SecondFactorError::Reauthenticate);
    }
    prove_present(ctx, caller.user.id, shown, action).await
}

/// Whether the caller has signed in just now.
pub(in crate::flow) fn is_fresh(ctx: &Ctx<'_, impl Ports>, caller: &Authenticated) -> bool {
    ctx.now < caller.claims.auth_time.plus(FRESH_FOR)
}

/// Somebody shows the factor that they have. What is stored after that.
pub(super) async fn prove_present(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    shown: &Shown,
    action: AuditAction,
) -> Result<StoredFactor, SecondFactorError> {
    let stored = ctx.ports.find_second_factor(user).await?.filter(StoredFactor::is_in_force);
    let stored = stored.ok_or(SecondFactorError::Off)?;
    spend(ctx, user).await?;
    let proof = check(ctx, user, &stored, shown, action).await?;
    if let Some(step) = proof.step()
        && ctx.ports.accept_totp_step(user, step, ctx.now).await? == Use::Before
    {
        refused(ctx, user, action).await;
        return Err(SecondFactorError::WrongCode);
    }
    let backup_codes = redeem(ctx, user, &stored, proof).await?;
    give_back(ctx, user).await;
    Ok(StoredFactor { backup_codes, ..stored })
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
        let secret = setup::open(ctx, sealed, setup::STORED, user)?;
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

/// Uses a backup code up: of many at once, one succeeds (MF-11). Those that are left.
async fn redeem(
    ctx: &Ctx<'_, impl Ports>,
    user: UserId,
    stored: &StoredFactor,
    proof: Proof,
) -> Result<BackupCodes, SecondFactorError> {
    let Proof::Backup(left) = proof else { return Ok(stored.backup_codes.clone()) };
    match ctx.ports.swap_backup_codes(user, &stored.backup_codes, &left).await? {
        Replaced::Yes => Ok(left),
        Replaced::No => Err(SecondFactorError::WrongCode),
    }
}
