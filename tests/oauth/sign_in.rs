use serde_json::{Value, json};

use super::provider::{Provider, Sent, VARS, back, send};
use crate::{
    harness::{Authenticator, Browser, PASSWORD, TestApp, with_native},
    librechat::{MAIL, member},
};

pub(super) const OPEN_WEBUI: (&str, &str) = ("/oauth/oidc/login", "/oauth/oidc/callback");
const LIBRECHAT: (&str, &str) = ("/oauth/openid", "/oauth/openid/callback");

#[test]
fn stock_pages_of_open_webui_can_read_the_token_where_the_deployment_says_so() {
    let vars = [VARS.as_slice(), &[("OAUTH_TOKEN_COOKIE_READABLE", "true")]].concat();
    with_native(&vars, |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        let browser = Browser::of(app);
        let sent = send(&browser, OPEN_WEBUI.0);
        provider.grant(&sent, json!({}));
        let answer = back(&browser, OPEN_WEBUI.1, &sent);
        let token = answer.cookie("token").unwrap();
        assert!(!token.contains("HttpOnly") && token.contains("SameSite=lax"), "{token}");
        for other in ["oauth_session_id", "oauth_id_token"] {
            assert!(answer.cookie(other).unwrap().contains("HttpOnly"), "{other}");
        }
        let token = token.split_once(';').unwrap().0.strip_prefix("token=").unwrap();
        assert_eq!(app.anonymous().with_token(token).get("/api/v1/auths/").status, 200);
    });
}

#[test]
fn somebody_new_comes_by_a_provider_and_finds_their_account_again() {
    /* OA-01, OA-07, OA-09 */
    with_native(&VARS, |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        let browser = Browser::of(app);
        let (login, callback) = OPEN_WEBUI;
        let sent = send(&browser, login);
        assert!(sent.url.starts_with("https://id.example.com/auth?"), "{}", sent.url);
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "portico"),
            ("scope", "openid email profile"),
            ("code_challenge_method", "S256"),
        ] {
            assert_eq!(sent.param(name).as_deref(), Some(value), "{name}");
        }
        assert!(sent.param("redirect_uri").unwrap().ends_with("/oauth/oidc/callback"));
        assert_eq!(sent.param("code_challenge").map(|text| text.len()), Some(43));
        provider.grant(&sent, json!({}));
        let answer = back(&browser, callback, &sent);
        assert_eq!(answer.status, 307, "{answer:?}");
        assert!(answer.header("location").ends_with("/auth"), "{answer:?}");
        let cookie = answer.cookie("token").unwrap();
        assert!(cookie.contains("HttpOnly"), "{cookie}");
        assert!(answer.cookie("oauth_session_id").is_some() && answer.cookie("oauth_id_token").is_some());
        let session = browser.get("/api/v1/auths/").json();
        assert_eq!(
            (&session["email"], &session["name"], &session["role"]),
            (&json!("ann@example.com"), &json!("Ann Lee"), &json!("user"))
        );
        let again = Browser::from_network(app, "203.0.113.60");
        let (login, callback) = LIBRECHAT;
        let sent = send(&again, login);
        provider.grant(&sent, json!({"email": "new@example.com"}));
        let answer = back(&again, callback, &sent);
        assert_eq!((answer.status, answer.cookie("refreshToken").is_some()), (302, true), "{answer:?}");
        let refreshed = again.poke("/api/auth/refresh");
        again.keep(&refreshed);
        assert_eq!(refreshed.json()["user"]["id"], session["id"], "by issuer and subject, not by address");
        assert_eq!(refreshed.json()["user"]["provider"], "openid");
        let root = Browser::of(app);
        root.post("/api/v1/auths/signin", &json!({"email": "root@example.com", "password": PASSWORD}));
        let ann = root.get("/api/v1/users/?query=ann").json()["users"][0]["oauth"].clone();
        assert_eq!(ann, json!({"oidc": {"sub": "ann"}}));
        assert_eq!(root.get("/api/v1/users/?query=root").json()["users"][0]["oauth"], Value::Null);
    });
}

/// What a page shows of a provider that led nowhere.
const FAILED: &str = "/auth?error=Sign-in+with+your+identity+provider+failed.+Please+contact+your+administrator+for+assistance.";
const NO_ACCESS: &str = "/auth?error=You+do+not+have+permission";
const TAKEN: &str = "/auth?error=Uh-oh%21+This+email+is+already+registered";

