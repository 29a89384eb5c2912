//! What each route costs, and what happens when one of its calls goes wrong, on the real bindings.

use http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Browser, Client, PASSWORD, TestApp, credentials},
    librechat::{OPEN, in_link, member},
};

pub(crate) const MEDDLE: &str = "/__meddle";
const NEW_PASSWORD: &str = "battery staple";
const VARS: [(&str, &str); 2] = [("ENABLE_SIGNUP", "true"), ("DEFAULT_USER_ROLE", "user")];

/// Durable Object requests, D1 requests, KV requests, fetches.
pub(crate) type Cost = (u64, u64, u64, u64);

/// Name, status, cost, and the request.
type Row<'a> = (&'static str, u16, Cost, Box<dyn Fn() -> Answer + 'a>);

/// What one request asks for, from a fresh start of counting.
pub(crate) fn cost(app: &TestApp, act: impl FnOnce() -> Answer) -> (Answer, Cost) {
    // The settings are known for some seconds from now on; looking them up is not what is counted.
    app.anonymous().get("/api/config");
    app.anonymous().post(MEDDLE, &json!({}));
    let answer = act();
    let counts = app.anonymous().get(MEDDLE).json();
    let count = |what: &str| counts[what].as_u64().unwrap();
    (answer, (count("durable"), count("d1"), count("kv"), count("fetch")))
}

