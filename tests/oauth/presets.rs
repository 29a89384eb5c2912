//! What providers say about people, in the shapes that their documents show (librechat.md §6.2, open-webui.md §8.1).

use portico_core::ports::Fetched;
use serde_json::{Value, json};

use super::provider::send;
use crate::harness::{Answer, Browser, Native, TestApp, with_native};

const OPEN: [(&str, &str); 3] =
    [("ENABLE_OAUTH_SIGNUP", "true"), ("DEFAULT_USER_ROLE", "user"), ("ALLOW_SOCIAL_LOGIN", "true")];

fn answer(native: &Native, url: &str, body: &Value) {
    let fetched = Fetched {
        status: 200,
        content_type: "application/json; charset=utf-8".into(),
        challenge: String::new(),
        body: body.to_string().into_bytes(),
    };
    native.ports.answer(url, fetched);
}

/// Lets somebody come by a provider.
fn come<'a>(app: &'a TestApp, provider: &str) -> (Browser<'a>, Answer) {
    let browser = Browser::of(app);
    let sent = send(&browser, &format!("/oauth/{provider}/login"));
    let state = sent.param("state").unwrap();
    assert!(sent.param("code_challenge").is_some(), "{}", sent.url);
    let answer = browser.get(&format!("/oauth/{provider}/callback?code=c&state={state}"));
    (browser, answer)
}

/// What their account says.
fn account(app: &TestApp, provider: &str) -> Value {
    let (browser, answer) = come(app, provider);
    assert!(answer.header("location").ends_with("/auth"), "{answer:?}");
    browser.get("/api/v1/auths/").json()
}

#[test]
fn github_numbers_accounts_and_says_elsewhere_which_address_is_read() {
    /* OA-09, OA-10 */
    let vars = [OPEN.as_slice(), &[("GITHUB_CLIENT_ID", "g"), ("GITHUB_CLIENT_SECRET", "s")]].concat();
    with_native(&vars, |app, native| {
        app.sign_up("Root", "root@example.com");
        answer(
            native,
            "https://github.com/login/oauth/access_token",
            &json!({"access_token": "gho_1", "scope": "user:email", "token_type": "bearer"}),
        );
        let user = |id: i64, email: Value| json!({"login": "octocat", "id": id, "avatar_url": "https://avatars.githubusercontent.com/u/1", "name": null, "email": email, "sub": "x"});
        answer(native, "https://api.github.com/user", &user(1, json!(null)));
        answer(
            native,
            "https://api.github.com/user/emails",
            &json!([
                {"email": "other@example.com", "verified": true, "primary": false, "visibility": null},
                {"email": "Octocat@Example.com", "verified": true, "primary": true, "visibility": "private"},
            ]),
        );
        let octocat = account(app, "github");
        assert_eq!((&octocat["email"], &octocat["name"]), (&json!("octocat@example.com"), &json!("octocat")));
        answer(native, "https://api.github.com/user", &user(2, json!("public@example.com")));
        assert_eq!(account(app, "github")["email"], "public@example.com", "another number, another account");
    });
}

#[test]
fn discord_facebook_and_feishu_call_things_by_their_own_names() {
    for (provider, vars, token, userinfo, said, expected) in [
        (
            "discord",
            [("DISCORD_CLIENT_ID", "d"), ("DISCORD_CLIENT_SECRET", "s")],
            "https://discord.com/api/oauth2/token",
            "https://discord.com/api/users/@me",
            json!({"id": "80351110224678912", "username": "nelly", "global_name": "Nelly", "avatar": "8342729096ea3675442027381ff50dfe", "verified": true, "email": "nelly@example.com"}),
            (
                "nelly@example.com",
                "Nelly",
                "https://cdn.discordapp.com/avatars/80351110224678912/8342729096ea3675442027381ff50dfe.png",
            ),
        ),
        (
            "facebook",
            [("FACEBOOK_CLIENT_ID", "f"), ("FACEBOOK_CLIENT_SECRET", "s")],
            "https://graph.facebook.com/v21.0/oauth/access_token",
            "https://graph.facebook.com/v21.0/me?fields=id,email,name,first_name,last_name,picture",
            json!({"id": "10", "email": "fay@example.com", "first_name": "Fay", "last_name": "Book", "picture": {"data": {"height": 50, "url": "https://platform-lookaside.fbsbx.com/p/1"}}}),
            ("fay@example.com", "Fay Book", "https://platform-lookaside.fbsbx.com/p/1"),
        ),
        (
            "feishu",
            [("FEISHU_CLIENT_ID", "f"), ("FEISHU_CLIENT_SECRET", "s")],
            "https://open.feishu.cn/open-apis/authen/v2/oauth/token",
            "https://open.feishu.cn/open-apis/authen/v1/user_info",
            json!({"code": 0, "msg": "success", "data": {"name": "Li", "avatar_url": "https://s1.feishucdn.com/a.png", "user_id": "5d9bdxxx", "email": "", "enterprise_email": "li@example.com"}}),
            ("li@example.com", "Li", "https://s1.feishucdn.com/a.png"),
        ),
    ] {
        with_native(&[OPEN.as_slice(), &vars].concat(), |app, native| {
            app.sign_up("Root", "root@example.com");
            answer(native, token, &json!({"access_token": "a", "token_type": "Bearer", "expires_in": 7200}));
            answer(native, userinfo, &said);
            let found = account(app, provider);
            let (email, name, picture) = expected;
            assert_eq!(
                (&found["email"], &found["name"], &found["profile_image_url"]),
                (&json!(email), &json!(name), &json!(picture)),
                "{provider}"
            );
            let shown = native.ports.fetched();
            let posted = shown.iter().find(|request| request.url.as_str() == token).unwrap();
            assert!(posted.body.as_ref().unwrap().expose_secret().contains("client_secret=s"), "{provider}");
            let asked = shown.iter().find(|request| request.url.as_str() == userinfo).unwrap();
            let bearer = asked.headers.iter().find(|(name, _)| *name == "authorization").unwrap();
            assert_eq!(bearer.1.expose_secret(), "Bearer a", "{provider}");
        });
    }
}

#[test]
fn an_address_that_nobody_says_is_made_up_only_where_the_deployment_says_so() {
    let vars = [OPEN.as_slice(), &[("DISCORD_CLIENT_ID", "d"), ("DISCORD_CLIENT_SECRET", "s")]].concat();
    for (fallback, ends) in [("", "/auth?error=Sign-in"), ("true", "/auth")] {
        with_native(
            &[vars.as_slice(), &[("ENABLE_OAUTH_EMAIL_FALLBACK", fallback)]].concat(),
            |app, native| {
                app.sign_up("Root", "root@example.com");
                answer(
                    native,
                    "https://discord.com/api/oauth2/token",
                    &json!({"access_token": "a", "token_type": "Bearer"}),
                );
                answer(
                    native,
                    "https://discord.com/api/users/@me",
                    &json!({"id": "8", "username": "nelly", "verified": false, "email": null}),
                );
                let (browser, answer) = come(app, "discord");
                assert!(answer.header("location").contains(ends), "{fallback}: {answer:?}");
                if fallback == "true" {
                    assert_eq!(browser.get("/api/v1/auths/").json()["email"], "discord@8.local");
                }
            },
        );
    }
}
