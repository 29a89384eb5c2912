use http::Method;
use serde_json::json;

use crate::{
    harness::{Authenticator, Browser, PASSWORD, TestApp, with_native},
    librechat::{MAIL, OPEN, in_link, mail_to, member},
};

const DELETE: &str = "/api/user/delete";

#[test]
fn only_a_bearer_is_somebody_here() {
    /* TK-26, TK-12, AK-09; librechat.md §1.2, §14 */
    with_native(&OPEN, |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        let message = |text: &str| (401, json!({"message": text}));
        let with = |value: &str| {
            let answer = app.anonymous().with("authorization", value).get("/api/user");
            assert_eq!(answer.header("www-authenticate"), "");
            (answer.status, answer.json())
        };
        let token = browser.token();
        let (head, signature) = token.rsplit_once('.').unwrap();
        let (first, rest) = signature.split_at(1);
        let forged = format!("{head}.{}{rest}", if first == "A" { "B" } else { "A" });
        assert_eq!(with("Basic YTpi"), message("No auth token"));
        assert_eq!(with("Bearer nonsense"), message("jwt malformed"));
        assert_eq!(with("Bearer sk-00000000000000000000000000000000"), message("jwt malformed"));
        assert_eq!(with(&format!("Bearer {forged}")), message("invalid signature"));
        let unsigned = "eyJhbGciOiJub25lIn0.e30.";
        assert_eq!(with(&format!("Bearer {unsigned}")).0, 401);
        assert_eq!(app.anonymous().get("/api/user").json(), json!({"message": "No auth token"}));
        for cookie in
            [format!("token={token}"), format!("refreshToken={}", browser.cookie("refreshToken").unwrap())]
        {
            let client = app.anonymous().with("cookie", &cookie).with("sec-fetch-site", "same-origin");
            assert_eq!(client.get("/api/user").status, 401, "cookies never authenticate here");
        }
        assert_eq!(
            app.anonymous().with("authorization", &format!("bearer {token}")).get("/api/user").status,
            200
        );
        native.pass_seconds(900);
        assert_eq!(with(&format!("Bearer {token}")), message("jwt expired"));
    });
}

#[test]
fn the_account_is_the_same_in_every_answer() {
    let app = TestApp::with_vars(&OPEN);
    let browser = member(&app, "Ann", "ann@example.com");
    let user = browser.get("/api/user").json();
    browser.reload();
    let refreshed = browser.poke("/api/auth/refresh");
    assert_eq!(refreshed.json()["user"], user);
    for secret in ["password", "__v", "totpSecret", "backupCodes", "refreshToken"] {
        assert_eq!(user.get(secret), None, "{secret}");
    }
}

#[test]
fn terms_are_accepted_once() {
    /* librechat.md §1.8 */
    with_native(&OPEN, |app, native| {
        let browser = member(app, "Ann", "ann@example.com");
        assert_eq!(
            browser.get("/api/user/terms").json(),
            json!({"termsAccepted": false, "termsAcceptedAt": null})
        );
        let first = browser.poke("/api/user/terms/accept").json();
        assert_eq!(first["message"], "Terms accepted successfully");
        native.pass_seconds(60);
        assert_eq!(browser.poke("/api/user/terms/accept").json(), first);
        let terms = browser.get("/api/user/terms").json();
        assert_eq!(terms, json!({"termsAccepted": true, "termsAcceptedAt": first["termsAcceptedAt"]}));
        assert_eq!(browser.get("/api/user").json()["termsAccepted"], true);
    });
}

#[test]
fn an_account_goes_with_its_sessions_and_its_address_is_free() {
    /* FT-21; librechat.md §13.40 */
    let app = TestApp::with_vars(&OPEN);
    let ann = member(&app, "Ann", "ann@example.com");
    let bob = member(&app, "Bob", "bob@example.com");
    let id = bob.get("/api/user").json()["id"].clone();
    let alone = ann.send(Method::DELETE, DELETE, None);
    assert_eq!(alone.status, 403, "AD-05: {alone:?}");
    let answer = bob.send(Method::DELETE, DELETE, None);
    assert_eq!((answer.status, answer.json()), (200, json!({"message": "User deleted"})));
    assert_eq!(bob.cookie("refreshToken"), None);
    assert_eq!(bob.get("/api/user").status, 401);
    bob.reload();
    assert_eq!(bob.try_login("bob@example.com", PASSWORD).status, 404);
    bob.register("Bob", "bob@example.com");
    assert_ne!(bob.login("bob@example.com").json()["user"]["id"], id);
}

