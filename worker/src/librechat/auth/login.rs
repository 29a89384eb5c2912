use portico_core::{
    flow::{
        Grant,
        directory::DirectoryLogin,
        second_factor::Next,
        sign_in::{self, PasswordLogin, SignInError},
        sign_out,
    },
    oauth::pending::Dialect,
    ports::Ports,
    secret::Secret,
    session::ChallengeKind,
};
use serde_json::json;

use crate::{
    directories,
    http::{
        answer::{self, Answer},
        cookie::{self, Found, REFRESH_TOKEN},
    },
    librechat::{body::Body, error::Error, view},
    router::{Call, Cookies},
};

/// `POST /api/auth/login`: e-mail and password for a session, or for a second step.
///
/// # Errors
/// 400, 403, 404, 415, 422, 429 or 503.
pub async fn login(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let pages = &call.config.pages;
    if !pages.email_login && !pages.email_login_override {
        return Err(SignInError::PasswordSignInOff.into());
    }
    match sign_in(call, form(call)?).await? {
        Next::Challenge(issued) if issued.kind == ChallengeKind::Verify => Ok(answer::json(
            http::StatusCode::OK,
            &json!({"twoFAPending": true, "tempToken": issued.token.expose_secret()}),
        )),
        Next::Challenge(_) => Err(Error::factor_needed()),
        Next::Pending => Err(SignInError::Pending.into()),
        Next::Session(signed_in) => {
            end_previous(call).await;
            let refresh = signed_in.refresh.as_ref().ok_or_else(Error::unwelcome)?;
            Ok(view::session(call, &signed_in.token, &signed_in.user, refresh))
        }
    }
}

/// With the directory's password where the deployment has one for this dialect, which is then the only way unless it says
/// otherwise (contract §7).
async fn sign_in(call: &Call<'_, impl Ports>, form: PasswordLogin) -> Result<Next, Error> {
    if call.ctx.policy.directory.members.is_none() {
        return Ok(sign_in::with_password(&call.ctx, form).await?);
    }
    let login = DirectoryLogin {
        name: form.email.clone(),
        password: form.password.clone(),
        dialect: Dialect::LibreChat,
        previous_token: None,
    };
    Ok(directories::sign_in_or_local(&call.ctx, login, form).await?)
}

fn form<P>(call: &Call<'_, P>) -> Result<PasswordLogin, Error> {
    let mut body = Body::of(call.request)?;
    let (email, password) = (body.optional("email"), body.optional("password"));
    if !body.is_sound() {
        return Err(Error::not_found(&body.issues()));
    }
    let (Some(email), Some(password)) = (email, password) else {
        return Err(Error::not_found("Missing credentials"));
    };
    Ok(PasswordLogin {
        email: email.trim().to_string(),
        password: Secret::new(password),
        previous_token: None,
        grant: Grant::Refreshable,
    })
}

/// Ends the session that this browser had so far (SE-04).
pub(in crate::librechat) async fn end_previous(call: &Call<'_, impl Ports>) {
    if call.cookies == Cookies::Count
        && let Found::One(token) = cookie::find(call.request.headers(), REFRESH_TOKEN)
    {
        sign_out::end_previous_refreshable(&call.ctx, token).await;
    }
}