#[test]
fn every_route_asks_for_what_the_table_says() {
    /* FT-08: where the cost is zero, nothing can be stale. */
    let app = TestApp::meddled(&VARS);
    let ann = app.sign_up("Ann", "ann@example.com");
    let (bob, cem) = (app.sign_up("Bob", "bob@example.com"), app.sign_up("Cem", "cem@example.com"));
    let id = |client: &Client<'_>| client.get("/api/v1/auths/").json()["id"].as_str().unwrap().to_string();
    let (bobs, cems) = (id(&bob), id(&cem));
    ann.get("/api/v1/auths/");
    let nobody = app.anonymous();
    let delete = |client: &Client<'_>, path: &str| client.send(Method::DELETE, path, None, Vec::new());
    let post = |client: &Client<'_>, path: &str| client.send(Method::POST, path, None, Vec::new());
    let form =
        |name: &str| json!({"name": name, "email": format!("{name}@example.com"), "password": PASSWORD});
    let dan = || nobody.clone().with("cf-connecting-ip", "203.0.113.9");
    let change = json!({"password": PASSWORD, "new_password": NEW_PASSWORD});
    let first = |client: &Client<'_>| {
        client.get("/api/v1/auths/sessions").json()[0]["id"].as_str().unwrap().to_string()
    };
    let anns_session = first(&ann);
    #[rustfmt::skip]
    let table: Vec<Row<'_>> = vec![
        // What is asked most: one object, and nothing else while it is warm.
        ("GET /api/v1/auths/",              200, (1, 0, 0, 0), Box::new(|| ann.get("/api/v1/auths/"))),
        ("GET /api/v1/auths",               200, (1, 0, 0, 0), Box::new(|| ann.get("/api/v1/auths"))),
        ("a token that is not ours",        401, (0, 0, 0, 0), Box::new(|| nobody.clone().with_token("garbage").get("/api/v1/auths/"))),
        ("no token",                        401, (0, 0, 0, 0), Box::new(|| nobody.get("/api/v1/auths/"))),
        ("GET /.well-known/jwks.json",      200, (0, 0, 0, 0), Box::new(|| nobody.get("/.well-known/jwks.json"))),
        ("GET /health",                     200, (0, 0, 0, 0), Box::new(|| nobody.get("/health"))),
        ("GET /api/version",                200, (0, 0, 0, 0), Box::new(|| nobody.get("/api/version"))),
        ("GET /api/config",                 200, (0, 0, 0, 0), Box::new(|| nobody.get("/api/config"))),
        // Two buckets before, the session, two buckets after; the account, the event.
        ("POST /api/v1/auths/signin",       200, (5, 2, 0, 0), Box::new(|| nobody.post("/api/v1/auths/signin", &credentials("bob@example.com", PASSWORD)))),
        ("a wrong password",                400, (2, 2, 0, 0), Box::new(|| nobody.post("/api/v1/auths/signin", &credentials("bob@example.com", "wrong password")))),
        ("an unknown account",              400, (2, 2, 0, 0), Box::new(|| nobody.post("/api/v1/auths/signin", &credentials("eve@example.com", PASSWORD)))),
        // Its own network and the whole site, the session; look, create with the event, and the event of the sign-in.
        ("POST /api/v1/auths/signup",       200, (3, 3, 0, 0), Box::new(|| dan().post("/api/v1/auths/signup", &form("dan")))),
        ("an address that is taken",        400, (2, 2, 0, 0), Box::new(|| dan().post("/api/v1/auths/signup", &form("bob")))),
        ("GET /api/v1/auths/sessions",      200, (2, 0, 0, 0), Box::new(|| ann.get("/api/v1/auths/sessions"))),
        ("DELETE /api/v1/auths/sessions",   200, (2, 1, 0, 0), Box::new(|| delete(&ann, "/api/v1/auths/sessions"))),
        ("DELETE …/sessions/{id}, unknown", 404, (2, 0, 0, 0), Box::new(|| delete(&ann, &format!("/api/v1/auths/sessions/{bobs}")))),
        ("POST …/{id}/update",              200, (2, 4, 0, 0), Box::new(|| ann.post(&format!("/api/v1/users/{bobs}/update"), &json!({"name": "Robert"})))),
        // The account has changed, so the object reads it once.
        ("GET /api/v1/auths/, cold",        200, (1, 1, 0, 0), Box::new(|| bob.get("/api/v1/auths/"))),
        ("POST …/update/password",          200, (4, 2, 0, 0), Box::new(|| bob.post("/api/v1/auths/update/password", &change))),
        ("POST …/{id}/sessions/revoke",     200, (2, 3, 0, 0), Box::new(|| post(&ann, &format!("/api/v1/users/{cems}/sessions/revoke")))),
        ("DELETE /api/v1/users/{id}",       200, (2, 2, 0, 0), Box::new(|| delete(&ann, &format!("/api/v1/users/{cems}")))),
        ("DELETE …/sessions/{id}",          200, (2, 1, 0, 0), Box::new(|| delete(&ann, &format!("/api/v1/auths/sessions/{anns_session}")))),
        ("POST /api/v1/auths/signout",      200, (1, 0, 0, 0), Box::new(|| post(&ann, "/api/v1/auths/signout"))),
    ];
    for (name, status, expected, act) in table {
        let (answer, cost) = cost(&app, act);
        assert_eq!((answer.status, cost), (status, expected), "{name}: {answer:?}");
    }
}

