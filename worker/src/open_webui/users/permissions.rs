//! What members may do, and what everybody may do.

use http::StatusCode;
use portico_core::{
    flow::configure,
    permission::{Feature, Permission as _, PermissionSet, PermissionTree},
    ports::Ports,
    settings,
};
use serde_json::{Map, Value, json};

use crate::{
    http::answer::{self, Answer},
    open_webui::{
        caller::{Admin, Verified},
        error::Error,
        validate::Fields,
    },
    router::Call,
};

/// `GET /api/v1/users/permissions`: what the caller may do.
///
/// # Errors
/// None of its own.
pub async fn own(_: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    Ok(answer::json(StatusCode::OK, &caller.permissions().tree()))
}

/// `GET /api/v1/users/default/permissions`: what everybody may do.
///
/// # Errors
/// 503.
pub async fn read_default(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    Ok(tree(call.ctx.settings().await?.default_permissions))
}

/// `GET /api/v1/users/default/permissions/defaults`: what everybody may do where nobody has said anything else.
///
/// # Errors
/// None of its own.
pub async fn built_in(call: &Call<'_, impl Ports>, _: Admin<'_>) -> Result<Answer, Error> {
    Ok(tree(call.ctx.policy.defaults.permissions))
}

/// `POST /api/v1/users/default/permissions`: all sections; a leaf that is not there gets its default of the contract.
///
/// # Errors
/// 403, 409, 422 or 503.
pub async fn write_default(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let mut fields = Fields::of(call.request)?;
    let mut form = Map::new();
    for leaves in Feature::ALL.chunk_by(|a, b| a.section() == b.section()) {
        let Some(name) = leaves.first().map(|leaf| leaf.section()) else { continue };
        let Some(mut section) = fields.section(name) else { continue };
        let granted: Map<_, _> = leaves
            .iter()
            .map(|leaf| {
                let granted = section.optional_flag(leaf.name()).unwrap_or_else(|| leaf.default());
                (leaf.name().to_string(), json!(granted))
            })
            .collect();
        fields.absorb(section);
        form.insert(name.to_string(), Value::Object(granted));
    }
    if fields.has_issues() {
        return Err(fields.into_error());
    }
    let form = settings::PERMISSIONS.iter().map(|spec| (spec, Value::Object(form.clone()))).collect();
    let changed = configure::change(&call.ctx, (admin.id(), admin.presence()), form).await?;
    Ok(tree(changed.settings.default_permissions))
}

fn tree(permissions: PermissionSet<Feature>) -> Answer {
    answer::json(StatusCode::OK, &PermissionTree(permissions))
}