/// Lets somebody come by the provider; where their browser ends.
fn comes(app: &TestApp, provider: &Provider<'_>, change: Value) -> String {
    let browser = Browser::of(app);
    let sent = send(&browser, OPEN_WEBUI.0);
    provider.grant(&sent, change);
    back(&browser, OPEN_WEBUI.1, &sent).header("location").to_string()
}

#[test]
fn a_state_is_good_once_for_the_browser_and_the_provider_that_it_was_made_for() {
    /* OA-02, OA-03, OA-04 */
    with_native(
        &[VARS.as_slice(), &[("GOOGLE_CLIENT_ID", "g"), ("GOOGLE_CLIENT_SECRET", "g")]].concat(),
        |app, native| {
            let provider = Provider::of(native);
            let ends = |browser: &Browser<'_>, path: &str, sent: &Sent| {
                let answer = back(browser, path, sent);
                assert!(
                    answer.cookie("token").is_none() || answer.header("location").ends_with("/auth"),
                    "{answer:?}"
                );
                answer.header("location").to_string()
            };
            let (ann, eve) = (Browser::of(app), Browser::of(app));
            let sent = send(&ann, OPEN_WEBUI.0);
            provider.grant(&sent, json!({}));
            assert!(ends(&eve, OPEN_WEBUI.1, &sent).ends_with(FAILED), "no browser of ours");
            assert!(ends(&ann, OPEN_WEBUI.1, &sent).ends_with(FAILED), "it was used up");
            assert_eq!(provider.asked("/token"), 0);
            let sent = send(&ann, OPEN_WEBUI.0);
            let other = send(&eve, OPEN_WEBUI.0);
            provider.grant(&sent, json!({}));
            assert!(ends(&eve, OPEN_WEBUI.1, &sent).ends_with(FAILED), "another browser's");
            provider.grant(&other, json!({}));
            assert!(ends(&eve, "/oauth/google/callback", &other).ends_with(FAILED), "another provider's");
            assert_eq!(provider.asked("/token"), 0, "no code goes anywhere");
            // Several may be on their way.
            let (one, two) = (send(&ann, OPEN_WEBUI.0), send(&ann, OPEN_WEBUI.0));
            for sent in [&two, &one] {
                provider.grant(sent, json!({}));
                assert!(ends(&ann, OPEN_WEBUI.1, sent).ends_with("/auth"));
                assert!(ends(&ann, OPEN_WEBUI.1, sent).ends_with(FAILED), "once");
            }
            let late = send(&ann, OPEN_WEBUI.0);
            native.pass_seconds(600);
            provider.grant(&late, json!({}));
            assert!(ends(&ann, OPEN_WEBUI.1, &late).ends_with(FAILED), "ten minutes");
        },
    );
}

#[test]
fn an_answer_that_is_not_the_providers_own_leads_nowhere() {
    /* OA-05, OA-15, OA-16 */
    with_native(&VARS, |app, native| {
        let provider = Provider::of(native);
        let iss = "iss=https%3A%2F%2Fid.example.com";
        for query in [
            "code=c".to_string(),
            "code=c&iss=https%3A%2F%2Fevil.example.com".to_string(),
            format!("code=c&{iss}%2F"),
            format!("code=c&code=d&{iss}"),
            format!("code=c&{iss}&{iss}"),
            format!("code=&{iss}"),
            iss.to_string(),
            format!("code={}&{iss}", "c".repeat(4_097)),
            format!("code=c&error=access_denied&{iss}"),
            format!("error=access_denied&error_description=%3Cscript%3E&{iss}"),
        ] {
            let browser = Browser::of(app);
            let sent = send(&browser, OPEN_WEBUI.0);
            provider.grant(&sent, json!({}));
            let state = sent.param("state").unwrap();
            let answer = browser.get(&format!("{}?{query}&state={state}", OPEN_WEBUI.1));
            assert!(answer.header("location").ends_with(FAILED), "{query}: {answer:?}");
            let again = back(&browser, OPEN_WEBUI.1, &sent);
            assert!(again.header("location").ends_with(FAILED), "{query}: the state is used up");
        }
        for query in ["", "code=c", "state=x&code=c", "state=&code=c"] {
            let answer = Browser::of(app).get(&format!("{}?{query}", OPEN_WEBUI.1));
            assert_eq!(answer.status, 307, "{query}");
            assert!(answer.header("location").ends_with(FAILED), "{query}: {answer:?}");
        }
        assert_eq!(provider.asked("/token"), 0, "no code goes anywhere");
        let answer = Browser::of(app).get("/oauth/nobody/callback");
        assert_eq!((answer.status, answer.detail().as_str()), (404, "Not Found"));
    });
}

