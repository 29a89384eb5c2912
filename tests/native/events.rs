use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use portico_core::ports::Message;
use serde_json::{Value, json};

use crate::harness::with_native;
use crate::harness::{Client, Native, PASSWORD, credentials};

const WEBHOOKS: &str = "/api/events/webhooks";
const OPEN: [(&str, &str); 2] = [("ENABLE_SIGNUP", "true"), ("DEFAULT_USER_ROLE", "user")];

fn tell(admin: &Client<'_>, form: Value) -> Value {
    let mut all = json!({"name": "x", "url": "https://example.com/hook"});
    for (name, value) in form.as_object().unwrap() {
        all[name] = value.clone();
    }
    let made = admin.post(WEBHOOKS, &all);
    assert_eq!(made.status, 200, "{made:?}");
    made.json()
}

fn header<'m>(message: &'m Message, name: &str) -> &'m str {
    &message.headers.iter().find(|(known, _)| *known == name).unwrap().1
}

fn bodies(native: &Native) -> Vec<Value> {
    native.ports.posted().iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
}

fn names(native: &Native) -> Vec<String> {
    bodies(native).iter().map(|body| body["event"].as_str().unwrap_or("").to_string()).collect()
}

#[test]
fn a_sign_up_is_three_events_in_order_signed_and_told_once() {
    /* FT-15 */
    with_native(&OPEN, |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        let webhook = tell(&ann, json!({}));
        let bob = app.sign_up("Bob", "bob@example.com");
        assert_eq!(native.tell_events(), None, "everybody knows everything");
        assert_eq!(names(native), ["user.created", "auth.signup", "auth.login"]);
        let id = bob.get("/api/v1/auths/").json()["id"].clone();
        let bodies = bodies(native);
        for (body, source, data) in [
            (&bodies[0], "api", json!({"role": "user"})),
            (&bodies[1], "api", json!({"email": "bob@example.com"})),
            (&bodies[2], "password", json!({"auth_method": "password"})),
        ] {
            assert_eq!((&body["source"], &body["data"]), (&json!(source), &data), "{body}");
            assert_eq!(body["subject"], json!({"type": "user", "id": id}));
            let actor = body["actor"].as_object().unwrap();
            assert_eq!(actor.keys().count(), 7, "{actor:?}");
            assert_eq!((&actor["type"], &actor["email"]), (&json!("user"), &json!("bob@example.com")));
            assert_eq!((&body["schema"], &body["message"]), (&json!("0.12.4"), &json!(null)));
        }
        assert_eq!((&bodies[1]["resource"], &bodies[1]["operation"]), (&json!("auth"), &json!("signup")));
        let secret = webhook["signing_secret"].as_str().unwrap().strip_prefix("whsec_").unwrap();
        for message in native.ports.posted() {
            assert_eq!(message.url, "https://example.com/hook");
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&STANDARD.decode(secret).unwrap()).unwrap();
            let (id, at) = (header(&message, "webhook-id"), header(&message, "webhook-timestamp"));
            mac.update(format!("{id}.{at}.{}", message.body).as_bytes());
            let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
            assert_eq!(header(&message, "webhook-signature"), signature);
        }
        native.tell_events();
        assert_eq!(native.ports.posted().len(), 3, "nothing is told twice");
    });
}

#[test]
fn who_is_away_is_told_later_in_order_and_nobody_waits_for_them() {
    /* FT-15 */
    with_native(&OPEN, |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        tell(&ann, json!({"events": ["auth.login"]}));
        native.ports.break_port("outbound");
        for _ in 0..2 {
            let answer =
                app.anonymous().post("/api/v1/auths/signin", &credentials("ann@example.com", PASSWORD));
            assert_eq!(answer.status, 200);
        }
        assert_eq!(native.tell_events(), Some(20));
        native.ports.mend_port("outbound");
        assert_eq!(native.tell_events(), Some(20), "not before its time");
        assert_eq!(native.ports.posted(), []);
        native.pass_seconds(20);
        assert_eq!(native.tell_events(), None);
        assert_eq!(names(native), ["auth.login", "auth.login"]);
        let ids: Vec<_> = native.ports.posted().iter().map(|m| header(m, "webhook-id").to_string()).collect();
        assert_ne!(ids[0], ids[1]);
    });
}

#[test]
fn a_fault_of_our_own_makes_nobody_hear_everything_again() {
    /* FT-15 */
    with_native(&OPEN, |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        tell(&ann, json!({"events": ["auth.login"]}));
        for _ in 0..7 {
            app.anonymous().post("/api/v1/auths/signin", &credentials("ann@example.com", PASSWORD));
        }
        let mut nth = 1;
        while native.ports.posted().len() < 2 {
            native.ports.plan(portico_tests::Fault::Fail, nth);
            let _ = native.try_to_tell_events();
            native.ports.heal();
            native.pass_seconds(3_600);
            nth += 1;
        }
        while native.tell_events().is_some() {
            native.pass_seconds(3_600);
        }
        let ids: Vec<_> = native.ports.posted().iter().map(|m| header(m, "webhook-id").to_string()).collect();
        let different: alloc::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(different.len(), 7);
        assert!(ids.len() <= 8, "again only what could not be noted: {ids:?}");
    });
}

