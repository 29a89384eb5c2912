use crate::harness::TestApp;

#[test]
fn the_pages_behind_links_run_our_own_script_and_nothing_else() {
    /* RS-14, SE-13 */
    let app = TestApp::new();
    for path in ["/verify?token=x&email=y", "/reset-password?token=x&userId=y", "/register?token=x"] {
        let page = app.anonymous().get(path);
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self'") && !policy.contains("script-src 'self' '"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && page.header("cache-control") == "no-store");
        let html = String::from_utf8(page.body).unwrap();
        assert!(html.contains(r#"<script type="module" src="/pages.js"></script>"#), "{html}");
        assert!(!html.contains("token=x"), "nothing of the link is reflected");
    }
    let script = app.anonymous().get("/pages.js");
    assert_eq!((script.status, script.header("content-type")), (200, "text/javascript; charset=utf-8"));
}
