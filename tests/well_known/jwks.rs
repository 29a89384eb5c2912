use serde_json::{Value, json};

use crate::harness::TestApp;

const PATH: &str = "/.well-known/jwks.json";
/// RFC 8037 appendix A.1 and RFC 7515 appendix A.3.
const KEYS: [(&str, &str); 2] = [
    (
        "EdDSA",
        r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    ),
    (
        "ES256",
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#,
    ),
];

#[test]
fn the_key_set_is_public_and_may_be_kept_for_five_minutes() {
    /* TK-20 */
    let app = TestApp::with_vars(&[("JWT_ALGORITHM", KEYS[0].0), ("JWT_PRIVATE_KEY", KEYS[0].1)]);
    let page = app.anonymous().with("origin", "https://elsewhere.example");
    let answer = page.get(PATH);
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "alg": "EdDSA", "use": "sig", "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        }]})
    );
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let again = app.anonymous().with("if-none-match", answer.header("etag")).get(PATH);
    assert_eq!((again.status, again.body.as_slice()), (304, &b""[..]));
    assert_eq!(again.header("etag"), answer.header("etag"));
}

#[test]
fn a_shared_secret_is_never_in_the_key_set() {
    /* TK-02, TK-20 */
    assert_eq!(TestApp::new().anonymous().get(PATH).json(), json!({"keys": []}));
}

#[test]
fn sessions_live_on_public_key_tokens_too() {
    /* TK-11, TK-15, TK-18 */
    for (algorithm, key) in KEYS {
        let app = TestApp::with_vars(&[("JWT_ALGORITHM", algorithm), ("JWT_PRIVATE_KEY", key)]);
        let ann = app.sign_up("Ann", "ann@example.com");
        let session = ann.get("/api/v1/auths/");
        assert_eq!(session.status, 200, "{session:?}");
        let token = session.token();
        let claims = claims_of(&token);
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!("portico"), &json!("portico")));
        let (input, signature) = token.rsplit_once('.').unwrap();
        // Another character in the middle: another signature, still 64 bytes.
        let other = if &signature[40..41] == "A" { "B" } else { "A" };
        let forged = format!("{input}.{}{other}{}", &signature[..40], &signature[41..]);
        assert_eq!(app.anonymous().with_token(&forged).get("/api/v1/auths/").status, 401);
        assert_eq!(ann.get("/api/v1/auths/signout").status, 200);
        assert_eq!(ann.get("/api/v1/auths/").status, 401);
    }
}

fn claims_of(token: &str) -> Value {
    let members = portico_core::jwt::UntrustedToken::parse(token).unwrap();
    serde_json::from_str(members.unverified_claims().as_text()).unwrap()
}
