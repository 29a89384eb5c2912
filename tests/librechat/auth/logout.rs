use serde_json::json;

use crate::{
    harness::{PASSWORD, TestApp, credentials, with_native},
    librechat::{OPEN, member},
};

const LOGOUT: &str = "/api/auth/logout";
const NAMES: [&str; 5] =
    ["refreshToken", "token_provider", "openid_access_token", "openid_id_token", "openid_user_id"];

#[test]
fn the_session_ends_and_every_cookie_of_one_is_forgotten() {
    /* SE-20, TK-15; librechat.md §15.14, §15.18 */
    let app = TestApp::with_vars(&OPEN);
    let browser = member(&app, "Ann", "ann@example.com");
    let (token, refresh) = (browser.token(), browser.cookie("refreshToken").unwrap());
    let answer = browser.poke(LOGOUT);
    assert_eq!((answer.status, answer.json()), (200, json!({"message": "Logout successful"})));
    for name in NAMES {
        let cookie = answer.cookie(name).unwrap();
        let expires = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        assert_eq!(cookie, format!("{name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; {expires}"));
    }
    // The other pages' cookie has the attributes that it was set with.
    let other = answer.cookie("token").unwrap();
    assert!(other.contains("Max-Age=0") && other.contains("SameSite=lax"), "{other}");
    assert_eq!(app.anonymous().with_token(&token).get("/api/user").status, 401);
    browser.reload();
    browser.set_cookie("refreshToken", &refresh);
    assert_eq!(browser.poke("/api/auth/refresh").status, 401);
}

#[test]
fn a_cookie_alone_ends_its_own_session_and_no_other() {
    /* librechat.md §13.10 */
    let app = TestApp::with_vars(&OPEN);
    let one = member(&app, "Ann", "ann@example.com");
    let other = crate::harness::Browser::from_network(&app, "203.0.113.60");
    other.login("ann@example.com");
    let first = one.token();
    one.reload();
    assert_eq!(one.poke(LOGOUT).status, 200);
    let status = |token: &str| app.anonymous().with_token(token).get("/api/user").status;
    assert_eq!((status(&first), status(&other.token())), (401, 200));
    // Without a cookie, the bearer's session and nobody else's.
    let third = crate::harness::Browser::from_network(&app, "203.0.113.61");
    third.login("ann@example.com");
    assert_eq!(app.anonymous().with_token(other.token()).post(LOGOUT, &json!({})).status, 200);
    assert_eq!((status(&other.token()), status(&third.token())), (401, 200));
}

#[test]
fn an_expired_token_does_not_keep_anybody_from_signing_out() {
    with_native(&OPEN, |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        native.pass_seconds(901);
        let answer = browser.poke(LOGOUT);
        assert_eq!((answer.status, answer.json()), (200, json!({"message": "Logout successful"})));
        let browser = crate::harness::Browser::of(app);
        browser.login("ann@example.com");
        native.pass_seconds(901);
        let alone = app.anonymous().with_token(browser.token()).post(LOGOUT, &json!({}));
        assert_eq!((alone.status, alone.json()), (401, json!({"message": "jwt expired"})));
        assert!(alone.cookie("refreshToken").unwrap().contains("Max-Age=0"));
    });
}

#[test]
fn somebody_without_a_session_is_told_so_and_their_cookies_are_forgotten() {
    /* SE-06, SE-20 */
    let app = TestApp::with_vars(&OPEN);
    let answer = app.anonymous().post(LOGOUT, &json!({}));
    assert_eq!((answer.status, answer.json()), (401, json!({"message": "No auth token"})));
    assert_eq!(answer.cookies().len(), NAMES.len());
    let browser = member(&app, "Ann", "ann@example.com");
    let cookie = format!("refreshToken={}", browser.cookie("refreshToken").unwrap());
    let foreign = app.anonymous().with("cookie", &cookie).with("origin", "https://evil.example");
    assert_eq!(foreign.post(LOGOUT, &json!({})).status, 403);
    let silent = app.anonymous().with("cookie", &cookie);
    assert_eq!(silent.post(LOGOUT, &json!({})).status, 401, "nobody says who sent the cookie");
    assert_eq!(browser.get("/api/user").status, 200);
}

#[test]
fn signing_out_on_either_kind_of_page_signs_the_browser_out_on_both() {
    /* SE-20 */
    let app = TestApp::with_vars(&OPEN);
    let browser = member(&app, "Ann", "ann@example.com");
    let form = credentials("ann@example.com", PASSWORD);
    let other = browser.post("/api/v1/auths/signin", &form).token();
    browser.poke(LOGOUT);
    assert_eq!(app.anonymous().with_token(&other).get("/api/v1/auths/").status, 401);
    assert_eq!(browser.cookie("token"), None);
    browser.reload();
    browser.login("ann@example.com");
    let (token, refresh) = (browser.token(), browser.cookie("refreshToken"));
    assert!(refresh.is_some());
    browser.reload();
    assert_eq!(browser.get("/api/v1/auths/signout").status, 200);
    assert_eq!(browser.cookie("refreshToken"), None);
    assert_eq!(app.anonymous().with_token(&token).get("/api/user").status, 401);
}
