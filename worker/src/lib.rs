//! Portico's Cloudflare host. This file is the only place where all sides meet: it builds the ports
//! from the environment and hands the request to the router.

extern crate alloc;

pub mod config;
pub mod dev_outbox;
pub mod durable;
pub mod http;
pub mod librechat;
pub mod open_webui;
pub mod openapi;
pub mod platform;
pub mod provider_callback;
pub mod public_config;
pub mod router;
pub mod store;
pub mod well_known;

mod cache;
mod directories;
mod short_way;

use core::{cell::OnceCell, time::Duration};

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use config::{Config, ConfigError};
use futures_util::future::join;
use http::{
    answer::{Answer, Transport},
    body::Whole,
    credential::{self, Credential},
};
use portico_core::{
    flow::{
        Client, Ctx, audit_trail, oauth, send_mail,
        tell_events::{self, Told},
        verify_email,
    },
    network::Network,
    ports::PortError,
    time::UnixSeconds,
};
use router::{Host, Router};
use store::Store;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

/// The headers that a request of the short way brings; `worker/entry/index.mjs` has the same list. A hot
/// route must look at no other: reading one costs as much as verifying a token.
pub const HOT_HEADERS: [&str; 5] = ["authorization", "cookie", "origin", "cf-ray", "if-none-match"];

/// Answers one request.
///
/// # Errors
/// When the runtime refuses to build the response; it then answers 500 by itself.
pub async fn serve(
    request: worker::Request,
    env: &worker::Env,
    context: &worker::Context,
) -> worker::Result<worker::Response> {
    platform::note_arrival();
    let (written, ordered) = (store::written(), store::mails_ordered());
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
    let ports = Store::of_isolate(env, config.revocation_cache);
    let host = Host { ports, config, now: platform::now() };
    let answer = match platform::incoming(request) {
        Ok((request, body)) => routes().respond(&host, request, body).await,
        Err(answer) => *answer,
    };
    // Nobody waits for this: whoever is to be told learns of it away from the request (FT-15).
    let (told, ordered) = (store::written() != written, store::mails_ordered() != ordered);
    if told || ordered {
        let env = env.clone();
        let news = if ordered { News::Mail } else { News::Events };
        context.wait_until(async move { tell_if_anybody_listens(&env, news).await });
    }
    platform::response(answer)
}

/// What has to be done now and then: events are told and mails sent that nobody was woken up for, old events leave the
/// log, and so do authorizations that nobody came back from, and accounts whose owners never showed their address; and
/// people whom a directory has locked out are signed out. Gives a promise.
pub fn tidy(env: &worker::Env) -> JsValue {
    let env = env.clone();
    let work = async move {
        tell_if_anybody_listens(&env, News::Mail).await;
        if let Some((ctx, _)) = deployment(&env) {
            // The ports have reported their faults; the next time it is tried again.
            let _ = audit_trail::expire(&ctx).await;
            let _ = verify_email::expire(&ctx).await;
            let _ = oauth::expire(&ctx).await;
            let _ = directories::recognise_all(&ctx).await;
        }
        Ok(JsValue::UNDEFINED)
    };
    future_to_promise(work).into()
}

/// What there may be to tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum News {
    /// Something that only webhooks are told about.
    Events,
    /// Something that people get mails about, too.
    Mail,
}

async fn tell_if_anybody_listens(env: &worker::Env, news: News) {
    let Some((ctx, config)) = deployment(env) else { return };
    let by_mail = news == News::Mail && config.policy.mail.is_some();
    let Ok(settings) = ctx.settings().await else { return };
    let is_new = config.policy.webhooks.default_url.is_some() && !settings.knows_default_webhook;
    let listens = by_mail || settings.has_webhooks || is_new;
    if listens && let Err(error) = durable::wake_dispatcher(env).await {
        worker::console_error!("events: {error}");
    }
}