#[test]
fn who_has_a_second_factor_shows_it_to_delete_the_account() {
    /* MF-07 */
    with_native(&OPEN, |app, native| {
        member(app, "Ann", "ann@example.com");
        let bob = member(app, "Bob", "bob@example.com");
        let staged = bob.poke("/api/auth/2fa/enable").json();
        let authenticator = Authenticator::of(staged["secret"].as_str().unwrap());
        let code = json!({"token": authenticator.code(app.now())});
        assert_eq!(bob.post("/api/auth/2fa/confirm", &code).status, 200);
        let nothing = bob.send(Method::DELETE, DELETE, None);
        assert_eq!(
            (nothing.status, nothing.json()),
            (
                400,
                json!({"message": "TOTP token or backup code is required to delete account with 2FA enabled"})
            )
        );
        let wrong = bob.send(Method::DELETE, DELETE, Some(&json!({"token": "000000"})));
        assert_eq!((wrong.status, wrong.json()), (403, json!({"message": "Invalid token or backup code"})));
        native.pass_seconds(30);
        let right = json!({"token": authenticator.code(app.now())});
        assert_eq!(bob.send(Method::DELETE, DELETE, Some(&right)).status, 200);
    });
}

#[test]
fn deleting_can_be_switched_off_for_all_but_administrators() {
    let app = TestApp::with_vars(&[OPEN.as_slice(), &[("ALLOW_ACCOUNT_DELETION", "false")]].concat());
    member(&app, "Ann", "ann@example.com");
    let bob = member(&app, "Bob", "bob@example.com");
    let answer = bob.send(Method::DELETE, DELETE, None);
    assert_eq!(
        (answer.status, answer.json()),
        (403, json!({"message": "You do not have permission to delete this account"}))
    );
}

#[test]
fn a_mail_verifies_its_address_once_and_only_its_own() {
    /* RS-01, RS-05, RS-08 */
    let vars = [MAIL.as_slice(), &[("VERIFY_EMAIL_SUBMISSION_MAX", "100")]].concat();
    let app = TestApp::with_vars(&vars);
    let browser = Browser::of(&app);
    browser.register("Ann", "ann+x@example.com");
    browser.register("Bob", "bob@example.com");
    let mail = mail_to(&app, "ann+x@example.com").unwrap();
    let (token, email) = (in_link(&mail, "token"), in_link(&mail, "email"));
    assert_eq!((token.len(), email.as_str()), (64, "ann%2Bx%40example.com"));
    let refused = json!({"message": "Invalid or expired email verification token"});
    for (email, token) in [
        ("bob@example.com", token.as_str()),
        ("nobody@example.com", &token),
        ("ann+x@example.com", &"0".repeat(64)),
        ("", ""),
    ] {
        let answer = browser.post("/api/user/verify", &json!({"email": email, "token": token}));
        assert_eq!((answer.status, answer.json()), (400, refused.clone()), "{email}");
    }
    for form in [json!({}), json!({"email": ["a"], "token": {"$ne": 1}})] {
        assert_eq!(browser.post("/api/user/verify", &form).status, 400);
    }
    let form = json!({"email": email, "token": token});
    let answer = browser.post("/api/user/verify", &form);
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"message": "Email verification was successful", "status": "success"}))
    );
    assert_eq!(browser.post("/api/user/verify", &form).status, 400, "once");
    browser.login("ann+x@example.com");
    assert_eq!(browser.get("/api/user").json()["emailVerified"], true);
    assert_eq!(Browser::of(&app).try_login("bob@example.com", PASSWORD).status, 422);
}

#[test]
fn another_mail_is_to_be_had_and_the_answer_tells_nothing() {
    /* RS-06, RS-09, TH-09 */
    let vars = [MAIL.as_slice(), &[("VERIFY_EMAIL_MAX", "100")]].concat();
    let app = TestApp::with_vars(&vars);
    let browser = Browser::of(&app);
    browser.register("Ann", "ann@example.com");
    let first = in_link(&mail_to(&app, "ann@example.com").unwrap(), "token");
    let thanks = json!({"message": "Please check your email to verify your email address."});
    for email in ["ann@example.com", "nobody@example.com", "nonsense"] {
        let answer = browser.post("/api/user/verify/resend", &json!({ "email": email }));
        assert_eq!((answer.status, answer.json()), (200, thanks.clone()), "{email}");
    }
    let second = crate::harness::eventually(|| {
        let token = in_link(&mail_to(&app, "ann@example.com").unwrap(), "token");
        (token != first).then_some(token)
    });
    let verify = |token: &str| {
        browser.post("/api/user/verify", &json!({"email": "ann@example.com", "token": token})).status
    };
    assert_eq!(verify(&first), 400, "a newer one is out");
    assert_eq!(verify(&second.unwrap()), 200);
}

#[test]
fn the_contracts_limits_hold_for_mails_that_verify() {
    /* TH-06; librechat.md §8 */
    let app = TestApp::with_vars(&MAIL);
    let browser = Browser::of(&app);
    for path in ["/api/user/verify", "/api/user/verify/resend"] {
        let form = json!({"email": "ann@example.com", "token": "x"});
        for _ in 0..2 {
            assert_ne!(browser.post(path, &form).status, 429);
        }
        let refused = browser.post(path, &form);
        assert_eq!(
            (refused.status, refused.json()),
            (429, json!({"message": "Too many attempts, please try again after 2 minute(s)"}))
        );
        assert!(
            refused.headers.contains_key("retry-after") && refused.header("x-ratelimit-remaining") == "0"
        );
    }
}

