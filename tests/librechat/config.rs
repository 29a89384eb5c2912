use serde_json::json;

use crate::{
    harness::TestApp,
    librechat::{MAIL, OPEN, member},
};

const PATH: &str = "/api/config";

/// The dialect's keys.
pub(crate) const KEYS: [&str; 24] = [
    "allowAccountDeletion",
    "appTitle",
    "appleLoginEnabled",
    "discordLoginEnabled",
    "emailEnabled",
    "emailLoginEnabled",
    "facebookLoginEnabled",
    "githubLoginEnabled",
    "googleLoginEnabled",
    "interface",
    "ldap",
    "openidAutoRedirect",
    "openidLabel",
    "openidLoginEnabled",
    "openidReuseTokens",
    "passwordResetEnabled",
    "publicSharedLinksEnabled",
    "registrationEnabled",
    "samlLoginEnabled",
    "serverDomain",
    "sharedLinksEnabled",
    "showBirthdayIcon",
    "socialLoginEnabled",
    "socialLogins",
];

#[test]
fn a_login_page_learns_what_it_needs_and_a_member_more() {
    /* ER-05; librechat.md §1.9, §15.16 */
    let app = TestApp::with_vars(&OPEN);
    let public = app.anonymous().get(PATH).json();
    for (key, value) in [
        ("appTitle", json!("LibreChat")),
        ("emailLoginEnabled", json!(true)),
        ("registrationEnabled", json!(true)),
        ("socialLoginEnabled", json!(false)),
        ("emailEnabled", json!(false)),
        ("passwordResetEnabled", json!(false)),
        ("ldap", json!({"enabled": false})),
        ("openidLabel", json!("Continue with OpenID")),
        ("socialLogins", json!(["google", "facebook", "openid", "github", "discord", "saml"])),
        ("interface", json!({})),
    ] {
        assert_eq!(public[key], value, "{key}");
    }
    for provider in ["google", "facebook", "github", "discord", "apple", "openid", "saml"] {
        assert_eq!(public[format!("{provider}LoginEnabled")], false, "{provider}");
    }
    for key in ["allowAccountDeletion", "minPasswordLength", "helpAndFaqURL"] {
        assert_eq!(public.get(key), None, "{key}");
    }
    let garbage = app.anonymous().with_token("garbage").get(PATH);
    assert_eq!((garbage.status, garbage.json()), (200, public));
    let browser = member(&app, "Ann", "ann@example.com");
    assert_eq!(browser.get(PATH).json()["allowAccountDeletion"], true);
}

#[test]
fn the_deployment_decides_what_pages_say() {
    let vars = [
        MAIL.as_slice(),
        &[
            ("APP_TITLE", "Chat of ours"),
            ("DOMAIN_SERVER", "https://api.example/"),
            ("MIN_PASSWORD_LENGTH", "12"),
            ("TERMS_OF_SERVICE_URL", "https://example.com/terms"),
            ("TERMS_MODAL_ACCEPTANCE", "true"),
            ("PRIVACY_POLICY_URL", "https://example.com/privacy"),
            ("HELP_AND_FAQ_URL", "https://example.com/help"),
            ("ALLOW_ACCOUNT_DELETION", "false"),
        ],
    ]
    .concat();
    let app = TestApp::with_vars(&vars);
    let config = app.anonymous().get(PATH).json();
    assert_eq!(config["appTitle"], "Chat of ours");
    assert_eq!(config["serverDomain"], "https://api.example");
    assert_eq!(config["minPasswordLength"], 12);
    assert_eq!((&config["emailEnabled"], &config["passwordResetEnabled"]), (&json!(true), &json!(true)));
    assert_eq!(
        config["interface"],
        json!({
            "privacyPolicy": {"externalUrl": "https://example.com/privacy", "openNewTab": true},
            "termsOfService": {
                "externalUrl": "https://example.com/terms", "openNewTab": true, "modalAcceptance": true,
            },
        })
    );
    let ann = member(&app, "Ann", "ann@example.com");
    let bob = member(&app, "Bob", "bob@example.com");
    assert_eq!(ann.get(PATH).json()["allowAccountDeletion"], true, "administrators may");
    assert_eq!(bob.get(PATH).json()["allowAccountDeletion"], false);
    assert_eq!(bob.get(PATH).json()["helpAndFaqURL"], "https://example.com/help");
}
