use portico_core::{flow::denial::Denial, ports::Ports};

use crate::{
    http::answer::Answer,
    open_webui::{caller, error::Error, validate::Fields},
    router::Call,
};

/// `POST /api/v1/auths/ldap`: signing in with a directory's password.
///
/// # Errors
/// 400, 403, 422 or 503.
pub async fn ldap(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let mut fields = Fields::of(call.request)?;
    let (Some(_), Some(password)) = (fields.string("user"), fields.string("password")) else {
        return Err(fields.into_error());
    };
    if !call.ctx.settings().await?.is_on("ENABLE_LDAP") {
        return Err(Error::refused("LDAP authentication is not enabled"));
    }
    if !call.ctx.policy.password_sign_in {
        return Err(portico_core::flow::sign_in::SignInError::PasswordSignInOff.into());
    }
    // A bind without a password succeeds for anybody (RFC 4513 §5.1.2; LD-01).
    if password.trim().is_empty() || password.contains('\0') {
        return Err(portico_core::flow::sign_in::SignInError::WrongPassword.into());
    }
    caller::note(call, Denial::NotTaken).await;
    Err(Error::refused("LDAP authentication failed."))
}