#[test]
fn every_route_of_librechats_dialect_asks_for_what_the_table_says() {
    // Without mail, which would be sent beside it all.
    let vars = [OPEN.as_slice(), &[("ALLOW_PASSWORD_RESET", "true")]].concat();
    let app = TestApp::meddled(&vars);
    let (ann, bob) = (member(&app, "Ann", "ann@example.com"), member(&app, "Bob", "bob@example.com"));
    let bobs = bob.get("/api/user").json()["id"].as_str().unwrap().to_string();
    ann.get("/api/user");
    let nobody = || Browser::from_network(&app, "203.0.113.9");
    let link = ann.poke(&format!("/api/v1/users/{bobs}/password/link")).json()["link"].to_string();
    let reset = json!({
        "userId": bobs,
        "token": in_link(&link, "token"),
        "password": NEW_PASSWORD,
        "confirm_password": NEW_PASSWORD,
    });
    let nobodys = json!({"email": "eve@example.com"});
    let wrong = json!({"email": "bob@example.com", "token": "0".repeat(64)});
    #[rustfmt::skip]
    let table: Vec<Row<'_>> = vec![
        // What is asked most: one object, and nothing else while it is warm.
        ("GET /api/user",                   200, (1, 0, 0, 0), Box::new(|| bob.get("/api/user"))),
        ("GET /api/user/terms",             200, (1, 0, 0, 0), Box::new(|| bob.get("/api/user/terms"))),
        ("GET /api/roles/USER",             200, (1, 0, 0, 0), Box::new(|| bob.get("/api/roles/USER"))),
        ("GET /api/config",                 200, (1, 0, 0, 0), Box::new(|| bob.get("/api/config"))),
        ("GET /api/banner",                 200, (0, 0, 0, 0), Box::new(|| nobody().get("/api/banner"))),
        ("refresh without a cookie",        200, (0, 0, 0, 0), Box::new(|| nobody().poke("/api/auth/refresh"))),
        ("a cookie that is no token",       403, (0, 0, 0, 0), Box::new(|| with_garbage(nobody()).poke("/api/auth/refresh"))),
        // Its bucket, the session; the account, read anew.
        ("POST /api/auth/refresh",          200, (2, 1, 0, 0), Box::new(|| bob.poke("/api/auth/refresh"))),
        // The route's own bucket before those of every sign-in.
        ("POST /api/auth/login",            200, (6, 2, 0, 0), Box::new(|| nobody().try_login("bob@example.com", PASSWORD))),
        ("a wrong password",                404, (3, 2, 0, 0), Box::new(|| nobody().try_login("bob@example.com", "wrong password"))),
        ("an unknown account",              404, (3, 2, 0, 0), Box::new(|| nobody().try_login("eve@example.com", PASSWORD))),
        // Whether or not the address is taken.
        ("POST /api/auth/register",         200, (3, 2, 0, 0), Box::new(|| nobody().register("Dan", "dan@example.com"))),
        ("an address that is taken",        200, (3, 2, 0, 0), Box::new(|| nobody().register("Dan", "dan@example.com"))),
        ("POST …/requestPasswordReset",     200, (3, 2, 0, 0), Box::new(|| nobody().post("/api/auth/requestPasswordReset", &nobodys))),
        ("a ticket that is none",           400, (1, 2, 0, 0), Box::new(|| nobody().post("/api/user/verify", &wrong))),
        ("POST …/resetPassword",            200, (2, 3, 0, 0), Box::new(|| nobody().post("/api/auth/resetPassword", &reset))),
        ("POST /api/user/terms/accept",     200, (2, 1, 0, 0), Box::new(|| ann.poke("/api/user/terms/accept"))),
        ("POST …/2fa/enable",               200, (2, 3, 0, 0), Box::new(|| ann.poke("/api/auth/2fa/enable"))),
        ("POST /api/auth/logout",           200, (2, 1, 0, 0), Box::new(|| ann.poke("/api/auth/logout"))),
    ];
    let wrong: Vec<_> = table
        .into_iter()
        .filter_map(|(name, status, expected, act)| {
            let (answer, cost) = cost(&app, act);
            ((answer.status, cost) != (status, expected))
                .then(|| format!("{name}: {} {cost:?}", answer.status))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn with_garbage(browser: Browser<'_>) -> Browser<'_> {
    browser.set_cookie("refreshToken", "garbage");
    browser
}

#[test]
fn a_cached_answer_asks_nobody_and_a_change_from_here_is_seen_at_once() {
    let app = TestApp::meddled(&[VARS[0], VARS[1], ("REVOCATION_CACHE_SECONDS", "60")]);
    let ann = app.sign_up("Ann", "ann@example.com");
    assert_eq!(ann.get("/api/v1/auths/").status, 200);
    let (answer, cost) = cost(&app, || ann.get("/api/v1/auths/"));
    assert_eq!((answer.status, cost), (200, (0, 0, 0, 0)));
    assert_eq!(ann.get("/api/v1/auths/signout").status, 200);
    assert_eq!(ann.get("/api/v1/auths/").status, 401);
}

/// What is done to an account while a call goes wrong, and what its session is told once that was
/// acknowledged.
type Flow = (&'static str, u16, fn(&TestApp, &Member<'_>) -> Answer);

struct Member<'a> {
    admin: &'a Client<'a>,
    client: Client<'a>,
    email: String,
    id: String,
}

const FLOWS: [Flow; 8] = [
    ("check", 200, |_, member| member.client.get("/api/v1/auths/")),
    ("sign in", 200, |app, member| {
        app.anonymous().post("/api/v1/auths/signin", &credentials(&member.email, PASSWORD))
    }),
    ("sign out", 401, |_, member| member.client.get("/api/v1/auths/signout")),
    ("change password", 401, |_, member| {
        let form = json!({"password": PASSWORD, "new_password": NEW_PASSWORD});
        member.client.post("/api/v1/auths/update/password", &form)
    }),
    ("promote", 200, |_, member| update(member, &json!({"role": "admin"}))),
    ("set password", 401, |_, member| update(member, &json!({"password": NEW_PASSWORD}))),
    ("revoke", 401, |_, member| {
        let path = format!("/api/v1/users/{}/sessions/revoke", member.id);
        member.admin.send(Method::POST, &path, None, Vec::new())
    }),
    ("delete", 401, |_, member| {
        member.admin.send(Method::DELETE, &format!("/api/v1/users/{}", member.id), None, Vec::new())
    }),
];

fn update(member: &Member<'_>, change: &Value) -> Answer {
    member.admin.post(&format!("/api/v1/users/{}/update", member.id), change)
}

#[test]
fn whichever_call_fails_or_loses_its_reply_there_is_no_half_state() {
    /* FT-01, FT-04, FT-05, FT-06, FT-10, FT-16 */
    let app = TestApp::meddled(&VARS);
    let admin = app.sign_up("Ann", "ann@example.com");
    let mut people = 0;
    for (name, afterwards, act) in FLOWS {
        for kind in ["fail", "drop"] {
            for nth in 1.. {
                people += 1;
                let email = format!("user{people}@example.com");
                let client = app.sign_up("Bob", &email);
                let id = client.get("/api/v1/auths/").json()["id"].as_str().unwrap().to_string();
                let member = Member { admin: &admin, client, email, id };
                app.anonymous().post(MEDDLE, &json!({"kind": kind, "nth": nth}));
                let answer = act(&app, &member);
                let made = app.anonymous().get(MEDDLE).json()["done"] == true;
                app.anonymous().post(MEDDLE, &json!({}));
                let what = format!("{name}, {kind} of call {nth}: {answer:?}");
                assert!([200, 503].contains(&answer.status), "{what}");
                if answer.status == 503 {
                    assert_eq!(answer.cookies(), [""; 0], "{what}");
                    assert!(!String::from_utf8_lossy(&answer.body).contains("meddled"), "{what}");
                }
                if answer.status == 200 {
                    assert_eq!(member.client.get("/api/v1/auths/").status, afterwards, "{what}");
                }
                assert_whole(&app, &member, name, &what);
                if !made {
                    break;
                }
            }
        }
    }
}

/// One password works, and the session agrees with it; or the account is gone.
fn assert_whole(app: &TestApp, member: &Member<'_>, flow: &str, what: &str) {
    assert_eq!(member.admin.get("/api/v1/auths/").status, 200, "{what}");
    // Each from a network of its own: what fails here fails on purpose.
    let number: u32 = member.email.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
    let somebody =
        || app.anonymous().with("cf-connecting-ip", &format!("10.0.{}.{}", number / 250, number % 250));
    let sign_in =
        |password| somebody().post("/api/v1/auths/signin", &credentials(&member.email, password)).status;
    let session = member.client.get("/api/v1/auths/").status;
    match (sign_in(PASSWORD), sign_in(NEW_PASSWORD)) {
        // Stored, but perhaps not yet told: the object's copy of the account is at most 30 seconds old.
        (200, 400) | (400, 200) => assert!([200, 401].contains(&session), "{what}"),
        (400, 400) if flow == "delete" => assert!([200, 401].contains(&session), "{what}"),
        other => panic!("{what}: {other:?}"),
    }
}
