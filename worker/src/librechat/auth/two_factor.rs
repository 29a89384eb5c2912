//! `/api/auth/2fa/*` (contract §5).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::StatusCode;
use portico_core::{
    flow::{
        Grant,
        second_factor::{self, SecondFactorError, Shown},
    },
    ports::Ports,
    secret::Secret,
};
use serde_json::json;

use super::login;
use crate::{
    http::answer::{self, Answer},
    librechat::{body::Body, caller::Member, error::Error, limits, view},
    router::Call,
};

/// `POST …/enable`, and `GET` for older clients: a new secret and new backup codes, both in force once a code
/// was shown.
///
/// # Errors
/// 400, 401, 403, 415, 429 or 503.
pub async fn enable(call: &Call<'_, impl Ports>, caller: Member) -> Result<Answer, Error> {
    let mut body = Body::of(call.request)?;
    let shown = shown(&mut body)?;
    let password = body.optional("password").map(Secret::new);
    if shown.is_some() {
        limits::spend_code(call, caller.session.user.id).await?;
    }
    let staged = second_factor::stage(&call.ctx, &caller.session, shown.as_ref(), password.as_ref()).await;
    let staged = staged.map_err(|error| match error {
        SecondFactorError::NothingShown => {
            Error::bad_request("TOTP token or backup code is required to re-enroll 2FA")
        }
        error => Error::factor(error),
    })?;
    let picture = STANDARD.encode(staged.qr_code.expose_secret());
    let codes: Vec<_> = staged.backup_codes.iter().map(|code| code.expose_secret().as_str()).collect();
    Ok(answer::json(
        StatusCode::OK,
        &json!({
            "otpauthUrl": staged.otpauth_uri.expose_secret(),
            "backupCodes": codes,
            "secret": staged.manual_key.expose_secret(),
            "qrCode": format!("data:image/svg+xml;base64,{picture}"),
        }),
    ))
}

/// `POST …/verify`: whether a code is right.
///
/// # Errors
/// 400, 401, 415, 429 or 503.
pub async fn verify(call: &Call<'_, impl Ports>, caller: Member) -> Result<Answer, Error> {
    let shown = code(call, &caller).await?;
    match second_factor::check(&call.ctx, &caller.session, &shown).await {
        Ok(()) => Ok(view::nothing()),
        Err(SecondFactorError::Off) => Err(SecondFactorError::Expired.into()),
        Err(error) => Err(error.into()),
    }
}

/// `POST …/confirm`: the new factor's first code.
///
/// # Errors
/// 400, 401, 409, 415, 429 or 503.
pub async fn confirm(call: &Call<'_, impl Ports>, caller: Member) -> Result<Answer, Error> {
    let shown = code(call, &caller).await?;
    match second_factor::confirm(&call.ctx, &caller.session, &shown).await {
        Ok(()) => Ok(view::nothing()),
        Err(SecondFactorError::WrongCode) => Err(SecondFactorError::WrongSetupCode.into()),
        Err(error) => Err(error.into()),
    }
}

/// `POST …/disable`: no second factor any more.
///
/// # Errors
/// 400, 401, 403, 409, 415, 429 or 503.
pub async fn disable(call: &Call<'_, impl Ports>, caller: Member) -> Result<Answer, Error> {
    let shown = optional_code(call, &caller).await?;
    let disabled = second_factor::disable(&call.ctx, &caller.session, shown.as_ref()).await;
    disabled.map_err(|error| match error {
        SecondFactorError::NothingShown => {
            Error::bad_request("Either token or backup code is required to disable 2FA")
        }
        error => Error::factor(error),
    })?;
    Ok(view::nothing())
}

/// `POST …/backup/regenerate`: new backup codes. What is stored of them stays here.
///
/// # Errors
/// 400, 401, 409, 415, 429 or 503.
pub async fn regenerate(call: &Call<'_, impl Ports>, caller: Member) -> Result<Answer, Error> {
    let shown = optional_code(call, &caller).await?;
    let codes = second_factor::renew_codes(&call.ctx, &caller.session, shown.as_ref()).await;
    let codes = codes.map_err(|error| match error {
        SecondFactorError::NothingShown => {
            Error::bad_request("TOTP token or backup code is required to regenerate backup codes")
        }
        error => Error::factor(error),
    })?;
    let codes: Vec<_> = codes.iter().map(|code| code.expose_secret().as_str()).collect();
    Ok(answer::json(StatusCode::OK, &json!({"backupCodes": codes, "backupCodesHash": []})))
}

/// `POST …/verify-temp`: the second step of signing in.
///
/// # Errors
/// 400, 401, 403, 415, 429 or 503.
pub async fn verify_temp(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let mut body = Body::of(call.request)?;
    let token = body.optional("tempToken");
    let shown = shown(&mut body)?;
    let Some(token) = token else { return Err(Error::bad_request("Missing temporary token")) };
    let expired = || Error::unauthorized("Invalid or expired temporary token");
    // Only who has a step that is alive counts against its account (TH-08).
    let step = second_factor::look_up(&call.ctx, &token).await.map_err(|error| match error {
        SecondFactorError::Expired => expired(),
        error => too_many(call, error),
    })?;
    limits::spend_code(call, step.token.user).await.map_err(|error| too_many(call, error))?;
    let shown = shown.ok_or_else(|| Error::unauthorized("Invalid 2FA code or backup code"))?;
    let verified = second_factor::verify(&call.ctx, &token, &shown, Grant::Refreshable).await;
    let signed_in = verified.map_err(|error| match error {
        SecondFactorError::Expired | SecondFactorError::Concurrent => expired(),
        SecondFactorError::WrongCode => Error::unauthorized("Invalid 2FA code or backup code"),
        error => too_many(call, error),
    })?;
    login::end_previous(call).await;
    let refresh = signed_in.refresh.as_ref().ok_or_else(Error::unwelcome)?;
    Ok(view::session(call, &signed_in.token, &signed_in.user, refresh))
}

/// This route has one text for everything that there is too much of (contract §8).
fn too_many<P>(call: &Call<'_, P>, error: SecondFactorError) -> Error {
    match error {
        SecondFactorError::Throttled { retry_after } | SecondFactorError::TooManyCodes { retry_after } => {
            limits::too_many_codes(call, retry_after)
        }
        error => error.into(),
    }
}

fn shown(body: &mut Body) -> Result<Option<Shown>, Error> {
    let shown = body.shown();
    if body.is_sound() { Ok(shown) } else { Err(Error::bad_request(&body.issues())) }
}

/// What the caller shows; nothing is a wrong code.
async fn code(call: &Call<'_, impl Ports>, caller: &Member) -> Result<Shown, Error> {
    let nothing = || Shown { code: Secret::new(String::new()), is_backup: false };
    Ok(optional_code(call, caller).await?.unwrap_or_else(nothing))
}

async fn optional_code(call: &Call<'_, impl Ports>, caller: &Member) -> Result<Option<Shown>, Error> {
    let shown = shown(&mut Body::of(call.request)?)?;
    if shown.is_some() {
        limits::spend_code(call, caller.session.user.id).await?;
    }
    Ok(shown)
}