#[test]
fn whoever_was_told_nothing_for_a_while_hears_what_happens_from_then_on() {
    with_native(&OPEN, |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        let webhook = tell(&ann, json!({"events": ["auth.login", "auth.logout"], "enabled": false}));
        app.anonymous().post("/api/v1/auths/signin", &credentials("ann@example.com", PASSWORD));
        let form =
            json!({"name": "x", "url": "https://example.com/hook", "events": ["auth.login", "auth.logout"]});
        let path = format!("{WEBHOOKS}/{}", webhook["id"].as_str().unwrap());
        let body = form.to_string().into_bytes();
        assert_eq!(ann.send(http::Method::PUT, &path, Some("application/json"), body).status, 200);
        ann.post("/api/v1/auths/signout", &json!({}));
        native.tell_events();
        assert_eq!(names(native), ["auth.logout"]);
    });
}

#[test]
fn who_stays_away_misses_one_event_which_the_log_says_and_then_hears_the_next() {
    /* FT-15, LG-01 */
    with_native(&OPEN, |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        tell(&ann, json!({"events": ["auth.logout", "auth.login"]}));
        app.anonymous().post("/api/v1/auths/signin", &credentials("ann@example.com", PASSWORD));
        native.ports.break_port("outbound");
        let mut tries = 0;
        while let Some(wait) = native.tell_events().filter(|wait| *wait > 0) {
            native.pass_seconds(i64::try_from(wait).unwrap());
            tries += 1;
            assert!(tries < 100);
        }
        native.ports.mend_port("outbound");
        let dropped = native.ports.audit_events().into_iter().find(|row| row.action.as_str() == "drop_event");
        assert!(dropped.unwrap().detail.unwrap().contains("sequence"));
        ann.post("/api/v1/auths/signout", &json!({}));
        native.tell_events();
        assert_eq!(names(native), ["auth.logout"]);
    });
}

#[test]
fn a_lost_reply_is_told_again_under_the_same_id() {
    /* FT-15, FT-17 */
    with_native(&OPEN, |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        tell(&ann, json!({"events": ["auth.*"]}));
        app.anonymous().post("/api/v1/auths/signin", &credentials("ann@example.com", PASSWORD));
        for nth in 1.. {
            native.ports.plan(portico_tests::Fault::DropReply, nth);
            let _ = native.try_to_tell_events();
            if !native.ports.heal() {
                break;
            }
            native.pass_seconds(3_600);
        }
        let ids: alloc::collections::BTreeSet<_> =
            native.ports.posted().iter().map(|message| header(message, "webhook-id").to_string()).collect();
        assert_eq!(ids.len(), 1, "{:?}", native.ports.posted());
    });
}

#[test]
fn everybody_hears_it_in_their_own_shape_and_only_what_they_asked_for() {
    with_native(&OPEN, |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        let bob = app.sign_up("Bob", "bob@example.com");
        let id = bob.get("/api/v1/auths/").json()["id"].as_str().unwrap().to_string();
        let only = |url: &str| tell(&ann, json!({"url": url, "events": ["user.role_updated"]}));
        only("https://hooks.slack.com/services/T/B/x");
        only("https://chat.googleapis.com/v1/spaces/x/messages");
        only("https://discord.com/api/webhooks/1/x");
        only("https://example.webhook.office.com/x");
        only("https://example.com/hook");
        tell(&ann, json!({"events": ["user.role_updated"], "targets": []}));
        tell(&ann, json!({"events": ["user.role_updated"], "enabled": false}));
        tell(&ann, json!({"events": ["group.*"]}));
        tell(&ann, json!({"url": "https://example.com/nobody", "targets": []}));
        ann.post(&format!("/api/v1/users/{id}/update"), &json!({"role": "pending"}));
        native.tell_events();
        let posted = native.ports.posted();
        assert_eq!(posted.len(), 5, "{posted:?}");
        assert!(!posted.iter().any(|message| message.url.ends_with("/nobody")), "it is about somebody");
        let permissions = ann.get("/api/v1/users/default/permissions").json();
        let mut permissions = permissions.clone();
        permissions["features"]["api_keys"] = json!(true);
        assert_eq!(ann.post("/api/v1/users/default/permissions", &permissions).status, 200);
        native.tell_events();
        let posted = native.ports.posted();
        assert!(posted.iter().any(|message| message.url.ends_with("/nobody")), "it is about nobody");
        let posted = &posted[..5];
        let told = |url: &str| -> Value {
            let message = posted.iter().find(|message| message.url.contains(url)).unwrap();
            serde_json::from_str(&message.body).unwrap()
        };
        let text = format!("Role changed ({id})\nAn account got another role.\nEvent: user.role_updated");
        assert_eq!(told("slack.com"), json!({"text": text}));
        assert_eq!(told("googleapis.com"), json!({"text": text}));
        assert_eq!(told("discord.com"), json!({"content": text}));
        let card = told("office.com");
        assert_eq!(
            (&card["themeColor"], &card["summary"]),
            (&json!("0076D7"), &json!(format!("Role changed ({id})")))
        );
        assert_eq!(card["sections"][0]["activitySubtitle"], "Open WebUI (0.12.4) - user.role_updated");
        assert!(
            card["sections"][0]["facts"]
                .as_array()
                .unwrap()
                .contains(&json!({"name": "name", "value": "Ann"}))
        );
        let event = told("example.com/hook");
        assert_eq!(event["data"], json!({"role": "pending", "previous_role": "user"}));
        assert_eq!((&event["source"], &event["actor"]["name"]), (&json!("admin"), &json!("Ann")));
    });
}

