//! Runs one case of the port suite for each request: `GET /<case>` answers 200, or 500 with what did
//! not hold.

pub use portico_worker::durable::{SessionAuthority, ThrottleBucket};

#[worker::event(fetch)]
async fn fetch(
    request: worker::Request,
    env: worker::Env,
    _context: worker::Context,
) -> worker::Result<worker::Response> {
    let store = portico_worker::store::Store::new(&env);
    match portico_tests::run(request.path().trim_start_matches('/'), &store).await {
        Ok(()) => worker::Response::ok("ok"),
        Err(broken) => worker::Response::error(broken, 500),
    }
}
