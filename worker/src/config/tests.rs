use super::*;
use portico_core::{
    jwt::{HmacKey, RustSignatures, UntrustedToken},
    time::UnixSeconds,
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn parse(vars: &[(&str, &str)]) -> Result<Config, Vec<ConfigError>> {
    Config::parse(|name| {
        vars.iter()
            .find(|(variable, _)| *variable == name)
            .map(|(_, value)| value.to_string())
            .or_else(|| (name == "PORTICO_SECRET").then(|| SECRET.to_string()))
    })
}

fn refused_variables(vars: &[(&str, &str)]) -> Vec<&'static str> {
    parse(vars).unwrap_err().into_iter().map(|error| error.variable).collect()
}

#[test]
fn a_deployment_without_a_usable_secret_does_not_start() {
    /* TK-19 */
    for secret in ["", "5hort", "t0p-s3cr3t", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        let errors =
            Config::parse(|name| (name == "PORTICO_SECRET").then(|| secret.to_string())).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].variable, "PORTICO_SECRET");
        assert!(
            secret.is_empty() || !errors[0].to_string().contains(secret),
            "the value stays out of the log"
        );
    }
    assert_eq!(refused_variables(&[("WEBUI_SECRET_KEY", "short")]), ["WEBUI_SECRET_KEY"]);
    let bad = [("SESSION_EXPIRY", "15m"), ("PORTICO_SECRET", "short")];
    assert_eq!(refused_variables(&bad), ["PORTICO_SECRET", "SESSION_EXPIRY"], "the others are named, too");
}

#[test]
fn every_bad_value_is_named_at_once() {
    /* AD-06, AD-07, AD-13 */
    let bad = [
        ("JWT_EXPIRES_IN", "-5m"),
        ("JWT_ALGORITHM", "none"),
        ("DEFAULT_USER_ROLE", "admin"),
        ("ENABLE_SIGNUP", "yes"),
        ("PASSWORD_MIN_LENGTH", "4"),
        ("PASSWORD_PEPPERS", "1:short"),
        ("PASSWORD_BREACH_LIST_URL", "http://list.example/range/"),
        ("WEBUI_URL", "http://portico.example"),
        ("WEBUI_AUTH_COOKIE_SAME_SITE", "none"),
        ("CORS_ALLOW_ORIGIN", "https://a.example/"),
        ("WEBUI_AUTH_SIGNOUT_REDIRECT_URL", "https://user@a.example/"),
    ];
    let mut named = refused_variables(&bad);
    let mut expected = bad.map(|(variable, _)| variable).to_vec();
    named.sort_unstable();
    expected.sort_unstable();
    assert_eq!(named, expected);
}

#[test]
fn what_pictures_and_exchanges_are_limited_to_has_to_make_sense() {
    let rules = parse(&[
        ("PROFILE_IMAGE_ALLOWED_MIME_TYPES", "image/PNG, image/webp"),
        ("PROFILE_IMAGE_MAX_DATA_URI_SIZE", "100"),
    ]);
    let rules = rules.unwrap().images;
    assert_eq!((rules.media_types, rules.max_data_uri_bytes), (vec!["image/png", "image/webp"], 100));
    for (variable, value) in [
        ("PROFILE_IMAGE_ALLOWED_MIME_TYPES", "image/png,image/svg+xml"),
        ("PROFILE_IMAGE_MAX_DATA_URI_SIZE", "many"),
        ("OAUTH_TOKEN_EXCHANGE_RATE_LIMIT", "0"),
        ("OAUTH_TOKEN_EXCHANGE_RATE_LIMIT_WINDOW", "0"),
    ] {
        assert_eq!(refused_variables(&[(variable, value)]), [variable]);
    }
    assert_eq!(refused_variables(&[("WEBUI_AUTH", "false"), ("ENABLE_MFA", "true")]), ["ENABLE_MFA"]);
}

