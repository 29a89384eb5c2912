//! What belongs to somebody who came by a provider: links, tokens, and the end of it.

use http::Method;
use serde_json::{Value, json};

use super::provider::{Provider, Sent, VARS, back, send};
use crate::{
    harness::{Browser, Native, PASSWORD, TestApp, with_native},
    oauth::sign_in::OPEN_WEBUI,
};

/// A browser whose owner has come by the provider.
fn come<'a>(app: &'a TestApp, provider: &Provider<'_>, change: Value) -> Browser<'a> {
    let browser = Browser::of(app);
    let sent = send(&browser, OPEN_WEBUI.0);
    provider.grant(&sent, change);
    let answer = back(&browser, OPEN_WEBUI.1, &sent);
    assert!(answer.header("location").ends_with("/auth"), "{answer:?}");
    browser
}

/// A browser of somebody who signed in with a password.
fn signed_in<'a>(app: &'a TestApp, email: &str) -> Browser<'a> {
    let browser = Browser::of(app);
    let answer = browser.post("/api/v1/auths/signin", &json!({"email": email, "password": PASSWORD}));
    assert_eq!(answer.status, 200, "{answer:?}");
    browser
}

fn delete(browser: &Browser<'_>, path: &str) -> u16 {
    browser.send(Method::DELETE, path, None).status
}

const LINKS: &str = "/api/v1/auths/oauth/identities";
const LINK: &str = "/api/v1/auths/oauth/oidc/link";
const TOKEN: &str = "/api/v1/auths/oauth/sessions/oidc";

#[test]
fn an_account_elsewhere_is_linked_by_somebody_who_has_just_signed_in_and_to_nobody_else() {
    /* OA-12 */
    with_native(&VARS, |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        let root = signed_in(app, "root@example.com");
        let begin = |browser: &Browser<'_>| {
            let answer = browser.poke(LINK);
            assert_eq!(answer.status, 200, "{answer:?}");
            Sent { url: answer.json()["url"].as_str().unwrap().to_string() }
        };
        let ends = |browser: &Browser<'_>, sent: &Sent| {
            back(browser, OPEN_WEBUI.1, sent).header("location").to_string()
        };
        let sent = begin(&root);
        provider.grant(&sent, json!({"email": "somebody@example.org", "email_verified": false}));
        assert!(ends(&root, &sent).ends_with("/auth?linked=oidc"));
        assert_eq!(root.get(LINKS).json()[0]["provider"], "oidc");
        let by_provider = come(app, &provider, json!({"email": "somebody@example.org"}));
        assert_eq!(by_provider.get("/api/v1/auths/").json()["email"], "root@example.com");
        // It belongs to one account, and an account has one of each provider.
        let sent = begin(&root);
        provider.grant(&sent, json!({"sub": "another"}));
        assert!(ends(&root, &sent).contains("belongs+to+somebody+else"));
        let bob = come(app, &provider, json!({"sub": "bob", "email": "bob@example.com"}));
        let sent = begin(&bob);
        provider.grant(&sent, json!({}));
        assert!(ends(&bob, &sent).contains("belongs+to+somebody+else"));
        // A session that is over links nothing.
        let sent = begin(&root);
        provider.grant(&sent, json!({}));
        root.poke("/api/v1/auths/signout");
        assert!(ends(&root, &sent).contains("/auth?error="));
        // The last way in stays; one of several goes, with what the provider gave.
        assert_eq!(delete(&bob, &format!("{LINKS}/oidc")), 409);
        let root = signed_in(app, "root@example.com");
        assert_eq!(by_provider.get(TOKEN).status, 200);
        assert_eq!(delete(&root, &format!("{LINKS}/oidc")), 200);
        assert_eq!(by_provider.get(TOKEN).status, 404);
        assert_eq!(delete(&root, &format!("{LINKS}/oidc")), 404);
        native.pass_seconds(3_600);
        assert_eq!(root.poke(LINK).status, 403, "they signed in an hour ago");
        assert_eq!(Browser::of(app).poke(LINK).status, 401);
    });
}