/// Tells those who want to know about events, and sends mails; how long until the next turn, if there is to be one.
pub(crate) async fn tell_events(env: &worker::Env) -> Option<Duration> {
    let (ctx, config) = deployment(env)?;
    let body = |url: &str, told: Told<'_>| open_webui::event_message::body(config, url, told);
    // A server that hangs holds nobody else up.
    let (told, sent) = join(tell_events::turn(&ctx, &body), send_mail::turn(&ctx)).await;
    let wait = |turn: Result<Option<UnixSeconds>, PortError>| match turn {
        Ok(next) => next.map(|due| Duration::from_secs(due.since(ctx.now).seconds())),
        // The port has reported its fault.
        Err(_) => Some(AFTER_A_FAULT),
    };
    [wait(told), wait(sent)].into_iter().flatten().min()
}

/// How long until the next try when a turn of telling events failed as a whole.
const AFTER_A_FAULT: Duration = Duration::from_secs(30);

/// What the deployment does of its own accord, in nobody's name.
fn deployment(env: &worker::Env) -> Option<(Ctx<'static, Store>, &'static Config)> {
    let config = configuration(env).ok()?;
    let ports = Store::of_isolate(env, config.revocation_cache);
    let client = Client { network: Network::unknown(), user_agent: String::new(), request_id: String::new() };
    Some((Ctx { ports, policy: &config.policy, now: platform::now(), client }, config))
}

/// The short way in, for the hottest routes: an address and some headers as text, one on each line, and the
/// answer as text too, or a promise of it, or a question for a Durable Object (`short_way.rs`). `undefined`
/// sends the request the long way, through [`serve`]: same router, same flows, same answer.
pub fn enter(head: &str, env: &worker::Env) -> JsValue {
    let Ok(config) = configuration(env) else { return JsValue::UNDEFINED };
    // What a proxy says about a request stands in other headers.
    if config.trusted_headers.is_some() {
        return JsValue::UNDEFINED;
    }
    let Some(request) = bodiless(head) else { return JsValue::UNDEFINED };
    if !routes().is_hot(request.uri().path()) || may_have_more(request.headers()) {
        return JsValue::UNDEFINED;
    }
    platform::note_arrival();
    let ports = Store::of_isolate(env, config.revocation_cache);
    short_way::begin(async move {
        let host = Host { ports, config, now: platform::now() };
        as_text(&routes().respond(&host, request, Whole(None)).await)
    })
}

/// Whether other headers may matter too: those for API keys where these ones hold no session's token, and those that
/// say who guesses keys.
fn may_have_more(headers: &HeaderMap) -> bool {
    match credential::read(headers, open_webui::view::TOKEN_COOKIE) {
        Credential::Present(token) => token.starts_with(portico_core::api_key::PREFIX),
        Credential::Missing | Credential::Unusable => true,
    }
}

/// Goes on with a request of the short way, given the answer to its question, or what went wrong.
pub fn resume(ticket: &str, answer: Option<String>, fault: Option<String>) -> JsValue {
    short_way::resume(ticket, answer.ok_or_else(|| fault.unwrap_or_default()))
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

/// Headers whose values hardly ever differ between answers; the other half keeps them made.
const STEADY_HEADERS: [&str; 10] = [
    "cache-control",
    "content-security-policy",
    "content-type",
    "cross-origin-resource-policy",
    "referrer-policy",
    "strict-transport-security",
    "vary",
    "www-authenticate",
    "x-content-type-options",
    "access-control-allow-credentials",
];

/// Status and steady headers, an empty line, the other headers, an empty line, the body.
fn as_text(answer: &Answer) -> String {
    let mut text = String::with_capacity(answer.body().len() + 1_536);
    text.push_str(answer.status().as_str());
    let mut others = String::with_capacity(768);
    for (name, value) in answer.headers() {
        let Ok(value) = value.to_str() else { continue };
        if STEADY_HEADERS.contains(&name.as_str()) {
            for part in ["\n", name.as_str(), ": ", value] {
                text.push_str(part);
            }
        } else {
            for part in [if others.is_empty() { "" } else { "\n" }, name.as_str(), ": ", value] {
                others.push_str(part);
            }
        }
    }
    for part in ["\n\n", &others, "\n\n", &String::from_utf8_lossy(answer.body())] {
        text.push_str(part);
    }
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
            let parsed = Config::parse(lookup);
            if parsed.as_ref().is_ok_and(|config| config.bootstrap_secret.is_none()) {
                worker::console_warn!(
                    "BOOTSTRAP_SECRET is not set: whoever signs up first administrates (AD-02)"
                );
            }
            Box::leak(Box::new(parsed))
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
