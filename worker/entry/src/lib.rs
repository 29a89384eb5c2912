//! The Worker's entry. A crate of its own because cargo applies link-time optimisation only to a
//! package that is nothing but a cdylib; everything it does is in `portico-worker`.

pub use portico_worker::durable::{EventDispatcher, SessionAuthority, ThrottleBucket};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[worker::event(fetch)]
async fn fetch(
    request: worker::Request,
    env: worker::Env,
    context: worker::Context,
) -> worker::Result<worker::Response> {
    portico_worker::serve(request, &env, &context).await
}

/// The short way in; see [`portico_worker::enter`].
#[wasm_bindgen]
pub fn enter(head: &str, env: &worker::Env) -> JsValue {
    portico_worker::enter(head, env)
}

/// The short way, continued; see [`portico_worker::resume`].
#[wasm_bindgen]
pub fn resume(ticket: &str, answer: Option<String>, fault: Option<String>) -> JsValue {
    portico_worker::resume(ticket, answer, fault)
}

/// What has to be done now and then; see [`portico_worker::tidy`].
#[wasm_bindgen]
pub fn tidy(env: &worker::Env) -> JsValue {
    portico_worker::tidy(env)
}