#[test]
fn the_first_sign_up_closes_registration_unless_the_deployment_says_otherwise() {
    let admits = |vars: &[(&str, &str)], has_users, stored| {
        let defaults = parse(vars).unwrap().policy.defaults;
        let policy = Settings::new(&defaults, &StoredSettings::default()).sign_up;
        (policy.admits(has_users, stored), policy.closes)
    };
    assert_eq!(admits(&[], false, None), (true, true));
    assert_eq!(admits(&[], true, Some(false)), (false, true));
    assert_eq!(admits(&[("ENABLE_SIGNUP", "true")], true, None), (true, false));
    assert_eq!(
        admits(&[("ENABLE_SIGNUP", "true")], true, Some(false)),
        (false, false),
        "an administrator says no"
    );
    assert_eq!(admits(&[("ENABLE_SIGNUP", "False")], false, None), (true, false));
    assert_eq!(admits(&[("ENABLE_SIGNUP", "False")], true, None), (false, false));
    let no_form = [("ENABLE_LOGIN_FORM", "false"), ("ENABLE_SIGNUP", "true")];
    assert_eq!(admits(&no_form, false, None), (false, false));
    assert_eq!(admits(&no_form, true, Some(true)), (false, false));
    let first = [("ENABLE_LOGIN_FORM", "false"), ("ENABLE_INITIAL_ADMIN_SIGNUP", "true")];
    assert_eq!(admits(&first, false, None), (true, true));
    assert_eq!(admits(&first, true, None), (false, true));
}

#[test]
fn origins_are_kept_as_browsers_write_them() {
    /* SE-08, SE-12 */
    let public = |url: &str| parse(&[("WEBUI_URL", url)]).unwrap().public_origin.unwrap();
    assert_eq!(public("https://Chat.Example:443/app"), "https://chat.example");
    assert_eq!(public("http://localhost:8080"), "http://localhost:8080");
    for other in [
        "https://Chat.example",
        "https://chat.example:443",
        "chat.example",
        "ftp://chat.example",
        "https://x@chat.example",
    ] {
        assert_eq!(refused_variables(&[("CORS_ALLOW_ORIGIN", other)]), ["CORS_ALLOW_ORIGIN"], "{other}");
    }
}

#[test]
fn a_shared_secret_is_used_as_it_is_so_that_other_backends_verify_our_tokens() {
    let shared = "fedcba9876543210fedcba9876543210";
    let config = parse(&[("WEBUI_SECRET_KEY", shared)]).unwrap();
    let now = UnixSeconds::new(0);
    let claims = serde_json::json!({});
    let signing = config.policy.session_keys.sign(&claims, now, &RustSignatures);
    let token = futures_util::FutureExt::now_or_never(signing).unwrap().unwrap();
    let kid = HmacKey::new(shared.as_bytes()).kid().to_string();
    assert_eq!(UntrustedToken::parse(&token).unwrap().kid(), Some(kid.as_str()));
}

#[test]
fn a_public_key_algorithm_needs_its_key_and_a_key_needs_its_algorithm() {
    const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let keys =
        parse(&[("JWT_ALGORITHM", "EdDSA"), ("JWT_PRIVATE_KEY", ED25519)]).unwrap().policy.session_keys;
    assert!(keys.is_public());
    for vars in [
        &[("JWT_ALGORITHM", "EdDSA")][..],
        &[("JWT_ALGORITHM", "ES256"), ("JWT_PRIVATE_KEY", ED25519)],
        &[("JWT_PRIVATE_KEY", ED25519)],
        &[("JWT_ALGORITHM", "EdDSA"), ("JWT_PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----")],
    ] {
        assert_eq!(refused_variables(vars), ["JWT_PRIVATE_KEY"], "{vars:?}");
    }
}

const OLD: &str = r#"{"added_at": 1700000000, "key": "the old secret, of thirty-two bytes or more"}"#;
const NEW: &str = r#"{"added_at": 1800000000, "key": "the new secret, of thirty-two bytes or more"}"#;

#[test]
fn keys_are_added_and_dropped_without_signing_anybody_out_who_need_not_be() {
    /* TK-21, TK-22 */
    let ring = |keys: &str| parse(&[("JWT_KEYS", keys)]).unwrap().policy;
    let (old, both, new) =
        (ring(&format!("[{OLD}]")), ring(&format!("[{NEW},{OLD}]")), ring(&format!("[{NEW}]")));
    let verifies = |policy: &Policy, token: &str, now: i64| {
        let (now, token) = (UnixSeconds::new(now), UntrustedToken::parse(token).unwrap());
        let expected = policy.expected_session_token();
        let verified = policy.session_keys.verify(token, &expected, now, &RustSignatures);
        pollster::block_on(verified).is_ok()
    };
    let sign = |policy: &Policy, now: i64| {
        let claims = serde_json::json!({"iss": "portico", "iat": now, "exp": now + 2_419_200});
        pollster::block_on(policy.session_keys.sign(&claims, UnixSeconds::new(now), &RustSignatures)).unwrap()
    };
    let added = 1_800_000_000;
    let before = sign(&old, added - 60);
    // Published: every host verifies with the new key before any signs with it.
    assert!(verifies(&old, &sign(&both, added + 299), added + 299));
    let after = sign(&both, added + 300);
    assert!(!verifies(&old, &after, added + 300));
    // Until the last token of the old key has expired.
    for now in [added, added + 300, added + 2_419_139] {
        assert!(verifies(&both, &before, now), "{now}");
    }
    // Dropped: at once.
    assert!(!verifies(&new, &before, added + 301));
    assert!(verifies(&new, &after, added + 301));
}