#[test]
fn a_provider_that_answers_nonsense_signs_nobody_in() {
    /* OA-07, OA-17 */
    with_native(&VARS, |app, native| {
        let provider = Provider::of(native);
        let ends = |prepare: &dyn Fn(&Sent)| {
            let browser = Browser::of(app);
            let sent = send(&browser, OPEN_WEBUI.0);
            provider.grant(&sent, json!({}));
            prepare(&sent);
            let answer = back(&browser, OPEN_WEBUI.1, &sent);
            assert!(answer.cookie("token").is_none(), "{answer:?}");
            answer.header("location").to_string()
        };
        let gives = |change: Value| {
            ends(&|sent| {
                let id_token = provider.signed(json!({}), &provider.claims(sent, json!({})));
                provider.give(json!({"id_token": id_token}));
                provider.give(
                    json!({"id_token": id_token})
                        .as_object()
                        .unwrap()
                        .iter()
                        .chain(change.as_object().unwrap())
                        .map(|(name, value)| (name.clone(), value.clone()))
                        .collect(),
                );
            })
        };
        for change in [
            json!({"token_type": "mac"}),
            json!({"token_type": null}),
            json!({"access_token": ""}),
            json!({"access_token": 7}),
            json!({"id_token": null}),
            json!({"id_token": "a.b.c"}),
        ] {
            assert!(gives(change.clone()).ends_with(FAILED), "{change}");
        }
        for (status, body) in [
            (200, ""),
            (200, "<html>"),
            (200, "[]"),
            (400, r#"{"error":"invalid_grant"}"#),
            (302, ""),
            (500, "x"),
            (200, &*"x".repeat(65_537)),
        ] {
            assert!(ends(&|_| provider.answer("/token", status, body)).ends_with(FAILED), "{status}");
        }
        let claims = |change: Value| ends(&|sent| provider.grant(sent, change.clone()));
        for change in [
            json!({"iss": "https://evil.example.com"}),
            json!({"aud": "somebody-else"}),
            json!({"nonce": "another"}),
            json!({"nonce": null}),
            json!({"sub": null}),
            json!({"email": null}),
            json!({"email": "no address"}),
        ] {
            assert!(claims(change.clone()).ends_with(FAILED), "{change}");
        }
        let header = |change: Value| {
            ends(&|sent| {
                let id_token = provider.signed(change.clone(), &provider.claims(sent, json!({})));
                provider.give(json!({ "id_token": id_token }));
            })
        };
        for change in [
            json!({"alg": "none"}),
            json!({"alg": "HS256"}),
            json!({"kid": "another"}),
            json!({"jku": "https://evil.example.com"}),
        ] {
            assert!(header(change.clone()).ends_with(FAILED), "{change}");
        }
        assert_eq!(provider.asked("/jwks"), 1, "invented names cost the provider nothing");
        native.pass_seconds(60);
        for _ in 0..3 {
            assert!(header(json!({"kid": "another"})).ends_with(FAILED));
        }
        assert_eq!(provider.asked("/jwks"), 2, "once a minute");
        assert!(comes(app, &provider, json!({})).ends_with("/auth"), "and nothing of that stays");
    });
}

#[test]
fn an_address_leads_to_somebodys_account_only_where_both_have_shown_it() {
    /* OA-10, OA-11 */
    let merging = [
        VARS.as_slice(),
        &[("OAUTH_MERGE_ACCOUNTS_BY_EMAIL", "true"), ("ENABLE_SIGNUP", "true")],
        &MAIL[..2],
    ]
    .concat();
    with_native(&merging, |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        app.sign_up("Bob", "bob@example.com");
        let ann = member(app, "Ann", "ann@example.com");
        let id = ann.get("/api/user").json()["id"].clone();
        for (change, why) in [
            (json!({"email_verified": false}), "the provider does not say it"),
            (json!({"email_verified": "true"}), "not in so many words"),
            (json!({"email_verified": null}), "nor at all"),
            (json!({"email": "bob@example.com"}), "nobody has shown it here"),
            (json!({"email": "root@example.com"}), "an administrator's"),
        ] {
            let ends = comes(app, &provider, change);
            assert!(ends.contains(TAKEN), "{why}: {ends}");
        }
        assert!(comes(app, &provider, json!({})).ends_with("/auth"));
        let browser = Browser::of(app);
        let sent = send(&browser, OPEN_WEBUI.0);
        provider.grant(&sent, json!({}));
        back(&browser, OPEN_WEBUI.1, &sent);
        assert_eq!(browser.get("/api/v1/auths/").json()["id"], id);
        assert!(
            comes(app, &provider, json!({"sub": "another"})).contains(TAKEN),
            "one identity of a provider"
        );
    });
    with_native(&[VARS.as_slice(), &[("ENABLE_SIGNUP", "true")], &MAIL[..2]].concat(), |app, native| {
        member(app, "Root", "root@example.com");
        member(app, "Ann", "ann@example.com");
        assert!(comes(app, &Provider::of(native), json!({})).contains(TAKEN), "off unless it is switched on");
    });
}

