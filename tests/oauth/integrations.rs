//! Services of others that people let the application use for them (open-webui.md §8.11).

use http::Method;
use portico_core::ports::Fetched;
use serde_json::{Value, json};

use super::provider::{Sent, send};
use crate::harness::{Answer, Browser, Native, PASSWORD, TestApp, with_native};

const SERVER: &str = "https://tools.example.com/mcp";
const REGISTER: &str = "/api/v1/configs/oauth/clients/register?type=mcp";
const CLIENTS: &str = "/api/v1/configs/oauth/clients";
const AUTHORIZE: &str = "/oauth/clients/mcp:tools/authorize";
const CALLBACK: &str = "/oauth/clients/mcp:tools/callback";
const TOKEN: &str = "/api/v1/auths/oauth/sessions/mcp:tools";
const BACK: &str = "https://chat.example.com/oauth/clients/mcp:tools/callback";
const VARS: [(&str, &str); 3] =
    [("WEBUI_URL", "https://chat.example.com"), ("ENABLE_SIGNUP", "true"), ("DEFAULT_USER_ROLE", "user")];

fn answer(native: &Native, url: &str, status: u16, body: &Value) {
    let fetched = Fetched {
        status,
        content_type: "application/json".into(),
        challenge: String::new(),
        body: body.to_string().into_bytes(),
    };
    native.ports.answer(url, fetched);
}

/// A service that says who lets people in, and an authorization server that takes every client.
fn service(native: &Native) {
    let challenge = r#"Bearer resource_metadata="https://tools.example.com/about""#;
    let refused =
        Fetched { status: 401, content_type: String::new(), challenge: challenge.into(), body: Vec::new() };
    native.ports.answer(SERVER, refused);
    let about = json!({
        "resource": "https://tools.example.com/mcp",
        "authorization_servers": ["https://as.example.com/one"],
        "scopes_supported": ["read", "write"],
    });
    answer(native, "https://tools.example.com/about", 200, &about);
    let metadata = json!({
        "issuer": "https://as.example.com/one",
        "authorization_endpoint": "https://as.example.com/one/auth",
        "token_endpoint": "https://as.example.com/one/token",
        "registration_endpoint": "https://as.example.com/one/register",
        "authorization_response_iss_parameter_supported": true,
        "scopes_supported": ["all"],
    });
    answer(native, "https://as.example.com/.well-known/oauth-authorization-server/one", 200, &metadata);
    registers(native, "client-1", json!({}));
    give(native, "access-1");
}

fn registers(native: &Native, client_id: &str, change: Value) {
    let mut registered = json!({
        "client_id": client_id, "client_secret": "secret-1", "client_secret_expires_at": 0, "redirect_uris": [BACK],
    });
    registered.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    answer(native, "https://as.example.com/one/register", 201, &registered);
}

fn give(native: &Native, access_token: &str) {
    let tokens = json!({
        "access_token": access_token, "refresh_token": "refresh-1", "token_type": "Bearer", "expires_in": 3600,
    });
    answer(native, "https://as.example.com/one/token", 200, &tokens);
}

/// What an address was asked with, latest last.
fn asked(native: &Native, url: &str) -> Vec<String> {
    let requests = native.ports.fetched();
    let of_url = requests.iter().filter(|request| request.url.as_str().split('?').next() == Some(url));
    of_url
        .map(|request| request.body.as_ref().map(|body| body.expose_secret().clone()).unwrap_or_default())
        .collect()
}

fn admin<'a>(app: &'a TestApp) -> Browser<'a> {
    app.sign_up("Root", "root@example.com");
    signed_in(app, "root@example.com")
}

fn signed_in<'a>(app: &'a TestApp, email: &str) -> Browser<'a> {
    let browser = Browser::of(app);
    let answer = browser.post("/api/v1/auths/signin", &json!({"email": email, "password": PASSWORD}));
    assert_eq!(answer.status, 200, "{answer:?}");
    browser
}

fn register(browser: &Browser<'_>, change: Value) -> Answer {
    let mut form = json!({"url": SERVER, "client_id": "tools"});
    form.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    browser.post(REGISTER, &form)
}

fn back(browser: &Browser<'_>, sent: &Sent) -> String {
    let state = sent.param("state").unwrap();
    let path = format!("{CALLBACK}?code=code-1&state={state}&iss=https%3A%2F%2Fas.example.com%2Fone");
    let answer = browser.get(&path);
    assert_eq!(answer.status, 307, "{answer:?}");
    answer.header("location").to_string()
}

