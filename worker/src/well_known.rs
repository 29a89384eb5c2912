//! Documents at well-known addresses, the same for every dialect.

use http::{HeaderValue, StatusCode, header};
use portico_core::ports::Ports;

use crate::{
    http::answer::{self, Answer},
    router::Call,
};

/// How long a copy of the key set may be kept: no longer than a new key is published before it signs
/// ([`portico_core::jwt::PUBLISHED_BEFORE_USE`]; TK-20, TK-21).
const CACHE_CONTROL: &str = "public, max-age=300";

/// `GET /.well-known/jwks.json`: the public keys of our tokens (RFC 7517 §5), for everyone.
///
/// # Errors
/// None.
pub async fn jwks(call: &Call<'_, impl Ports>) -> Result<Answer, Answer> {
    let keys = call.ctx.policy.session_keys.jwks(call.ctx.now);
    let etag = format!("\"{:016x}\"", fnv1a(keys.as_bytes()));
    let seen = call.request.headers().get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let known = seen.is_some_and(|tags| tags == "*" || tags.split(',').any(|tag| tag.trim() == etag));
    let mut answer = if known {
        answer::text(StatusCode::NOT_MODIFIED, "")
    } else {
        answer::json_text(StatusCode::OK, keys)
    };
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    Ok(answer)
}

/// FNV-1a, to tell versions of a public document apart; nothing is guarded by it.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
