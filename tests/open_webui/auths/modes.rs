//! Deployments where people do not sign in with a password of their own (contract §10).

use serde_json::{Value, json};

use crate::harness::{Answer, Authenticator, Client, PASSWORD, TestApp, credentials};

const SIGN_IN: &str = "/api/v1/auths/signin";
const SESSION: &str = "/api/v1/auths/";
const CONFIG: &str = "/api/v1/auths/admin/config";
const SECRET: &str = "between the proxy and us";
const TRUSTED: [(&str, &str); 6] = [
    ("WEBUI_AUTH_TRUSTED_EMAIL_HEADER", "X-User-Email"),
    ("WEBUI_AUTH_TRUSTED_NAME_HEADER", "X-User-Name"),
    ("WEBUI_AUTH_TRUSTED_GROUPS_HEADER", "X-User-Groups"),
    ("WEBUI_AUTH_TRUSTED_ROLE_HEADER", "X-User-Role"),
    ("TRUSTED_PROXY_SECRET", SECRET),
    ("DEFAULT_USER_ROLE", "user"),
];
const NO_HEADER: &str =
    "Your provider has not provided a trusted header. Please contact your administrator for assistance.";
const RESTRICTED: &str = "The requested action has been restricted as a security measure.";

fn sign_in(client: &Client<'_>) -> Answer {
    client.post(SIGN_IN, &credentials("", ""))
}

#[test]
fn a_proxy_vouches_for_people_and_nobody_else_does() {
    /* SE-22 */
    let app = TestApp::with_vars(&TRUSTED);
    assert_eq!(app.anonymous().get("/api/config").json()["features"]["auth_trusted_header"], true);
    let proxy = app.anonymous().with("x-portico-proxy-secret", SECRET);
    let ann = proxy.clone().with("x-user-email", "Ann@Example.com").with("x-user-name", "Ann%20L%C3%A9e");
    let signed_in = sign_in(&ann);
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    let view = signed_in.json();
    assert_eq!(
        (&view["email"], &view["name"], &view["role"]),
        (&json!("ann@example.com"), &json!("Ann Lée"), &json!("admin"))
    );
    assert!(signed_in.cookie("token").is_some());
    for stranger in [
        app.anonymous().with("x-user-email", "ann@example.com"),
        app.anonymous().with("x-user-email", "ann@example.com").with("x-portico-proxy-secret", "guessed"),
        proxy.clone(),
        proxy.clone().with("x-user-email", ""),
        proxy.clone().with("x-user-email", "ann@example.com").with("x-user-email", "bob@example.com"),
    ] {
        let refused = sign_in(&stranger);
        assert_eq!((refused.status, refused.detail().as_str()), (400, NO_HEADER));
    }
    let shapeless = proxy.clone().with("x-user-email", "ann@example.com").post(SIGN_IN, &json!({}));
    assert_eq!(shapeless.status, 422, "the form has to be one");
}

#[test]
fn a_token_is_of_no_use_to_somebody_else_behind_the_proxy() {
    let app = TestApp::with_vars(&TRUSTED);
    let proxy = app.anonymous().with("x-portico-proxy-secret", SECRET);
    let token = sign_in(&proxy.clone().with("x-user-email", "ann@example.com")).token();
    let with_token = proxy.clone().with_token(&token);
    assert_eq!(with_token.get(SESSION).status, 200, "no word of the proxy");
    assert_eq!(with_token.clone().with("x-user-email", "ANN@example.com").get(SESSION).status, 200);
    let mismatch = with_token.clone().with("x-user-email", "bob@example.com").get(SESSION);
    assert_eq!((mismatch.status, mismatch.detail().as_str()), (401, "User mismatch. Please sign in again."));
    for unreadable in ["ann@example.com, bob@example.com", "ann@example.com,ann@example.com"] {
        let other = with_token.clone().with("x-user-email", unreadable).get(SESSION);
        assert_eq!(other.status, 401, "{unreadable} is nobody's address");
    }
    let unproven = app.anonymous().with_token(&token).with("x-user-email", "bob@example.com").get(SESSION);
    assert_eq!(unproven.status, 200, "a header that the proxy did not write is not there");
    let change = with_token.post(
        "/api/v1/auths/update/password",
        &json!({"password": PASSWORD, "new_password": "battery staple"}),
    );
    assert_eq!((change.status, change.detail().as_str()), (400, RESTRICTED));
}

