use portico_core::{
    password::PasswordHash,
    ports::{FactorReplaced, SecondFactors as _, StoredFactor},
    totp::BackupCodes,
    user::Role,
};
use serde_json::json;

use crate::harness::with_native;
use crate::harness::{Authenticator, PASSWORD, credentials};

const SESSION: &str = "/api/v1/auths/";
const SIGN_IN: &str = "/api/v1/auths/signin";
/// `PASSWORD` under bcrypt, cost 5 (Python's `bcrypt`).
const BCRYPT: &str = "$2b$05$8EmuEoPEfBRbgP8yt0nFzO4ToOtU2QLwNmFz0UvD0qVWQbL3jnZGq";

#[test]
fn a_role_is_read_fresh_and_not_from_the_token() {
    /* TK-13 */
    with_native(&[], |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        assert_eq!(ann.get(SESSION).json()["role"], "admin");
        native.ports.set_role("ann@example.com", Role::User);
        assert_eq!(ann.get(SESSION).json()["role"], "user", "with the same token");
    });
}

#[test]
fn the_environment_may_begin_to_ask_for_a_second_factor_while_people_are_signed_in() {
    /* MF-07 */
    with_native(&[], |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        native.configure_anew(&[("ENABLE_MFA", "true")]);
        let answer = ann.get(SESSION);
        assert_eq!((answer.status, answer.detail().as_str()), (401, "Invalid token"));
        let step = app.anonymous().post(SIGN_IN, &credentials("ann@example.com", PASSWORD)).json();
        assert_eq!(step["next_step"], "enroll");
    });
}

#[test]
fn a_step_that_a_password_led_to_ends_when_passwords_are_switched_off() {
    /* AD-12 */
    with_native(&[("ENABLE_MFA", "true")], |app, native| {
        let form = json!({"name": "Ann", "email": "ann@example.com", "password": PASSWORD});
        let step = app.anonymous().post("/api/v1/auths/signup", &form).json();
        let token = &step["challenge_token"];
        let post = |route: &str, body: &serde_json::Value| {
            app.anonymous().post(&format!("/api/v1/auths/mfa/{route}"), body)
        };
        let setup = post("enroll/start", &json!({"challenge_token": token})).json();
        let authenticator = Authenticator::of(setup["manual_key"].as_str().unwrap());
        let code = authenticator.code(app.now());
        native.configure_anew(&[("ENABLE_MFA", "true"), ("ENABLE_PASSWORD_AUTH", "false")]);
        for (route, body) in [
            ("enroll/start", json!({"challenge_token": token})),
            ("enroll/confirm", json!({"challenge_token": token, "code": code})),
        ] {
            let answer = post(route, &body);
            let expired = "This authentication step expired. Please start again.";
            assert_eq!((answer.status, answer.detail().as_str()), (401, expired), "{route}");
        }
    });
}

#[test]
fn who_never_showed_the_present_factor_does_not_replace_it_even_if_their_step_is_still_open() {
    /* MF-08, MF-09 */
    with_native(&[("ENABLE_MFA", "true")], |app, native| {
        let form = json!({"name": "Ann", "email": "ann@example.com", "password": PASSWORD});
        let step = app.anonymous().post("/api/v1/auths/signup", &form).json();
        let token = &step["challenge_token"];
        let post = |route: &str, body: &serde_json::Value| {
            app.anonymous().post(&format!("/api/v1/auths/mfa/{route}"), body)
        };
        let setup = post("enroll/start", &json!({"challenge_token": token})).json();
        let code = Authenticator::of(setup["manual_key"].as_str().unwrap()).code(app.now());
        // As after a kill between storing a factor and ending what had begun before.
        let factor = StoredFactor {
            secret: Some("envelope".to_string()),
            backup_codes: BackupCodes::default(),
            reset: None,
        };
        let (user, event) = {
            let event = native.ports.audit_events().remove(0);
            (event.actor.unwrap(), event)
        };
        let stored = native.ports.replace_second_factor(user, None, Some(factor.clone()), event);
        assert_ne!(pollster::block_on(stored).unwrap(), FactorReplaced::No);
        let refused = post("enroll/confirm", &json!({"challenge_token": token, "code": code}));
        assert_eq!(refused.status, 409, "{refused:?}");
        let present = pollster::block_on(native.ports.find_second_factor(user)).unwrap();
        assert_eq!(present, Some(factor));
    });
}

