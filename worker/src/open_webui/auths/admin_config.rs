//! `/api/v1/auths/admin/config*`: the settings, in the forms that the admin pages send.

use http::StatusCode;
use portico_core::{
    flow::configure::{self, Change, Form},
    ports::Ports,
    settings::{self, Settings, Spec},
};
use serde_json::{Map, Value, json};

use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::Admin, error::Error, validate::Fields},
    router::Call,
};

/// `GET /api/v1/auths/admin/config`
///
/// # Errors
/// 503.
pub async fn read(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    Ok(shown(shown_settings(&*call.ctx.settings().await?, settings::ADMIN)))
}

/// `POST /api/v1/auths/admin/config`: what the form leaves out stays.
///
/// # Errors
/// 400, 403, 409, 422 or 503.
pub async fn write(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let Change { settings, sessions_revoked } = change(call, &admin, form(call, settings::ADMIN)?).await?;
    let mut view = shown_settings(&settings, settings::ADMIN);
    view.insert("sessions_revoked".to_string(), json!(sessions_revoked));
    Ok(shown(view))
}

/// `GET /api/v1/auths/admin/config/ldap`
///
/// # Errors
/// 503.
pub async fn read_ldap(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    Ok(ldap_switch(&*call.ctx.settings().await?))
}

/// `POST /api/v1/auths/admin/config/ldap`: null and nothing change nothing.
///
/// # Errors
/// 422 or 503.
pub async fn write_ldap(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let changed = change(call, &admin, form(call, settings::LDAP_SWITCH)?).await?;
    Ok(ldap_switch(&changed.settings))
}

fn ldap_switch(settings: &Settings) -> Answer {
    answer::json(StatusCode::OK, &json!({"ENABLE_LDAP": settings.is_on("ENABLE_LDAP")}))
}

/// `GET /api/v1/auths/admin/config/ldap/server`
///
/// # Errors
/// 503.
pub async fn read_ldap_server(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    Ok(shown(shown_settings(&*call.ctx.settings().await?, settings::LDAP)))
}

/// `POST /api/v1/auths/admin/config/ldap/server`
///
/// # Errors
/// 400, 422 or 503.
pub async fn write_ldap_server(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    const NEEDED: [&str; 5] =
        ["label", "host", "attribute_for_mail", "attribute_for_username", "search_base"];
    let form = form(call, settings::LDAP)?;
    let current = call.ctx.settings().await?;
    let value = |field: &str| {
        let spec = settings::LDAP.iter().find(|spec| spec.field == field);
        let given = form.iter().find(|(spec, _)| spec.field == field).map(|(_, value)| value);
        given.or_else(|| spec.map(|spec| current.value(spec))).unwrap_or(&Value::Null)
    };
    let is_blank = |field: &str| value(field).as_str().is_some_and(|text| text.trim().is_empty());
    if let Some(field) = NEEDED.into_iter().find(|field| is_blank(field)) {
        return Err(Error::empty_field(field));
    }
    if *value("enable_group_management") == json!(true) && is_blank("attribute_for_groups") {
        return Err(Error::empty_field("attribute_for_groups"));
    }
    Ok(shown(shown_settings(&change(call, &admin, form).await?.settings, settings::LDAP)))
}

/// `GET /api/v1/auths/admin/config/oauth`
///
/// # Errors
/// 503.
pub async fn read_oauth(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    Ok(oauth(call, &*call.ctx.settings().await?))
}

/// `POST /api/v1/auths/admin/config/oauth`: null and nothing change nothing.
///
/// # Errors
/// 400, 422 or 503.
pub async fn write_oauth(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let changed = change(call, &admin, form(call, settings::OAUTH)?).await?;
    Ok(oauth(call, &changed.settings))
}

fn oauth<P>(call: &Call<'_, P>, settings: &Settings) -> Answer {
    let mut view = shown_settings(settings, settings::OAUTH);
    view.insert("ENABLE_OAUTH_PERSISTENT_CONFIG".to_string(), json!(call.config.oauth_persistent_config));
    shown(view)
}

async fn change(call: &Call<'_, impl Ports>, admin: &Admin<'_>, form: Form) -> Result<Change, Error> {
    Ok(configure::change(&call.ctx, (admin.id(), admin.presence()), form).await?)
}

fn form<P>(call: &Call<'_, P>, specs: &'static [Spec]) -> Result<Form, Error> {
    let mut fields = Fields::of(call.request)?;
    let form = specs.iter().filter_map(|spec| Some((spec, fields.setting(spec)?))).collect();
    if fields.has_issues() { Err(fields.into_error()) } else { Ok(form) }
}

fn shown_settings(settings: &Settings, specs: &[Spec]) -> Map<String, Value> {
    specs.iter().map(|spec| (spec.field.to_string(), settings.shown(spec))).collect()
}

fn shown(view: Map<String, Value>) -> Answer {
    answer::json(StatusCode::OK, &view)
}
