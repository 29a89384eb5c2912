//! Permissions of a role: the types of librechat.md §11.

use super::catalog::permissions;

permissions! {
    /// A permission of LibreChat's roles. The default is that of the role `USER`; `ADMIN` has all.
    /// `setting` is the key under `interface` that overrules it.
    RolePermission {
        PromptsUse: "PROMPTS", "USE", true, "prompts.use";
        PromptsCreate: "PROMPTS", "CREATE", true, "prompts.create";
        PromptsShare: "PROMPTS", "SHARE", false, "prompts.share";
        PromptsSharePublic: "PROMPTS", "SHARE_PUBLIC", false, "prompts.public";
        BookmarksUse: "BOOKMARKS", "USE", true, "bookmarks.use";
        MemoriesUse: "MEMORIES", "USE", true, "memories.use";
        MemoriesCreate: "MEMORIES", "CREATE", true, "memories.create";
        MemoriesUpdate: "MEMORIES", "UPDATE", true, "memories.update";
        MemoriesRead: "MEMORIES", "READ", true, "memories.read";
        MemoriesOptOut: "MEMORIES", "OPT_OUT", true, "memories.optOut";
        AgentsUse: "AGENTS", "USE", true, "agents.use";
        AgentsCreate: "AGENTS", "CREATE", true, "agents.create";
        AgentsShare: "AGENTS", "SHARE", false, "agents.share";
        AgentsSharePublic: "AGENTS", "SHARE_PUBLIC", false, "agents.public";
        MultiConvoUse: "MULTI_CONVO", "USE", true, "multiConvo.use";
        TemporaryChatUse: "TEMPORARY_CHAT", "USE", true, "temporaryChat.use";
        RunCodeUse: "RUN_CODE", "USE", true, "runCode.use";
        WebSearchUse: "WEB_SEARCH", "USE", true, "webSearch.use";
        FileSearchUse: "FILE_SEARCH", "USE", true, "fileSearch.use";
        FileCitationsUse: "FILE_CITATIONS", "USE", true, "fileCitations.use";
        PeoplePickerViewUsers: "PEOPLE_PICKER", "VIEW_USERS", false, "peoplePicker.users";
        PeoplePickerViewGroups: "PEOPLE_PICKER", "VIEW_GROUPS", false, "peoplePicker.groups";
        PeoplePickerViewRoles: "PEOPLE_PICKER", "VIEW_ROLES", false, "peoplePicker.roles";
        MarketplaceUse: "MARKETPLACE", "USE", false, "marketplace.use";
        McpServersUse: "MCP_SERVERS", "USE", true, "mcpServers.use";
        McpServersCreate: "MCP_SERVERS", "CREATE", false, "mcpServers.create";
        McpServersShare: "MCP_SERVERS", "SHARE", false, "mcpServers.share";
        McpServersSharePublic: "MCP_SERVERS", "SHARE_PUBLIC", false, "mcpServers.public";
        McpServersConfigureObo: "MCP_SERVERS", "CONFIGURE_OBO", false, "mcpServers.configureObo";
        RemoteAgentsUse: "REMOTE_AGENTS", "USE", false, "remoteAgents.use";
        RemoteAgentsCreate: "REMOTE_AGENTS", "CREATE", false, "remoteAgents.create";
        RemoteAgentsShare: "REMOTE_AGENTS", "SHARE", false, "remoteAgents.share";
        RemoteAgentsSharePublic: "REMOTE_AGENTS", "SHARE_PUBLIC", false, "remoteAgents.public";
        SkillsUse: "SKILLS", "USE", true, "skills.use";
        SkillsCreate: "SKILLS", "CREATE", true, "skills.create";
        SkillsShare: "SKILLS", "SHARE", false, "skills.share";
        SkillsSharePublic: "SKILLS", "SHARE_PUBLIC", false, "skills.public";
        SharedLinksCreate: "SHARED_LINKS", "CREATE", true, "sharedLinks.create";
        SharedLinksShare: "SHARED_LINKS", "SHARE", true, "sharedLinks.share";
        SharedLinksSharePublic: "SHARED_LINKS", "SHARE_PUBLIC", true, "sharedLinks.public";
        SchedulesUse: "SCHEDULES", "USE", true, "schedules.use";
        SchedulesCreate: "SCHEDULES", "CREATE", true, "schedules.create";
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::permission::{Permission as _, PermissionSet, PermissionTree};
    use serde_json::{Value, json};

    fn tree(set: PermissionSet<RolePermission>) -> Value {
        serde_json::to_value(PermissionTree(set)).unwrap()
    }

    #[test]
    fn the_two_system_roles_have_the_defaults_of_the_contract() {
        let user = tree(PermissionSet::defaults(|_| None));
        assert_eq!(
            user["PROMPTS"],
            json!({"USE": true, "CREATE": true, "SHARE": false, "SHARE_PUBLIC": false})
        );
        assert_eq!(
            user["PEOPLE_PICKER"],
            json!({"VIEW_USERS": false, "VIEW_GROUPS": false, "VIEW_ROLES": false})
        );
        assert_eq!(user["SHARED_LINKS"], json!({"CREATE": true, "SHARE": true, "SHARE_PUBLIC": true}));
        assert_eq!(
            (user["MCP_SERVERS"]["USE"].clone(), user["MARKETPLACE"]["USE"].clone()),
            (json!(true), json!(false))
        );
        assert_eq!(user.as_object().unwrap().len(), 17);
        let admin = tree(PermissionSet::all());
        let leaves = admin.as_object().unwrap().values().flat_map(|kind| kind.as_object().unwrap().values());
        assert_eq!(leaves.filter(|leaf| **leaf == json!(true)).count(), 42);
    }

    #[test]
    fn a_key_of_the_interface_overrules_the_role() {
        let set = PermissionSet::defaults(|permission: RolePermission| match permission.setting() {
            "marketplace.use" => Some(true),
            "peoplePicker.users" => Some(true),
            _ => None,
        });
        assert!(
            set.contains(RolePermission::MarketplaceUse)
                && set.contains(RolePermission::PeoplePickerViewUsers)
        );
        assert!(!set.contains(RolePermission::PeoplePickerViewGroups));
    }
}
