use serde_json::{Value, json};

use crate::harness::{PASSWORD, TestApp};

const PATH: &str = "/api/v1/auths/signup";
const CLOSED: &str =
    "You do not have permission to access this resource. Please contact your administrator for assistance.";
const TAKEN: &str = "Uh-oh! This email is already registered. Sign in with your existing account or choose another email to start anew.";

fn form(email: &str) -> Value {
    json!({"name": "Ann Lee", "email": email, "password": PASSWORD})
}

#[test]
fn the_first_account_is_administrator_with_token_cookie_and_permissions() {
    /* AD-01 */
    let app = TestApp::new();
    let answer = app.anonymous().post(PATH, &form("Ann@Example.com"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    let id = body["id"].as_str().unwrap();
    assert_eq!(body["role"], "admin");
    assert_eq!(body["email"], "ann@example.com");
    assert_eq!(body["name"], "Ann Lee");
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["profile_image_url"], format!("/api/v1/users/{id}/profile/image"));
    assert_eq!(body["permissions"]["chat"]["delete"], true);
    assert_eq!(body["permissions"]["features"]["api_keys"], false);
    let mut members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "email",
            "expires_at",
            "id",
            "name",
            "permissions",
            "profile_image_url",
            "role",
            "token",
            "token_type"
        ]
    );
    let cookie = format!("token={}; HttpOnly; Max-Age=2419200; Path=/; SameSite=lax", answer.token());
    assert_eq!(answer.cookies(), [cookie]);
}

#[test]
fn the_first_sign_up_closes_registration() {
    let app = TestApp::new();
    app.sign_up("Ann", "ann@example.com");
    for email in ["bob@example.com", "ann@example.com", "no address"] {
        let answer = app.anonymous().post(PATH, &form(email));
        assert_eq!((answer.status, answer.detail().as_str()), (403, CLOSED), "closed answers first: {email}");
        assert_eq!(answer.cookies(), [""; 0]);
    }
}

#[test]
fn with_registration_open_later_accounts_are_pending() {
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true")]);
    app.sign_up("Ann", "ann@example.com");
    let bob = app.anonymous().post(PATH, &form("bob@example.com"));
    assert_eq!(bob.json()["role"], "pending");
    assert_eq!(bob.json()["permissions"]["chat"]["delete"], true);
}

#[test]
fn the_default_role_is_the_deployments_choice() {
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true"), ("DEFAULT_USER_ROLE", "user")]);
    app.sign_up("Ann", "ann@example.com");
    assert_eq!(app.anonymous().post(PATH, &form("bob@example.com")).json()["role"], "user");
}

#[test]
fn an_address_belongs_to_one_account_in_any_letter_case() {
    /* FT-02, IN-05 */
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true")]);
    app.sign_up("Ann", "ann@example.com");
    for email in ["ann@example.com", "ANN@EXAMPLE.COM", "Ann@Example.com"] {
        let answer = app.anonymous().post(PATH, &form(email));
        assert_eq!((answer.status, answer.detail().as_str()), (400, TAKEN), "{email}");
    }
    let weak = json!({"name": "Ann", "email": "ann@example.com", "password": "x"});
    assert_eq!(app.anonymous().post(PATH, &weak).detail(), TAKEN, "the address comes before the password");
}

#[test]
fn texts_that_are_no_address_are_refused() {
    /* IN-04, IN-07 */
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true")]);
    for email in
        ["", "ann", "ann@example", "a@b@example.com", "@example.com", "ann@example.com ", "ann@\u{212a}.com"]
    {
        let answer = app.anonymous().post(PATH, &form(email));
        assert_eq!(answer.status, 400, "{email:?}: {answer:?}");
        assert!(answer.detail().starts_with("The email format you entered is invalid."), "{email:?}");
    }
    assert_eq!(app.anonymous().get("/api/config").json()["onboarding"], true, "nothing was stored");
}

#[test]
fn weak_and_oversized_passwords_are_refused_by_rule() {
    /* PW-06, PW-07, PW-10 */
    let app = TestApp::new();
    let refuse = |password: &str| {
        let answer = app
            .anonymous()
            .post(PATH, &json!({"name": "Ann", "email": "ann@example.com", "password": password}));
        assert_eq!(answer.status, 400, "{password:?}: {answer:?}");
        answer.detail()
    };
    let weak = "The password does not meet the required validation criteria.";
    assert_eq!(refuse("seven77"), format!("{weak} It must be at least 8 characters long."));
    assert_eq!(refuse(""), format!("{weak} It must be at least 8 characters long."));
    assert_eq!(refuse("password\u{0}"), format!("{weak} It must not contain control characters."));
    let long = "Uh-oh! The password you entered is too long. Please make sure your password is less than 72 bytes long.";
    assert_eq!(refuse(&"x".repeat(1_025)), long);
    assert_eq!(app.anonymous().get("/api/config").json()["onboarding"], true, "nothing was stored");
}

