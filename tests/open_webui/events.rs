//! `/api/events` (contract §11.1).

use http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Client},
    open_webui::{delete, id_of, open_app},
};

const WEBHOOKS: &str = "/api/events/webhooks";

fn put(client: &Client<'_>, id: &Value, form: &Value) -> Answer {
    let path = format!("{WEBHOOKS}/{}", id.as_str().unwrap());
    client.send(Method::PUT, &path, Some("application/json"), form.to_string().into_bytes())
}

#[test]
fn an_administrator_says_who_is_told() {
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let bob = app.sign_up("Bob", "bob@example.com");
    for route in ["/api/events", WEBHOOKS] {
        assert_eq!((bob.get(route).status, app.anonymous().get(route).status), (401, 401), "{route}");
    }
    let kinds = ann.get("/api/events").json();
    assert_eq!(kinds["schema"], "0.12.4");
    let login = kinds["events"].as_array().unwrap().iter().find(|kind| kind["event"] == "auth.login");
    assert_eq!(login.unwrap().as_object().unwrap().len(), 3);
    assert_eq!(ann.get(WEBHOOKS).json(), json!([]));

    let made = ann.post(WEBHOOKS, &json!({"name": "Chat", "url": "https://hooks.slack.com/services/T/B/x"}));
    assert_eq!(made.status, 200, "{made:?}");
    let mut webhook = made.json();
    assert_eq!(
        (&webhook["enabled"], &webhook["events"], &webhook["targets"]),
        (&json!(true), &json!(["*"]), &json!(null))
    );
    assert!(webhook["signing_secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(ann.get(WEBHOOKS).json(), json!([webhook]));

    let targets = json!([{"type": "user", "id": id_of(&bob)}]);
    let form = json!({
        "name": "Bob", "url": "https://example.com/hook", "enabled": false, "events": ["auth.*"], "targets": targets
    });
    let replaced = put(&ann, &webhook["id"], &form);
    assert_eq!(replaced.status, 200, "{replaced:?}");
    for (name, value) in form.as_object().unwrap() {
        webhook[name] = value.clone();
    }
    webhook["updated_at"] = replaced.json()["updated_at"].clone();
    assert_eq!(replaced.json(), webhook);
    assert_eq!(ann.get(WEBHOOKS).json(), json!([webhook]));

    let path = format!("{WEBHOOKS}/{}", webhook["id"].as_str().unwrap());
    let deleted = delete(&ann, &path);
    assert_eq!((deleted.status, deleted.json()), (200, json!({"status": true})));
    for gone in [delete(&ann, &path), put(&ann, &webhook["id"], &form)] {
        assert_eq!((gone.status, gone.detail().as_str()), (404, "Webhook not found"));
    }
    assert_eq!(ann.get(WEBHOOKS).json(), json!([]));
}

#[test]
fn nobody_is_told_at_an_address_inside_a_network_or_about_what_never_happens() {
    /* OA-20 */
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let with = |name: &str, value: Value| {
        let mut form = json!({"name": "Chat", "url": "https://example.com/hook"});
        form[name] = value;
        ann.post(WEBHOOKS, &form)
    };
    for url in [
        "http://example.com/hook",
        "https://127.0.0.1/hook",
        "https://localhost/hook",
        "http://localhost:1/hook",
        "https://[::1]/",
        "https://2130706433/",
        "https://169.254.169.254/latest/meta-data",
        "https://user@example.com/",
        "https://example.com:8443/",
        "ftp://example.com/",
        "",
    ] {
        let refused = with("url", json!(url));
        assert_eq!(refused.status, 400, "{url}: {refused:?}");
        assert!(refused.detail().starts_with("The address "), "{refused:?}");
    }
    for (name, value) in [
        ("name", json!(" ")),
        ("name", json!("x".repeat(201))),
        ("events", json!(["auth.unknown"])),
        ("events", json!(["auth*"])),
        ("targets", json!("everybody")),
        ("targets", json!([{"type": "robot", "id": id_of(&ann)}])),
        ("targets", json!([{"type": "user", "id": "ann"}])),
    ] {
        assert_eq!(with(name, value.clone()).status, 400, "{name}: {value}");
    }
    for (name, value) in
        [("name", json!(1)), ("url", json!(null)), ("events", json!([1])), ("enabled", json!("maybe"))]
    {
        assert_eq!(with(name, value.clone()).status, 422, "{name}: {value}");
    }
    assert_eq!(ann.get(WEBHOOKS).json(), json!([]), "nothing was stored");
}

#[test]
fn the_environments_webhook_is_one_like_all_others_and_stays_deleted() {
    let app = open_app(&[("WEBHOOK_URL", "https://example.com/hook")]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let listed = ann.get(WEBHOOKS).json();
    assert_eq!(
        (&listed[0]["id"], &listed[0]["url"], &listed[0]["events"]),
        (&json!("default"), &json!("https://example.com/hook"), &json!(["*"]))
    );
    let form = json!({"name": "Mine", "url": "https://example.com/other"});
    assert_eq!(put(&ann, &json!("default"), &form).status, 200);
    assert_eq!(ann.get(WEBHOOKS).json()[0]["url"], "https://example.com/other");
    assert_eq!(delete(&ann, &format!("{WEBHOOKS}/default")).status, 200);
    assert_eq!(ann.get(WEBHOOKS).json(), json!([]));
    let rows = ann.get("/api/v1/audit").json()["events"].as_array().unwrap().clone();
    let change = rows.iter().find(|row| row["action"] == "change_webhook").unwrap();
    assert_eq!(
        (&change["detail"]["from"]["name"], &change["detail"]["to"]["name"]),
        (&json!("default"), &json!("Mine"))
    );
    assert!(!format!("{rows:?}").contains("example.com/"), "addresses of webhooks are secrets");
}
