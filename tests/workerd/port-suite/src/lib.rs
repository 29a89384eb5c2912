//! Runs one case of the port suite for each request: `GET /<case>` answers 200, or 500 with what did
//! not hold. `GET /panic` panics. `POST /verify` checks the signatures of its body; see `portico_tests::verify_lines`.

use portico_core::time::Lifetime;
pub use portico_worker::durable::{EventDispatcher, SessionAuthority, ThrottleBucket};

#[worker::event(fetch)]
async fn fetch(
    mut request: worker::Request,
    env: worker::Env,
    _context: worker::Context,
) -> worker::Result<worker::Response> {
    let store = portico_worker::store::Store::new(&env, Lifetime::from_seconds(0));
    if request.method() == worker::Method::Post {
        let lines = request.text().await?;
        return match portico_tests::verify_lines(&lines, &store).await {
            Ok(verdicts) => worker::Response::ok(verdicts),
            Err(broken) => worker::Response::error(broken, 500),
        };
    }
    #[expect(clippy::panic, reason = "a test wants to see one")]
    if request.path() == "/panic" {
        panic!("on purpose");
    }
    match portico_tests::run(request.path().trim_start_matches('/'), &store).await {
        Ok(()) => worker::Response::ok("ok"),
        Err(broken) => worker::Response::error(broken, 500),
    }
}