#[test]
fn the_whole_of_a_long_password_counts() {
    /* PW-04, PW-06 */
    let app = TestApp::new();
    let password = "p".repeat(1_024);
    let answer =
        app.anonymous().post(PATH, &json!({"name": "Ann", "email": "ann@example.com", "password": password}));
    assert_eq!(answer.status, 200, "{answer:?}");
    let sign_in = |password: &str| {
        app.anonymous()
            .post("/api/v1/auths/signin", &crate::harness::credentials("ann@example.com", password))
            .status
    };
    assert_eq!(sign_in(&password), 200);
    assert_eq!(sign_in(&password[..72]), 400);
    assert_eq!(sign_in(&format!("{}q", &password[..1_023])), 400);
}

#[test]
fn the_deployments_hint_replaces_the_rule() {
    let app = TestApp::with_vars(&[("PASSWORD_VALIDATION_HINT", "Ask Bob."), ("PASSWORD_MIN_LENGTH", "15")]);
    let answer = app.anonymous().post(PATH, &form("ann@example.com"));
    assert_eq!(
        (answer.status, answer.detail().as_str()),
        (400, "Ask Bob."),
        "13 characters are too few here"
    );
}

#[test]
fn a_deployment_may_want_one_character_of_each_kind() {
    let vars = [("ENABLE_PASSWORD_VALIDATION", "true"), ("PASSWORD_POLICY", "compat")];
    let app = TestApp::with_vars(&vars);
    let sign_up = |password: &str| {
        let form = json!({"name": "Ann", "email": "ann@example.com", "password": password});
        app.anonymous().post(PATH, &form)
    };
    for weak in ["Tr0ub4d0r", "tr0ub4d0r&3", "TR0UB4D0R&3", "Troubador&x", "T0&x"] {
        let refused = sign_up(weak);
        let said = (refused.status, refused.detail());
        assert_eq!(
            said,
            (400, "The password does not meet the required validation criteria.".to_string()),
            "{weak}"
        );
    }
    assert_eq!(sign_up("Tr0ub4d0r&3").status, 200);
}

#[test]
fn fields_that_are_not_the_callers_to_set_have_no_effect() {
    /* AD-03 */
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true")]);
    app.sign_up("Ann", "ann@example.com");
    let mut bob = form("bob@example.com");
    for (field, value) in [
        ("role", json!("admin")),
        ("id", json!("6f1c1c0e-8c1f-4d5e-9a55-0b0b7f6f2d11")),
        ("permissions", json!({"features": {"api_keys": true}})),
        ("email_verified", json!(true)),
        ("created_at", json!(1)),
    ] {
        bob[field] = value;
    }
    let body = app.anonymous().post(PATH, &bob).json();
    assert_eq!(body["role"], "pending");
    assert_ne!(body["id"], "6f1c1c0e-8c1f-4d5e-9a55-0b0b7f6f2d11");
    assert_eq!(body["permissions"]["features"]["api_keys"], false);
}

#[test]
fn every_wrong_field_is_reported_at_once_and_no_value_is_echoed() {
    /* IN-03, ER-02 */
    let app = TestApp::new();
    let answer = app.anonymous().post(
        PATH,
        &json!({"email": 5, "password": ["hunter2 hunter2"], "profile_image_url": "javascript:alert(1)"}),
    );
    assert_eq!(answer.status, 422);
    let image = "Value error, Invalid profile image URL: must be a known internal path, an HTTP(S) URL with a host, or a data:image URI (png/jpeg/gif/webp).";
    assert_eq!(
        answer.json(),
        json!({"detail": [
            {"type": "missing", "loc": ["body", "name"], "msg": "Field required"},
            {"type": "string_type", "loc": ["body", "email"], "msg": "Input should be a valid string"},
            {"type": "string_type", "loc": ["body", "password"], "msg": "Input should be a valid string"},
            {"type": "value_error", "loc": ["body", "profile_image_url"], "msg": image, "ctx": {"error": {}}},
        ]})
    );
}