#[test]
fn roles_and_groups_there_decide_here_where_the_deployment_says_so() {
    /* OA-18, AD-05 */
    let managed = [
        ("ENABLE_OAUTH_ROLE_MANAGEMENT", "true"),
        ("OAUTH_ROLES_CLAIM", "realm.roles"),
        ("OAUTH_ALLOWED_ROLES", "member"),
        ("OAUTH_ADMIN_ROLES", "boss"),
        ("ENABLE_OAUTH_GROUP_MANAGEMENT", "true"),
        ("ENABLE_OAUTH_GROUP_CREATION", "true"),
        ("OAUTH_BLOCKED_GROUPS", "secret-*"),
    ];
    with_native(&[VARS.as_slice(), &managed].concat(), |app, native| {
        let provider = Provider::of(native);
        let root = app.sign_up("Root", "root@example.com");
        provider.answer("/me", 200, r#"{"sub":"ann"}"#);
        let come = |change: Value| {
            let browser = Browser::of(app);
            let sent = send(&browser, OPEN_WEBUI.0);
            provider.grant(&sent, change);
            let ends = back(&browser, OPEN_WEBUI.1, &sent).header("location").to_string();
            let session = browser.get("/api/v1/auths/");
            let groups = browser.get("/api/v1/groups/");
            (ends, session.json()["role"].clone(), groups)
        };
        let roles = |roles: Value| json!({"realm": {"roles": roles}});
        assert!(come(roles(json!(["other"]))).0.contains(NO_ACCESS));
        assert!(come(roles(json!([]))).0.contains(NO_ACCESS));
        assert_eq!(come(roles(json!(["member"]))).1, "user");
        assert_eq!(come(roles(json!("x,boss"))).1, "admin");
        assert_eq!(come(roles(json!(["member"]))).1, "user", "taken away there, taken away here");
        for unreadable in [json!(null), json!({"boss": true}), json!(["boss", 1])] {
            assert_eq!(
                come(roles(unreadable.clone())).1,
                "user",
                "{unreadable}: what is not known grants nothing"
            );
        }
        let names = |change: Value| {
            let (_, _, groups) = come(change);
            let mut names: Vec<_> = groups
                .json()
                .as_array()
                .unwrap()
                .iter()
                .map(|group| group["name"].as_str().unwrap().to_string())
                .collect();
            names.sort();
            names
        };
        let grouped = |groups: Value| json!({"realm": {"roles": ["member"]}, "groups": groups});
        assert_eq!(names(grouped(json!(["a", "b", "secret-c", "a", "", "x\n"]))), ["a", "b"]);
        assert_eq!(names(grouped(json!("b;d"))), ["b", "d"]);
        assert_eq!(names(grouped(json!({"a": 1}))), ["b", "d"], "what can not be read changes nothing");
        assert_eq!(names(grouped(json!([]))), Vec::<String>::new(), "an empty list is one");
        let all = root.get("/api/v1/groups/").json();
        let all: Vec<_> =
            all.as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap()).collect();
        assert!(all.contains(&"d") && !all.contains(&"secret-c"), "{all:?}");
    });
}

