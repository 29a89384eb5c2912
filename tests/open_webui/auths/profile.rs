//! `POST /api/v1/auths/update/profile` and `update/timezone` (contract §1.3).

use serde_json::{Value, json};

use crate::open_webui::{SESSION, id_of, open_app};

const PROFILE: &str = "/api/v1/auths/update/profile";
const TIMEZONE: &str = "/api/v1/auths/update/timezone";

fn profile(member: &str, value: Value) -> Value {
    let mut form = json!({"name": "Ann", "profile_image_url": "/user.png"});
    form[member] = value;
    form
}

#[test]
fn a_profile_is_what_the_form_says() {
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let form = json!({
        "name": "Ann Lee", "profile_image_url": "/user.png", "bio": "Reads.", "gender": "female", "date_of_birth": "1990-02-28"
    });
    let answer = ann.post(PROFILE, &form);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["name"], "Ann Lee");
    let session = ann.get(SESSION).json();
    assert_eq!((&session["bio"], &session["date_of_birth"]), (&json!("Reads."), &json!("1990-02-28")));
    assert_eq!(ann.post(PROFILE, &profile("name", json!("Ann"))).status, 200);
    assert_eq!(ann.get(SESSION).json()["bio"], json!(null), "what is omitted is cleared");
}

#[test]
fn pictures_are_those_that_the_deployment_wants() {
    /* IN-09 */
    let app = open_app(&[
        ("PROFILE_IMAGE_ALLOWED_MIME_TYPES", "image/gif"),
        ("PROFILE_IMAGE_MAX_DATA_URI_SIZE", "60"),
    ]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let status = |image: &str| ann.post(PROFILE, &profile("profile_image_url", json!(image))).status;
    assert_eq!(status("data:image/gif;base64,R0lGODlhAQABAAAAACw="), 200);
    assert_eq!(status("DATA:image/GIF;base64,R0lGODlhAQABAAAAACw="), 200);
    assert_eq!(status("data:image/png;base64,iVBORw0KGgo="), 422, "a type that is not wanted");
    assert_eq!(status(&format!("data:image/gif;base64,R0lGODlh{}", "A".repeat(40))), 422, "too large");
    assert_eq!(status("https://pictures.example/a.png"), 200);
}

#[test]
fn nobody_makes_themselves_more_than_they_are() {
    /* AD-03 */
    let app = open_app(&[]);
    app.sign_up("Ann", "ann@example.com");
    let bob = app.sign_up("Bob", "bob@example.com");
    let (id, before) = (id_of(&bob), bob.get(SESSION).json());
    let more = json!({
        "name": "Bob", "profile_image_url": "/user.png", "timezone": "Europe/Berlin",
        "role": "admin", "id": "1", "permissions": {"workspace": {"models": true}}, "email": "ann@example.com",
        "email_verified": true, "created_at": 1, "api_key": "sk-1", "oauth_sub": "google@1", "session_stamp": "1"
    });
    assert_eq!(bob.post(PROFILE, &more).status, 200);
    assert_eq!(bob.post(TIMEZONE, &more).status, 200);
    let after = bob.get(SESSION).json();
    for member in ["id", "role", "email", "permissions"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    assert_eq!(after["id"], id.as_str());
    assert_eq!(app.anonymous().with_token("sk-1").get(SESSION).status, 401);
}

#[test]
fn names_texts_days_and_images_have_limits() {
    /* IN-03, IN-08, IN-09, IN-10 */
    let app = open_app(&[]);
    let ann = app.sign_up("Ann", "ann@example.com");
    let before = ann.get(SESSION).json();
    for (member, value) in [
        ("name", json!(" \u{200b}")),
        ("name", json!("a\u{202e}b")),
        ("name", json!("a\u{0}b")),
        ("name", json!("a".repeat(129))),
        ("name", json!(7)),
        ("name", json!(null)),
        ("date_of_birth", json!("1990-02-30")),
        ("date_of_birth", json!("1899-12-31")),
        ("date_of_birth", json!("9999-01-01")),
        ("date_of_birth", json!("yesterday")),
        ("bio", json!("x".repeat(100_000))),
        ("gender", json!(["x"])),
        ("profile_image_url", json!("javascript:alert(1)")),
        ("profile_image_url", json!("http://images.example.com/a.png")),
        ("profile_image_url", json!("//images.example.com/a.png")),
        ("profile_image_url", json!("/\\images.example.com")),
        ("profile_image_url", json!("data:image/svg+xml;base64,PHN2Zy8+")),
        ("profile_image_url", json!("data:image/png;base64,PHN2Zy8+")),
        ("profile_image_url", json!("data:text/html;base64,PHN2Zy8+")),
    ] {
        let refused = ann.post(PROFILE, &profile(member, value.clone()));
        assert_eq!(refused.status, 422, "{member} {value}: {refused:?}");
        let issue = refused.json()["detail"][0].clone();
        assert_eq!(issue["loc"], json!(["body", member]), "{issue}");
        assert_eq!(issue.get("input"), None, "nothing is echoed: {issue}");
    }
    for zone in ["Mars/Olympus", "", "europe berlin", "../etc/passwd"] {
        assert_eq!(ann.post(TIMEZONE, &json!({"timezone": zone})).status, 422, "{zone}");
    }
    let after = ann.get(SESSION).json();
    assert_eq!(
        (&after["name"], &after["profile_image_url"]),
        (&before["name"], &before["profile_image_url"])
    );
}
