use portico_core::{
    id::UserId,
    ports::{FactorReplaced, SecondFactors as _},
};
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Authenticator, Browser, PASSWORD, TestApp, with_native},
    librechat::{MAIL, OPEN, in_link, mail_to, member},
};

fn path(name: &str) -> String {
    format!("/api/auth/2fa/{name}")
}

/// Calm limits: codes of many steps in one test.
fn roomy() -> Vec<(&'static str, &'static str)> {
    [OPEN.as_slice(), &[("TWO_FACTOR_TEMP_MAX", "100")]].concat()
}

struct Enrolled {
    authenticator: Authenticator,
    codes: Vec<String>,
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_string()).collect()
}

/// Sets a factor up with the code of the present step.
fn enrol(app: &TestApp, browser: &Browser<'_>) -> Enrolled {
    let answer = browser.poke(&path("enable"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    let secret = in_link(body["otpauthUrl"].as_str().unwrap(), "secret");
    assert_eq!(body["secret"], secret);
    let authenticator = Authenticator::of(&secret);
    let code = json!({"token": authenticator.code(app.now())});
    for step in ["verify", "confirm"] {
        let answer = browser.post(&path(step), &code);
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{step}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    }
    Enrolled { authenticator, codes: texts(&body["backupCodes"]) }
}

fn pending(browser: &Browser<'_>, email: &str) -> String {
    let answer = browser.try_login(email, PASSWORD);
    let body = answer.json();
    assert_eq!((answer.status, &body["twoFAPending"], answer.cookies().len()), (200, &json!(true), 0));
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    let token = body["tempToken"].as_str().unwrap().to_string();
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)), "{token}");
    token
}

fn message(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["message"].as_str().unwrap_or_default().to_string())
}

#[test]
fn a_factor_is_set_up_asked_for_and_taken_away() {
    /* MF-01, MF-06, MF-07, R-08; librechat.md §15.9 */
    with_native(&roomy(), |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        let other = Browser::from_network(app, "203.0.113.60");
        other.login("ann@example.com");
        let staged = browser.get(&path("enable")).json();
        let url = staged["otpauthUrl"].as_str().unwrap();
        assert!(url.starts_with("otpauth://totp/"), "{url}");
        assert_eq!(in_link(url, "secret").len(), 32, "160 bits");
        assert!(staged["qrCode"].as_str().unwrap().starts_with("data:image/svg+xml;base64,"));
        assert_eq!(browser.get("/api/user").json()["twoFactorEnabled"], false, "nothing is in force yet");
        let Enrolled { authenticator, codes } = enrol(app, &browser);
        assert_eq!(codes.len(), 10);
        assert!(codes.iter().all(|code| code.len() == 32), "MF-10");
        assert_eq!(browser.get("/api/user").json()["twoFactorEnabled"], true);
        assert_eq!(other.get("/api/user").status, 401, "other sessions end (MF-13)");
        browser.poke("/api/auth/logout");
        browser.reload();
        let temp = pending(&browser, "ann@example.com");
        assert_eq!(app.anonymous().with_token(&temp).get("/api/user").status, 401, "it is no access token");
        native.pass_seconds(30);
        let code = json!({"tempToken": temp, "token": authenticator.code(app.now())});
        let answer = browser.post(&path("verify-temp"), &code);
        browser.keep(&answer);
        assert!(answer.cookie("refreshToken").is_some() && answer.cookie("token_provider").is_some());
        assert_eq!(answer.json()["user"]["twoFactorEnabled"], true);
        assert_eq!(browser.post(&path("verify-temp"), &code).status, 401, "once");
        browser.keep(&browser.poke("/api/auth/refresh"));
        let disable = browser.post(&path("disable"), &json!({"backupCode": codes[0]}));
        assert_eq!((disable.status, disable.body.len()), (200, 0), "{disable:?}");
        browser.reload();
        browser.login("ann@example.com");
    });
}

