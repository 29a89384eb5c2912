use portico_core::{flow::oauth, permission::PermissionTree, ports::Ports, settings::Settings, user::Role};
use serde_json::{Map, Value, json};

use super::version::API_VERSION;
use crate::router::Call;

/// Features of the application that are settings of ours: name in the answer, name of the setting.
const FEATURES: [(&str, &str); 17] = [
    ("enable_api_keys", "ENABLE_API_KEYS"),
    ("enable_folders", "ENABLE_FOLDERS"),
    ("folder_max_file_count", "FOLDER_MAX_FILE_COUNT"),
    ("enable_channels", "ENABLE_CHANNELS"),
    ("enable_encrypted_channels", "ENABLE_ENCRYPTED_CHANNELS"),
    ("enable_apps", "ENABLE_APPS"),
    ("enable_calendar", "ENABLE_CALENDAR"),
    ("enable_automations", "ENABLE_AUTOMATIONS"),
    ("enable_notes", "ENABLE_NOTES"),
    ("enable_community_sharing", "ENABLE_COMMUNITY_SHARING"),
    ("enable_message_rating", "ENABLE_MESSAGE_RATING"),
    ("enable_user_webhooks", "ENABLE_USER_WEBHOOKS"),
    ("enable_user_status", "ENABLE_USER_STATUS"),
    ("enable_memories", "ENABLE_MEMORIES"),
    ("enable_ldap", "ENABLE_LDAP"),
    ("enable_signup", "ENABLE_SIGNUP"),
    ("enable_login_form", "ENABLE_LOGIN_FORM"),
];

/// Features of the application that Portico knows nothing about, as an application has them that nobody has configured:
/// pages read them from here.
const PLAIN_FEATURES: &str = r#"{
    "enable_version_update_check": false, "enable_pyodide_file_persistence": false,
    "enable_public_active_users_count": true, "enable_easter_eggs": true, "enable_direct_connections": false,
    "enable_direct_integrations": false, "enable_plugins": true, "enable_tools": true, "enable_functions": true,
    "enable_terminal_servers": false, "enable_context_compaction": false,
    "enable_tool_permissions": false, "enable_web_search": false, "enable_web_search_confirmation": false,
    "web_search_confirmation_content": "Your query will be sent to the configured web search provider.",
    "enable_code_execution": true, "enable_code_interpreter": true, "enable_image_generation": false,
    "enable_autocomplete_generation": false, "enable_title_generation": true, "enable_follow_up_generation": true,
    "enable_tags_generation": true, "enable_admin_export": true, "enable_admin_chat_access": true,
    "enable_admin_analytics": true, "enable_google_drive_integration": false, "enable_onedrive_integration": false,
    "enable_subagents": false
}"#;

/// The same for members: what such an application tells them.
const PLAIN_MEMBERS: &str = r#"{
    "default_models": null, "default_pinned_models": null, "default_prompt_suggestions": null,
    "default_prompt_suggestions_i18n": {}, "code": {"engine": "pyodide", "interpreter_engine": "pyodide"},
    "audio": {
        "realtime": {"enabled": false, "model": "gpt-realtime-2.1-mini", "voice": "marin"},
        "tts": {"engine": "", "voice": "alloy", "split_on": "punctuation"}, "stt": {"engine": ""}
    },
    "file": {"max_size": null, "max_count": null, "image_compression": {"width": null, "height": null}},
    "google_drive": {"client_id": "", "api_key": ""},
    "onedrive": {"client_id_personal": "", "client_id_business": "", "sharepoint_url": "", "sharepoint_tenant_id": ""},
    "license_metadata": null
}"#;

/// The dialect's keys of `GET /api/config`: what a login page has to know, and more for people who are signed in.
pub fn keys(call: &Call<'_, impl Ports>, settings: &Settings, role: Option<Role>) -> Map<String, Value> {
    let mut view = public_view(call, settings);
    match role {
        None if !settings.has_users => {
            view.insert("onboarding".to_string(), json!(true));
        }
        None => {}
        Some(role) => {
            if let Some(Value::Object(features)) = view.get_mut("features") {
                features.extend(known_features(call, settings));
            }
            view.extend(match role {
                Role::Admin | Role::User => for_members(settings),
                Role::Pending => object(json!({"ui": overlay(settings)})),
            });
        }
    }
    view
}

fn public_view<P>(call: &Call<'_, P>, settings: &Settings) -> Map<String, Value> {
    let config = call.config;
    let providers = oauth::configured(&config.policy.oauth, settings).into_iter();
    let providers: Map<_, _> =
        providers.map(|(provider, name)| (provider.as_str().to_string(), json!(name))).collect();
    object(json!({
        "status": true,
        "name": config.policy.site_name,
        "version": API_VERSION,
        "default_locale": config.default_locale,
        "i18n": settings.named("I18N"),
        "oauth": {"providers": providers, "auto_redirect": settings.is_on("OAUTH_AUTO_REDIRECT")},
        "features": {
            "slim": true,
            "auth": call.ctx.policy.defaults.authentication,
            "auth_trusted_header": config.trusted_headers.is_some(),
            "enable_signup_password_confirmation": config.password_confirmation,
            "enable_ldap": settings.is_on("ENABLE_LDAP"),
            "enable_signup": settings.is_on("ENABLE_SIGNUP"),
            "enable_login_form": settings.is_on("ENABLE_LOGIN_FORM"),
            "enable_websocket": true,
        },
    }))
}

fn known_features<P>(call: &Call<'_, P>, settings: &Settings) -> Map<String, Value> {
    let mut features = literal(PLAIN_FEATURES);
    features.extend(FEATURES.map(|(name, setting)| (name.to_string(), settings.named(setting).clone())));
    features.insert("enable_password_change_form".to_string(), json!(call.config.password_change_form));
    features.insert("enable_tool_servers".to_string(), json!(call.config.oauth_pages.tool_servers));
    features
}

fn for_members(settings: &Settings) -> Map<String, Value> {
    let mut view = literal(PLAIN_MEMBERS);
    let mut ui = overlay(settings);
    ui.extend(object(json!({
        "default_interface_settings": settings.named("DEFAULT_INTERFACE_SETTINGS"),
        "visibility": {},
        "response_watermark": settings.named("RESPONSE_WATERMARK"),
        "iframe_csp": "",
    })));
    view.insert("ui".to_string(), Value::Object(ui));
    view.insert("permissions".to_string(), json!(PermissionTree(settings.default_permissions)));
    view
}

fn overlay(settings: &Settings) -> Map<String, Value> {
    object(json!({
        "pending_user_overlay_title": settings.named("PENDING_USER_OVERLAY_TITLE"),
        "pending_user_overlay_content": settings.named("PENDING_USER_OVERLAY_CONTENT"),
    }))
}

fn literal(text: &str) -> Map<String, Value> {
    serde_json::from_str(text)
        .expect("the literals of this file are JSON objects; every test of the route reads them")
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