#[test]
fn an_imported_hash_signs_in_and_is_made_anew_in_the_same_request() {
    /* PW-02 */
    with_native(&[], |app, native| {
        app.sign_up("Ann", "ann@example.com");
        let sign_in =
            |password: &str| app.anonymous().post(SIGN_IN, &credentials("ann@example.com", password)).status;
        native.ports.set_password_hash("ann@example.com", PasswordHash::from_stored(BCRYPT.to_string()));
        assert_eq!(sign_in("wrong password"), 400);
        assert_eq!(native.ports.password_hash("ann@example.com").unwrap().as_str(), BCRYPT, "not by a guess");
        assert_eq!(sign_in(PASSWORD), 200);
        let new = native.ports.password_hash("ann@example.com").unwrap();
        assert!(new.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{new:?}");
        assert_eq!(sign_in(PASSWORD), 200);
        assert_eq!(native.ports.password_hash("ann@example.com").unwrap(), new, "once");
        let actions: Vec<_> = native.ports.audit_events().iter().map(|event| event.action.as_str()).collect();
        assert_eq!(actions.iter().filter(|action| **action == "rehash").count(), 1);
    });
}

#[test]
fn a_pepper_is_added_and_replaced_without_a_reset() {
    /* PW-16 */
    let (one, two) = ("1:the first pepper of this deployment", "2:the second pepper of this deployment");
    let keyid = |version: &str| format!(",keyid={version}$");
    with_native(&[("PASSWORD_PEPPERS", one)], |app, native| {
        app.sign_up("Ann", "ann@example.com");
        let stored = native.ports.password_hash("ann@example.com").unwrap();
        assert!(stored.as_str().contains(&keyid("MQ")), "{stored:?}");
        with_native(&[("PASSWORD_PEPPERS", &format!("{one};{two}"))], |later, host| {
            later.sign_up("Ann", "ann@example.com");
            host.ports.set_password_hash("ann@example.com", stored.clone());
            let answer = later.anonymous().post(SIGN_IN, &credentials("ann@example.com", PASSWORD));
            assert_eq!(answer.status, 200);
            let renewed = host.ports.password_hash("ann@example.com").unwrap();
            assert!(renewed.as_str().contains(&keyid("Mg")), "{renewed:?}");
        });
        with_native(&[], |without, host| {
            without.sign_up("Ann", "ann@example.com");
            host.ports.set_password_hash("ann@example.com", stored.clone());
            let answer = without.anonymous().post(SIGN_IN, &credentials("ann@example.com", PASSWORD));
            assert_eq!(answer.status, 400, "a lost pepper lets nobody in");
        });
    });
}

#[test]
fn a_breached_password_is_refused_and_a_silent_list_stops_nobody() {
    /* PW-09 */
    let list = [("PASSWORD_BREACH_LIST_URL", "https://list.example/range/"), ("ENABLE_SIGNUP", "true")];
    with_native(&list, |app, native| {
        let sign_up = |email: &str| {
            let form = json!({"name": "Ann", "email": email, "password": PASSWORD});
            app.anonymous().post("/api/v1/auths/signup", &form)
        };
        // printf 'correct horse' | sha1sum, without its first five digits
        native.ports.set_breached("3523B62ABC141A2B4D6019D23CBA835DBD0:3\n");
        let refused = sign_up("ann@example.com");
        assert_eq!(refused.status, 400);
        assert!(refused.detail().ends_with("It was found in a breach of another site."), "{refused:?}");
        native.ports.break_port("breach list");
        assert_eq!(sign_up("ann@example.com").status, 200);
        native.ports.mend_port("breach list");
        native.ports.set_breached("");
        assert_eq!(sign_up("bob@example.com").status, 200);
    });
}
