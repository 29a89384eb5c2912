//! Setting a factor up.

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
};

use super::{
    Ctx, Enrolled, Next, Proved, SecondFactorError, Setup, account, audit, find, give_back, open_verified,
    record, refused, spend,
};
use crate::{
    audit::{AuditAction, AuditOutcome},
    flow::{Grant, sign_out},
    id::UserId,
    ports::{PortError, Ports, StoredFactor},
    seal::Place,
    secret::Secret,
    session::{Attempt, ChallengeKind, Completed},
    totp::{BackupCode, BackupCodes, SECRET_BYTES, TotpCode, TotpSecret, qr_svg},
    user::Account,
};

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
    let present = ctx.ports.find_second_factor(user).await?;
    // Only who has shown the present factor replaces it.
    let has_factor = present.as_ref().is_some_and(StoredFactor::is_in_force);
    if has_factor != (challenge.kind == ChallengeKind::Replace) {
        return Err(SecondFactorError::Concurrent);
    }
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
    let replaced = ctx.ports.replace_second_factor(user, present.as_ref(), Some(stored), event).await?;
    let credential_version = replaced.stored()?;
    // The password was changed in this moment: that was not the credential which was proved.
    if credential_version != account.credential_version + 1 {
        sign_out::end_all(ctx, user).await?;
        return Err(SecondFactorError::Concurrent);
    }
    sign_out::end_all(ctx, user).await?;
    give_back(ctx, user).await;
    let signed_in = match challenge.kind {
        ChallengeKind::Enroll => {
            let account = Account { credential_version, ..account };
            let signed_in = open_verified(ctx, account, &Proved::of(&challenge), Grant::Token).await?;
            let next = Next::Session(Box::new(signed_in.clone()));
            record(ctx, user, challenge.method, &next, 0).await?;
            Some(signed_in)
        }
        ChallengeKind::Recover | ChallengeKind::Replace | ChallengeKind::Stage | ChallengeKind::Verify => {
            None
        }
    };
    Ok(Enrolled { signed_in, backup_codes: codes.iter().map(BackupCode::to_text).collect() })
}

/// Where a secret stands: table and column.
pub(super) type Column = (&'static str, &'static str);
pub(super) const STAGED: Column = ("challenges", "staged");
pub(super) const STORED: Column = ("second_factors", "secret");

pub(super) fn seal(
    ctx: &Ctx<'_, impl Ports>,
    secret: &TotpSecret,
    (table, column): Column,
    user: UserId,
) -> Result<String, PortError> {
    let row = user.to_string();
    ctx.policy.sealing.seal(secret.expose_bytes(), &Place { table, column, row: &row }, ctx.ports)
}

/// A secret that does not open is no sign that there is none (SR-05).
pub(super) fn open(
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