#[test]
fn a_code_of_the_app_is_good_once_and_so_is_a_backup_code() {
    /* MF-02, MF-03, MF-10, MF-11; librechat.md §15.10 */
    with_native(&roomy(), |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        let Enrolled { authenticator, codes } = enrol(app, &browser);
        let verify = |field: &str, code: &str| {
            let temp = pending(&Browser::of(app), "ann@example.com");
            Browser::of(app).post(&path("verify-temp"), &json!({"tempToken": temp, field: code}))
        };
        let used = authenticator.code(app.now());
        let wrong = (401, "Invalid 2FA code or backup code".to_string());
        assert_eq!(message(&verify("token", &used)), wrong, "it has confirmed the factor");
        assert_eq!(message(&verify("token", &authenticator.code(app.now() - 60))), wrong);
        native.pass_seconds(30);
        assert_eq!(verify("token", &authenticator.code(app.now())).status, 200);
        assert_eq!(verify("backupCode", &codes[0]).status, 200);
        assert_eq!(message(&verify("backupCode", &codes[0])), wrong);
        assert_eq!(verify("backupCode", &codes[1].to_uppercase()).status, 200, "in either case");
        assert_eq!(verify("token", &codes[2]).status, 200, "one field for both, as older pages have it");
        native.pass_seconds(30);
        // The app's code wins where both come, and the other one is not used up.
        let temp = pending(&Browser::of(app), "ann@example.com");
        let both = json!({"tempToken": temp, "token": authenticator.code(app.now()), "backupCode": codes[3]});
        assert_eq!(Browser::of(app).post(&path("verify-temp"), &both).status, 200);
        native.pass_seconds(3_600);
        assert_eq!(verify("backupCode", &codes[3]).status, 200);
    });
}

#[test]
fn of_many_equal_codes_at_once_one_signs_in() {
    /* MF-03, MF-11, TH-01 */
    let app = TestApp::with_vars(&roomy());
    let browser = member(&app, "Ann", "ann@example.com");
    let Enrolled { authenticator, codes } = enrol(&app, &browser);
    for (field, code) in [("token", authenticator.code(app.now() + 30)), ("backupCode", codes[0].clone())] {
        let requests = (0..4).map(|_| {
            let browser = Browser::of(&app);
            let temp = pending(&browser, "ann@example.com");
            browser.client().json_request(&path("verify-temp"), &json!({"tempToken": temp, field: code}))
        });
        let answers = app.at_once(requests.collect());
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{field}: {statuses:?}");
    }
}

#[test]
fn guessing_ends_soon_and_counts_against_the_account() {
    /* MF-04, TH-06, TH-07; librechat.md §8 */
    let bans =
        [OPEN.as_slice(), &[("BAN_VIOLATIONS", "true"), ("BAN_INTERVAL", "1"), ("TWO_FACTOR_TEMP_MAX", "7")]]
            .concat();
    with_native(&bans, |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        let Enrolled { authenticator, .. } = enrol(app, &browser);
        native.pass_seconds(3_600);
        let temp = pending(&browser, "ann@example.com");
        let guess = |network: &str, temp: &str| {
            let form = json!({"tempToken": temp, "token": "000000"});
            Browser::from_network(app, network).post(&path("verify-temp"), &form)
        };
        for _ in 0..5 {
            assert_eq!(guess("203.0.113.1", &temp).status, 401);
        }
        assert_eq!(guess("203.0.113.2", &temp).status, 429, "the step is spent");
        native.pass_seconds(30);
        let code = json!({"tempToken": temp, "token": authenticator.code(app.now())});
        assert_eq!(browser.post(&path("verify-temp"), &code).status, 401, "for good");
        // One more with another step, and the account is shut out: the limit for its codes is another one than its
        // networks'.
        let temp = pending(&browser, "ann@example.com");
        assert_eq!(guess("203.0.113.3", &temp).status, 401);
        assert_eq!(
            message(&guess("203.0.113.3", &temp)),
            (429, "Too many verification attempts, please try again after 5 minutes.".to_string())
        );
        let banned = browser.try_login("ann@example.com", PASSWORD);
        assert_eq!(
            message(&banned),
            (403, "Your account has been temporarily banned due to violations of our service.".to_string())
        );
        native.pass_seconds(7_200);
        assert_eq!(browser.try_login("ann@example.com", PASSWORD).status, 200);
    });
    let app = TestApp::with_vars(&bans);
    let browser = Browser::of(&app);
    for _ in 0..7 {
        let answer = browser.post(&path("verify-temp"), &json!({"tempToken": "x", "token": "000000"}));
        assert_eq!(message(&answer), (401, "Invalid or expired temporary token".to_string()));
    }
    let refused = browser.post(&path("verify-temp"), &json!({"tempToken": "x"}));
    assert_eq!(
        message(&refused),
        (429, "Too many verification attempts, please try again after 5 minutes.".to_string())
    );
}

