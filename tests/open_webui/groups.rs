//! `/api/v1/groups/*` (contract §1.9).

use serde_json::{Value, json};

use crate::{
    harness::{Answer, Client},
    open_webui::{ACCESS, delete, id_of, open_app},
};

fn create(admin: &Client<'_>, name: &str, more: Value) -> Value {
    let mut form = json!({"name": name, "description": ""});
    form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = admin.post("/api/v1/groups/create", &form);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn at(group: &Value, rest: &str) -> String {
    format!("/api/v1/groups/id/{}{rest}", group["id"].as_str().unwrap())
}

fn names(answer: &Answer) -> Vec<String> {
    let groups = answer.json();
    groups.as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap().to_string()).collect()
}

fn add(admin: &Client<'_>, group: &Value, ids: &[&str]) -> Answer {
    admin.post(&at(group, "/users/add"), &json!({"user_ids": ids}))
}

#[test]
fn members_have_what_their_group_and_those_above_it_permit() {
    let app = open_app(&[]);
    let (ann, bob) = (app.sign_up("Ann", "ann@example.com"), app.sign_up("Bob", "bob@example.com"));
    let bobs = id_of(&bob);
    let tools = json!({"workspace": {"tools": true}});
    let company = create(&ann, "Company", json!({"permissions": tools}));
    let team = create(
        &ann,
        "Team",
        json!({"parent_group_id": company["id"], "permissions": {"features": {"api_keys": true}}}),
    );
    let may = |section: &str, leaf: &str| bob.get("/api/v1/users/permissions").json()[section][leaf].clone();
    assert_eq!((may("workspace", "tools"), may("features", "api_keys")), (json!(false), json!(false)));
    let joined = add(&ann, &team, &[&bobs, &bobs, "nobody", "00000000-0000-4000-8000-000000000000"]);
    assert_eq!((joined.status, &joined.json()["member_count"]), (200, &json!(1)), "unknown ids are dropped");
    assert_eq!((may("workspace", "tools"), may("features", "api_keys")), (json!(true), json!(true)));
    assert_eq!(names(&bob.get("/api/v1/users/groups")), ["Team"]);
    let inherited = bob.get("/api/v1/users/groups?include_inherited=true").json();
    let kinds: Vec<_> = inherited.as_array().unwrap().iter().map(|group| &group["membership_type"]).collect();
    assert!(kinds.contains(&&json!("direct")) && kinds.contains(&&json!("inherited")), "{inherited}");
    let members = ann.get(&at(&company, "/members?membership=effective")).json();
    assert_eq!(
        (&members["counts"]["direct"], &members["counts"]["inherited"]),
        (&json!(0), &json!(1)),
        "{members}"
    );
    assert_eq!(members["items"][0]["via_group_ids"], json!([team["id"]]), "{members}");
    let detached =
        ann.post(&at(&team, "/update"), &json!({"name": "Team", "description": "", "parent_group_id": null}));
    assert_eq!((detached.status, &detached.json()["parent_group_id"]), (200, &json!(null)));
    assert_eq!(may("workspace", "tools"), json!(false), "what was above it is not any more");
    let left = ann.post(&at(&team, "/users/remove"), &json!({"user_ids": [bobs]}));
    assert_eq!(left.json()["member_count"], 0);
    assert_eq!(may("features", "api_keys"), json!(false));
}

