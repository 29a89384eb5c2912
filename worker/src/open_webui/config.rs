use http::StatusCode;
use portico_core::{
    flow::current_session,
    permission::PermissionTree,
    ports::{InstanceState, Ports},
    user::{Role, SignUpPolicy},
};
use serde_json::{Value, json};

use super::{error::Error, version::API_VERSION, view::TOKEN_COOKIE};
use crate::{
    http::{
        answer::{self, Answer},
        credential::{self, Credential},
    },
    router::Call,
};

/// `GET /api/config`: what a login page has to know, and a little more for people who are signed in.
/// A credential that does not work is no error here: its bearer sees what everybody sees.
///
/// # Errors
/// 503 when the stored state can not be read.
pub async fn config(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let state = call.ctx.ports.instance_state().await?;
    let caller = match credential::read(call.request.headers(), TOKEN_COOKIE) {
        Credential::Present(token) => current_session::authenticate(&call.ctx, token).await.ok(),
        Credential::Missing | Credential::Unusable => None,
    };
    let mut view = public_view(call, state);
    match caller {
        None if !state.has_users => insert(&mut view, "onboarding", json!(true)),
        None => {}
        Some(caller) => {
            if let Some(features) = view.get_mut("features") {
                insert(features, "enable_api_keys", json!(false));
                insert(features, "enable_password_change_form", json!(false));
            }
            match caller.user.role {
                Role::Admin | Role::User => {
                    insert(
                        &mut view,
                        "permissions",
                        json!(PermissionTree(call.ctx.policy.default_permissions)),
                    );
                }
                Role::Pending => insert(
                    &mut view,
                    "ui",
                    json!({"pending_user_overlay_title": "", "pending_user_overlay_content": ""}),
                ),
            }
        }
    }
    Ok(answer::json(StatusCode::OK, &view))
}

fn public_view<P>(call: &Call<'_, P>, state: InstanceState) -> Value {
    let config = call.config;
    json!({
        "status": true,
        "name": config.policy.site_name,
        "version": API_VERSION,
        "default_locale": config.default_locale,
        "i18n": {},
        "oauth": {"providers": {}, "auto_redirect": false},
        "features": {
            "auth": true,
            "auth_trusted_header": false,
            "enable_signup_password_confirmation": config.password_confirmation,
            "enable_ldap": false,
            "enable_signup": shows_sign_up(call.ctx.policy.sign_up, state),
            "enable_login_form": config.login_form,
            "enable_websocket": true,
        },
    })
}

/// Whether a sign-up form makes sense; whether a sign-up succeeds is decided when it comes.
fn shows_sign_up(policy: SignUpPolicy, state: InstanceState) -> bool {
    match policy {
        SignUpPolicy::Always => true,
        SignUpPolicy::FirstUserOnly => !state.has_users,
        SignUpPolicy::Never => false,
        SignUpPolicy::UntilFirstUser => !state.has_users || state.sign_up_enabled.unwrap_or(true),
    }
}

fn insert(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_string(), value);
    }
}