#[test]
fn made_up_steps_count_against_nobody() {
    /* TH-08 */
    let bans = [roomy().as_slice(), &[("BAN_VIOLATIONS", "true"), ("BAN_INTERVAL", "1")]].concat();
    let app = TestApp::with_vars(&bans);
    let browser = member(&app, "Ann", "ann@example.com");
    let id = browser.get("/api/user").json()["id"].as_str().unwrap().to_string();
    let made_up = format!("{id}.{}", "A".repeat(43));
    for number in 0..20 {
        let stranger = Browser::from_network(&app, &format!("203.0.113.{number}"));
        let form = json!({"tempToken": made_up, "token": "000000"});
        let answer = stranger.post(&path("verify-temp"), &form);
        assert_eq!(message(&answer), (401, "Invalid or expired temporary token".to_string()));
    }
    enrol(&app, &browser);
}

#[test]
fn a_step_is_its_browsers_alone_and_waits_five_minutes() {
    /* MF-06 */
    with_native(&roomy(), |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        let Enrolled { authenticator, .. } = enrol(app, &browser);
        native.pass_seconds(60);
        let temp = pending(&browser, "ann@example.com");
        let form = |temp: &str| json!({"tempToken": temp, "token": authenticator.code(app.now())});
        let stolen =
            app.anonymous().with("user-agent", "another browser").post(&path("verify-temp"), &form(&temp));
        assert_eq!(stolen.status, 401);
        native.pass_seconds(300);
        assert_eq!(browser.post(&path("verify-temp"), &form(&temp)).status, 401);
        let temp = pending(&browser, "ann@example.com");
        browser.keep(&browser.post(&path("verify-temp"), &form(&temp)));
    });
}

#[test]
fn who_changes_a_factor_shows_it_and_who_has_none_has_just_signed_in() {
    /* MF-08, MF-09; librechat.md §13.17 */
    with_native(&roomy(), |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        native.pass_seconds(301);
        let late = browser.poke(&path("enable"));
        assert_eq!(late.status, 403, "{late:?}");
        assert_eq!(browser.post(&path("enable"), &json!({"password": "wrong password"})).status, 403);
        assert_eq!(browser.post(&path("enable"), &json!({"password": PASSWORD})).status, 200);
        browser.reload();
        browser.login("ann@example.com");
        let Enrolled { authenticator, codes } = enrol(app, &browser);
        for (step, text) in [
            ("enable", "TOTP token or backup code is required to re-enroll 2FA"),
            ("disable", "Either token or backup code is required to disable 2FA"),
            ("backup/regenerate", "TOTP token or backup code is required to regenerate backup codes"),
        ] {
            assert_eq!(message(&browser.poke(&path(step))), (400, text.to_string()));
            let wrong = browser.post(&path(step), &json!({"token": "000000"}));
            assert_eq!(message(&wrong), (401, "Invalid token or backup code".to_string()), "{step}");
        }
        // A new secret waits beside the present one.
        native.pass_seconds(30);
        let staged = browser.post(&path("enable"), &json!({"token": authenticator.code(app.now())}));
        let next = Authenticator::of(staged.json()["secret"].as_str().unwrap());
        native.pass_seconds(30);
        let temp = pending(&Browser::of(app), "ann@example.com");
        let form = json!({"tempToken": temp, "token": authenticator.code(app.now())});
        assert_eq!(Browser::of(app).post(&path("verify-temp"), &form).status, 200);
        native.pass_seconds(30);
        let wrong = browser.post(&path("confirm"), &json!({"token": authenticator.code(app.now())}));
        assert_eq!(message(&wrong), (400, "Invalid token.".to_string()));
        assert_eq!(browser.post(&path("confirm"), &json!({"token": next.code(app.now())})).status, 200);
        let temp = pending(&Browser::of(app), "ann@example.com");
        let old = json!({"tempToken": temp, "backupCode": codes[0]});
        assert_eq!(Browser::of(app).post(&path("verify-temp"), &old).status, 401, "the old codes are gone");
    });
}

