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

use core::cell::OnceCell;

use config::{Config, ConfigError};
use http::answer::Transport;
use router::{Host, Router};
use store::Store;

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
    let ports = Store::new(env);
    let host = Host { ports: &ports, config, now: platform::now() };
    let answer = match platform::incoming(request) {
        Ok((request, body)) => routes().respond(&host, request, body).await,
        Err(answer) => *answer,
    };
    platform::response(answer)
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