#[test]
fn an_address_that_an_untrusted_provider_vouches_for_is_nobodys_door() {
    /* OA-10, OA-11 */
    let vars = [
        ("OAUTH_MERGE_ACCOUNTS_BY_EMAIL", "true"),
        ("OAUTH_TRUSTED_EMAIL_PROVIDERS", "discord"),
        ("DISCORD_CLIENT_ID", "d"),
        ("DISCORD_CLIENT_SECRET", "s"),
    ];
    with_native(&[VARS.as_slice(), &vars].concat(), |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        // Somebody has their own provider say that an address is theirs, and waits in the account that they get.
        assert!(comes(app, &provider, json!({"email": "victim@example.com"})).ends_with("/auth"));
        let answer = |url: &str, body: Value| {
            native.ports.answer(
                url,
                portico_core::ports::Fetched {
                    status: 200,
                    content_type: "application/json".into(),
                    challenge: String::new(),
                    body: body.to_string().into_bytes(),
                },
            );
        };
        answer("https://discord.com/api/oauth2/token", json!({"access_token": "a", "token_type": "Bearer"}));
        answer(
            "https://discord.com/api/users/@me",
            json!({"id": "8", "username": "victim", "verified": true, "email": "victim@example.com"}),
        );
        let victim = Browser::of(app);
        let sent = send(&victim, "/oauth/discord/login");
        let path = format!("/oauth/discord/callback?code=c&state={}", sent.param("state").unwrap());
        assert!(victim.get(&path).header("location").contains(TAKEN));
    });
}

#[test]
fn who_has_no_account_gets_one_only_where_the_deployment_says_so() {
    let closed: Vec<_> = VARS.into_iter().filter(|(name, _)| *name != "ENABLE_OAUTH_SIGNUP").collect();
    with_native(&closed, |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        assert!(comes(app, &provider, json!({})).contains(NO_ACCESS));
    });
    let elsewhere = [VARS.as_slice(), &[("OAUTH_ALLOWED_DOMAINS", "example.org, Example.NET")]].concat();
    with_native(&elsewhere, |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        assert!(comes(app, &provider, json!({})).ends_with(FAILED));
        assert!(comes(app, &provider, json!({"email": "ann@sub.example.net"})).ends_with(FAILED));
        assert!(comes(app, &provider, json!({"email": "ann@example.net"})).ends_with("/auth"));
    });
    let bootstrap = [VARS.as_slice(), &[("BOOTSTRAP_SECRET", "the very first one")]].concat();
    with_native(&bootstrap, |app, native| {
        /* AD-02 */
        assert!(comes(app, &Provider::of(native), json!({})).contains(NO_ACCESS));
    });
}

#[test]
fn who_has_a_second_factor_is_asked_for_it_here_too() {
    /* MF-07 */
    let mfa = [VARS.as_slice(), &[("ENABLE_MFA", "true")]].concat();
    with_native(&mfa, |app, native| {
        let provider = Provider::of(native);
        let browser = Browser::of(app);
        let sent = send(&browser, OPEN_WEBUI.0);
        provider.grant(&sent, json!({}));
        let answer = back(&browser, OPEN_WEBUI.1, &sent);
        assert!(answer.header("location").ends_with("/auth?mfa=1"), "{answer:?}");
        let cookie = answer.cookie("mfa_challenge").unwrap();
        assert!(cookie.contains("Path=/api/v1/auths/mfa;") && cookie.contains("HttpOnly"), "{cookie}");
        let step = browser.poke("/api/v1/auths/mfa/challenge").json();
        assert_eq!(step["next_step"], "enroll", "{answer:?}");
        let mut form = json!({"challenge_token": step["challenge_token"]});
        let setup = browser.post("/api/v1/auths/mfa/enroll/start", &form).json();
        form["code"] = json!(Authenticator::of(setup["manual_key"].as_str().unwrap()).code(app.now()));
        let signed_in = browser.post("/api/v1/auths/mfa/enroll/confirm", &form);
        assert_eq!(signed_in.status, 200, "{signed_in:?}");
        assert!(
            signed_in.cookie("oauth_session_id").is_some(),
            "what the provider gave goes with the session"
        );
    });
    let bypass = [mfa.as_slice(), &[("MFA_ALLOW_OAUTH_BYPASS", "true")]].concat();
    with_native(&bypass, |app, native| {
        assert!(comes(app, &Provider::of(native), json!({})).ends_with("/auth"));
    });
}

