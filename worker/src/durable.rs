//! Durable Objects: the authority over each user's sessions, and the throttle buckets. They are
//! addressed by name and speak JSON over the platform's internal fetch; nobody else reaches them.

pub mod session_authority;
pub mod throttle_bucket;

pub use session_authority::SessionAuthority;
pub use throttle_bucket::ThrottleBucket;

use serde::{Deserialize, Serialize};
use worker::{Env, Method, RequestInit};

/// The internal fetch needs an absolute address; nothing resolves it.
const ADDRESS: &str = "https://durable.invalid/";

/// Sends one request to the object of that name and reads its answer.
///
/// # Errors
/// When the object can not be reached or fails; an acknowledged change is durable (the platform
/// holds an answer back until the writes before it are stored).
pub(crate) async fn call<T: for<'de> Deserialize<'de>>(
    env: &Env,
    binding: &str,
    name: &str,
    request: &impl Serialize,
) -> worker::Result<T> {
    let body = serde_json::to_string(request)?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    let request = worker::Request::new_with_init(ADDRESS, &init)?;
    let stub = env.durable_object(binding)?.get_by_name(name)?;
    let mut response = stub.fetch_with_request(request).await?;
    let text = response.text().await?;
    if response.status_code() != 200 {
        return Err(worker::Error::RustError(format!("{binding} answered {}", response.status_code())));
    }
    Ok(serde_json::from_str(&text)?)
}

/// An object's answer.
fn reply(value: &impl Serialize) -> worker::Result<worker::Response> {
    worker::Response::from_json(value)
}