#[test]
fn roles_and_groups_follow_the_proxy() {
    /* AD-05 */
    let app = TestApp::with_vars(&TRUSTED);
    let proxy = app.anonymous().with("x-portico-proxy-secret", SECRET);
    let as_ann = |header: &'static str, value: &str| {
        sign_in(&proxy.clone().with("x-user-email", "ann@example.com").with(header, value)).json()
    };
    let ann = proxy.clone().with_token(as_ann("x-user-role", "admin")["token"].as_str().unwrap());
    assert_eq!(as_ann("x-user-role", "user")["role"], "admin", "the last administrator stays");
    for name in ["Red", "Blue"] {
        let form = json!({"name": name, "description": "", "permissions": {"features": {"api_keys": name == "Red"}}});
        assert_eq!(ann.post("/api/v1/groups/create", &form).status, 200);
    }
    let as_bob = |groups: &str, role: &str| {
        let bob = proxy.clone().with("x-user-email", "bob@example.com");
        sign_in(&bob.with("x-user-groups", groups).with("x-user-role", role)).json()
    };
    let names = |view: &Value| {
        let groups =
            proxy.clone().with_token(view["token"].as_str().unwrap()).get("/api/v1/users/groups").json();
        groups.as_array().unwrap().iter().map(|group| group["name"].clone()).collect::<Vec<_>>()
    };
    let bob = as_bob(" Red , Nobody", "user");
    assert_eq!((&bob["role"], &bob["permissions"]["features"]["api_keys"]), (&json!("user"), &json!(true)));
    assert_eq!(names(&bob), ["Red"]);
    assert_eq!(names(&as_bob("Blue", "king")), ["Blue"]);
    assert_eq!(names(&as_bob("", "user")), ["Blue"], "an empty list is no list");
    assert_eq!(as_bob("Blue", "pending")["role"], "pending");
}

#[test]
fn a_deployment_that_asks_nobody_signs_everybody_in_as_its_one_account() {
    let app = TestApp::with_vars(&[("WEBUI_AUTH", "false")]);
    let config = app.anonymous().get("/api/config").json();
    assert_eq!(
        (&config["features"]["auth"], &config["features"]["enable_signup"]),
        (&json!(false), &json!(false))
    );
    let first = sign_in(&app.anonymous());
    assert_eq!(first.status, 200, "{first:?}");
    let view = first.json();
    assert_eq!(
        (&view["email"], &view["name"], &view["role"]),
        (&json!("admin@localhost"), &json!("User"), &json!("admin"))
    );
    let again = sign_in(&app.anonymous());
    assert_eq!(again.json()["id"], view["id"]);
    assert_eq!(app.anonymous().get(SESSION).status, 401, "other routes need the token");
    let form = json!({"name": "Bob", "email": "bob@example.com", "password": PASSWORD});
    assert_eq!(app.anonymous().post("/api/v1/auths/signup", &form).status, 403);
    let ann = app.anonymous().with_token(again.token());
    let change = json!({"password": "admin", "new_password": PASSWORD});
    assert_eq!(ann.post("/api/v1/auths/update/password", &change).status, 200);
    assert_eq!(sign_in(&app.anonymous()).status, 400, "somebody has taken the account for themselves");
    assert_eq!(app.anonymous().get("/ready").json(), json!({"status": true, "degraded": true}));
}

#[test]
fn a_browser_behind_the_proxy_has_one_session() {
    /* SE-04 */
    let app = TestApp::with_vars(&TRUSTED);
    let ann = app
        .anonymous()
        .with("x-portico-proxy-secret", SECRET)
        .with("x-user-email", "ann@example.com")
        .with("sec-fetch-site", "same-origin");
    let first = sign_in(&ann).token();
    let program = sign_in(&ann).token();
    let second = sign_in(&ann.clone().with("cookie", &format!("token={first}"))).token();
    let status = |token: &str| app.anonymous().with_token(token).get(SESSION).status;
    assert_eq!((status(&first), status(&program), status(&second)), (401, 200, 200));
}

#[test]
fn whichever_way_many_come_in_at_once_one_is_the_first() {
    /* AD-01 */
    let app = TestApp::with_vars(&[&TRUSTED[..], &[("ENABLE_SIGNUP", "true")]].concat());
    let somebody = |n: u8| app.anonymous().with("cf-connecting-ip", &format!("203.0.113.{n}"));
    let requests = (0..20).map(|n| match n % 2 {
        0 => {
            let email = format!("up{n}@example.com");
            let form = json!({"name": "Up", "email": email, "password": PASSWORD});
            somebody(n).json_request("/api/v1/auths/signup", &form)
        }
        _ => somebody(n)
            .with("x-portico-proxy-secret", SECRET)
            .with("x-user-email", &format!("in{n}@example.com"))
            .json_request(SIGN_IN, &credentials("", "")),
    });
    let answers = app.at_once(requests.collect());
    let with_role = |role: &str| answers.iter().filter(|answer| answer.json()["role"] == role).count();
    assert_eq!((with_role("admin"), with_role("user")), (1, 19), "{answers:?}");
}

