//! What Google, Microsoft and Apple say about people, in the shapes that their documents show.

use http::Method;
use portico_core::ports::Fetched;
use serde_json::{Value, json};

use super::provider::{P256, Sent, key_set, send, signed};
use crate::harness::{Answer, Browser, Native, TestApp, with_native};

const OPEN: [(&str, &str); 2] = [("ENABLE_OAUTH_SIGNUP", "true"), ("DEFAULT_USER_ROLE", "user")];

/// Where a provider is, as its discovery document says it.
struct Places {
    document: &'static str,
    issuer: &'static str,
    token: &'static str,
    jwks: &'static str,
}

const GOOGLE: Places = Places {
    document: "https://accounts.google.com/.well-known/openid-configuration",
    issuer: "https://accounts.google.com",
    token: "https://oauth2.googleapis.com/token",
    jwks: "https://www.googleapis.com/oauth2/v3/certs",
};
const MICROSOFT: Places = Places {
    document: "https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration?appid=m",
    issuer: "https://login.microsoftonline.com/{tenantid}/v2.0",
    token: "https://login.microsoftonline.com/organizations/oauth2/v2.0/token",
    jwks: "https://login.microsoftonline.com/organizations/discovery/v2.0/keys",
};
const APPLE: Places = Places {
    document: "https://appleid.apple.com/.well-known/openid-configuration",
    issuer: "https://appleid.apple.com",
    token: "https://appleid.apple.com/auth/token",
    jwks: "https://appleid.apple.com/auth/keys",
};

impl Places {
    fn open(&self, native: &Native) {
        let document = json!({
            "issuer": self.issuer,
            "authorization_endpoint": format!("{}/authorize", self.token),
            "token_endpoint": self.token,
            "jwks_uri": self.jwks,
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        });
        answer(native, self.document, &document);
        answer(native, self.jwks, &key_set());
    }

    /// Lets the provider give an ID token for whoever was sent.
    fn give(&self, native: &Native, sent: &Sent, claims: Value) {
        let now = native.now().get();
        let mut full =
            json!({"iss": self.issuer, "nonce": sent.param("nonce"), "iat": now, "exp": now + 3_600});
        full.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let tokens = json!({
            "access_token": "a", "token_type": "Bearer", "expires_in": 3_599, "id_token": signed(json!({}), &full),
        });
        answer(native, self.token, &tokens);
    }
}

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
fn come<'a>(
    app: &'a TestApp,
    native: &Native,
    name: &str,
    places: &Places,
    claims: Value,
) -> (Browser<'a>, Answer) {
    let browser = Browser::of(app);
    let sent = send(&browser, &format!("/oauth/{name}/login"));
    places.give(native, &sent, claims);
    let state = sent.param("state").unwrap();
    let answer = browser.get(&format!("/oauth/{name}/callback?code=c&state={state}"));
    (browser, answer)
}