#[test]
fn roles_that_a_deployment_of_librechats_asks_for_decide_in_both_dialects() {
    /* OA-18 */
    let gates = [
        ("OPENID_REQUIRED_ROLE", "chat, staff"),
        ("OPENID_REQUIRED_ROLE_TOKEN_KIND", "id"),
        ("OPENID_REQUIRED_ROLE_PARAMETER_PATH", "realm.roles"),
        ("OPENID_ADMIN_ROLE", "boss"),
        ("OPENID_ADMIN_ROLE_TOKEN_KIND", "userinfo"),
        ("OPENID_ADMIN_ROLE_PARAMETER_PATH", "roles"),
    ];
    with_native(&[VARS.as_slice(), &gates].concat(), |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        let role = |(login, callback): (&str, &str), roles: Value, bosses: Value| {
            let browser = Browser::of(app);
            let sent = send(&browser, login);
            provider.answer("/me", 200, &json!({"sub": "ann", "roles": bosses}).to_string());
            provider.grant(&sent, json!({"realm": {"roles": roles}}));
            let answer = back(&browser, callback, &sent);
            if answer.header("location").contains("error=") {
                return "refused".to_string();
            }
            if answer.cookie("token").is_none() {
                browser.keep(&browser.poke("/api/auth/refresh"));
            }
            browser.get("/api/v1/auths/").json()["role"].as_str().unwrap().to_string()
        };
        for dialect in [OPEN_WEBUI, LIBRECHAT] {
            for missing in [json!([]), json!(["Chat"]), json!(7), Value::Null] {
                assert_eq!(role(dialect, missing.clone(), json!(["boss"])), "refused", "{missing}");
            }
            assert_eq!(role(dialect, json!("x staff"), json!([])), "user");
            assert_eq!(role(dialect, json!(["chat"]), json!(["boss"])), "admin");
            assert_eq!(role(dialect, json!(["chat"]), Value::Null), "admin", "nobody has said otherwise");
            assert_eq!(role(dialect, json!(["chat"]), json!([])), "user", "not any more");
        }
        provider.answer("/me", 500, "");
        let browser = Browser::of(app);
        let sent = send(&browser, OPEN_WEBUI.0);
        provider.grant(&sent, json!({"realm": {"roles": ["chat"]}}));
        assert!(back(&browser, OPEN_WEBUI.1, &sent).header("location").ends_with(FAILED));
    });
}

#[test]
fn a_deployment_of_librechats_is_configured_by_its_own_variables() {
    let vars = [
        ("OPENID_CLIENT_ID", "portico"),
        ("OPENID_USE_PKCE", "true"),
        ("OPENID_ISSUER", "https://id.example.com"),
        ("OPENID_SCOPE", "openid email"),
        ("OPENID_AUDIENCE", "api://one, api://two"),
        ("OPENID_NAME_CLAIM", "nick"),
        ("OPENID_USERNAME_CLAIM", "handle"),
        ("OPENID_BUTTON_LABEL", "Sign in with Example"),
        ("OPENID_IMAGE_URL", "https://id.example.com/logo.png"),
        ("OPENID_AUTO_REDIRECT", "true"),
        ("ALLOW_SOCIAL_LOGIN", "true"),
        ("ALLOW_SOCIAL_REGISTRATION", "true"),
        ("DEFAULT_USER_ROLE", "user"),
    ];
    with_native(&vars, |app, native| {
        let provider = Provider::of(native);
        app.sign_up("Root", "root@example.com");
        let config = app.anonymous().get("/api/config").json();
        for (key, value) in [
            ("openidLoginEnabled", json!(true)),
            ("openidLabel", json!("Sign in with Example")),
            ("openidImageUrl", json!("https://id.example.com/logo.png")),
            ("openidAutoRedirect", json!(true)),
        ] {
            assert_eq!(config[key], value, "{key}");
        }
        let browser = Browser::of(app);
        let sent = send(&browser, LIBRECHAT.0);
        assert_eq!(sent.param("scope").as_deref(), Some("openid email"));
        assert_eq!(sent.param("audience").as_deref(), Some("api://one"));
        provider.grant(&sent, json!({"nick": "Annie", "handle": "annie"}));
        back(&browser, LIBRECHAT.1, &sent);
        let user = browser.poke("/api/auth/refresh").json()["user"].clone();
        assert_eq!((&user["name"], &user["username"]), (&json!("Annie"), &json!("annie")));
    });
}

#[test]
fn many_who_are_sent_away_from_one_network_wait_and_nobody_elses_sign_in_does() {
    /* TH-01 */
    with_native(&VARS, |app, native| {
        Provider::of(native);
        app.sign_up("Root", "root@example.com");
        for _ in 0..60 {
            send(&Browser::of(app), LIBRECHAT.0);
        }
        let refused = Browser::of(app).get(LIBRECHAT.0);
        assert!(refused.header("location").ends_with("/login?redirect=false&error=auth_rate_limited"));
        assert_eq!(Browser::of(app).get(OPEN_WEBUI.0).status, 429);
        assert_eq!(Browser::of(app).try_login("root@example.com", PASSWORD).status, 200);
        send(&Browser::from_network(app, "203.0.113.60"), LIBRECHAT.0);
    });
}