#[test]
fn nobody_verifies_their_own_address_by_saying_so() {
    /* RS-12, AD-03 */
    let app = TestApp::with_vars(&MAIL);
    let ann = member(&app, "Ann", "ann@example.com");
    let id = ann.get("/api/user").json()["id"].as_str().unwrap().to_string();
    let admin = app.anonymous().with_token(ann.token());
    let change = json!({"email": "other@example.com", "email_verified": true, "emailVerified": true});
    assert_eq!(admin.post(&format!("/api/v1/users/{id}/update"), &change).status, 200);
    let told = |email: &str| {
        crate::harness::eventually(|| {
            mail_to(&app, email).filter(|mail| mail.contains("address was changed"))
        })
    };
    assert!(told("other@example.com").is_some() && told("ann@example.com").is_some(), "both are told");
    // Nobody has shown the new address: it can be verified, and the old link can not do it.
    let form = json!({"email": "other@example.com"});
    assert_eq!(ann.post("/api/user/verify/resend", &form).status, 200);
    let asked = crate::harness::eventually(|| {
        mail_to(&app, "other@example.com").filter(|mail| mail.contains("/verify?"))
    });
    let form = json!({"email": "other@example.com", "token": in_link(&asked.unwrap(), "token")});
    assert_eq!(ann.post("/api/user/verify", &form).status, 200);
}

#[test]
fn a_link_that_verifies_is_dead_after_a_change_of_password() {
    /* RS-01, RS-06 */
    let app = TestApp::with_vars(&MAIL);
    let ann = member(&app, "Ann", "ann@example.com");
    let bob = Browser::of(&app);
    bob.register("Bob", "bob@example.com");
    let token = in_link(&mail_to(&app, "bob@example.com").unwrap(), "token");
    let admin = app.anonymous().with_token(ann.token());
    let id =
        admin.get("/api/v1/users/search?query=bob").json()["users"][0]["id"].as_str().unwrap().to_string();
    let changed = admin.post(&format!("/api/v1/users/{id}/update"), &json!({"password": "another horse"}));
    assert_eq!(changed.status, 200, "{changed:?}");
    let form = json!({"email": "bob@example.com", "token": token});
    assert_eq!(bob.post("/api/user/verify", &form).status, 400);
}

#[test]
fn a_percent_sign_of_an_address_is_one() {
    /* librechat.md §1.8 */
    let app = TestApp::with_vars(&MAIL);
    app.sign_up("Ann", "a%41@example.com");
    let browser = Browser::of(&app);
    browser.post("/api/user/verify/resend", &json!({"email": "a%41@example.com"}));
    let token = in_link(&mail_to(&app, "a%41@example.com").unwrap(), "token");
    let form = json!({"email": "a%41@example.com", "token": token});
    assert_eq!(browser.post("/api/user/verify", &form).status, 200);
}

#[test]
fn what_there_is_nothing_to_say_about_is_answered_all_the_same() {
    /* librechat.md §1.10, §6.8, §15.15; §13.25 */
    let app =
        TestApp::with_vars(&[OPEN.as_slice(), &[("DOMAIN_CLIENT", "https://chat.example/base")]].concat());
    let browser = member(&app, "Ann", "ann@example.com");
    let banner = browser.get("/api/banner");
    assert_eq!((banner.status, banner.body.len()), (200, 0));
    let graph = browser.get("/api/auth/graph-token?scopes=User.Read");
    assert_eq!(
        (graph.status, graph.json()),
        (403, json!({"message": "Microsoft Graph access requires Entra ID authentication"}))
    );
    let cloudfront = browser.poke("/api/auth/cloudfront/refresh");
    assert_eq!((cloudfront.status, cloudfront.body.as_slice()), (404, &b"Not Found"[..]));
    for path in ["/oauth/error", "/oauth/google", "/oauth/openid/callback?code=x&state=y", "/oauth/saml"] {
        let answer = app.anonymous().get(path);
        assert_eq!(
            (answer.status, answer.header("location")),
            (302, "https://chat.example/base/login?redirect=false&error=auth_failed"),
            "{path}"
        );
    }
    for path in ["/api/auth/nope", "/api/user/nope", "/api/roles"] {
        let answer = browser.get(path);
        assert_eq!((answer.status, answer.json()), (404, json!({"message": "Endpoint not found"})), "{path}");
    }
    let method = browser.get("/api/auth/login");
    assert_eq!((method.status, method.header("allow")), (405, "POST"));
    assert!(method.json()["message"].is_string());
}