#[test]
fn a_client_registers_itself_where_the_service_says_and_people_bring_tokens_back() {
    /* OA-01, OA-22, OA-23 */
    with_native(&VARS, |app, native| {
        service(native);
        let root = admin(app);
        let registered = register(&root, json!({}));
        assert_eq!(registered.status, 200, "{registered:?}");
        let info = registered.json()["oauth_client_info"].as_str().unwrap().to_string();
        assert!(!info.contains("secret-1") && !info.contains("client-1"), "{info}");
        let initialize: Value = serde_json::from_str(&asked(native, SERVER)[0]).unwrap();
        assert_eq!(initialize["method"], "initialize");
        let request: Value =
            serde_json::from_str(&asked(native, "https://as.example.com/one/register")[0]).unwrap();
        assert_eq!(
            request,
            json!({
                "client_name": "Open WebUI",
                "redirect_uris": [BACK],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "client_secret_post",
                "scope": "read write",
            })
        );
        assert_eq!(root.get(CLIENTS).json()[0]["client_id"], "mcp:tools");
        let sent = send(&root, AUTHORIZE);
        assert!(sent.url.starts_with("https://as.example.com/one/auth?"), "{}", sent.url);
        for (name, value) in [
            ("client_id", "client-1"),
            ("code_challenge_method", "S256"),
            ("redirect_uri", BACK),
            ("resource", SERVER),
            ("scope", "read write"),
        ] {
            assert_eq!(sent.param(name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(back(&root, &sent), "https://chat.example.com");
        let form = asked(native, "https://as.example.com/one/token").pop().unwrap();
        for part in
            ["client_secret=secret-1", "code_verifier=", "resource=https%3A%2F%2Ftools.example.com%2Fmcp"]
        {
            assert!(form.contains(part), "{form}");
        }
        assert_eq!(root.get(TOKEN).json()["access_token"], "access-1");
        assert_eq!(root.get("/api/v1/auths/oauth/sessions").json().as_array().unwrap().len(), 1);
        // One row for each account and client.
        give(native, "access-2");
        let sent = send(&root, AUTHORIZE);
        back(&root, &sent);
        assert_eq!(root.get("/api/v1/auths/oauth/sessions").json().as_array().unwrap().len(), 1);
        assert_eq!(root.get(TOKEN).json()["access_token"], "access-2");
        // Refreshed where they came from.
        native.pass_seconds(3_400);
        give(native, "access-3");
        let root = signed_in(app, "root@example.com");
        assert_eq!(root.get(TOKEN).json()["access_token"], "access-3");
        let form = asked(native, "https://as.example.com/one/token").pop().unwrap();
        assert!(form.contains("grant_type=refresh_token") && form.contains("resource="), "{form}");
        // Gone with the client.
        assert_eq!(root.send(Method::DELETE, &format!("{CLIENTS}/mcp:tools"), None).status, 200);
        assert_eq!((root.get(TOKEN).status, root.get(AUTHORIZE).status), (404, 404));
        assert_eq!(root.send(Method::DELETE, &format!("{CLIENTS}/mcp:tools"), None).status, 404);
    });
}

#[test]
fn what_a_service_says_wrongly_registers_nothing() {
    /* OA-06, OA-20, OA-23 */
    with_native(&VARS, |app, native| {
        service(native);
        let root = admin(app);
        let reason = |answer: &Answer| {
            assert_eq!(answer.status, 400, "{answer:?}");
            answer.detail().strip_prefix("Failed to register OAuth client: ").unwrap().to_string()
        };
        for url in ["http://tools.example.com/", "https://127.0.0.1/mcp", "https://10.0.0.7/mcp", "tools"] {
            assert!(reason(&register(&root, json!({ "url": url }))).starts_with("the address"), "{url}");
        }
        assert!(
            reason(&register(&root, json!({"oauth_server_url": "http://169.254.169.254/"})))
                .contains("address")
        );
        registers(native, "client-1", json!({"redirect_uris": ["https://evil.example.com/"]}));
        assert_eq!(reason(&register(&root, json!({}))), "the answer has other redirect URIs");
        answer(native, "https://as.example.com/one/register", 403, &json!({"error": "<b>no</b>"}));
        assert_eq!(reason(&register(&root, json!({}))), "the authorization server answered 403");
        let private = json!({
            "issuer": "https://as.example.com/one",
            "authorization_endpoint": "https://as.example.com/one/auth",
            "token_endpoint": "https://10.0.0.7/token",
        });
        let document = "https://as.example.com/.well-known/oauth-authorization-server/one";
        answer(native, document, 200, &private);
        assert!(reason(&register(&root, json!({}))).contains("metadata could not be found"));
        let foreign = json!({
            "issuer": "https://other.example.com/one",
            "authorization_endpoint": "https://as.example.com/one/auth",
            "token_endpoint": "https://as.example.com/one/token",
        });
        answer(native, document, 200, &foreign);
        assert!(reason(&register(&root, json!({}))).contains("metadata could not be found"));
        assert_eq!(root.get(CLIENTS).json(), json!([]));
        // Nobody says anything: the usual places at the service itself.
        answer(
            native,
            "https://plain.example.com/register",
            200,
            &json!({
                "client_id": "plain", "token_endpoint_auth_method": "none", "redirect_uris": [BACK],
            }),
        );
        let plain = register(&root, json!({"url": "https://plain.example.com/sse"}));
        assert_eq!(plain.status, 200, "{plain:?}");
        let sent = send(&root, AUTHORIZE);
        assert!(sent.url.starts_with("https://plain.example.com/authorize?"), "{}", sent.url);
    });
}

#[test]
fn only_members_go_and_only_the_browser_and_person_who_went_come_back() {
    /* OA-02, OA-03, OA-15 */
    with_native(&VARS, |app, native| {
        service(native);
        let root = admin(app);
        assert_eq!(register(&root, json!({})).status, 200);
        app.sign_up("Bob", "bob@example.com");
        let bob = signed_in(app, "bob@example.com");
        assert_eq!(register(&bob, json!({})).status, 401);
        assert_eq!(Browser::of(app).get(AUTHORIZE).status, 401);
        assert_eq!(bob.get("/oauth/clients/mcp:nothing/authorize").status, 404);
        let failed = |text: &str| format!("https://chat.example.com/?error=OAuth+callback+failed%3A+{text}");
        let state = failed("OAuth+callback+state+is+invalid+or+expired");
        let sent = send(&bob, AUTHORIZE);
        assert_eq!(back(&root, &sent), state, "another browser's");
        assert_eq!(back(&bob, &sent), state, "used up");
        let sent = send(&bob, AUTHORIZE);
        bob.set_cookie("token", &root.cookie("token").unwrap());
        assert_eq!(back(&bob, &sent), failed("OAuth+callback+user+does+not+match+authenticated+session"));
        let bob = signed_in(app, "bob@example.com");
        let sent = send(&bob, AUTHORIZE);
        bob.poke("/api/v1/auths/signout");
        assert_eq!(back(&bob, &sent), failed("OAuth+callback+user+is+not+authorized"));
        let bob = signed_in(app, "bob@example.com");
        let sent = send(&bob, AUTHORIZE);
        let denied = format!(
            "{CALLBACK}?error=access_denied&error_description=%3Cb%3E&state={}&iss=https%3A%2F%2Fas.example.com%2Fone",
            sent.param("state").unwrap()
        );
        assert_eq!(bob.get(&denied).header("location"), failed("the+authorization+was+not+granted"));
        assert_eq!(asked(native, "https://as.example.com/one/token").len(), 0, "no code went anywhere");
        let sent = send(&bob, AUTHORIZE);
        answer(native, "https://as.example.com/one/token", 400, &json!({"error": "invalid_grant"}));
        assert!(back(&bob, &sent).contains("Token+exchange+failed%3A+"));
        assert_eq!(bob.get(TOKEN).status, 404);
    });
}

#[test]
fn a_server_that_has_forgotten_the_client_is_told_again_once() {
    /* OA-23 */
    with_native(&VARS, |app, native| {
        service(native);
        let root = admin(app);
        assert_eq!(register(&root, json!({})).status, 200);
        let registrations = || asked(native, "https://as.example.com/one/register").len();
        answer(native, "https://as.example.com/one/auth", 400, &json!({"error": "invalid_client"}));
        registers(native, "client-2", json!({}));
        let answered = root.get(AUTHORIZE);
        assert_eq!(answered.status, 500);
        assert_eq!(answered.detail(), "OAuth client registration is still invalid after re-registration");
        assert_eq!(registrations(), 2);
        answer(native, "https://as.example.com/one/register", 500, &json!({}));
        assert_eq!(root.get(AUTHORIZE).detail(), "Failed to re-register OAuth client");
        answer(native, "https://as.example.com/one/auth", 200, &json!("<html>"));
        assert_eq!(send(&root, AUTHORIZE).param("client_id").as_deref(), Some("client-2"));
        // A secret that ends is replaced before anybody is sent away.
        registers(native, "client-3", json!({"client_secret_expires_at": native.now().get() + 60}));
        assert_eq!(register(&root, json!({})).status, 200);
        native.pass_seconds(61);
        registers(native, "client-4", json!({}));
        assert_eq!(send(&root, AUTHORIZE).param("client_id").as_deref(), Some("client-4"));
    });
}

#[test]
fn a_client_that_an_administrator_was_given_needs_no_registration() {
    with_native(&VARS, |app, native| {
        service(native);
        let root = admin(app);
        let form = json!({
            "client_secret": "given", "oauth_client_id": "theirs", "oauth_scope": "api://x/read",
            "oauth_resource_mode": "auto",
        });
        assert_eq!(register(&root, form).status, 200);
        assert_eq!(asked(native, "https://as.example.com/one/register").len(), 0);
        let sent = send(&root, AUTHORIZE);
        assert_eq!((sent.param("client_id").as_deref(), sent.param("resource")), (Some("theirs"), None));
        back(&root, &sent);
        assert!(asked(native, "https://as.example.com/one/token")[0].contains("client_secret=given"));
        assert_eq!(register(&root, json!({"oauth_resource_mode": "sometimes"})).status, 422);
        assert_eq!(register(&root, json!({"client_id": ""})).status, 422);
        let wrong = register(&root, json!({"client_secret": 7, "client_name": "x"}));
        assert!(wrong.status == 422 && wrong.json()["detail"][0].get("input").is_none(), "{wrong:?}");
    });
    with_native(&[("ENABLE_TOOL_SERVERS", "false")], |app, _| {
        let root = admin(app);
        for answer in [register(&root, json!({})), root.get(AUTHORIZE)] {
            assert_eq!((answer.status, answer.detail().as_str()), (403, "Tool servers are disabled"));
        }
    });
}