#[test]
fn a_group_is_above_no_group_that_is_above_it() {
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let top = create(&ann, "Top", json!({}));
    let middle = create(&ann, "Middle", json!({"parent_group_id": top["id"]}));
    let bottom = create(&ann, "Bottom", json!({"parent_group_id": middle["id"]}));
    let under = |group: &Value, parent: Value| {
        let form = json!({"name": "Same", "description": "", "parent_group_id": parent});
        let answer = ann.post(&at(group, "/update"), &form);
        (answer.status, answer.json()["detail"].as_str().unwrap_or_default().to_string())
    };
    let circle = (400, "A group cannot be its own parent or a descendant of itself.".to_string());
    assert_eq!(under(&top, bottom["id"].clone()), circle);
    assert_eq!(under(&top, top["id"].clone()), circle);
    assert_eq!(under(&top, json!("nobody")), (404, "Parent group not found.".to_string()));
    assert_eq!(under(&top, json!(7)), (400, "Parent group must be a group ID or null.".to_string()));
    // Two moves at once that would make a circle only together.
    let left = create(&ann, "Left", json!({}));
    let right = create(&ann, "Right", json!({}));
    let form = |parent: &Value| json!({"name": "Same", "description": "", "parent_group_id": parent["id"]});
    let answers = app.at_once(vec![
        ann.json_request(&at(&left, "/update"), &form(&right)),
        ann.json_request(&at(&right, "/update"), &form(&left)),
    ]);
    assert!(answers.iter().filter(|answer| answer.status == 200).count() <= 1, "{answers:?}");
    assert_eq!(delete(&ann, &at(&middle, "/delete")).json(), json!(true));
    assert_eq!(ann.get(&at(&bottom, "")).json()["parent_group_id"], top["id"], "one step up");
    assert_eq!(delete(&ann, &at(&middle, "/delete")).status, 404);
}

#[test]
fn what_members_see_is_what_is_shared_with_them() {
    let app = open_app(&[]);
    let (ann, bob) = (app.sign_up("Ann", "ann@example.com"), app.sign_up("Bob", "bob@example.com"));
    let share = |share: Value| json!({"data": {"config": {"share": share}}});
    let open = create(&ann, "Open", share(json!(true)));
    let closed = create(&ann, "Closed", share(json!(false)));
    let own = create(&ann, "Own", share(json!("members")));
    create(&ann, "Others", share(json!("members")));
    for group in [&closed, &own] {
        assert_eq!(add(&ann, group, &[&id_of(&bob)]).status, 200);
    }
    let sorted = |path: &str| {
        let mut names = names(&bob.get(path));
        names.sort();
        names
    };
    assert_eq!(sorted("/api/v1/groups/"), ["Closed", "Own"]);
    assert_eq!(sorted("/api/v1/groups/?share=true"), ["Open", "Own"]);
    assert_eq!(sorted("/api/v1/groups/?share=false"), ["Closed"]);
    assert_eq!(names(&ann.get("/api/v1/groups/")).len(), 4);
    let info = bob.get(&at(&open, "/info")).json();
    assert!(info.get("permissions").is_none() && info.get("data").is_none(), "{info}");
    let form = json!({"name": "Mine", "description": ""});
    for refused in [
        bob.post("/api/v1/groups/create", &form),
        bob.get(&at(&open, "")),
        bob.post(&at(&open, "/update"), &form),
        bob.post(&at(&open, "/users"), &json!({})),
        bob.post(&at(&open, "/users/add"), &json!({"user_ids": [id_of(&bob)]})),
        delete(&bob, &at(&open, "/delete")),
    ] {
        assert_eq!((refused.status, refused.detail().as_str()), (401, ACCESS));
    }
}

#[test]
fn an_update_keeps_what_it_does_not_name() {
    /* AD-09 */
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let data = json!({"config": {"share": false, "colour": "red"}, "note": 1});
    let group = create(&ann, "Red", json!({"data": data, "permissions": {"chat": {"delete": true}}}));
    let update = |form: Value| ann.post(&at(&group, "/update"), &form).json();
    let renamed = update(json!({"name": "Crimson", "description": "", "data": {"config": {"share": true}}}));
    assert_eq!(renamed["data"], json!({"config": {"share": true, "colour": "red"}, "note": 1}));
    assert_eq!(renamed["permissions"], json!({"chat": {"delete": true}}));
    let replaced =
        update(json!({"name": "Crimson", "description": "", "permissions": {"chat": {"edit": true}}}));
    assert_eq!(replaced["permissions"], json!({"chat": {"edit": true}}));
    let bad = ann.post(
        &at(&group, "/update"),
        &json!({"name": "X", "description": "", "permissions": {"chat": true}}),
    );
    assert!(matches!(bad.status, 400 | 422), "{bad:?}");
    assert_eq!(
        ann.get(&at(&group, "")).json()["permissions"],
        replaced["permissions"],
        "nothing of it was stored"
    );
}
