//! What Open WebUI's own pages ask for on the way in, in their order (contract §1.7): they keep the token themselves, and
//! send it as a bearer.

use serde_json::json;

use crate::harness::{PASSWORD, TestApp, credentials};

#[test]
fn the_stock_pages_find_everything_that_they_ask_for_to_sign_in() {
    let app = TestApp::new();
    let visitor = app.anonymous();
    let config = visitor.get("/api/config").json();
    assert_eq!((&config["onboarding"], &config["features"]["auth"]), (&json!(true), &json!(true)));
    let form = json!({"name": "Ann", "email": "ann@example.com", "password": PASSWORD, "profile_image_url": "/user.png"});
    let signed_up = visitor.post("/api/v1/auths/signup", &form);
    assert_eq!((signed_up.status, signed_up.json()["role"].as_str()), (200, Some("admin")));
    let config = visitor.get("/api/config").json();
    assert_eq!((config.get("onboarding"), &config["features"]["enable_login_form"]), (None, &json!(true)));
    let signed_in = visitor.post("/api/v1/auths/signin", &credentials("ann@example.com", PASSWORD));
    let session = signed_in.json();
    for member in [
        "token",
        "token_type",
        "expires_at",
        "id",
        "email",
        "name",
        "role",
        "profile_image_url",
        "permissions",
    ] {
        assert!(session.get(member).is_some(), "{member}");
    }
    let page = app.anonymous().with_token(session["token"].as_str().unwrap());
    // The layout asks who is there on every load, and takes the token again.
    let again = page.get("/api/v1/auths/");
    assert_eq!((again.status, &again.json()["token"]), (200, &session["token"]));
    assert!(again.cookie("token").is_some(), "for pictures and downloads, which send no header");
    assert_eq!(page.get("/api/config").json()["features"]["enable_api_keys"], json!(false));
    assert_eq!(page.post("/api/v1/auths/update/timezone", &json!({"timezone": "Europe/Vienna"})).status, 200);
    for path in
        ["/api/v1/users/user/settings", "/api/v1/users/permissions", "/api/v1/users/groups", "/api/version"]
    {
        assert_eq!(page.get(path).status, 200, "{path}");
    }
    let picture = session["profile_image_url"].as_str().unwrap();
    assert!([200, 302].contains(&page.get(picture).status), "{picture}");
    assert_eq!(page.get("/api/v1/auths/signout").status, 200);
    assert_eq!(page.get("/api/v1/auths/").status, 401);
}