#[test]
fn google_says_everything_in_the_id_token() {
    /* OA-07, OA-10 */
    let vars = [("GOOGLE_CLIENT_ID", "g.apps.googleusercontent.com"), ("GOOGLE_CLIENT_SECRET", "s")];
    let more = [("GOOGLE_OAUTH_AUTHORIZE_PARAMS", r#"{"hd": "example.com", "access_type": "offline"}"#)];
    with_native(&[OPEN.as_slice(), &vars, &more].concat(), |app, native| {
        GOOGLE.open(native);
        app.sign_up("Root", "root@example.com");
        let claims = json!({
            "azp": "g.apps.googleusercontent.com", "aud": "g.apps.googleusercontent.com",
            "sub": "110169484474386276334", "hd": "example.com", "email": "Ann@example.com", "email_verified": true,
            "name": "Ann Lee", "picture": "https://lh3.googleusercontent.com/a/x=s96-c", "given_name": "Ann",
            "family_name": "Lee",
        });
        let sent = send(&Browser::of(app), "/oauth/google/login");
        for (name, value) in
            [("hd", "example.com"), ("access_type", "offline"), ("scope", "openid email profile")]
        {
            assert_eq!(sent.param(name).as_deref(), Some(value), "{name}");
        }
        let (browser, _) = come(app, native, "google", &GOOGLE, claims);
        let account = browser.get("/api/v1/auths/").json();
        assert_eq!(
            (&account["email"], &account["name"], &account["profile_image_url"]),
            (
                &json!("ann@example.com"),
                &json!("Ann Lee"),
                &json!("https://lh3.googleusercontent.com/a/x=s96-c")
            )
        );
    });
}

#[test]
fn microsofts_tenants_are_issuers_of_their_own_and_their_addresses_are_hearsay() {
    /* OA-07, OA-09, OA-10 */
    let vars = [
        ("MICROSOFT_CLIENT_ID", "m"),
        ("MICROSOFT_CLIENT_SECRET", "s"),
        ("MICROSOFT_CLIENT_TENANT_ID", "organizations"),
        ("OAUTH_MERGE_ACCOUNTS_BY_EMAIL", "true"),
        ("ENABLE_SIGNUP", "true"),
    ];
    with_native(&[OPEN.as_slice(), &vars].concat(), |app, native| {
        MICROSOFT.open(native);
        app.sign_up("Root", "root@example.com");
        let claims = |tenant: &str, sub: &str, email: &str| {
            json!({
                "iss": format!("https://login.microsoftonline.com/{tenant}/v2.0"), "tid": tenant, "aud": "m", "sub": sub,
                "oid": "00000000-0000-0000-66f3-3332eca7ea81", "preferred_username": email, "email": email,
                "name": "Ann Lee", "ver": "2.0",
            })
        };
        let one = "9188040d-6c67-4c5b-b112-36a304b66dad";
        let two = "72f988bf-86f1-41af-91ab-2d7cd011db47";
        let comes = |claims: Value| come(app, native, "microsoft", &MICROSOFT, claims);
        let (ann, answer) = comes(claims(one, "AAAA", "ann@contoso.example"));
        assert!(answer.header("location").ends_with("/auth"), "{answer:?}");
        let id = ann.get("/api/v1/auths/").json()["id"].clone();
        let (same, _) = comes(claims(one, "AAAA", "ann@contoso.example"));
        assert_eq!(same.get("/api/v1/auths/").json()["id"], id);
        // The same subject of another tenant is somebody else, whatever address they claim to have.
        let (_, other) = comes(claims(two, "AAAA", "ann@contoso.example"));
        assert!(other.header("location").contains("already+registered"), "{other:?}");
        for wrong in [
            json!({"iss": "https://login.microsoftonline.com/evil/v2.0", "tid": "evil"}),
            json!({"iss": format!("https://login.microsoftonline.com/{one}/v2.0"), "tid": two}),
            json!({"tid": null}),
        ] {
            let mut claims = claims(one, "BBBB", "b@contoso.example");
            claims.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
            let (_, answer) = comes(claims);
            assert!(answer.header("location").contains("error=Sign-in"), "{wrong}: {answer:?}");
        }
    });
}

#[test]
fn apple_posts_a_form_and_takes_a_signature_for_a_secret() {
    /* OA-14, OA-16 */
    let vars = [
        ("APPLE_CLIENT_ID", "com.example.chat"),
        ("APPLE_TEAM_ID", "TEAM"),
        ("APPLE_KEY_ID", "KEY"),
        ("APPLE_PRIVATE_KEY", P256),
    ];
    with_native(&[OPEN.as_slice(), &vars].concat(), |app, native| {
        APPLE.open(native);
        app.sign_up("Root", "root@example.com");
        let browser = Browser::of(app);
        let sent = send(&browser, "/oauth/apple/login");
        assert_eq!(sent.param("response_mode").as_deref(), Some("form_post"));
        let claims = json!({
            "aud": "com.example.chat", "sub": "001999.aa.1234", "email": "x@privaterelay.appleid.com",
            "email_verified": "true", "is_private_email": "true", "auth_time": native.now().get(),
            "nonce_supported": true,
        });
        APPLE.give(native, &sent, claims);
        let user = "%7B%22name%22%3A%7B%22firstName%22%3A%22Ann%22%2C%22lastName%22%3A%22Lee%22%7D%2C%22email%22%3A%22evil%40example.com%22%7D";
        let form = format!("state={}&code=c&user={user}", sent.param("state").unwrap());
        let post = |browser: &Browser<'_>, form: &str| {
            let kind = Some("application/x-www-form-urlencoded");
            // As the page of another site posts it.
            let client = browser
                .client()
                .with("sec-fetch-site", "cross-site")
                .with("origin", "https://appleid.apple.com");
            client.send(Method::POST, "/oauth/apple/callback", kind, form.as_bytes().to_vec())
        };
        let answer = post(&browser, &form);
        assert_eq!(answer.status, 303, "a form is not posted again: {answer:?}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        let token = answer.cookie("token").unwrap();
        let token = token.split([';', '=']).nth(1).unwrap();
        let account = app.anonymous().with_token(token).get("/api/v1/auths/").json();
        assert_eq!(
            (&account["email"], &account["name"]),
            (&json!("x@privaterelay.appleid.com"), &json!("Ann Lee"))
        );
        let asked = native.ports.fetched();
        let asked = asked.iter().find(|request| request.url.as_str() == APPLE.token).unwrap();
        let body = asked.body.as_ref().unwrap().expose_secret().clone();
        let secret = body.split('&').find_map(|pair| pair.strip_prefix("client_secret=")).unwrap();
        assert_eq!(secret.split('.').count(), 3, "a signed token: {secret}");
        assert_eq!(post(&browser, &form).status, 303, "once");
        assert!(post(&browser, &form).header("location").contains("error="));
    });
}