#[test]
fn what_is_staged_waits_ten_minutes_and_only_for_its_session() {
    /* MF-08 */
    with_native(&roomy(), |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        let other = Browser::from_network(app, "203.0.113.60");
        other.login("ann@example.com");
        let secret = browser.poke(&path("enable")).json()["secret"].as_str().unwrap().to_string();
        let code = |app: &TestApp| json!({"token": Authenticator::of(&secret).code(app.now())});
        assert_eq!(
            message(&other.post(&path("confirm"), &code(app))),
            (400, "2FA not initiated".to_string())
        );
        native.pass_seconds(600);
        assert_eq!(
            message(&browser.post(&path("verify"), &code(app))),
            (400, "2FA not initiated".to_string())
        );
        assert_eq!(
            message(&browser.post(&path("confirm"), &code(app))),
            (400, "2FA not initiated".to_string())
        );
        assert_eq!(
            message(&browser.poke(&path("disable"))),
            (400, "2FA is not setup for this user".to_string())
        );
    });
}

#[test]
fn codes_are_texts_of_six_digits() {
    /* MF-05, IN-03; librechat.md §13.43 */
    let app = TestApp::with_vars(&roomy());
    let browser = member(&app, "Ann", "ann@example.com");
    browser.poke(&path("enable"));
    for bad in [json!("12345"), json!("1234567"), json!("１２３４５６"), json!(" ")] {
        assert_eq!(browser.post(&path("verify"), &json!({ "token": bad })).status, 400, "{bad}");
    }
    for bad in [json!(123_456), json!(["123456"]), json!({"$ne": ""})] {
        let answer = browser.post(&path("confirm"), &json!({ "token": bad }));
        assert_eq!(answer.status, 400);
        assert!(message(&answer).1.starts_with("token: Expected string"), "{answer:?}");
    }
    for step in ["verify", "confirm", "disable"] {
        assert_eq!(browser.poke(&path(step)).status, 400, "{step}: an empty body is no fault of ours");
    }
}

#[test]
fn new_backup_codes_end_the_old_ones_and_nothing_stored_is_shown() {
    /* MF-11; librechat.md §13.15 */
    with_native(&roomy(), |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        let Enrolled { authenticator, codes } = enrol(app, &browser);
        native.pass_seconds(30);
        let answer =
            browser.post(&path("backup/regenerate"), &json!({"token": authenticator.code(app.now())}));
        let new = texts(&answer.json()["backupCodes"]);
        assert_eq!((new.len(), &answer.json()["backupCodesHash"]), (10, &json!([])));
        assert_eq!(browser.get("/api/user").status, 200, "the caller's session goes on");
        let with = |code: &str| {
            let temp = pending(&Browser::of(app), "ann@example.com");
            let form = json!({"tempToken": temp, "backupCode": code});
            Browser::of(app).post(&path("verify-temp"), &form).status
        };
        assert_eq!((with(&codes[1]), with(&new[1])), (401, 200));
    });
}

