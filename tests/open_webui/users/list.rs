//! Finding accounts: `/api/v1/users/`, `/all`, `/search` (contract §1.8).

use serde_json::{Value, json};

use crate::{
    harness::{Client, PASSWORD},
    open_webui::{ACCESS, delete, id_of, open_app},
};

fn add(admin: &Client<'_>, name: &str, email: &str) {
    let form = json!({"name": name, "email": email, "password": PASSWORD, "role": "user"});
    let answer = admin.post("/api/v1/auths/add", &form);
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn names(list: &Value) -> Vec<&str> {
    list["users"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap()).collect()
}

#[test]
fn lists_are_searched_and_ordered_and_what_is_asked_for_is_only_ever_a_value() {
    /* IN-13 */
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    for (name, email) in
        [("Bob 100%", "bob@example.com"), ("Cy_d", "cyd@example.org"), ("Cybd", "cybd@example.org")]
    {
        add(&ann, name, email);
    }
    let list = |query: &str| ann.get(&format!("/api/v1/users/?{query}")).json();
    assert_eq!(names(&list("order_by=name&direction=asc")), ["Ann", "Bob 100%", "Cy_d", "Cybd"]);
    assert_eq!(names(&list("order_by=email&direction=desc"))[0], "Cy_d");
    assert_eq!(names(&list("query=EXAMPLE.ORG&order_by=name&direction=asc")), ["Cy_d", "Cybd"]);
    assert_eq!(names(&list("query=y_d")), ["Cy_d"], "no pattern");
    assert_eq!(names(&list("query=100%25")), ["Bob 100%"], "no pattern");
    assert_eq!(list("query=%25")["total"], 1, "no pattern");
    for hostile in [
        "query='%20OR%201=1--",
        "query=%27%3B%20DROP%20TABLE%20users%3B--",
        "order_by=name;DROP%20TABLE%20users",
        "order_by=(SELECT%20password_hash%20FROM%20credentials)",
        "order_by=name&direction=asc;--",
        "order_by=group_id:%27%20OR%201=1",
        "page=1;DROP",
        "page=-1",
        "page=99999999999999999999",
        "query=%00",
    ] {
        let status = ann.get(&format!("/api/v1/users/?{hostile}")).status;
        assert!(matches!(status, 200 | 400 | 422), "{hostile}: {status}");
    }
    assert_eq!(list("")["total"], 4, "all are still there");
    let long = ann.get(&format!("/api/v1/users/?query={}", "x".repeat(2_000))).status;
    assert!(matches!(long, 200 | 400 | 422), "{long}");
}

#[test]
fn thirty_accounts_make_a_page() {
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    for n in 0..31 {
        add(&ann, &format!("User {n:02}"), &format!("u{n}@example.com"));
    }
    let page = |n: &str| ann.get(&format!("/api/v1/users/?order_by=name&direction=asc&page={n}")).json();
    let (first, second) = (page("1"), page("2"));
    assert_eq!((names(&first).len(), names(&second)), (30, vec!["User 29", "User 30"]));
    assert_eq!((&first["total"], &second["total"]), (&json!(32), &json!(32)));
    assert_eq!(names(&page("0")), names(&first), "pages begin at one");
    assert!(names(&page("9")).is_empty());
    assert_eq!(ann.get("/api/v1/users/all").json()["users"].as_array().unwrap().len(), 32);
}

#[test]
fn what_members_learn_about_each_other_is_little() {
    /* AD-04 */
    let app = open_app(&[]);
    let (ann, bob) = (app.sign_up("Ann", "ann@example.com"), app.sign_up("Bob", "bob@example.com"));
    let (anns, bobs) = (id_of(&ann), id_of(&bob));
    let found = bob.get("/api/v1/users/search?query=ann").json();
    assert_eq!((names(&found), &found["total"]), (vec!["Ann"], &json!(1)));
    assert_eq!(bob.get(&format!("/api/v1/users/{anns}/info")).json()["name"], "Ann");
    assert_eq!(bob.get(&format!("/api/v1/users/{anns}/active")).json(), json!({"active": true}));
    for path in ["/", "/all", &format!("/{anns}"), &format!("/{anns}/groups"), &format!("/{anns}/preview")] {
        let refused = bob.get(&format!("/api/v1/users{path}"));
        assert_eq!((refused.status, refused.detail().as_str()), (401, ACCESS), "{path}");
    }
    let text = String::from_utf8(ann.get("/api/v1/users/").body).unwrap();
    assert!(!text.contains("argon2") && !text.contains("password"), "{text}");
    let nobody = "00000000-0000-4000-8000-000000000000";
    for path in ["", "/info", "/profile/image"] {
        assert_eq!(ann.get(&format!("/api/v1/users/{nobody}{path}")).status, 400, "{path}");
    }
    assert_eq!(delete(&ann, &format!("/api/v1/users/{bobs}")).json(), json!(true));
    assert_eq!(ann.get("/api/v1/users/search?query=bob").json()["total"], 0);
}

#[test]
fn numbers_that_do_not_come_back_as_they_were_are_refused() {
    /* IN-03 */
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    const UPDATE: &str = "/api/v1/users/user/status/update";
    for number in
        [json!(1_i64 << 53), json!(i64::MAX), json!(i64::MIN), json!(1e300), json!("9007199254740992")]
    {
        assert_eq!(ann.post(UPDATE, &json!({"status_expires_at": number})).status, 422, "{number}");
    }
    let last = (1_i64 << 53) - 1;
    assert_eq!(ann.post(UPDATE, &json!({"status_expires_at": last})).json()["status_expires_at"], last);
    assert_eq!(ann.get("/api/v1/users/all").json()["users"][0]["status_expires_at"], last);
}

#[test]
fn a_password_is_echoed_in_no_form() {
    /* ER-02 */
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let path = format!("/api/v1/users/{}/update", id_of(&ann));
    let form = r#"{"password": "battery staple", "name": 7}"#;
    for (kind, body) in [
        ("text/plain", form.to_string()),
        ("application/json", form.to_string()),
        ("application/json", format!("[{form}]")),
        ("application/json", format!("[{}]", form.replace("password", r"passw\u006frd"))),
        ("application/x-www-form-urlencoded", "password=battery staple".to_string()),
    ] {
        let answer = ann.send(http::Method::POST, &path, Some(kind), body.into_bytes());
        assert_eq!(answer.status, 422);
        assert!(!String::from_utf8_lossy(&answer.body).contains("staple"), "{answer:?}");
    }
}

#[test]
fn settings_are_merged_and_null_takes_one_away() {
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    const SETTINGS: &str = "/api/v1/users/user/settings";
    let update = |form: Value| ann.post(&format!("{SETTINGS}/update"), &form).status;
    assert_eq!(update(json!({"ui": {"theme": "dark", "size": 2}})), 200);
    assert_eq!(update(json!({"ui": {"size": null, "wide": true}})), 200);
    assert_eq!(ann.get(SETTINGS).json()["ui"], json!({"theme": "dark", "wide": true}));
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let deep: Value = serde_json::from_str(&deep).unwrap();
    assert!(matches!(update(json!({"ui": {"deep": deep}})), 400 | 422));
    assert_eq!(ann.get(SETTINGS).json()["ui"], json!({"theme": "dark", "wide": true}), "nothing was lost");
}
