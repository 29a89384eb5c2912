//! Durable Objects: the authority over each user's sessions, the throttle buckets, and the dispatcher of events. They are
//! addressed by name, take a question and give an answer, both JSON; nobody else reaches them.
//!
//! What is asked most, whether a session is alive, travels in the address of an internal `GET`: a request
//! without a body costs a third less. It holds nothing but ids; everything else is the body of a `POST`,
//! because addresses are logged. Short answers come in a header. The JavaScript half is
//! `worker/entry/index.mjs`.

pub mod event_dispatcher;
pub mod session_authority;
pub mod throttle_bucket;

pub use event_dispatcher::EventDispatcher;
pub use session_authority::SessionAuthority;
pub use throttle_bucket::ThrottleBucket;

use alloc::collections::BTreeMap;
use core::cell::RefCell;

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::{JsCast as _, JsValue, wasm_bindgen};
use wasm_bindgen_futures::{
    JsFuture,
    js_sys::{Object, Promise, Reflect},
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
    #[wasm_bindgen(method, catch, js_name = fetch)]
    fn fetch_with(this: &Stub, url: &str, init: &Object) -> Result<Promise, JsValue>;
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
    let init = Object::new();
    Reflect::set(&init, &"method".into(), &"POST".into())?;
    Reflect::set(&init, &"body".into(), &serde_json::to_string(question)?.into())?;
    let asked = namespace(env, binding)?.get_by_name(name)?.fetch_with(ADDRESS, &init)?;
    Ok(serde_json::from_str(&text_of(binding, asked).await?)?)
}

/// Asks the object of that name by an address alone, the short way where the request came that way; gives
/// the answer as it comes.
///
/// # Errors
/// As [`ask`].
pub(crate) async fn ask_by_address(
    env: &worker::Env,
    binding: &'static str,
    name: &str,
    url: &str,
) -> worker::Result<String> {
    if let Some(asking) = short_way::ask(binding, name, url) {
        return asking.await.map_err(worker::Error::RustError);
    }
    text_of(binding, namespace(env, binding)?.get_by_name(name)?.fetch(url)?).await
}

/// Wakes the dispatcher of events.
///
/// # Errors
/// When it can not be reached; it is woken up again in some minutes anyway.
pub(crate) async fn wake_dispatcher(env: &worker::Env) -> worker::Result<()> {
    ask_by_address(env, "EVENTS", "events", ADDRESS).await.map(|_| ())
}

async fn text_of(binding: &str, asked: Promise) -> worker::Result<String> {
    let answer: Response = JsFuture::from(asked).await?.unchecked_into();
    if answer.status() != 200 {
        return Err(worker::Error::RustError(format!("{binding} answered {}", answer.status())));
    }
    Ok(match answer.headers().get(ANSWER_HEADER)? {
        Some(text) => text,
        None => JsFuture::from(answer.text()?).await?.as_string().unwrap_or_default(),
    })
}

/// A question, from the JSON it came in.
fn parsed<T: for<'de> Deserialize<'de>>(question: &str) -> worker::Result<T> {
    Ok(serde_json::from_str(question)?)
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
