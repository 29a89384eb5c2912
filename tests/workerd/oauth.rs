//! Providers of accounts on real sockets: hostile ones, slow ones, and what a sign-in costs.

use core::time::Duration;

use serde_json::{Value, json};

use super::{
    provider::{Peer, Reply},
    subrequests::cost,
};
use crate::{
    harness::{Browser, PASSWORD, TestApp},
    oauth::provider::{Sent, key_set, send},
};

const LOGIN: &str = "/oauth/oidc/login";
const FAILED: &str = "/auth?error=Sign-in+with+your+identity+provider+failed.";

fn deployment(peer: &Peer, start: impl FnOnce(&[(&str, &str)]) -> TestApp) -> TestApp {
    let vars = peer.vars();
    let vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let app = start(&vars);
    app.sign_up("Root", "root@example.com");
    app
}

fn come_back(browser: &Browser<'_>, sent: &Sent) -> crate::harness::Answer {
    browser.get(&format!("/oauth/oidc/callback?code=code-1&state={}", sent.param("state").unwrap()))
}

#[test]
fn a_hostile_provider_signs_nobody_in_and_holds_nobody_up() {
    /* FT-12, OA-05, OA-07, OA-17, OA-20 */
    let peer = Peer::start();
    let app = deployment(&peer, TestApp::with_vars);
    let now = app.now();
    let good = |sent: &Sent| peer.claims(sent, now, json!({}));
    let changed = |change: Value| {
        let peer = peer.clone();
        move |sent: &Sent| peer.give(json!({}), &peer.claims(sent, now, change.clone()), json!({}))
    };
    let replies = |reply: Reply| {
        let peer = peer.clone();
        move |_: &Sent| peer.reply("/token", reply.clone())
    };
    let header = |header: Value| {
        let peer = peer.clone();
        move |sent: &Sent| peer.give(header.clone(), &peer.claims(sent, now, json!({})), json!({}))
    };
    type Prepare<'a> = Box<dyn Fn(&Sent) + 'a>;
    let text = |status, kind, body: &str| Reply::Answer(status, kind, body.to_string());
    let twice = r#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#;
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(64), "]".repeat(64));
    let cases: Vec<(&str, Prepare<'_>)> = vec![
        ("another issuer", Box::new(changed(json!({"iss": "https://evil.example.com"})))),
        ("another audience", Box::new(changed(json!({"aud": "somebody-else"})))),
        ("no nonce", Box::new(changed(json!({"nonce": null})))),
        ("another nonce", Box::new(changed(json!({"nonce": "of another sign-in"})))),
        ("an old token", Box::new(changed(json!({"iat": now - 3_600, "exp": now - 3_000})))),
        ("no signature", Box::new(header(json!({"alg": "none"})))),
        ("our secret as a key", Box::new(header(json!({"alg": "HS256"})))),
        ("a key that nobody has", Box::new(header(json!({"kid": "another"})))),
        ("HTML", Box::new(replies(text(200, "text/html", "<html>")))),
        ("JSON that is none", Box::new(replies(text(200, "application/json", "{")))),
        ("a member twice", Box::new(replies(text(200, "application/json", twice)))),
        ("too deep", Box::new(replies(text(200, "application/json", &deep)))),
        ("256 KiB", Box::new(replies(text(200, "application/json", &" ".repeat(256 * 1_024 + 1))))),
        ("without an end", Box::new(replies(Reply::Endless))),
        ("silence", Box::new(replies(Reply::Silence))),
        ("a way inside", Box::new(replies(Reply::Redirect(format!("{}/stolen", peer.issuer))))),
        ("500", Box::new(replies(text(500, "text/plain", "x")))),
    ];
    for (name, prepare) in cases {
        let browser = Browser::of(&app);
        let sent = send(&browser, LOGIN);
        prepare(&sent);
        let answer = come_back(&browser, &sent);
        assert_eq!(answer.status, 307, "{name}: {answer:?}");
        assert!(answer.header("location").contains(FAILED), "{name}: {answer:?}");
        assert!(answer.cookie("token").is_none(), "{name}");
    }
    assert!(peer.asked("/stolen").is_empty(), "nobody follows");
    // A code of somebody else's provider goes nowhere.
    let browser = Browser::of(&app);
    let sent = send(&browser, LOGIN);
    let spent = peer.asked("/token").len();
    let state = sent.param("state").unwrap();
    let mixed_up = format!("/oauth/oidc/callback?code=c&state={state}&iss=https%3A%2F%2Fhonest.example.com");
    assert!(browser.get(&mixed_up).header("location").contains(FAILED));
    assert_eq!(peer.asked("/token").len(), spent);
    // What is asked about the person is as bounded.
    for reply in [Reply::Silence, Reply::Endless, text(200, "application/json", r#"{"sub":"somebody else"}"#)]
    {
        let sent = send(&browser, LOGIN);
        peer.reply("/me", reply.clone());
        peer.give(json!({}), &peer.claims(&sent, now, json!({"email": null})), json!({}));
        assert!(come_back(&browser, &sent).header("location").contains(FAILED), "{reply:?}");
    }
    let form = json!({"email": "root@example.com", "password": PASSWORD});
    assert_eq!(app.anonymous().post("/api/v1/auths/signin", &form).status, 200);
    let sent = send(&browser, LOGIN);
    peer.give(json!({}), &good(&sent), json!({}));
    assert!(come_back(&browser, &sent).header("location").ends_with("/auth"), "and nothing of that stays");
}

#[test]
fn a_provider_that_says_nonsense_about_itself_is_not_gone_to() {
    /* FT-12, OA-06, OA-20 */
    let peer = Peer::start();
    let app = deployment(&peer, TestApp::with_vars);
    let document = "/.well-known/openid-configuration";
    let text = |kind, body: String| Reply::Answer(200, kind, body);
    for reply in [
        Reply::Endless,
        Reply::Redirect(format!("{}/elsewhere", peer.issuer)),
        Reply::Answer(500, "text/plain", String::new()),
        text("text/html", "<html>".to_string()),
        text("application/json", " ".repeat(256 * 1_024 + 1)),
    ] {
        peer.reply(document, reply.clone());
        let answer = Browser::of(&app).get(LOGIN);
        assert!(answer.header("location").contains(FAILED), "{reply:?}: {answer:?}");
    }
    assert!(peer.asked("/elsewhere").is_empty());
    for change in [
        json!({"issuer": "https://evil.example.com"}),
        json!({"token_endpoint": "http://169.254.169.254/token"}),
        json!({"jwks_uri": "http://10.0.0.1/jwks"}),
    ] {
        peer.describe(change.clone());
        let answer = Browser::of(&app).get(LOGIN);
        assert!(answer.header("location").contains(FAILED), "{change}: {answer:?}");
    }
    peer.describe(json!({}));
    send(&Browser::of(&app), LOGIN);
}

#[test]
fn a_key_that_is_new_since_the_browser_left_is_found() {
    /* FT-13 */
    let peer = Peer::start();
    let app = deployment(&peer, TestApp::with_vars);
    let browser = Browser::of(&app);
    let mut before = key_set();
    before["keys"][0]["kid"] = json!("the one before");
    peer.reply("/jwks", Reply::json(&before));
    let sent = send(&browser, LOGIN);
    peer.reply("/jwks", Reply::json(&key_set()));
    peer.give(json!({}), &peer.claims(&sent, app.now(), json!({})), json!({}));
    assert!(come_back(&browser, &sent).header("location").ends_with("/auth"));
    assert_eq!(peer.asked("/jwks").len(), 1);
}

#[test]
fn a_callback_asks_for_what_the_table_says() {
    /* OA-02: the state is taken in one statement; everything about the account is one batch. */
    let peer = Peer::start();
    let app = deployment(&peer, TestApp::meddled);
    let comes = |dialect: (&str, &str), claims: Value| {
        let browser = Browser::of(&app);
        let sent = send(&browser, dialect.0);
        peer.give(json!({}), &peer.claims(&sent, app.now(), claims), json!({}));
        peer.reply("/me", Reply::json(&json!({"sub": "ann", "email": "ann@example.com", "name": "Ann"})));
        let path = format!("{}?code=c&state={}", dialect.1, sent.param("state").unwrap());
        let (answer, cost) = cost(&app, || browser.get(&path));
        assert!(!answer.header("location").contains("error"), "{answer:?}");
        cost
    };
    let open_webui = (LOGIN, "/oauth/oidc/callback");
    let librechat = ("/oauth/openid", "/oauth/openid/callback");
    // Durable Object requests: the session. D1: the state, and one batch. KV: the keys, once read and once kept.
    #[rustfmt::skip]
    let table = [
        ("somebody new: token, keys",           open_webui, json!({}),              (1, 2, 2, 2)),
        ("again: token",                        open_webui, json!({}),              (1, 2, 0, 1)),
        ("with what is asked about the person", open_webui, json!({"email": null}), (1, 2, 0, 2)),
        ("in the other dialect",                librechat,  json!({}),              (1, 2, 0, 1)),
    ];
    for (name, dialect, claims, expected) in table {
        assert_eq!(comes(dialect, claims), expected, "{name}");
    }
}

#[test]
fn of_many_who_need_newer_tokens_one_asks_the_provider() {
    /* OA-22 */
    let peer = Peer::start();
    let app = deployment(&peer, TestApp::with_vars);
    let browser = Browser::of(&app);
    let sent = send(&browser, LOGIN);
    let soon = json!({"expires_in": 200});
    peer.give(json!({}), &peer.claims(&sent, app.now(), json!({})), soon);
    assert!(come_back(&browser, &sent).header("location").ends_with("/auth"));
    let tokens = json!({
        "access_token": "access-2", "refresh_token": "refresh-2", "token_type": "Bearer", "expires_in": 3_600,
    });
    // Long enough that all of them find the first one at it.
    peer.reply("/token", Reply::Slow(Duration::from_millis(500), tokens.to_string()));
    let request = || {
        let client = browser.client();
        client.request(http::Method::GET, "/api/v1/auths/oauth/sessions/oidc", None, Vec::new())
    };
    let answers = app.at_once((0..6).map(|_| request()).collect());
    for answer in answers {
        assert_eq!((answer.status, &answer.json()["access_token"]), (200, &json!("access-2")), "{answer:?}");
    }
    let asked = peer.asked("/token");
    let refreshes: Vec<_> = asked.iter().filter(|form| form.contains("grant_type=refresh_token")).collect();
    assert_eq!(refreshes.len(), 1, "{asked:?}");
    assert!(refreshes[0].contains("refresh_token=refresh-1"), "{asked:?}");
}

#[test]
fn whichever_call_of_a_callback_fails_or_loses_its_reply_somebody_has_one_account_or_none() {
    /* FT-01, FT-04, FT-10, FT-16 */
    let peer = Peer::start();
    let app = deployment(&peer, TestApp::meddled);
    let mut people = 0;
    for kind in ["fail", "drop"] {
        for nth in 1.. {
            people += 1;
            let who =
                json!({"sub": format!("person{people}"), "email": format!("person{people}@example.com")});
            let comes = |faulty: bool| {
                let browser = Browser::of(&app);
                let sent = send(&browser, LOGIN);
                peer.give(json!({}), &peer.claims(&sent, app.now(), who.clone()), json!({}));
                if faulty {
                    app.anonymous().post(super::subrequests::MEDDLE, &json!({"kind": kind, "nth": nth}));
                }
                let answer = come_back(&browser, &sent);
                let made = app.anonymous().get(super::subrequests::MEDDLE).json()["done"] == true;
                app.anonymous().post(super::subrequests::MEDDLE, &json!({}));
                (browser, answer, made)
            };
            let (_, answer, made) = comes(true);
            let what = format!("{kind} of call {nth}: {answer:?}");
            assert_eq!(answer.status, 307, "{what}");
            let is_in = answer.header("location").ends_with("/auth");
            assert_eq!(answer.cookie("token").is_some(), is_in, "{what}");
            assert!(!answer.header("location").contains("meddled"), "{what}");
            let (browser, again, _) = comes(false);
            assert!(again.header("location").ends_with("/auth"), "{what}, then {again:?}");
            assert_eq!(browser.get("/api/v1/auths/").json()["email"], who["email"], "{what}");
            if !made {
                break;
            }
        }
    }
    let root = app
        .anonymous()
        .post("/api/v1/auths/signin", &json!({"email": "root@example.com", "password": PASSWORD}));
    let users = app.anonymous().with_token(root.token()).get("/api/v1/users/").json();
    assert_eq!(users["total"], people + 1, "nobody has two accounts");
}
