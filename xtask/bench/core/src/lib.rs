//! The operations that `cargo xtask bench core` repeats. As a Worker, `GET /<operation>?n=<times>`
//! answers when it is done; the clock of a Worker stands still meanwhile, so the caller measures.

use core::hint::black_box;

use portico_core::{
    duration::TokenLifetime,
    group::Hierarchy,
    id::GroupId,
    jwt::{DatedKey, Expected, HmacKey, KeyRing, PrivateKey, Session, SigningKey, UntrustedToken},
    password::{Cost, Progress, Workspace},
    permission::{Feature, Permissions},
    ports::Signatures,
    time::UnixSeconds,
};
use portico_worker::platform::WebCrypto;
use serde_json::json;

const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);
const EXPECTED: Expected<'_> =
    Expected { issuer: "https://auth.example.com", audience: Some("portico"), leeway_seconds: 0 };
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
/// RFC 8037 appendix A.1 and RFC 7515 appendix A.3.
const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

#[worker::event(fetch)]
async fn fetch(
    request: worker::Request,
    _env: worker::Env,
    _context: worker::Context,
) -> worker::Result<worker::Response> {
    let url = request.url()?;
    let times = url.query_pairs().find(|(name, _)| name == "n").and_then(|(_, n)| n.parse().ok());
    match repeat(url.path().trim_start_matches('/'), times.unwrap_or(1), &WebCrypto).await {
        Ok(()) => worker::Response::ok("done"),
        Err(problem) => worker::Response::error(problem, 500),
    }
}

/// Does an operation that many times.
///
/// # Errors
/// When there is no such operation, or it failed: a broken one must not be measured.
pub async fn repeat(operation: &str, times: u32, signatures: &impl Signatures) -> Result<(), String> {
    if operation == "argon2id" {
        return hash(times);
    }
    if let Some(groups) = operation.strip_prefix("resolve-") {
        return resolve(groups.parse().map_err(|_| "a number of groups")?, times);
    }
    let (ring, act) = match operation.split_once('-') {
        Some(("hs256", act)) => (KeyRing::shared(HmacKey::new(SECRET)), act),
        Some(("eddsa", act)) => (private(ED25519)?, act),
        Some(("es256", act)) => (private(P256)?, act),
        _ => return Err(format!("no operation `{operation}`")),
    };
    let claims = json!({
        "iss": "https://auth.example.com", "aud": "portico", "sub": "usr_01HZY3F8QW7Z8R",
        "sid": "ses_01HZY3F8QW7Z8RX4K2", "role": "authenticated", "iat": 1_790_000_000_u32, "exp": 4_000_000_000_u32,
    });
    let sign = async || ring.sign(&claims, NOW, signatures).await.map_err(|error| error.to_string());
    let token = sign().await?;
    for _ in 0..times {
        if act == "sign" {
            black_box(sign().await?);
            continue;
        }
        let token = UntrustedToken::parse(black_box(&token)).map_err(|error| format!("{error:?}"))?;
        let verified = ring.verify(token, &EXPECTED, NOW, signatures).await;
        black_box(verified.map_err(|error| format!("{error:?}"))?);
    }
    Ok(())
}

fn private(jwk: &str) -> Result<KeyRing<Session>, String> {
    let key = PrivateKey::parse(jwk).map_err(|error| error.to_string())?;
    let key = DatedKey { key: SigningKey::Private(key), added_at: NOW };
    KeyRing::new(vec![key], TokenLifetime::Unlimited).map_err(|error| format!("{error:?}"))
}

fn hash(times: u32) -> Result<(), String> {
    thread_local! {
        static WORKSPACE: core::cell::RefCell<Workspace> = core::cell::RefCell::default();
    }
    WORKSPACE.with_borrow_mut(|workspace| {
        for _ in 0..times {
            let mut job = workspace.begin(b"password", b"saltsaltsaltsalt", Cost::CURRENT);
            loop {
                match workspace.advance(&mut job) {
                    Progress::Done(hash) => break drop(black_box(hash)),
                    Progress::Lost => return Err("the workspace was taken".to_string()),
                    Progress::More => {}
                }
            }
        }
        Ok(())
    })
}

/// A user in the innermost of nested groups, each granting something.
fn resolve(nested: u32, times: u32) -> Result<(), String> {
    let id = |number: u32| {
        GroupId::parse(&format!("{number:08x}-0000-4000-8000-000000000000"))
            .map_err(|error| error.to_string())
    };
    let mut groups = Vec::new();
    for number in 0..nested {
        let parent = if number + 1 < nested { Some(id(number + 1)?) } else { None };
        groups.push((id(number)?, parent, r#"{"chat": {"share": true}, "features": {"api_keys": true}}"#));
    }
    let (groups, direct) = (Hierarchy::from_iter(groups), [id(0)?]);
    for _ in 0..times {
        let trees = black_box(&groups).with_ancestors(black_box(&direct));
        let effective = Permissions::resolve("null", trees.into_iter().copied());
        let effective = effective.map_err(|malformed| format!("{malformed:?}"))?;
        if !effective.contains(Feature::FeaturesApiKeys) {
            return Err("a grant is missing".to_string());
        }
    }
    Ok(())
}
