use serde_json::json;

use crate::harness::TestApp;

#[test]
fn version_and_health_answer_everybody() {
    /* ER-05 */
    let app = TestApp::new();
    let version = app.anonymous().get("/api/version");
    assert_eq!((version.status, version.json()), (200, json!({"version": "0.12.4", "deployment_id": ""})));
    let health = app.anonymous().get("/health");
    assert_eq!((health.status, health.json()), (200, json!({"status": true})));
}
