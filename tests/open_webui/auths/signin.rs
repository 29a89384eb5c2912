use crate::harness::{PASSWORD, TestApp, credentials};

const PATH: &str = "/api/v1/auths/signin";
const REFUSED: &str =
    "The email or password provided is incorrect. Please check for typos and try logging in again.";

#[test]
fn the_right_password_opens_a_session_of_its_own() {
    /* SE-04 */
    let app = TestApp::new();
    let first = app.sign_up("Ann", "ann@example.com");
    let answer = app.anonymous().post(PATH, &credentials("ANN@example.com", PASSWORD));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["role"], "admin");
    assert!(answer.cookie("token").unwrap().contains(&answer.token()));
    let second = app.anonymous().with_token(answer.token());
    let token_of = |answer: crate::harness::Answer| answer.json()["token"].as_str().map(str::to_string);
    assert_ne!(token_of(first.get("/api/v1/auths/")), token_of(second.get("/api/v1/auths/")));
}

#[test]
fn unknown_account_wrong_password_and_impossible_input_get_one_answer() {
    /* TH-09, PW-06, PW-12 */
    let app = TestApp::new();
    app.sign_up("Ann", "ann@example.com");
    let long = "x".repeat(1_025);
    let refusals = [
        credentials("ann@example.com", "wrong password"),
        credentials("nobody@example.com", "wrong password"),
        credentials("ann@example.com", ""),
        credentials("ann@example.com", "correct horse\u{0}"),
        credentials("ann@example.com", &long),
        credentials("nobody@example.com", &long),
        credentials(" ann@example.com ", PASSWORD),
        credentials("not an address", PASSWORD),
        credentials("", ""),
    ]
    .map(|form| app.anonymous().post(PATH, &form));
    let comparable = |answer: &crate::harness::Answer| {
        let mut headers = answer.headers.clone();
        headers.remove("x-request-id");
        (
            answer.status,
            headers.iter().map(|(n, v)| format!("{n}: {v:?}")).collect::<Vec<_>>(),
            answer.body.clone(),
        )
    };
    for answer in &refusals {
        assert_eq!((answer.status, answer.detail().as_str()), (400, REFUSED));
        assert_eq!(comparable(answer), comparable(&refusals[0]));
    }
}

#[test]
fn the_sixteenth_attempt_within_three_minutes_is_refused_whatever_the_password() {
    /* TH-01, TH-02, TH-10, TH-12 */
    let app = TestApp::new();
    app.sign_up("Ann", "ann@example.com");
    for account in ["ann@example.com", "nobody@example.com"] {
        for attempt in 0..15 {
            let spelling = if attempt % 2 == 0 { account.to_string() } else { account.to_uppercase() };
            let answer = app.anonymous().post(PATH, &credentials(&spelling, "wrong password"));
            assert_eq!(answer.status, 400, "attempt {attempt}");
        }
        for password in ["wrong password", PASSWORD] {
            let answer = app.anonymous().post(PATH, &credentials(account, password));
            assert_eq!((answer.status, answer.detail().as_str()), (429, "API rate limit exceeded"));
            let retry_after: u64 = answer.header("retry-after").parse().unwrap();
            assert!((1..=180).contains(&retry_after));
            assert_eq!(answer.cookies(), [""; 0]);
        }
    }
}

#[test]
fn one_network_does_not_use_up_the_attempts_of_another() {
    /* TH-02, TH-04 */
    let app = TestApp::new();
    app.sign_up("Ann", "ann@example.com");
    let from = |address: &str| app.anonymous().with("cf-connecting-ip", address);
    for _ in 0..15 {
        from("203.0.113.7").post(PATH, &credentials("ann@example.com", "wrong password"));
    }
    let forged =
        from("203.0.113.7").with("x-forwarded-for", "198.51.100.1").with("x-real-ip", "198.51.100.1");
    assert_eq!(forged.post(PATH, &credentials("ann@example.com", PASSWORD)).status, 429);
    assert_eq!(from("203.0.113.8").post(PATH, &credentials("ann@example.com", PASSWORD)).status, 200);
}