#[test]
fn a_list_of_keys_that_makes_no_sense_does_not_start() {
    /* TK-19, TK-23 */
    let private = r#"{"added_at": 1, "key": "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"}"#;
    assert!(parse(&[("JWT_KEYS", &format!("[{private}]"))]).unwrap().policy.session_keys.is_public());
    for keys in [
        "",
        "{}",
        "[]",
        r#"[{"added_at": 1}]"#,
        r#"[{"added_at": 1, "key": "short"}]"#,
        r#"[{"added_at": "1", "key": "a secret of thirty-two bytes or more"}]"#,
        &format!("[{OLD},{OLD}]"),
        &format!("[{OLD},{private}]"),
    ] {
        let parsed = parse(&[("JWT_KEYS", keys)]);
        assert_eq!(parsed.is_ok(), keys.is_empty(), "{keys}");
    }
    for beside in ["JWT_PRIVATE_KEY", "WEBUI_SECRET_KEY", "JWT_ALGORITHM"] {
        let vars = [("JWT_KEYS", &*format!("[{OLD}]")), (beside, "a secret of thirty-two bytes or more")];
        assert!(refused_variables(&vars).contains(&"JWT_KEYS"), "{beside}");
    }
}

#[test]
fn mail_needs_the_address_that_links_begin_with() {
    /* RS-03; librechat.md §13.42 */
    let server = [("EMAIL_HOST", "mail.example.com"), ("EMAIL_FROM", "portico@example.com")];
    assert_eq!(refused_variables(&server), ["DOMAIN_CLIENT"]);
    for base in ["DOMAIN_CLIENT", "WEBUI_URL"] {
        let policy =
            parse(&[server.as_slice(), &[(base, "https://chat.example/app/")]].concat()).unwrap().policy;
        assert_eq!(policy.mail.unwrap().link_base, "https://chat.example/app", "{base}");
    }
    assert!(parse(&[]).unwrap().policy.mail.is_none());
}

#[test]
fn mail_that_would_not_arrive_or_would_be_read_by_others_does_not_start() {
    /* AD-07 */
    let refused = |vars: &[(&'static str, &'static str)]| {
        let base = [("DOMAIN_CLIENT", "https://chat.example"), ("EMAIL_FROM", "portico@example.com")];
        refused_variables(&[base.as_slice(), vars].concat())
    };
    assert_eq!(refused(&[("MAIL_DRIVER", "outbox")]), ["MAIL_DRIVER"], "everybody could read it");
    assert_eq!(refused(&[("MAIL_DRIVER", "pigeon")]), ["MAIL_DRIVER"]);
    assert_eq!(refused(&[("MAIL_DRIVER", "http")]), ["RESEND_API_KEY"]);
    assert_eq!(refused(&[("MAIL_DRIVER", "smtp")]), ["EMAIL_HOST"]);
    assert_eq!(refused(&[("MAILGUN_API_KEY", "key-1")]), ["MAILGUN_API_KEY"]);
    assert_eq!(refused(&[("EMAIL_SERVICE", "pigeon")]), ["EMAIL_SERVICE", "EMAIL_HOST"]);
    for (variable, value) in [
        ("EMAIL_PORT", "0"),
        ("EMAIL_PORT", "smtp"),
        ("EMAIL_ENCRYPTION", "none"),
        ("EMAIL_ALLOW_SELFSIGNED", "true"),
        ("EMAIL_FROM_NAME", "Port\nico"),
    ] {
        assert_eq!(refused(&[("EMAIL_HOST", "mail.example.com"), (variable, value)]), [variable], "{value}");
    }
}