#[test]
fn a_name_that_rewrites_its_surroundings_is_refused() {
    /* IN-08 */
    let app = TestApp::new();
    for name in ["A\nnn".to_string(), "Ann\u{202e}".to_string(), "\u{200b}".to_string(), "n".repeat(129)] {
        let mut form = form("ann@example.com");
        form["name"] = json!(name);
        let answer = app.anonymous().post(PATH, &form);
        assert_eq!(answer.status, 422, "{name:?}: {answer:?}");
        assert_eq!(answer.json()["detail"][0]["loc"], json!(["body", "name"]));
    }
}

#[test]
fn fifty_first_sign_ups_at_once_make_exactly_one_administrator() {
    /* AD-01 */
    let app = TestApp::new();
    let forms = (0..50).map(|n| app.anonymous().json_request(PATH, &form(&format!("user{n}@example.com"))));
    let answers = app.at_once(forms.collect());
    let admins = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(admins, 1);
    for answer in answers {
        match answer.status {
            200 => assert_eq!(answer.json()["role"], "admin"),
            _ => assert_eq!((answer.status, answer.detail().as_str()), (403, CLOSED)),
        }
    }
}

#[test]
fn with_registration_open_fifty_first_sign_ups_make_one_administrator_and_forty_nine_members() {
    /* AD-01 */
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true")]);
    let somebody = |n| app.anonymous().with("cf-connecting-ip", &format!("203.0.113.{n}"));
    let forms = (0..50).map(|n| somebody(n).json_request(PATH, &form(&format!("user{n}@example.com"))));
    let answers = app.at_once(forms.collect());
    let with_role = |role: &str| answers.iter().filter(|answer| answer.json()["role"] == role).count();
    assert_eq!((with_role("admin"), with_role("pending")), (1, 49), "{answers:?}");
}

#[test]
fn fifty_sign_ups_with_one_address_at_once_make_one_account() {
    /* FT-02 */
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true")]);
    let spelling = |n: usize| {
        let flip = |(at, c): (usize, char)| if n >> at & 1 == 1 { c.to_ascii_uppercase() } else { c };
        "samename@example.com".chars().enumerate().map(flip).collect::<String>()
    };
    let forms = (0..50).map(|n| app.anonymous().json_request(PATH, &form(&spelling(n))));
    let answers = app.at_once(forms.collect());
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!((answer.status, answer.detail().as_str()), (400, TAKEN));
    }
}

#[test]
fn one_network_may_ask_about_five_addresses_an_hour() {
    /* TH-11, TH-04 */
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true")]);
    let sign_up = |network: &str, n: usize| {
        let client =
            app.anonymous().with("cf-connecting-ip", network).with("x-forwarded-for", &format!("10.0.0.{n}"));
        client.post(PATH, &form(&format!("user{n}@example.com")))
    };
    for n in 0..5 {
        assert_eq!(sign_up("203.0.113.7", n).status, 200);
    }
    for n in [5, 6] {
        let answer = sign_up("203.0.113.7", n);
        assert_eq!((answer.status, answer.detail().as_str()), (429, "API rate limit exceeded"));
        let retry_after: u64 = answer.header("retry-after").parse().unwrap();
        assert!((3_500..=3_600).contains(&retry_after), "{retry_after}");
    }
    assert_eq!(
        sign_up("203.0.113.7", 3).detail(),
        TAKEN,
        "asking again about the same address tells nothing new"
    );
    assert_eq!(sign_up("203.0.113.8", 6).status, 200, "another network");
    assert_eq!(sign_up("2001:db8::1", 7).status, 200);
    let laptop = (10..30).map(|n| sign_up("127.0.0.1", n).status).collect::<Vec<_>>();
    assert_eq!(laptop, [200; 20], "a developer's own machine");
}

#[test]
fn closed_registration_answers_before_anything_is_counted() {
    /* TH-11 */
    let app = TestApp::new();
    app.sign_up("Ann", "ann@example.com");
    for n in 0..8 {
        let answer = app
            .anonymous()
            .with("cf-connecting-ip", "203.0.113.7")
            .post(PATH, &form(&format!("user{n}@example.com")));
        assert_eq!((answer.status, answer.detail().as_str()), (403, CLOSED));
    }
}

#[test]
fn the_longest_names_and_addresses_make_no_larger_cookie() {
    /* SE-21 */
    let app = TestApp::new();
    let email =
        format!("{}@{}.{}.{}.example", "a".repeat(64), "b".repeat(60), "c".repeat(60), "d".repeat(55));
    let form = json!({"name": "\u{1f511}".repeat(128), "email": email, "password": PASSWORD});
    let answer = app.anonymous().post(PATH, &form);
    assert_eq!(answer.status, 200, "{answer:?}");
    let cookie = answer.cookie("token").unwrap();
    assert!(cookie.split(';').next().unwrap().len() <= 1_024, "{cookie}");
}
