//! Portico's Cloudflare host. This file is the only place where all sides meet: it builds the ports
//! from the environment and hands the request to the router.

extern crate alloc;

pub mod config;
pub mod durable;
pub mod http;
pub mod open_webui;
pub mod platform;
pub mod router;
pub mod store;
pub mod well_known;

mod cache;

use core::{
    cell::OnceCell,
    fmt::Write as _,
    pin::pin,
    task::{Context, Poll, Waker},
};

use ::http::{HeaderName, HeaderValue, Method, Request};
use config::{Config, ConfigError};
use http::{
    answer::{Answer, Transport},
    body::Whole,
};
use router::{Host, Router};
use store::Store;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

/// The headers that a request of the short way brings; `worker/entry/index.mjs` has the same list. A hot
/// route must look at no other.
pub const HOT_HEADERS: [&str; 7] =
    ["authorization", "cookie", "origin", "cf-connecting-ip", "user-agent", "cf-ray", "if-none-match"];

/// Answers one request.
///
/// # Errors
/// When the runtime refuses to build the response; it then answers 500 by itself.
pub async fn serve(request: worker::Request, env: &worker::Env) -> worker::Result<worker::Response> {
    let config = match configuration(env) {
        Ok(config) => config,
        Err(problems) => {
            for problem in problems {
                worker::console_error!("configuration: {problem}");
            }
            let transport = Transport::of_url(&request.inner().url());
            return platform::response(http::answer::misconfigured(transport));
        }
    };
    let ports = Store::new(env, config.revocation_cache);
    let host = Host { ports: &ports, config, now: platform::now() };
    let answer = match platform::incoming(request) {
        Ok((request, body)) => routes().respond(&host, request, body).await,
        Err(answer) => *answer,
    };
    platform::response(answer)
}

/// The short way in, for the hottest routes: an address and some headers as text, one on each line, and the
/// answer as text too, now or as a promise. `undefined` sends the request the long way, through [`serve`]:
/// same router, same flows, same answer.
pub fn enter(head: &str, env: &worker::Env) -> JsValue {
    let Ok(config) = configuration(env) else { return JsValue::UNDEFINED };
    let Some(request) = bodiless(head) else { return JsValue::UNDEFINED };
    if !routes().is_hot(request.uri().path()) {
        return JsValue::UNDEFINED;
    }
    let ports = Store::new(env, config.revocation_cache);
    let mut answer = Box::pin(async move {
        let host = Host { ports: &ports, config, now: platform::now() };
        JsValue::from_str(&as_text(&routes().respond(&host, request, Whole(None)).await))
    });
    // Most refusals need nobody else: they are ready at once, without the cost of a promise.
    match pin!(&mut answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => future_to_promise(async move { Ok(answer.await) }).into(),
    }
}

/// A `GET` from the text of its address and headers.
fn bodiless(head: &str) -> Option<Request<()>> {
    let mut lines = head.split('\n');
    let mut request = Request::new(());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = lines.next()?.parse().ok()?;
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        request.headers_mut().append(name, HeaderValue::from_str(value).ok()?);
    }
    Some(request)
}

/// Status, headers, an empty line, body.
fn as_text(answer: &Answer) -> String {
    let mut text = String::with_capacity(answer.body().len() + 1_024);
    text.push_str(answer.status().as_str());
    for (name, value) in answer.headers() {
        if let Ok(value) = value.to_str() {
            // Writing to a string does not fail.
            let _ = write!(text, "\n{name}: {value}");
        }
    }
    text.push_str("\n\n");
    text.push_str(&String::from_utf8_lossy(answer.body()));
    text
}

/// The configuration, parsed once for each isolate and kept: variables and secrets do not change
/// while one lives.
fn configuration(env: &worker::Env) -> Result<&'static Config, &'static [ConfigError]> {
    thread_local! {
        static CONFIG: OnceCell<&'static Result<Config, Vec<ConfigError>>> = const { OnceCell::new() };
    }
    let parsed = CONFIG.with(|config| {
        *config.get_or_init(|| {
            let lookup = |name: &str| env.var(name).ok().map(|value| value.to_string());
            Box::leak(Box::new(Config::parse(lookup)))
        })
    });
    parsed.as_ref().map_err(Vec::as_slice)
}

/// The route table, built once for each isolate.
fn routes() -> &'static Router<Store> {
    thread_local! {
        static ROUTER: OnceCell<&'static Router<Store>> = const { OnceCell::new() };
    }
    ROUTER.with(|router| *router.get_or_init(|| Box::leak(Box::new(Router::new()))))
}