#[test]
fn two_who_need_new_tokens_at_once_ask_for_them_once() {
    /* OA-22 */
    with_native(&VARS, |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        let ann = come(app, &provider, json!({}));
        let asked = provider.asked("/token");
        assert_eq!(ann.get(TOKEN).json()["access_token"], "access-1");
        native.pass_seconds(3_299);
        assert_eq!(ann.get(TOKEN).json()["access_token"], "access-1");
        assert_eq!(provider.asked("/token"), asked);
        native.pass_seconds(1);
        provider.give(json!({"access_token": "access-2", "refresh_token": "refresh-2"}));
        let request = || {
            let client = ann.client();
            client.json_request(TOKEN, &json!({}))
        };
        let requests = vec![get(request()), get(request()), get(request())];
        for answer in app.at_once(requests) {
            assert_eq!(answer.json()["access_token"], "access-2", "{answer:?}");
        }
        assert_eq!(provider.asked("/token"), asked + 1);
        assert!(shown(native, "/token").contains("refresh_token=refresh-1"));
        // The next one shows the token that came with the last.
        native.pass_seconds(3_300);
        provider.give(json!({"access_token": "access-3", "refresh_token": null}));
        assert_eq!(ann.get(TOKEN).json()["access_token"], "access-3");
        assert!(shown(native, "/token").contains("refresh_token=refresh-2"));
        // A provider that is down takes nothing away; one that takes the token back does.
        native.pass_seconds(3_300);
        provider.answer("/token", 503, "");
        assert_eq!(ann.get(TOKEN).json()["access_token"], "access-3", "good for some minutes");
        native.pass_seconds(300);
        assert_eq!(ann.get(TOKEN).status, 502);
        provider.answer("/token", 400, r#"{"error":"invalid_grant"}"#);
        assert_eq!(ann.get(TOKEN).status, 404);
        provider.give(json!({}));
        assert_eq!(ann.get(TOKEN).status, 404, "it is gone");
    });
}

/// The last form that was posted to a path of the provider's.
fn shown(native: &Native, path: &str) -> String {
    let fetched = native.ports.fetched();
    let asked = fetched.iter().rev().find(|request| request.url.as_str().ends_with(path)).unwrap();
    asked.body.as_ref().unwrap().expose_secret().clone()
}

fn get(mut request: http::Request<Vec<u8>>) -> http::Request<Vec<u8>> {
    *request.method_mut() = Method::GET;
    request.body_mut().clear();
    request
}

#[test]
fn nobody_reads_the_tokens_of_others() {
    /* OA-22, SR-04 */
    with_native(&VARS, |app, native| {
        let provider = Provider::of(native);
        let root = app.sign_up("Root", "root@example.com");
        let ann = come(app, &provider, json!({}));
        let id = ann.get("/api/v1/auths/").json()["id"].as_str().unwrap().to_string();
        let listed = root.get(&format!("/api/v1/users/{id}/oauth/sessions"));
        assert_eq!((listed.status, &listed.json()[0]["provider"]), (200, &json!("oidc")), "{listed:?}");
        assert!(!format!("{listed:?}").contains("access-1"));
        let own = ann.get("/api/v1/auths/oauth/sessions");
        assert!(own.status == 200 && !format!("{own:?}").contains("access-1"), "{own:?}");
        let stored = pollster::block_on(portico_core::ports::Identities::list_provider_sessions(
            &native.ports,
            portico_core::id::UserId::parse(&id).unwrap(),
        ));
        assert!(!format!("{stored:?}").contains("access-1"));
        assert_eq!(delete(&ann, "/api/v1/auths/oauth/sessions/oidc"), 200);
        assert_eq!(delete(&ann, "/api/v1/auths/oauth/sessions/oidc"), 404);
        assert_eq!(ann.get(TOKEN).status, 404);
    });
}

#[test]
fn signing_out_here_leads_to_signing_out_there_and_waits_for_nobody() {
    /* OA-22, OA-25 */
    let vars = [VARS.as_slice(), &[("WEBUI_AUTH_SIGNOUT_REDIRECT_URL", "https://chat.example.com/bye?x=1")]]
        .concat();
    with_native(&vars, |app, native| {
        let provider = Provider::of(native);
        provider.describe(json!({"end_session_endpoint": "https://id.example.com/logout?a=b"}));
        app.sign_up("Root", "root@example.com");
        let ann = come(app, &provider, json!({}));
        let url = ann.poke("/api/v1/auths/signout").json()["redirect_url"].as_str().unwrap().to_string();
        assert!(
            url.starts_with("https://id.example.com/logout?a=b&client_id=portico&id_token_hint=ey"),
            "{url}"
        );
        assert!(
            url.contains("&post_logout_redirect_uri=https%3A%2F%2Fchat.example.com%2Fbye%3Fx%3D1&state="),
            "{url}"
        );
        let again = come(app, &provider, json!({}));
        assert_eq!(
            again.get("/api/v1/auths/oauth/sessions").json().as_array().unwrap().len(),
            1,
            "the tokens went with it"
        );
        native.ports.break_port("fetch");
        native.ports.break_port("provider documents");
        let answer = again.poke("/api/v1/auths/signout");
        assert_eq!(
            (answer.status, &answer.json()["redirect_url"]),
            (200, &json!("https://chat.example.com/bye?x=1"))
        );
        assert_eq!(again.get("/api/v1/auths/").status, 401);
        let with_password = signed_in(app, "root@example.com");
        let answer = with_password.poke("/api/v1/auths/signout").json();
        assert_eq!(answer["redirect_url"], "https://chat.example.com/bye?x=1", "{answer}");
    });
}