#[test]
fn a_group_hears_of_its_members_and_somebody_who_is_gone_is_still_named() {
    with_native(&OPEN, |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        let bob = app.sign_up("Bob", "bob@example.com");
        let id = bob.get("/api/v1/auths/").json()["id"].clone();
        let form = json!({"name": "Red", "description": ""});
        let red = ann.post("/api/v1/groups/create", &form).json()["id"].as_str().unwrap().to_string();
        tell(&ann, json!({"events": ["auth.login"], "targets": [{"type": "group", "id": red}]}));
        let sign_in =
            || app.anonymous().post("/api/v1/auths/signin", &credentials("bob@example.com", PASSWORD));
        sign_in();
        native.tell_events();
        assert_eq!(native.ports.posted(), [], "he is not one of them yet");
        let added = ann.post(&format!("/api/v1/groups/id/{red}/users/add"), &json!({"user_ids": [id]}));
        assert_eq!(added.status, 200, "{added:?}");
        sign_in();
        native.tell_events();
        assert_eq!(names(native), ["auth.login"]);
        tell(&ann, json!({"events": ["group.member_removed", "user.deleted"]}));
        for _ in 0..2 {
            // The second time nobody is there to be taken out.
            ann.post(&format!("/api/v1/groups/id/{red}/users/remove"), &json!({"user_ids": [id]}));
        }
        let path = format!("/api/v1/users/{}", id.as_str().unwrap());
        assert_eq!(ann.send(http::Method::DELETE, &path, None, Vec::new()).status, 200);
        native.tell_events();
        let told = bodies(native);
        assert_eq!(told[1]["subject"], json!({"type": "group", "id": red}));
        assert_eq!(told[1]["data"], json!({"user_ids": [id]}));
        assert_eq!((&told[2]["event"], &told[2]["subject"]["id"]), (&json!("user.deleted"), &id));
    });
}

#[test]
fn old_events_leave_the_log_which_says_so() {
    /* LG-03 */
    with_native(&[("AUDIT_RETENTION_DAYS", "90")], |app, native| {
        let ann = app.sign_up("Ann", "ann@example.com");
        let page = |ann: &Client<'_>| ann.get("/api/v1/audit").json()["events"].as_array().unwrap().clone();
        let before = page(&ann);
        native.expire_events();
        assert_eq!(page(&ann), before);
        native.pass_seconds(91 * 86_400);
        native.expire_events();
        let after = app.anonymous().post("/api/v1/auths/signin", &credentials("ann@example.com", PASSWORD));
        let rows = page(&app.anonymous().with_token(after.token()));
        let last = rows.last().unwrap();
        assert_eq!((&last["action"], last["actor_id"].is_null()), (&json!("expire_events"), true));
        assert_eq!(last["sequence"], json!(before[0]["sequence"].as_u64().unwrap() + 1));
        assert_eq!(last["detail"], json!({"before": native.now().get() - 90 * 86_400}));
    });
}

#[test]
fn a_deployment_keeps_its_log_for_a_season_at_least() {
    /* LG-03 */
    for days in ["0", "89", "x", "-1"] {
        let refused = portico_worker::config::Config::parse(|name| match name {
            "PORTICO_SECRET" => Some("test-secret-0123456789abcdef0123456789abcdef".to_string()),
            "AUDIT_RETENTION_DAYS" => Some(days.to_string()),
            _ => None,
        });
        assert_eq!(refused.unwrap_err()[0].variable, "AUDIT_RETENTION_DAYS", "{days}");
    }
}
