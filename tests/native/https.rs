use crate::harness::with_native;

const SESSION: &str = "/api/v1/auths/";

#[test]
fn over_https_every_answer_asks_for_https_and_every_cookie_is_secure() {
    /* SE-01, SE-13 */
    with_native(&[], |app, native| {
        let plain = app.sign_up("Ann", "ann@example.com").get(SESSION);
        assert_eq!(plain.header("strict-transport-security"), "");
        assert!(!plain.cookie("token").unwrap().contains("Secure"));
        native.use_https();
        let ann = app.anonymous().with_token(plain.token());
        let session = ann.get(SESSION);
        assert!(session.cookie("token").unwrap().ends_with("; SameSite=lax; Secure"));
        let signed_out = ann.send(http::Method::POST, "/api/v1/auths/signout", None, Vec::new());
        assert!(signed_out.cookies().iter().all(|cookie| cookie.ends_with("; Secure")), "{signed_out:?}");
        for answer in [session, signed_out, ann.get(SESSION), app.anonymous().get("/nope")] {
            let asked = answer.header("strict-transport-security");
            assert_eq!(asked, "max-age=31536000; includeSubDomains", "{answer:?}");
        }
    });
}

#[test]
fn a_public_https_address_makes_cookies_secure_behind_a_plain_proxy() {
    /* SE-01 */
    with_native(&[("WEBUI_URL", "https://chat.example")], |app, _| {
        let session = app.sign_up("Ann", "ann@example.com").get(SESSION);
        assert!(session.cookie("token").unwrap().ends_with("; Secure"));
        let from_our_page = app.anonymous().with("origin", "https://chat.example");
        let form = crate::harness::credentials("ann@example.com", crate::harness::PASSWORD);
        assert_eq!(from_our_page.post("/api/v1/auths/signin", &form).status, 200);
    });
}
