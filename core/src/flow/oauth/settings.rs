//! What administrators say about accounts elsewhere, read from the settings once for each use.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use serde_json::{Value, json};

use crate::{
    email::Email,
    oauth::{OAuthPolicy, access::AccessRules, claims::ClaimNames, client::PATIENCE},
    settings::Settings,
    time::Lifetime,
};

/// Where claims stand (open-webui.md §8.4).
pub(super) fn claim_names(settings: &Settings, policy: &OAuthPolicy) -> ClaimNames {
    let text = |name: &str, default: &str| settings.text(name).unwrap_or(default).to_string();
    ClaimNames {
        subject: settings.text("OAUTH_SUB_CLAIM").map(ToString::to_string),
        email: text("OAUTH_EMAIL_CLAIM", "email"),
        name: text("OAUTH_USERNAME_CLAIM", "name"),
        username: match policy.username_claim.as_str() {
            "" => "preferred_username".to_string(),
            claim => claim.to_string(),
        },
        // An empty name is no picture.
        picture: settings.named("OAUTH_PICTURE_CLAIM").as_str().unwrap_or("picture").to_string(),
        roles: text("OAUTH_ROLES_CLAIM", "roles"),
        roles_separator: policy.roles_separator.clone(),
        groups: text("OAUTH_GROUP_CLAIM", "groups"),
        groups_separator: policy.groups_separator.clone(),
    }
}

/// What roles and groups there mean here (open-webui.md §8.6).
pub(super) fn access_rules(settings: &Settings) -> AccessRules {
    AccessRules {
        manages_roles: settings.is_on("ENABLE_OAUTH_ROLE_MANAGEMENT"),
        allowed_roles: comma_list(settings, "OAUTH_ALLOWED_ROLES"),
        admin_roles: comma_list(settings, "OAUTH_ADMIN_ROLES"),
        manages_groups: settings.is_on("ENABLE_OAUTH_GROUP_MANAGEMENT"),
        creates_groups: settings.is_on("ENABLE_OAUTH_GROUP_CREATION"),
        blocked_groups: settings
            .text("OAUTH_BLOCKED_GROUPS")
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default(),
    }
}

/// Whether an address is of a domain that is let in (open-webui.md §8.5).
pub(super) fn admits_domain(settings: &Settings, email: &Email) -> bool {
    let domains = comma_list(settings, "OAUTH_ALLOWED_DOMAINS");
    let domain = email.as_str().rsplit_once('@').map_or("", |(_, domain)| domain);
    domains.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(domain))
}

/// The data of a group that is made because a provider knows it.
pub(super) fn group_data(settings: &Settings) -> Value {
    let share = match settings.named("OAUTH_GROUP_DEFAULT_SHARE") {
        Value::Null => json!(true),
        share => share.clone(),
    };
    json!({"config": {"share": share}})
}

/// How long a server may take over an answer: what a setting says, within bounds (OA-17).
pub(super) fn patience(settings: &Settings, name: &str) -> Lifetime {
    let seconds = settings.named(name).as_u64().filter(|seconds| *seconds > 0);
    seconds.map_or(PATIENCE, |seconds| Lifetime::from_seconds(seconds).min(PATIENCE))
}

fn comma_list(settings: &Settings, name: &str) -> Vec<String> {
    let text = settings.text(name).unwrap_or_default();
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(ToString::to_string).collect()
}