#[test]
fn where_everybody_needs_a_factor_nobody_signs_in_without_or_takes_theirs_away() {
    /* MF-07 */
    with_native(&roomy(), |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        let bob = member(app, "Bob", "bob@example.com");
        let Enrolled { authenticator, .. } = enrol(app, &browser);
        native.configure_anew(&[roomy().as_slice(), &[("ENABLE_MFA", "true")]].concat());
        assert_eq!(bob.get("/api/user").status, 401);
        assert_eq!(bob.poke("/api/auth/refresh").status, 401);
        let refused = Browser::of(app).try_login("bob@example.com", PASSWORD);
        assert_eq!((refused.status, refused.cookies().len()), (403, 0));
        native.pass_seconds(30);
        let browser = Browser::of(app);
        let temp = pending(&browser, "ann@example.com");
        let form = json!({"tempToken": temp, "token": authenticator.code(app.now())});
        browser.keep(&browser.post(&path("verify-temp"), &form));
        browser.keep(&browser.poke("/api/auth/refresh"));
        native.pass_seconds(30);
        let disable = browser.post(&path("disable"), &json!({"token": authenticator.code(app.now())}));
        assert_eq!(disable.status, 403, "{disable:?}");
    });
}

#[test]
fn a_stored_secret_that_does_not_open_is_no_sign_that_there_is_none() {
    /* SR-05, MF-12 */
    with_native(&roomy(), |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        let Enrolled { authenticator, .. } = enrol(app, &browser);
        native.configure_anew(
            &[roomy().as_slice(), &[("PORTICO_SECRET", "another-secret-0123456789abcdef0123456789")]]
                .concat(),
        );
        native.pass_seconds(30);
        let browser = Browser::of(app);
        let temp = pending(&browser, "ann@example.com");
        let form = json!({"tempToken": temp, "token": authenticator.code(app.now())});
        let answer = browser.post(&path("verify-temp"), &form);
        assert_eq!((answer.status, answer.cookies().len()), (503, 0), "{answer:?}");
    });
}

#[test]
fn a_secret_that_is_moved_to_another_account_does_not_open_there() {
    /* MF-12 */
    with_native(&roomy(), |app, native| {
        let [ann, bob] = [("Ann", "ann@example.com"), ("Bob", "bob@example.com")].map(|(name, email)| {
            let browser = member(app, name, email);
            let Enrolled { authenticator, .. } = enrol(app, &browser);
            let id = UserId::parse(browser.get("/api/user").json()["id"].as_str().unwrap()).unwrap();
            (id, authenticator)
        });
        let ports = &native.ports;
        let stored = |user| pollster::block_on(ports.find_second_factor(user)).unwrap().unwrap();
        let event = portico_tests::event(ports).unwrap();
        let (of_ann, of_bob) = (stored(ann.0), stored(bob.0));
        let moved = ports.replace_second_factor(bob.0, Some(&of_bob), Some(of_ann), event);
        assert_ne!(pollster::block_on(moved).unwrap(), FactorReplaced::No);
        native.pass_seconds(30);
        let browser = Browser::of(app);
        for authenticator in [ann.1, bob.1] {
            let temp = pending(&browser, "bob@example.com");
            let form = json!({"tempToken": temp, "token": authenticator.code(app.now())});
            let answer = browser.post(&path("verify-temp"), &form);
            assert_eq!((answer.status, answer.cookies().len()), (503, 0), "{answer:?}");
        }
    });
}

#[test]
fn changes_of_a_factor_are_told_by_mail() {
    /* MF-13, MF-14, LG-05 */
    let app = TestApp::with_vars(&[MAIL.as_slice(), &[("TWO_FACTOR_TEMP_MAX", "100")]].concat());
    let ann = member(&app, "Ann", "ann@example.com");
    let bob = member(&app, "Bob", "bob@example.com");
    let Enrolled { codes, .. } = enrol(&app, &bob);
    let told = |text: &str| {
        crate::harness::eventually(|| mail_to(&app, "bob@example.com").filter(|mail| mail.contains(text)))
    };
    assert!(told("Two-factor authentication was set up").is_some());
    let mail = told("was set up").unwrap();
    assert!(codes.iter().all(|code| !mail.contains(code.as_str())));
    let id = bob.get("/api/user").json()["id"].as_str().unwrap().to_string();
    let path = format!("/api/v1/users/{id}/mfa/reset");
    let reset = app.anonymous().with_token(ann.token()).post(&path, &json!({}));
    assert_eq!(reset.status, 200, "{reset:?}");
    assert!(told("Your second factor was taken away").is_some());
}