#[test]
fn success_gives_the_attempts_back() {
    /* TH-13 */
    let app = TestApp::new();
    app.sign_up("Ann", "ann@example.com");
    for round in 0..2 {
        for _ in 0..14 {
            assert_eq!(
                app.anonymous().post(PATH, &credentials("ann@example.com", "wrong password")).status,
                400
            );
        }
        let answer = app.anonymous().post(PATH, &credentials("ann@example.com", PASSWORD));
        assert_eq!(answer.status, 200, "round {round}");
    }
}

#[test]
fn forty_wrong_passwords_at_once_spend_fifteen_attempts() {
    /* TH-01 */
    let app = TestApp::new();
    app.sign_up("Ann", "ann@example.com");
    let form = credentials("ann@example.com", "wrong password");
    let answers = app.at_once((0..40).map(|_| app.anonymous().json_request(PATH, &form)).collect());
    let with_status = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with_status(400), with_status(429)), (15, 25));
}

#[test]
fn a_deployment_without_passwords_signs_nobody_in() {
    let app = TestApp::with_vars(&[("ENABLE_PASSWORD_AUTH", "false")]);
    let answer = app.anonymous().post(PATH, &credentials("ann@example.com", PASSWORD));
    assert_eq!(answer.status, 403);
    assert_eq!(answer.detail(), "The requested action has been restricted as a security measure.");
}

#[test]
fn composed_and_decomposed_accents_are_one_password() {
    /* PW-11 */
    let app = TestApp::new();
    let form =
        serde_json::json!({"name": "Ann", "email": "ann@example.com", "password": "caf\u{e9} au lait"});
    assert_eq!(app.anonymous().post("/api/v1/auths/signup", &form).status, 200);
    let answer = app.anonymous().post(PATH, &credentials("ann@example.com", "cafe\u{301} au lait"));
    assert_eq!(answer.status, 200);
}

#[test]
fn a_form_on_another_site_can_sign_nobody_in() {
    /* SE-07, SE-08 */
    let app = TestApp::with_vars(&[("CORS_ALLOW_ORIGIN", "https://chat.example")]);
    app.sign_up("Ann", "ann@example.com");
    let attempt = |headers: &[(&'static str, &str)]| {
        let client = headers.iter().fold(app.anonymous(), |client, (name, value)| client.with(name, value));
        client.post(PATH, &credentials("ann@example.com", PASSWORD))
    };
    for foreign in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "https://chat.example.evil.example")],
        &[("origin", "http://chat.example")],
        &[("origin", "https://chat.example:8443")],
        &[("origin", "https://chat.example.")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        let answer = attempt(foreign);
        assert_eq!(
            (answer.status, answer.detail().as_str()),
            (403, "Invalid request origin."),
            "{foreign:?}"
        );
        assert_eq!(answer.cookies(), [""; 0]);
    }
    for welcome in [
        &[][..],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "empty")],
        &[("origin", "https://chat.example"), ("sec-fetch-site", "cross-site")],
    ] {
        assert_eq!(attempt(welcome).status, 200, "{welcome:?}");
    }
}

#[test]
fn fifty_sign_ins_at_once_get_their_own_account_each() {
    /* FT-22 */
    let app = TestApp::with_vars(&[("ENABLE_SIGNUP", "true")]);
    let people: Vec<_> = (0..10).map(|n| format!("user{n}@example.com")).collect();
    for (n, email) in people.iter().enumerate() {
        app.sign_up(&format!("User {n}"), email);
    }
    let requests = (0..50).map(|n| {
        let client = app.anonymous().with("cf-connecting-ip", &format!("203.0.113.{n}"));
        client.json_request(PATH, &credentials(&people[n % 10], PASSWORD))
    });
    for (n, answer) in app.at_once(requests.collect()).into_iter().enumerate() {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["email"], people[n % 10]);
        let session = app.anonymous().with_token(answer.token()).get("/api/v1/auths/").json();
        assert_eq!(session["email"], people[n % 10]);
        assert_eq!(session["name"], format!("User {}", n % 10));
    }
}
