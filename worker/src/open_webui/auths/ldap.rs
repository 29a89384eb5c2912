use http::StatusCode;
use portico_core::{
    flow::{
        denial::Denial,
        directory::{DirectoryLogin, Finding},
    },
    oauth::pending::Dialect,
    ports::Ports,
    secret::Secret,
};
use serde_json::json;

use super::signin;
use crate::{
    directories,
    http::answer::{self, Answer},
    open_webui::{
        caller::{self, Admin},
        error::Error,
        validate::Fields,
    },
    router::Call,
};

/// `POST /api/v1/auths/ldap`: signing in with a directory's password.
///
/// # Errors
/// 400, 403, 422, 429 or 503.
pub async fn ldap(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let mut fields = Fields::of(call.request)?;
    let (Some(name), Some(password)) = (fields.string("user"), fields.string("password")) else {
        return Err(fields.into_error());
    };
    let login = DirectoryLogin {
        name,
        password: Secret::new(password),
        dialect: Dialect::OpenWebui,
        previous_token: signin::previous_token(call),
    };
    match directories::sign_in(&call.ctx, login).await {
        Ok(next) => Ok(signin::next(call, &next)),
        Err(error) => {
            if error.is_of_deployment() {
                caller::note(call, Denial::NotTaken).await;
            }
            Err(error.into())
        }
    }
}

/// `POST /api/v1/auths/admin/config/ldap/test`: tries the directory that is stored, and looks for somebody in it if the form
/// names them. Says in plain words what works and what does not.
///
/// # Errors
/// 422 or 503.
pub async fn test(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    let mut fields = Fields::of(call.request)?;
    let name = fields.optional_string("user");
    if fields.has_issues() {
        return Err(fields.into_error());
    }
    let name = name.filter(|name| !name.trim().is_empty());
    let trial = directories::try_out(&call.ctx, name.as_deref().map(str::trim)).await?;
    let finding =
        |Finding { step, works, text }: &Finding| json!({"step": step, "ok": works, "detail": text});
    let steps: Vec<_> = trial.findings.iter().map(finding).collect();
    Ok(answer::json(StatusCode::OK, &json!({"ok": trial.works(), "steps": steps})))
}
