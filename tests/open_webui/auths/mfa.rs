use serde_json::{Value, json};

use crate::harness::{Answer, Authenticator, Client, PASSWORD, TestApp, credentials};

const SIGN_IN: &str = "/api/v1/auths/signin";
const SESSION: &str = "/api/v1/auths/";
const MFA: &str = "/api/v1/auths/mfa";
const CONFIG: &str = "/api/v1/auths/admin/config";
const EXPIRED: &str = "This authentication step expired. Please start again.";

/// Posts the settings as the admin page does, with one of them changed.
fn configure(admin: &Client<'_>, name: &str, value: Value) -> Answer {
    let mut form = admin.get(CONFIG).json();
    form[name] = value;
    admin.post(CONFIG, &form)
}

fn post(app: &TestApp, route: &str, body: &Value) -> Answer {
    app.anonymous().post(&format!("{MFA}/{route}"), body)
}

fn sign_in(app: &TestApp, email: &str) -> Value {
    let answer = app.anonymous().post(SIGN_IN, &credentials(email, PASSWORD));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Signs in and sets up the factor that is asked for.
fn enroll(app: &TestApp, email: &str) -> (Answer, Authenticator) {
    let step = sign_in(app, email);
    assert_eq!((&step["next_step"], &step["expires_in"]), (&json!("enroll"), &json!(300)));
    confirm(app, &step["challenge_token"], 0)
}

fn confirm(app: &TestApp, token: &Value, ahead: i64) -> (Answer, Authenticator) {
    let setup = post(app, "enroll/start", &json!({"challenge_token": token})).json();
    let authenticator = Authenticator::of(setup["manual_key"].as_str().unwrap());
    let code = authenticator.code(app.now() + ahead);
    (post(app, "enroll/confirm", &json!({"challenge_token": token, "code": code})), authenticator)
}

#[test]
fn a_deployment_that_asks_for_a_second_factor_gives_no_token_for_a_password() {
    /* MF-06, MF-07 */
    let app = TestApp::with_vars(&[
        ("ENABLE_MFA", "true"),
        ("ENABLE_SIGNUP", "true"),
        ("DEFAULT_USER_ROLE", "user"),
    ]);
    let form = json!({"name": "Ann", "email": "ann@example.com", "password": PASSWORD});
    let signed_up = app.anonymous().post("/api/v1/auths/signup", &form);
    assert_eq!((signed_up.status, &signed_up.json()["next_step"]), (200, &json!("enroll")));
    assert_eq!(signed_up.cookies(), [""; 0]);
    let (enrolled, authenticator) = enroll(&app, "ann@example.com");
    assert_eq!(enrolled.status, 200, "{enrolled:?}");
    assert_eq!(enrolled.json()["recovery_codes"].as_array().unwrap().len(), 10);
    assert!(enrolled.cookie("token").is_some());
    let ann = app.anonymous().with_token(enrolled.token());
    assert_eq!(
        ann.get(&format!("{MFA}/status")).json(),
        json!({"enabled": true, "required": true, "recovery_codes_remaining": 10})
    );
    let step = sign_in(&app, "ann@example.com");
    assert_eq!(step["next_step"], "verify");
    assert_eq!(step.as_object().unwrap().len(), 3, "nothing that opens anything: {step}");
    // The next step of time: the one of the set-up was used (MF-03).
    let code = authenticator.code(app.now() + 30);
    let body = json!({"challenge_token": step["challenge_token"], "code": code, "recovery": false});
    let verified = post(&app, "verify", &body);
    assert_eq!(verified.status, 200, "{verified:?}");
    assert_eq!(app.anonymous().with_token(verified.token()).get(SESSION).status, 200);
    assert_eq!(ann.get(SESSION).status, 200, "verifying ends nothing");
    let again = post(&app, "verify", &body);
    assert_eq!((again.status, again.detail().as_str()), (401, EXPIRED));
}

#[test]
fn a_recovery_code_works_once_and_a_wrong_code_not_at_all() {
    /* MF-04, MF-10, MF-11 */
    let app = TestApp::with_vars(&[("ENABLE_MFA", "true")]);
    app.anonymous().post(
        "/api/v1/auths/signup",
        &json!({"name": "Ann", "email": "ann@example.com", "password": PASSWORD}),
    );
    let (enrolled, _) = enroll(&app, "ann@example.com");
    let code = enrolled.json()["recovery_codes"][3].clone();
    let token = sign_in(&app, "ann@example.com")["challenge_token"].clone();
    let verify = |token: &Value, code: &Value, recovery: bool| {
        post(&app, "verify", &json!({"challenge_token": token, "code": code, "recovery": recovery}))
    };
    let as_code = verify(&token, &code, false);
    assert_eq!((as_code.status, as_code.detail().as_str()), (401, "Invalid or already used code."));
    let verified = verify(&token, &code, true);
    assert_eq!(verified.status, 200, "{verified:?}");
    let ann = app.anonymous().with_token(verified.token());
    assert_eq!(ann.get(&format!("{MFA}/status")).json()["recovery_codes_remaining"], 9);
    let token = sign_in(&app, "ann@example.com")["challenge_token"].clone();
    for _ in 0..5 {
        assert_eq!(verify(&token, &code, true).status, 401);
    }
    let spent = verify(&token, &code, true);
    assert_eq!((spent.status, spent.detail().as_str()), (429, "Too many codes. Please sign in again."));
    assert!(!spent.header("retry-after").is_empty());
    assert_eq!(verify(&token, &code, true).detail(), EXPIRED);
}

#[test]
fn changing_the_policy_ends_every_session_and_needs_a_person() {
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true"), ("ENABLE_API_KEYS", "true")]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let bob = app.sign_up("Bob", "bob@example.com");
    let key = ann.post("/api/v1/auths/api_key", &json!({})).json()["api_key"].as_str().unwrap().to_string();
    let by_key = configure(&app.anonymous().with_token(&key), "ENABLE_MFA", json!(true));
    assert_eq!(by_key.status, 403, "{by_key:?}");
    assert_eq!(by_key.detail(), "A human administrator session is required to change MFA settings.");
    let strict = configure(&ann, "ENABLE_MFA", json!("true"));
    assert_eq!((strict.status, &strict.json()["detail"][0]["type"]), (422, &json!("bool_type")));
    assert_eq!(configure(&ann, "ENABLE_NOTES", json!(false)).json()["sessions_revoked"], false);
    let changed = configure(&ann, "ENABLE_MFA", json!(true));
    assert_eq!((changed.status, &changed.json()["sessions_revoked"]), (200, &json!(true)));
    for client in [&ann, &bob] {
        let answer = client.get(SESSION);
        assert_eq!((answer.status, answer.detail().as_str()), (401, "Invalid token"));
    }
    assert_eq!(sign_in(&app, "bob@example.com"), json!({"next_step": "pending"}));
    let (enrolled, _) = enroll(&app, "ann@example.com");
    let admin = app.anonymous().with_token(enrolled.token());
    let form = json!({"name": "Uma", "email": "uma@example.com", "password": PASSWORD, "role": "user"});
    let added = admin.post("/api/v1/auths/add", &form).json();
    assert_eq!((added.get("token"), added.get("token_type")), (None, None), "{added}");
}

#[test]
fn an_operator_takes_a_lost_factor_away_and_its_owner_sets_up_another() {
    /* MF-13, MF-14 */
    let app = TestApp::with_vars(&[
        ("ENABLE_MFA", "true"),
        ("ENABLE_SIGNUP", "true"),
        ("DEFAULT_USER_ROLE", "user"),
    ]);
    for name in ["ann", "bob"] {
        let form = json!({"name": name, "email": format!("{name}@example.com"), "password": PASSWORD});
        app.anonymous().post("/api/v1/auths/signup", &form);
    }
    let ann = app.anonymous().with_token(enroll(&app, "ann@example.com").0.token());
    let bobs = enroll(&app, "bob@example.com").0;
    let bob = app.anonymous().with_token(bobs.token());
    let reset = format!("/api/v1/users/{}/mfa/reset", bobs.json()["id"].as_str().unwrap());
    assert_eq!(bob.post(&reset, &json!({})).status, 401);
    let of_nobody = ann.post("/api/v1/users/00000000-0000-4000-8000-000000000000/mfa/reset", &json!({}));
    assert_eq!((of_nobody.status, of_nobody.detail().as_str()), (404, "User not found."));
    let form = json!({"name": "Cy", "email": "cy@example.com", "password": PASSWORD, "role": "user"});
    let cy = ann.post("/api/v1/auths/add", &form).json();
    let of_none = ann.post(&format!("/api/v1/users/{}/mfa/reset", cy["id"].as_str().unwrap()), &json!({}));
    assert_eq!((of_none.status, of_none.detail().as_str()), (403, "MFA is disabled."), "she has none");
    let promoted = ann.post(&reset.replace("/mfa/reset", "/update"), &json!({"role": "admin"}));
    assert_eq!(promoted.status, 200, "{promoted:?}");
    let primary = format!("/api/v1/users/{}/mfa/reset", ann.get(SESSION).json()["id"].as_str().unwrap());
    assert_eq!(bob.post(&primary, &json!({})).status, 403, "nobody else changes the first administrator");
    assert_eq!(ann.get(SESSION).status, 200);
    let reset = ann.post(&reset, &json!({}));
    assert_eq!(reset.status, 200, "{reset:?}");
    assert_eq!(bob.get(SESSION).detail(), "Invalid token");
    let step = sign_in(&app, "bob@example.com");
    assert_eq!(step["next_step"], "recover");
    let recover = |token: &Value| {
        post(&app, "recover", &json!({"challenge_token": step["challenge_token"], "reset_token": token}))
    };
    let wrong = recover(&json!("x".repeat(43)));
    assert_eq!((wrong.status, wrong.detail().as_str()), (401, "Invalid or expired operator recovery token."));
    let next = recover(&reset.json()["reset_token"]).json();
    assert_eq!(next["next_step"], "enroll");
    assert_eq!(recover(&reset.json()["reset_token"]).detail(), EXPIRED);
    let (enrolled, _) = confirm(&app, &next["challenge_token"], 30);
    assert_eq!(enrolled.status, 200, "{enrolled:?}");
    assert_eq!(sign_in(&app, "bob@example.com")["next_step"], "verify");
}

#[test]
fn the_present_factor_opens_the_way_to_another_and_to_new_recovery_codes() {
    /* MF-08, MF-09 */
    let app = TestApp::with_vars(&[("ENABLE_MFA", "true")]);
    app.anonymous().post(
        "/api/v1/auths/signup",
        &json!({"name": "Ann", "email": "ann@example.com", "password": PASSWORD}),
    );
    let (enrolled, _) = enroll(&app, "ann@example.com");
    let codes = enrolled.json()["recovery_codes"].clone();
    let ann = app.anonymous().with_token(enrolled.token());
    let by_code = |client: &Client<'_>, route: &str, code: &Value| {
        client.post(&format!("{MFA}/{route}"), &json!({"code": code, "recovery": true}))
    };
    assert_eq!(by_code(&ann, "replace", &json!("nonsense")).detail(), "Invalid or already used code.");
    let step = by_code(&ann, "replace", &codes[0]).json();
    assert_eq!(step["next_step"], "enroll");
    let setup = |token: &Value| post(&app, "enroll/start", &json!({"challenge_token": token})).json();
    assert_eq!(
        setup(&step["challenge_token"]),
        setup(&step["challenge_token"]),
        "once begun, the same secret"
    );
    assert!(
        setup(&step["challenge_token"])["qr_code"]
            .as_str()
            .unwrap()
            .starts_with("data:image/svg+xml;base64,")
    );
    assert_eq!(sign_in(&app, "ann@example.com")["next_step"], "verify", "the present factor is in force");
    let (replaced, authenticator) = confirm(&app, &step["challenge_token"], 30);
    assert_eq!(replaced.status, 200, "{replaced:?}");
    assert_eq!(replaced.json().as_object().unwrap().len(), 1, "recovery codes only");
    assert_eq!(ann.get(SESSION).status, 401, "a new factor ends all sessions");
    let codes = replaced.json()["recovery_codes"].clone();
    let token = sign_in(&app, "ann@example.com")["challenge_token"].clone();
    let body = json!({"challenge_token": token, "code": codes[0], "recovery": true});
    let ann = app.anonymous().with_token(post(&app, "verify", &body).token());
    let renewed = by_code(&ann, "recovery/codes", &codes[1]);
    assert_eq!(renewed.json()["recovery_codes"].as_array().unwrap().len(), 10, "{renewed:?}");
    assert_eq!(ann.get(SESSION).status, 401);
    let token = sign_in(&app, "ann@example.com")["challenge_token"].clone();
    let old = post(&app, "verify", &json!({"challenge_token": token, "code": codes[2], "recovery": true}));
    assert_eq!(old.status, 401, "all old codes are gone");
    drop(authenticator);
}