#[test]
fn nobody_has_a_second_factor_where_nobody_is_asked_who_they_are() {
    let app = TestApp::with_vars(&[("WEBUI_AUTH", "false")]);
    let admin = app.anonymous().with_token(sign_in(&app.anonymous()).token());
    let mut form = admin.get(CONFIG).json();
    form["ENABLE_MFA"] = json!(true);
    let refused = admin.post(CONFIG, &form);
    assert_eq!(
        (refused.status, refused.detail().as_str()),
        (409, "Unable to update MFA policy. Check configuration and retry.")
    );
    assert_eq!(admin.get(CONFIG).json()["ENABLE_MFA"], false);
    form["ENABLE_MFA"] = json!(false);
    assert_eq!(admin.post(CONFIG, &form).status, 200);
}

#[test]
fn a_proxy_may_answer_for_the_second_factor_too() {
    /* MF-07 */
    let vars = [&TRUSTED[..], &[("ENABLE_MFA", "true")]].concat();
    let app = TestApp::with_vars(&vars);
    let ann = || {
        let proxy = app.anonymous().with("x-portico-proxy-secret", SECRET);
        sign_in(&proxy.with("x-user-email", "ann@example.com")).json()
    };
    let step = ann();
    assert_eq!(step["next_step"], "enroll", "{step}");
    let setup = app
        .anonymous()
        .post("/api/v1/auths/mfa/enroll/start", &json!({"challenge_token": step["challenge_token"]}))
        .json();
    let code = Authenticator::of(setup["manual_key"].as_str().unwrap()).code(app.now());
    let body = json!({"challenge_token": step["challenge_token"], "code": code});
    let enrolled = app.anonymous().post("/api/v1/auths/mfa/enroll/confirm", &body);
    assert_eq!(enrolled.status, 200, "{enrolled:?}");
    assert_eq!(ann()["next_step"], "verify");
    let admin = app.anonymous().with_token(enrolled.token());
    let mut form = admin.get(CONFIG).json();
    form["MFA_ALLOW_TRUSTED_HEADER_BYPASS"] = json!(true);
    assert_eq!(admin.post(CONFIG, &form).json()["sessions_revoked"], true);
    let signed_in = ann();
    let token = signed_in["token"].as_str().unwrap();
    assert_eq!(app.anonymous().with_token(token).get(SESSION).status, 200);
}

#[test]
fn password_sign_in_that_is_off_is_off_in_every_mode() {
    /* AD-12 */
    for mode in [&[][..], &TRUSTED[..], &[("WEBUI_AUTH", "false")][..]] {
        let vars: Vec<_> = mode.iter().copied().chain([("ENABLE_PASSWORD_AUTH", "false")]).collect();
        let app = TestApp::with_vars(&vars);
        let answer = sign_in(&app.anonymous().with("x-user-email", "ann@example.com"));
        assert_eq!((answer.status, answer.detail().as_str()), (403, RESTRICTED));
    }
}

#[test]
fn the_environment_names_the_first_administrator() {
    /* AD-01 */
    let app = TestApp::with_vars(&[
        ("WEBUI_ADMIN_EMAIL", "Root@Example.com"),
        ("WEBUI_ADMIN_PASSWORD", "short"),
        ("WEBUI_ADMIN_NAME", "Root"),
    ]);
    let config = app.anonymous().get("/api/config").json();
    assert_eq!((config.get("onboarding"), &config["features"]["enable_signup"]), (None, &json!(false)));
    let root = app.anonymous().post(SIGN_IN, &credentials("root@example.com", "short"));
    assert_eq!(
        (root.status, &root.json()["role"], &root.json()["name"]),
        (200, &json!("admin"), &json!("Root"))
    );
    let form = json!({"name": "Bob", "email": "bob@example.com", "password": PASSWORD});
    assert_eq!(app.anonymous().post("/api/v1/auths/signup", &form).status, 403);
}

#[test]
fn the_first_sign_up_shows_the_deployments_secret_where_there_is_one() {
    /* AD-02 */
    let app = TestApp::with_vars(&[("BOOTSTRAP_SECRET", "open sesame"), ("ENABLE_SIGNUP", "true")]);
    let sign_up = |email: &str, secret: Value| {
        let form = json!({"name": "Ann", "email": email, "password": PASSWORD, "bootstrap_secret": secret});
        app.anonymous().post("/api/v1/auths/signup", &form)
    };
    for wrong in [Value::Null, json!(""), json!("open"), json!("open sesame ")] {
        assert_eq!(sign_up("ann@example.com", wrong).status, 403);
    }
    let first = sign_up("ann@example.com", json!("open sesame"));
    assert_eq!((first.status, &first.json()["role"]), (200, &json!("admin")));
    assert_eq!(sign_up("bob@example.com", Value::Null).status, 200, "used once, it is not asked for again");
}

#[test]
fn ready_says_whether_the_database_answers() {
    /* ER-05 */
    let app = TestApp::new();
    let ready = app.anonymous().get("/ready");
    assert_eq!((ready.status, ready.json()), (200, json!({"status": true})));
}
