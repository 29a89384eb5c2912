//! Feature permissions: the tree of open-webui.md §7.3.

use super::catalog::permissions;

permissions! {
    /// A feature permission of Open WebUI. `setting` is the environment variable that sets its default,
    /// after `USER_PERMISSIONS_`.
    Feature {
        WorkspaceModels: "workspace", "models", false, "WORKSPACE_MODELS_ACCESS";
        WorkspaceKnowledge: "workspace", "knowledge", false, "WORKSPACE_KNOWLEDGE_ACCESS";
        WorkspacePrompts: "workspace", "prompts", false, "WORKSPACE_PROMPTS_ACCESS";
        WorkspaceTools: "workspace", "tools", false, "WORKSPACE_TOOLS_ACCESS";
        WorkspaceSkills: "workspace", "skills", false, "WORKSPACE_SKILLS_ACCESS";
        WorkspaceModelsImport: "workspace", "models_import", false, "WORKSPACE_MODELS_IMPORT";
        WorkspaceModelsExport: "workspace", "models_export", false, "WORKSPACE_MODELS_EXPORT";
        WorkspaceModelsHidden: "workspace", "models_hidden", false, "WORKSPACE_MODELS_HIDDEN";
        WorkspacePromptsImport: "workspace", "prompts_import", false, "WORKSPACE_PROMPTS_IMPORT";
        WorkspacePromptsExport: "workspace", "prompts_export", false, "WORKSPACE_PROMPTS_EXPORT";
        WorkspaceToolsImport: "workspace", "tools_import", false, "WORKSPACE_TOOLS_IMPORT";
        WorkspaceToolsExport: "workspace", "tools_export", false, "WORKSPACE_TOOLS_EXPORT";
        WorkspaceSkillsImport: "workspace", "skills_import", false, "WORKSPACE_SKILLS_IMPORT";
        WorkspaceSkillsExport: "workspace", "skills_export", false, "WORKSPACE_SKILLS_EXPORT";
        SharingModels: "sharing", "models", false, "WORKSPACE_MODELS_ALLOW_SHARING";
        SharingPublicModels: "sharing", "public_models", false, "WORKSPACE_MODELS_ALLOW_PUBLIC_SHARING";
        SharingKnowledge: "sharing", "knowledge", false, "WORKSPACE_KNOWLEDGE_ALLOW_SHARING";
        SharingPublicKnowledge: "sharing", "public_knowledge", false, "WORKSPACE_KNOWLEDGE_ALLOW_PUBLIC_SHARING";
        SharingPrompts: "sharing", "prompts", false, "WORKSPACE_PROMPTS_ALLOW_SHARING";
        SharingPublicPrompts: "sharing", "public_prompts", false, "WORKSPACE_PROMPTS_ALLOW_PUBLIC_SHARING";
        SharingTools: "sharing", "tools", false, "WORKSPACE_TOOLS_ALLOW_SHARING";
        SharingPublicTools: "sharing", "public_tools", false, "WORKSPACE_TOOLS_ALLOW_PUBLIC_SHARING";
        SharingSkills: "sharing", "skills", false, "WORKSPACE_SKILLS_ALLOW_SHARING";
        SharingPublicSkills: "sharing", "public_skills", false, "WORKSPACE_SKILLS_ALLOW_PUBLIC_SHARING";
        SharingNotes: "sharing", "notes", false, "NOTES_ALLOW_SHARING";
        SharingPublicNotes: "sharing", "public_notes", false, "NOTES_ALLOW_PUBLIC_SHARING";
        SharingFolders: "sharing", "folders", false, "FOLDERS_ALLOW_SHARING";
        SharingPublicChats: "sharing", "public_chats", false, "CHAT_ALLOW_PUBLIC_SHARING";
        SharingOpenChats: "sharing", "open_chats", false, "CHAT_ALLOW_OPEN_SHARING";
        SharingPublicCalendars: "sharing", "public_calendars", false, "CALENDAR_ALLOW_PUBLIC_SHARING";
        AccessGrantsAllowUsers: "access_grants", "allow_users", true, "ACCESS_GRANTS_ALLOW_USERS";
        AccessGrantsAllowGroups: "access_grants", "allow_groups", true, "ACCESS_GRANTS_ALLOW_GROUPS";
        ChatControls: "chat", "controls", true, "CHAT_CONTROLS";
        ChatValves: "chat", "valves", true, "CHAT_VALVES";
        ChatSystemPrompt: "chat", "system_prompt", true, "CHAT_SYSTEM_PROMPT";
        ChatParams: "chat", "params", true, "CHAT_PARAMS";
        ChatFileUpload: "chat", "file_upload", true, "CHAT_FILE_UPLOAD";
        ChatWebUpload: "chat", "web_upload", true, "CHAT_WEB_UPLOAD";
        ChatDelete: "chat", "delete", true, "CHAT_DELETE";
        ChatDeleteMessage: "chat", "delete_message", true, "CHAT_DELETE_MESSAGE";
        ChatContinueResponse: "chat", "continue_response", true, "CHAT_CONTINUE_RESPONSE";
        ChatRegenerateResponse: "chat", "regenerate_response", true, "CHAT_REGENERATE_RESPONSE";
        ChatRateResponse: "chat", "rate_response", true, "CHAT_RATE_RESPONSE";
        ChatEdit: "chat", "edit", true, "CHAT_EDIT";
        ChatShare: "chat", "share", true, "CHAT_SHARE";
        ChatExport: "chat", "export", true, "CHAT_EXPORT";
        ChatImport: "chat", "import", true, "CHAT_IMPORT";
        ChatStt: "chat", "stt", true, "CHAT_STT";
        ChatTts: "chat", "tts", true, "CHAT_TTS";
        ChatCall: "chat", "call", true, "CHAT_CALL";
        ChatMultipleModels: "chat", "multiple_models", true, "CHAT_MULTIPLE_MODELS";
        ChatTemporary: "chat", "temporary", true, "CHAT_TEMPORARY";
        ChatTemporaryEnforced: "chat", "temporary_enforced", false, "CHAT_TEMPORARY_ENFORCED";
        FeaturesApiKeys: "features", "api_keys", false, "FEATURES_API_KEYS";
        FeaturesNotes: "features", "notes", true, "FEATURES_NOTES";
        FeaturesFolders: "features", "folders", true, "FEATURES_FOLDERS";
        FeaturesChannels: "features", "channels", true, "FEATURES_CHANNELS";
        FeaturesEncryptedChannels: "features", "encrypted_channels", false, "FEATURES_ENCRYPTED_CHANNELS";
        FeaturesDirectToolServers: "features", "direct_tool_servers", false, "FEATURES_DIRECT_TOOL_SERVERS";
        FeaturesWebSearch: "features", "web_search", true, "FEATURES_WEB_SEARCH";
        FeaturesImageGeneration: "features", "image_generation", true, "FEATURES_IMAGE_GENERATION";
        FeaturesCodeInterpreter: "features", "code_interpreter", true, "FEATURES_CODE_INTERPRETER";
        FeaturesMemories: "features", "memories", true, "FEATURES_MEMORIES";
        FeaturesAutomations: "features", "automations", false, "FEATURES_AUTOMATIONS";
        FeaturesCalendar: "features", "calendar", true, "FEATURES_CALENDAR";
        FeaturesWebhooks: "features", "webhooks", false, "FEATURES_USER_WEBHOOKS";
        SettingsInterface: "settings", "interface", true, "SETTINGS_INTERFACE";
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::permission::Permission as _;

    #[test]
    fn sections_stand_in_the_order_of_the_contract() {
        let mut sections: alloc::vec::Vec<_> = Feature::ALL.iter().map(|feature| feature.section()).collect();
        sections.dedup();
        assert_eq!(sections, ["workspace", "sharing", "access_grants", "chat", "features", "settings"]);
        assert_eq!(Feature::ALL.len(), 67);
        assert_eq!(Feature::ChatDelete.setting(), "CHAT_DELETE");
        assert!(Feature::ChatDelete.default() && !Feature::FeaturesApiKeys.default());
    }
}
