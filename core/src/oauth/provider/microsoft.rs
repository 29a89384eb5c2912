use alloc::{
    borrow::ToOwned as _,
    string::{String, ToString as _},
};

use serde_json::{Map, Value};

use super::{Preset, PresetEndpoints, ResponseMode};

/// <https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference>
pub(super) const PRESET: Preset = Preset {
    // Of a tenant, which the deployment names.
    endpoints: PresetEndpoints::Configured,
    scope: "openid email profile",
    response_mode: ResponseMode::Query,
    authorize: &[],
    quotes_booleans: false,
    normalise,
};

/// Tenants write into `email` what they like; only `xms_edov` says that somebody has looked whose domain it is.
fn normalise(claims: &mut Map<String, Value>) {
    let is_owned = match claims.get("xms_edov") {
        Some(Value::Bool(owned)) => *owned,
        Some(Value::Number(number)) => number.as_u64() == Some(1),
        Some(Value::String(text)) => text == "1" || text == "true",
        _ => false,
    };
    claims.insert("email_verified".to_owned(), Value::Bool(is_owned));
}

/// The issuer that a tenant's tokens name, where one discovery document is for many of them.
pub(crate) fn issuer_of_tenant(template: &str, claims: &Map<String, Value>) -> Option<String> {
    let tenant = claims.get("tid")?.as_str()?;
    let is_guid = tenant.len() == 36
        && tenant.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    is_guid.then(|| template.replace(TENANT_PLACE, tenant).to_string())
}

/// Stands for the tenant in the issuer of a discovery document that is for many of them.
pub(crate) const TENANT_PLACE: &str = "{tenantid}";
