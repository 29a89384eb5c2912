use serde_json::json;

use crate::harness::{PASSWORD, TestApp, credentials, on_workerd};

#[test]
fn a_log_that_takes_nothing_fails_changes_and_sign_ins_and_turns_no_refusal_into_a_success() {
    /* LG-04 */
    assert!(on_workerd());
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true"), ("DEFAULT_USER_ROLE", "user")]);
    let TestApp::Workerd(workerd) = &app else { unreachable!("checked above") };
    let (ann, bob) = (app.sign_up("Ann", "ann@example.com"), app.sign_up("Bob", "bob@example.com"));
    let config = ann.get("/api/v1/auths/admin/config").json();
    let id = bob.get("/api/v1/auths/").json()["id"].as_str().unwrap().to_string();
    let full = "CREATE TRIGGER full BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'full'); END";
    assert_eq!(workerd.sql(full), None);
    let mut changed = config.clone();
    changed["SHOW_ADMIN_DETAILS"] = json!(!config["SHOW_ADMIN_DETAILS"].as_bool().unwrap());
    let sign_in = |password: &str| {
        app.anonymous().post("/api/v1/auths/signin", &credentials("bob@example.com", password)).status
    };
    for (what, status) in [
        ("role", ann.post(&format!("/api/v1/users/{id}/update"), &json!({"role": "admin"})).status),
        ("settings", ann.post("/api/v1/auths/admin/config", &changed).status),
        ("group", ann.post("/api/v1/groups/create", &json!({"name": "Red", "description": ""})).status),
        ("sign-in", sign_in(PASSWORD)),
        ("sign-up", {
            let form = json!({"name": "Cy", "email": "cy@example.com", "password": PASSWORD});
            app.anonymous().post("/api/v1/auths/signup", &form).status
        }),
    ] {
        assert_eq!(status, 503, "{what}");
    }
    assert_eq!(sign_in("wrong password"), 400, "a refusal stays one");
    assert_eq!(bob.get("/api/v1/users/all").status, 401, "a guard's too");
    assert_eq!(workerd.sql("DROP TRIGGER full"), None);
    assert_eq!(ann.get("/api/v1/auths/admin/config").json(), config);
    assert_eq!(bob.get("/api/v1/auths/").json()["role"], "user");
    assert_eq!(ann.get("/api/v1/groups/").json(), json!([]));
    let emails: Vec<_> = ann.get("/api/v1/users/all").json()["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["email"].as_str().unwrap().to_string())
        .collect();
    assert_eq!(emails.len(), 2, "{emails:?}");
}
