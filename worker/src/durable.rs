//! Durable Objects: the authority over each user's sessions, and the throttle buckets. They are
//! addressed by name, take a question and give an answer, both JSON; nobody else reaches them.
//!
//! A question travels in the address of an internal `GET`, and a short answer in a header: an internal
//! request without a body costs a third less than one with two. The JavaScript half is
//! `worker/entry/index.mjs`.

pub mod session_authority;
pub mod throttle_bucket;

pub use session_authority::SessionAuthority;
pub use throttle_bucket::ThrottleBucket;

use alloc::collections::BTreeMap;
use core::cell::RefCell;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::{JsCast as _, JsValue, wasm_bindgen};
use wasm_bindgen_futures::{
    JsFuture,
    js_sys::{Promise, Reflect},
};
use worker::worker_sys::web_sys::Response;

use crate::short_way;

/// The internal request needs an absolute address; nothing resolves it.
pub(crate) const ADDRESS: &str = "https://durable.invalid/";

/// Carries an answer that is short and plain.
const ANSWER_HEADER: &str = "x-answer";

#[wasm_bindgen]
extern "C" {
    /// A namespace of Durable Objects.
    #[derive(Clone)]
    type Namespace;
    #[wasm_bindgen(method, catch, js_name = getByName)]
    fn get_by_name(this: &Namespace, name: &str) -> Result<Stub, JsValue>;

    /// One object, for one request.
    type Stub;
    #[wasm_bindgen(method, catch)]
    fn fetch(this: &Stub, url: &str) -> Result<Promise, JsValue>;
}

/// Asks the object of that name.
///
/// # Errors
/// When the object can not be reached or fails; an acknowledged change is durable (the platform
/// holds an answer back until the writes before it are stored).
pub(crate) async fn ask<T: for<'de> Deserialize<'de>>(
    env: &worker::Env,
    binding: &'static str,
    name: &str,
    question: &impl Serialize,
) -> worker::Result<T> {
    let url = format!("{ADDRESS}{}", URL_SAFE_NO_PAD.encode(serde_json::to_vec(question)?));
    Ok(serde_json::from_str(&ask_raw(env, binding, name, &url).await?)?)
}

/// The same with an address that holds the question, and the answer as it comes.
pub(crate) async fn ask_raw(
    env: &worker::Env,
    binding: &'static str,
    name: &str,
    url: &str,
) -> worker::Result<String> {
    if let Some(asking) = short_way::ask(binding, name, url) {
        return asking.await.map_err(worker::Error::RustError);
    }
    let stub = namespace(env, binding)?.get_by_name(name)?;
    let answer: Response = JsFuture::from(stub.fetch(url)?).await?.unchecked_into();
    if answer.status() != 200 {
        return Err(worker::Error::RustError(format!("{binding} answered {}", answer.status())));
    }
    Ok(match answer.headers().get(ANSWER_HEADER)? {
        Some(text) => text,
        None => JsFuture::from(answer.text()?).await?.as_string().unwrap_or_default(),
    })
}

/// The question in the address of an internal request.
fn question<T: for<'de> Deserialize<'de>>(url: &str) -> worker::Result<T> {
    let encoded = url.strip_prefix(ADDRESS).unwrap_or_default();
    let json =
        URL_SAFE_NO_PAD.decode(encoded).map_err(|error| worker::Error::RustError(error.to_string()))?;
    Ok(serde_json::from_slice(&json)?)
}

/// A binding, looked up once for each isolate: bindings do not change while one lives.
fn namespace(env: &worker::Env, binding: &'static str) -> Result<Namespace, JsValue> {
    thread_local! {
        static KNOWN: RefCell<BTreeMap<&'static str, Namespace>> = const { RefCell::new(BTreeMap::new()) };
    }
    if let Some(known) = KNOWN.with_borrow(|known| known.get(binding).cloned()) {
        return Ok(known);
    }
    let found: Namespace = Reflect::get(env, &JsValue::from_str(binding))?.unchecked_into();
    if found.is_undefined() {
        return Err(JsValue::from_str(&format!("no binding {binding}")));
    }
    KNOWN.with_borrow_mut(|known| known.insert(binding, found.clone()));
    Ok(found)
}

/// An answer, as the JavaScript half takes it: a string.
fn answer(value: &impl Serialize) -> Result<JsValue, JsValue> {
    serde_json::to_string(value)
        .map(|text| JsValue::from_str(&text))
        .map_err(|error| JsValue::from_str(&error.to_string()))
}
