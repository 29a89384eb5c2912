//! Every permission once: section, name, default and environment variable (open-webui.md §7.3).

/// One permission.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Permission {
    /// First level of the tree, such as `chat`.
    pub section: &'static str,
    /// Second level of the tree, such as `delete`.
    pub name: &'static str,
    /// Whether everybody has it unless the deployment says otherwise.
    pub default: bool,
    /// The environment variable that sets the default, after `USER_PERMISSIONS_`.
    pub variable: &'static str,
}

const fn on(section: &'static str, name: &'static str, variable: &'static str) -> Permission {
    Permission { section, name, default: true, variable }
}

const fn off(section: &'static str, name: &'static str, variable: &'static str) -> Permission {
    Permission { section, name, default: false, variable }
}

/// All permissions in the contract's order. A permission's position is its bit in a
/// [`PermissionSet`](super::PermissionSet); stored sets never leave the process, so the order may change.
#[rustfmt::skip]
pub const CATALOG: [Permission; 67] = [
    off("workspace", "models", "WORKSPACE_MODELS_ACCESS"),
    off("workspace", "knowledge", "WORKSPACE_KNOWLEDGE_ACCESS"),
    off("workspace", "prompts", "WORKSPACE_PROMPTS_ACCESS"),
    off("workspace", "tools", "WORKSPACE_TOOLS_ACCESS"),
    off("workspace", "skills", "WORKSPACE_SKILLS_ACCESS"),
    off("workspace", "models_import", "WORKSPACE_MODELS_IMPORT"),
    off("workspace", "models_export", "WORKSPACE_MODELS_EXPORT"),
    off("workspace", "models_hidden", "WORKSPACE_MODELS_HIDDEN"),
    off("workspace", "prompts_import", "WORKSPACE_PROMPTS_IMPORT"),
    off("workspace", "prompts_export", "WORKSPACE_PROMPTS_EXPORT"),
    off("workspace", "tools_import", "WORKSPACE_TOOLS_IMPORT"),
    off("workspace", "tools_export", "WORKSPACE_TOOLS_EXPORT"),
    off("workspace", "skills_import", "WORKSPACE_SKILLS_IMPORT"),
    off("workspace", "skills_export", "WORKSPACE_SKILLS_EXPORT"),
    off("sharing", "models", "WORKSPACE_MODELS_ALLOW_SHARING"),
    off("sharing", "public_models", "WORKSPACE_MODELS_ALLOW_PUBLIC_SHARING"),
    off("sharing", "knowledge", "WORKSPACE_KNOWLEDGE_ALLOW_SHARING"),
    off("sharing", "public_knowledge", "WORKSPACE_KNOWLEDGE_ALLOW_PUBLIC_SHARING"),
    off("sharing", "prompts", "WORKSPACE_PROMPTS_ALLOW_SHARING"),
    off("sharing", "public_prompts", "WORKSPACE_PROMPTS_ALLOW_PUBLIC_SHARING"),
    off("sharing", "tools", "WORKSPACE_TOOLS_ALLOW_SHARING"),
    off("sharing", "public_tools", "WORKSPACE_TOOLS_ALLOW_PUBLIC_SHARING"),
    off("sharing", "skills", "WORKSPACE_SKILLS_ALLOW_SHARING"),
    off("sharing", "public_skills", "WORKSPACE_SKILLS_ALLOW_PUBLIC_SHARING"),
    off("sharing", "notes", "NOTES_ALLOW_SHARING"),
    off("sharing", "public_notes", "NOTES_ALLOW_PUBLIC_SHARING"),
    off("sharing", "folders", "FOLDERS_ALLOW_SHARING"),
    off("sharing", "public_chats", "CHAT_ALLOW_PUBLIC_SHARING"),
    off("sharing", "open_chats", "CHAT_ALLOW_OPEN_SHARING"),
    off("sharing", "public_calendars", "CALENDAR_ALLOW_PUBLIC_SHARING"),
    on("access_grants", "allow_users", "ACCESS_GRANTS_ALLOW_USERS"),
    on("access_grants", "allow_groups", "ACCESS_GRANTS_ALLOW_GROUPS"),
    on("chat", "controls", "CHAT_CONTROLS"),
    on("chat", "valves", "CHAT_VALVES"),
    on("chat", "system_prompt", "CHAT_SYSTEM_PROMPT"),
    on("chat", "params", "CHAT_PARAMS"),
    on("chat", "file_upload", "CHAT_FILE_UPLOAD"),
    on("chat", "web_upload", "CHAT_WEB_UPLOAD"),
    on("chat", "delete", "CHAT_DELETE"),
    on("chat", "delete_message", "CHAT_DELETE_MESSAGE"),
    on("chat", "continue_response", "CHAT_CONTINUE_RESPONSE"),
    on("chat", "regenerate_response", "CHAT_REGENERATE_RESPONSE"),
    on("chat", "rate_response", "CHAT_RATE_RESPONSE"),
    on("chat", "edit", "CHAT_EDIT"),
    on("chat", "share", "CHAT_SHARE"),
    on("chat", "export", "CHAT_EXPORT"),
    on("chat", "import", "CHAT_IMPORT"),
    on("chat", "stt", "CHAT_STT"),
    on("chat", "tts", "CHAT_TTS"),
    on("chat", "call", "CHAT_CALL"),
    on("chat", "multiple_models", "CHAT_MULTIPLE_MODELS"),
    on("chat", "temporary", "CHAT_TEMPORARY"),
    off("chat", "temporary_enforced", "CHAT_TEMPORARY_ENFORCED"),
    off("features", "api_keys", "FEATURES_API_KEYS"),
    on("features", "notes", "FEATURES_NOTES"),
    on("features", "folders", "FEATURES_FOLDERS"),
    on("features", "channels", "FEATURES_CHANNELS"),
    off("features", "encrypted_channels", "FEATURES_ENCRYPTED_CHANNELS"),
    off("features", "direct_tool_servers", "FEATURES_DIRECT_TOOL_SERVERS"),
    on("features", "web_search", "FEATURES_WEB_SEARCH"),
    on("features", "image_generation", "FEATURES_IMAGE_GENERATION"),
    on("features", "code_interpreter", "FEATURES_CODE_INTERPRETER"),
    on("features", "memories", "FEATURES_MEMORIES"),
    off("features", "automations", "FEATURES_AUTOMATIONS"),
    on("features", "calendar", "FEATURES_CALENDAR"),
    off("features", "webhooks", "FEATURES_USER_WEBHOOKS"),
    on("settings", "interface", "SETTINGS_INTERFACE"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_and_variable_is_unique_and_sections_stay_together() {
        for (index, permission) in CATALOG.iter().enumerate() {
            for other in &CATALOG[index + 1..] {
                assert!((permission.section, permission.name) != (other.section, other.name), "{other:?}");
                assert_ne!(permission.variable, other.variable);
            }
        }
        let mut sections: alloc::vec::Vec<_> = CATALOG.iter().map(|permission| permission.section).collect();
        sections.dedup();
        assert_eq!(sections, ["workspace", "sharing", "access_grants", "chat", "features", "settings"]);
    }
}