#[test]
fn a_factor_that_was_set_up_meanwhile_is_not_replaced_by_somebody_who_never_showed_it() {
    /* MF-08, MF-09 */
    let app = TestApp::with_vars(&[("ENABLE_MFA", "true"), ("ENABLE_SIGNUP", "true")]);
    app.anonymous().post(
        "/api/v1/auths/signup",
        &json!({"name": "Ann", "email": "ann@example.com", "password": PASSWORD}),
    );
    let (one, other) = (sign_in(&app, "ann@example.com"), sign_in(&app, "ann@example.com"));
    assert_eq!(confirm(&app, &one["challenge_token"], 0).0.status, 200);
    let late = post(&app, "enroll/start", &json!({"challenge_token": other["challenge_token"]}));
    assert_eq!((late.status, late.detail().as_str()), (401, EXPIRED));
    assert_eq!(sign_in(&app, "ann@example.com")["next_step"], "verify");
}

#[test]
fn one_network_asks_a_hundred_times_and_then_waits() {
    /* TH-02 */
    let app = TestApp::with_vars(&[("ENABLE_MFA", "true")]);
    let made_up = json!({
        "challenge_token": format!("{}.{}", "00000000-0000-4000-8000-000000000000", "A".repeat(43)),
    });
    for _ in 0..99 {
        assert_eq!(post(&app, "enroll/start", &made_up).detail(), EXPIRED);
    }
    assert_eq!(app.anonymous().post("/api/v1/auths/signout", &json!({})).status, 200);
    for refused in [
        post(&app, "enroll/start", &made_up),
        app.anonymous().post(SIGN_IN, &credentials("ann@example.com", PASSWORD)),
    ] {
        assert_eq!(refused.status, 429, "{refused:?}");
        assert_eq!(refused.detail(), "Too many attempts. Please try again later.");
        assert!((1..=900).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
    }
    assert_eq!(app.anonymous().get("/api/config").status, 200, "only what authenticates is counted");
}

#[test]
fn forms_of_these_routes_are_strict_and_strangers_learn_nothing() {
    let app = TestApp::new();
    let ann = app.sign_up("Ann", "ann@example.com");
    let token = format!("{}.{}", "00000000-0000-4000-8000-000000000000", "A".repeat(43));
    let gone = post(&app, "verify", &json!({"challenge_token": token, "code": "123456"}));
    assert_eq!((gone.status, gone.detail().as_str()), (401, EXPIRED));
    for (body, kind) in [
        (json!({}), "missing"),
        (json!({"challenge_token": token, "code": ""}), "string_too_short"),
        (json!({"challenge_token": "short", "code": "123456"}), "string_too_short"),
        (json!({"challenge_token": "x".repeat(161), "code": "123456"}), "string_too_long"),
        (json!({"challenge_token": token, "code": "123456", "extra": 1}), "extra_forbidden"),
        (json!({"challenge_token": token, "code": "123456", "recovery": "perhaps"}), "bool_parsing"),
    ] {
        let answer = post(&app, "verify", &body);
        assert_eq!(answer.status, 422, "{body}: {answer:?}");
        assert_eq!(answer.json()["detail"][0]["type"], kind, "{body}");
    }
    let foreign = app.anonymous().post(&format!("{MFA}/challenge"), &json!({}));
    assert_eq!((foreign.status, foreign.detail().as_str()), (403, "Invalid request origin."));
    let off = ann.post(&format!("{MFA}/replace"), &json!({"code": "123456"}));
    assert_eq!((off.status, off.detail().as_str()), (403, "MFA is disabled."));
    assert_eq!(
        ann.get(&format!("{MFA}/status")).json(),
        json!({"enabled": false, "required": false, "recovery_codes_remaining": 0})
    );
}
