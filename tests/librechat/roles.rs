use serde_json::json;

use crate::{
    harness::TestApp,
    librechat::{OPEN, member},
};

#[test]
fn a_member_reads_what_members_may_and_an_administrator_everything() {
    /* librechat.md §11, §15.17 */
    let app = TestApp::with_vars(&OPEN);
    let ann = member(&app, "Ann", "ann@example.com");
    let bob = member(&app, "Bob", "bob@example.com");
    let role = bob.get("/api/roles/USER").json();
    assert_eq!(role["name"], "USER");
    assert!(role["description"].is_string());
    let permissions = &role["permissions"];
    for (kind, expected) in [
        ("PROMPTS", json!({"USE": true, "CREATE": true, "SHARE": false, "SHARE_PUBLIC": false})),
        ("BOOKMARKS", json!({"USE": true})),
        ("MEMORIES", json!({"USE": true, "CREATE": true, "UPDATE": true, "READ": true, "OPT_OUT": true})),
        ("AGENTS", json!({"USE": true, "CREATE": true, "SHARE": false, "SHARE_PUBLIC": false})),
        ("MULTI_CONVO", json!({"USE": true})),
        ("TEMPORARY_CHAT", json!({"USE": true})),
        ("RUN_CODE", json!({"USE": true})),
        ("WEB_SEARCH", json!({"USE": true})),
        ("FILE_SEARCH", json!({"USE": true})),
        ("FILE_CITATIONS", json!({"USE": true})),
        ("PEOPLE_PICKER", json!({"VIEW_USERS": false, "VIEW_GROUPS": false, "VIEW_ROLES": false})),
        ("MARKETPLACE", json!({"USE": false})),
        (
            "MCP_SERVERS",
            json!({
                "USE": true, "CREATE": false, "SHARE": false, "SHARE_PUBLIC": false, "CONFIGURE_OBO": false,
            }),
        ),
        ("REMOTE_AGENTS", json!({"USE": false, "CREATE": false, "SHARE": false, "SHARE_PUBLIC": false})),
        ("SKILLS", json!({"USE": true, "CREATE": true, "SHARE": false, "SHARE_PUBLIC": false})),
        ("SHARED_LINKS", json!({"CREATE": true, "SHARE": true, "SHARE_PUBLIC": true})),
        ("SCHEDULES", json!({"USE": true, "CREATE": true})),
    ] {
        assert_eq!(permissions[kind], expected, "{kind}");
    }
    assert_eq!(permissions.as_object().unwrap().len(), 17);
    let refused = bob.get("/api/roles/ADMIN");
    assert_eq!((refused.status, refused.json()), (403, json!({"message": "Unauthorized"})));
    assert_eq!(bob.get("/api/roles/EDITOR").status, 403);
    let all = ann.get("/api/roles/ADMIN").json();
    let every = |kind: &serde_json::Value| kind.as_object().unwrap().values().all(|may| *may == true);
    assert!(all["permissions"].as_object().unwrap().values().all(every), "{all}");
    let unknown = ann.get("/api/roles/EDITOR");
    assert_eq!((unknown.status, unknown.json()), (404, json!({"message": "Role not found"})));
}

#[test]
fn a_permission_that_both_trees_have_is_one() {
    let app =
        TestApp::with_vars(&[OPEN.as_slice(), &[("USER_PERMISSIONS_FEATURES_WEB_SEARCH", "false")]].concat());
    let ann = member(&app, "Ann", "ann@example.com");
    assert_eq!(ann.get("/api/roles/USER").json()["permissions"]["WEB_SEARCH"], json!({"USE": false}));
    assert_eq!(ann.get("/api/roles/ADMIN").json()["permissions"]["WEB_SEARCH"], json!({"USE": true}));
}