#[test]
fn a_provider_says_once_that_somebody_has_signed_out_there() {
    /* OA-24 */
    let vars = [VARS.as_slice(), &[("ENABLE_OAUTH_BACKCHANNEL_LOGOUT", "true")]].concat();
    with_native(&vars, |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        let alive = |browser: &Browser<'_>| browser.get("/api/v1/auths/").status == 200;
        let say = |change: Value| {
            let now = native.now().get();
            let mut claims = json!({
                "iss": "https://id.example.com", "aud": "portico", "iat": now, "exp": now + 60, "jti": "one",
                "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            });
            claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let token = provider.signed(json!({"typ": "logout+jwt"}), &claims);
            let form = format!("logout_token={token}").into_bytes();
            let form_type = Some("application/x-www-form-urlencoded");
            app.anonymous().send(Method::POST, "/oauth/backchannel-logout", form_type, form)
        };
        let here = come(app, &provider, json!({"sid": "there-1"}));
        let there = come(app, &provider, json!({"sid": "there-2"}));
        let answer = say(json!({"sub": "ann", "sid": "there-1"}));
        assert_eq!(
            (answer.status, answer.json(), answer.header("cache-control")),
            (200, json!({}), "no-store")
        );
        assert!(!alive(&here) && alive(&there), "that session of theirs");
        let back = come(app, &provider, json!({"sid": "there-1"}));
        assert_eq!(say(json!({"sub": "ann"})).status, 200, "the same word again");
        assert!(alive(&back) && alive(&there), "is heard once");
        assert_eq!(say(json!({"sub": "ann", "jti": "two"})).status, 200);
        assert!(!alive(&back) && !alive(&there), "all of them");
        assert_eq!(say(json!({"sub": "nobody", "jti": "three"})).status, 200);
        let last = come(app, &provider, json!({"sid": "there-3"}));
        for (change, text) in [
            (json!({"nonce": "n", "sub": "ann", "jti": "4"}), "logout_token must not contain nonce"),
            (json!({"jti": "5"}), "logout_token must contain sub or sid"),
            (json!({"events": {}, "sub": "ann", "jti": "6"}), "Missing backchannel-logout event claim"),
            (
                json!({"iss": "https://evil.example.com", "sub": "ann", "jti": "7"}),
                "No configured provider matches token issuer",
            ),
            (json!({"aud": "another", "sub": "ann", "jti": "8"}), "Invalid logout_token: refused"),
            (json!({"iat": 1_000, "sub": "ann", "jti": "9"}), "Invalid logout_token: refused"),
        ] {
            let answer = say(change.clone());
            assert_eq!((answer.status, &answer.json()["error_description"]), (400, &json!(text)), "{change}");
        }
        let id_token = provider.signed(json!({}), &json!({"iss": "https://id.example.com", "sub": "ann"}));
        for (form, text) in [
            (String::new(), "Missing logout_token parameter"),
            ("logout_token=x".to_string(), "Malformed logout_token"),
            (format!("logout_token={id_token}"), "Malformed logout_token"),
            ("logout_token=a&logout_token=b".to_string(), "Missing logout_token parameter"),
        ] {
            let form_type = Some("application/x-www-form-urlencoded");
            let answer = app.anonymous().send(
                Method::POST,
                "/oauth/backchannel-logout",
                form_type,
                form.clone().into(),
            );
            assert_eq!((answer.status, &answer.json()["error_description"]), (400, &json!(text)), "{form}");
        }
        assert!(alive(&last));
    });
}

#[test]
fn librechats_pages_sign_out_at_the_provider_where_the_deployment_says_so() {
    /* OA-25 */
    fn logout(more: &[(&str, &str)], check: impl FnOnce(Value)) {
        let vars = [VARS.as_slice(), &[("DOMAIN_CLIENT", "https://chat.example.com")], more].concat();
        with_native(&vars, |app, native| {
            app.sign_up("Root", "root@example.com");
            let provider = Provider::of(native);
            provider.describe(json!({"end_session_endpoint": "https://id.example.com/logout"}));
            let browser = Browser::of(app);
            let sent = send(&browser, "/oauth/openid");
            provider.grant(&sent, json!({}));
            assert_eq!(back(&browser, "/oauth/openid/callback", &sent).status, 302);
            check(browser.poke("/api/auth/logout").json());
        });
    }
    logout(&[], |said| assert_eq!(said, json!({"message": "Logout successful"})));
    let on = ("OPENID_USE_END_SESSION_ENDPOINT", "true");
    logout(&[on], |said| {
        let url = said["redirect"].as_str().unwrap();
        assert!(url.starts_with("https://id.example.com/logout?client_id=portico&id_token_hint=ey"), "{url}");
        assert!(url.contains("&post_logout_redirect_uri=https%3A%2F%2Fchat.example.com%2Flogin&"), "{url}");
    });
    let short = ("OPENID_MAX_LOGOUT_URL_LENGTH", "300");
    let elsewhere = ("OPENID_POST_LOGOUT_REDIRECT_URI", "https://bye.example.com");
    logout(&[on, short, elsewhere], |said| {
        let url = said["redirect"].as_str().unwrap();
        assert!(!url.contains("id_token_hint") && url.contains("=https%3A%2F%2Fbye.example.com&"), "{url}");
    });
}

#[test]
fn a_token_for_the_directory_is_had_in_the_name_of_who_came_from_there() {
    with_native(&[VARS.as_slice(), &[("OPENID_REUSE_TOKENS", "true")]].concat(), |app, native| {
        let provider = Provider::of(native);
        let root = crate::librechat::member(app, "Root", "root@example.com");
        let path = "/api/auth/graph-token?scopes=User.Read%20People.Read";
        assert_eq!(root.get(path).status, 403, "they came from nowhere");
        let ann = Browser::of(app);
        let sent = send(&ann, "/oauth/openid");
        provider.grant(&sent, json!({}));
        back(&ann, "/oauth/openid/callback", &sent);
        ann.keep(&ann.poke("/api/auth/refresh"));
        let answer = ann.get("/api/auth/graph-token");
        assert_eq!(
            (answer.status, answer.json()["message"].clone()),
            (400, json!("Graph API scopes are required as query parameter"))
        );
        provider
            .give(json!({"access_token": "graph-1", "expires_in": 1_800, "scope": "User.Read People.Read"}));
        let answer = ann.get(path);
        let expected = json!({"access_token": "graph-1", "token_type": "Bearer", "expires_in": 1_800, "scope": "User.Read People.Read"});
        assert_eq!((answer.status, answer.json()), (200, expected));
        let form = shown(native, "/token");
        for part in [
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer",
            "assertion=access-1",
            "requested_token_use=on_behalf_of",
            "scope=User.Read+People.Read",
        ] {
            assert!(form.split('&').any(|pair| pair == part), "{part}: {form}");
        }
        assert!(!form.contains("client_credentials"), "{form}");
        provider.answer("/token", 400, r#"{"error":"invalid_grant"}"#);
        let answer = ann.get(path);
        assert_eq!(
            (answer.status, answer.json()["message"].clone()),
            (500, json!("Failed to obtain Microsoft Graph token"))
        );
    });
}

#[test]
fn whoever_sits_down_at_a_browser_links_nothing_for_the_one_before() {
    /* OA-12 */
    with_native(&[VARS.as_slice(), &[("ENABLE_SIGNUP", "true")]].concat(), |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        app.sign_up("Bob", "bob@example.com");
        let browser = signed_in(app, "root@example.com");
        let sent = Sent { url: browser.poke(LINK).json()["url"].as_str().unwrap().to_string() };
        let bob = signed_in(app, "bob@example.com");
        browser.set_cookie("token", &bob.cookie("token").unwrap());
        provider.grant(&sent, json!({}));
        assert!(back(&browser, OPEN_WEBUI.1, &sent).header("location").contains("/auth?error="));
        assert_eq!(signed_in(app, "root@example.com").get(LINKS).json(), json!([]));
    });
}

#[test]
fn what_a_provider_gave_goes_with_whatever_ends_the_session() {
    /* OA-22 */
    with_native(&VARS, |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        let root = signed_in(app, "root@example.com");
        let sessions = |browser: &Browser<'_>| {
            browser.get("/api/v1/auths/oauth/sessions").json().as_array().map(Vec::len)
        };
        let (first, second) = (come(app, &provider, json!({})), come(app, &provider, json!({})));
        assert_eq!(sessions(&first), Some(2));
        assert_eq!(delete(&second, "/api/v1/auths/sessions"), 200);
        assert_eq!(sessions(&second), Some(1), "those of the other session");
        let id = second.get("/api/v1/auths/").json()["id"].as_str().unwrap().to_string();
        assert_eq!(root.poke(&format!("/api/v1/users/{id}/sessions/revoke")).status, 200);
        assert_eq!(sessions(&come(app, &provider, json!({}))), Some(1), "only the newest one's");
        // Signing in again in the same browser replaces them.
        let sent = send(&second, OPEN_WEBUI.0);
        provider.grant(&sent, json!({}));
        back(&second, OPEN_WEBUI.1, &sent);
        let sent = send(&second, OPEN_WEBUI.0);
        provider.grant(&sent, json!({}));
        back(&second, OPEN_WEBUI.1, &sent);
        assert_eq!(sessions(&second), Some(2));
    });
}
