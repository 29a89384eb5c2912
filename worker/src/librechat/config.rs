//! The dialect's keys of `GET /api/config` (contract §1.9).

use portico_core::{
    flow::oauth, oauth::Provider, password::PasswordPolicy, ports::Ports, settings::Settings, user::Role,
};
use serde_json::{Map, Value, json};

use crate::router::Call;

/// What a login page has to know; more for a member or an administrator.
pub fn keys(call: &Call<'_, impl Ports>, settings: &Settings, role: Option<Role>) -> Map<String, Value> {
    let (pages, policy) = (&call.config.pages, call.ctx.policy);
    let uri = call.request.uri();
    let here = format!(
        "{}://{}",
        uri.scheme_str().unwrap_or("http"),
        uri.authority().map_or("", http::uri::Authority::as_str)
    );
    let social_login = call.config.oauth_pages.social_login;
    let providers = oauth::configured(&policy.oauth, settings);
    let has = |provider| social_login && providers.iter().any(|(known, _)| *known == provider);
    let is_open = settings.is_on("ENABLE_SIGNUP") || !settings.has_users;
    let mut keys = object(json!({
        "appTitle": pages.title,
        "discordLoginEnabled": has(Provider::Discord),
        "facebookLoginEnabled": has(Provider::Facebook),
        "githubLoginEnabled": has(Provider::Github),
        "googleLoginEnabled": has(Provider::Google),
        "appleLoginEnabled": has(Provider::Apple),
        "openidLoginEnabled": has(Provider::Openid),
        "openidLabel": call.config.oauth_pages.button_label,
        "openidAutoRedirect": settings.is_on("OAUTH_AUTO_REDIRECT"),
        "samlLoginEnabled": false,
        "serverDomain": pages.server.as_ref().unwrap_or(&here),
        "emailLoginEnabled": pages.email_login && policy.password_sign_in,
        "registrationEnabled": pages.registration && is_open && policy.directory.members.is_none(),
        "socialLoginEnabled": social_login,
        "emailEnabled": policy.mail.is_some(),
        "passwordResetEnabled": pages.password_reset,
        "ldap": ldap(call),
        "socialLogins": ["google", "facebook", "openid", "github", "discord", "saml"],
    }));
    if policy.password.min_code_points > PasswordPolicy::DEFAULT.min_code_points {
        keys.insert("minPasswordLength".to_string(), json!(policy.password.min_code_points));
    }
    if let Some(image) = &call.config.oauth_pages.button_image {
        keys.insert("openidImageUrl".to_string(), json!(image));
    }
    let mut interface = Map::new();
    if let Some(url) = &pages.privacy_policy {
        let link = json!({"externalUrl": url, "openNewTab": true});
        interface.insert("privacyPolicy".to_string(), link);
    }
    if let Some(url) = &pages.terms_of_service {
        let acceptance = pages.terms_acceptance;
        let link = json!({"externalUrl": url, "openNewTab": true, "modalAcceptance": acceptance});
        interface.insert("termsOfService".to_string(), link);
    }
    keys.insert("interface".to_string(), Value::Object(interface));
    if let Some(role @ (Role::Admin | Role::User)) = role {
        keys.insert("allowAccountDeletion".to_string(), json!(pages.account_deletion || role == Role::Admin));
        keys.insert("openidReuseTokens".to_string(), json!(call.config.oauth_pages.reuses_tokens));
        keys.insert("sharedLinksEnabled".to_string(), json!(true));
        keys.insert("publicSharedLinksEnabled".to_string(), json!(false));
        keys.insert("showBirthdayIcon".to_string(), json!(false));
        if let Some(help) = &pages.help {
            keys.insert("helpAndFaqURL".to_string(), json!(help));
        }
    }
    keys
}

fn ldap(call: &Call<'_, impl Ports>) -> Value {
    let enabled = call.ctx.policy.directory.members.is_some();
    match enabled && call.config.login_by_username {
        true => json!({"enabled": true, "username": true}),
        false => json!({"enabled": enabled}),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
