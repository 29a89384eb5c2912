use serde_json::json;

use crate::harness::TestApp;

const PATH: &str = "/api/v1/auths/password/policy";

#[test]
fn anybody_is_told_the_rules_for_passwords_but_not_a_pattern() {
    /* PW-07 */
    let rules = TestApp::new().anonymous().get(PATH).json();
    let plain = json!({
        "min_length": 8, "max_bytes": 1_024, "refuses_guessable": true, "has_pattern": false, "hint": null,
        "site": "Open WebUI",
    });
    assert_eq!(rules, plain);
    let vars = [
        ("PASSWORD_MIN_LENGTH", "12"),
        ("ENABLE_PASSWORD_VALIDATION", "true"),
        ("PASSWORD_VALIDATION_HINT", "One of each, please."),
        ("WEBUI_NAME", "Example"),
    ];
    let rules = TestApp::with_vars(&vars).anonymous().get(PATH).json();
    assert_eq!((&rules["min_length"], &rules["has_pattern"]), (&json!(12), &json!(true)));
    assert_eq!((&rules["hint"], &rules["site"]), (&json!("One of each, please."), &json!("Example")));
    assert!(!rules.to_string().contains("(?="), "{rules}");
}
