//! `GET /api/roles/{name}`: what a role may do, in the dialect's own tree (contract §11).

use http::StatusCode;
use portico_core::{
    permission::{Feature, PermissionSet},
    ports::Ports,
    user::Role,
};
use serde_json::{Map, Value, json};

use super::{caller::Member, error::Error, view};
use crate::{
    http::answer::{self, Answer},
    router::Call,
};

/// What decides about a permission of a member.
#[derive(Clone, Copy)]
enum Rule {
    /// They have it.
    Yes,
    /// They do not.
    No,
    /// They have it where everybody has a permission of ours.
    If(Feature),
}

use Rule::{If, No, Yes};

/// Kinds of things, what can be done with each, and what members may. Only where the two trees mean the same does ours
/// decide.
const MEMBERS: &[(&str, &[(&str, Rule)])] = &[
    ("PROMPTS", &[("USE", Yes), ("CREATE", Yes), ("SHARE", No), ("SHARE_PUBLIC", No)]),
    ("BOOKMARKS", &[("USE", Yes)]),
    (
        "MEMORIES",
        &[
            ("USE", If(Feature::FeaturesMemories)),
            ("CREATE", If(Feature::FeaturesMemories)),
            ("UPDATE", If(Feature::FeaturesMemories)),
            ("READ", If(Feature::FeaturesMemories)),
            ("OPT_OUT", Yes),
        ],
    ),
    ("AGENTS", &[("USE", Yes), ("CREATE", Yes), ("SHARE", No), ("SHARE_PUBLIC", No)]),
    ("MULTI_CONVO", &[("USE", If(Feature::ChatMultipleModels))]),
    ("TEMPORARY_CHAT", &[("USE", If(Feature::ChatTemporary))]),
    ("RUN_CODE", &[("USE", If(Feature::FeaturesCodeInterpreter))]),
    ("WEB_SEARCH", &[("USE", If(Feature::FeaturesWebSearch))]),
    ("FILE_SEARCH", &[("USE", Yes)]),
    ("FILE_CITATIONS", &[("USE", Yes)]),
    ("PEOPLE_PICKER", &[("VIEW_USERS", No), ("VIEW_GROUPS", No), ("VIEW_ROLES", No)]),
    ("MARKETPLACE", &[("USE", No)]),
    (
        "MCP_SERVERS",
        &[("USE", Yes), ("CREATE", No), ("SHARE", No), ("SHARE_PUBLIC", No), ("CONFIGURE_OBO", No)],
    ),
    ("REMOTE_AGENTS", &[("USE", No), ("CREATE", No), ("SHARE", No), ("SHARE_PUBLIC", No)]),
    ("SKILLS", &[("USE", Yes), ("CREATE", Yes), ("SHARE", No), ("SHARE_PUBLIC", No)]),
    ("SHARED_LINKS", &[("CREATE", If(Feature::ChatShare)), ("SHARE", Yes), ("SHARE_PUBLIC", Yes)]),
    ("SCHEDULES", &[("USE", Yes), ("CREATE", Yes)]),
];

/// `GET /api/roles/{name}`: one's own role, and that of members.
///
/// # Errors
/// 401, 403, 404 or 503.
pub async fn role(call: &Call<'_, impl Ports>, caller: Member) -> Result<Answer, Error> {
    let of_caller = caller.session.user.role;
    let role = match call.param("name") {
        "USER" => Role::User,
        "ADMIN" => Role::Admin,
        _ if of_caller == Role::Admin => return Err(Error::not_found("Role not found")),
        _ => return Err(Error::forbidden("Unauthorized")),
    };
    if role == Role::Admin && of_caller != Role::Admin {
        return Err(Error::forbidden("Unauthorized"));
    }
    let defaults = call.ctx.settings().await?.default_permissions;
    let (name, description) = match role {
        Role::Admin => (view::role(role), "Administrators"),
        Role::Pending | Role::User => (view::role(role), "Members"),
    };
    let view = json!({"name": name, "description": description, "permissions": tree(role, defaults)});
    Ok(answer::json(StatusCode::OK, &view))
}

fn tree(role: Role, defaults: PermissionSet<Feature>) -> Value {
    let may = |rule: Rule| match rule {
        _ if role == Role::Admin => true,
        Yes => true,
        No => false,
        If(feature) => defaults.contains(feature),
    };
    let kinds = MEMBERS.iter().map(|(kind, permissions)| {
        let permissions = permissions.iter().map(|(name, rule)| ((*name).to_string(), json!(may(*rule))));
        ((*kind).to_string(), Value::Object(permissions.collect()))
    });
    Value::Object(kinds.collect::<Map<_, _>>())
}
