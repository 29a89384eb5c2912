use core::time::Duration;

use portico_core::time::UnixSeconds;

/// The runtime's clock. It stands still while a request computes, so one reading is one request's time.
pub fn now() -> UnixSeconds {
    UnixSeconds::new(i64::try_from(millis() / 1_000).unwrap_or(i64::MAX))
}

/// The same in milliseconds.
pub(super) fn millis() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    worker::Date::now().as_millis()
}

/// How long it has been since 1970. The runtime's clock stands still between two answers from outside, which is when
/// nobody waits for anything, and does not run backwards in one isolate.
pub(crate) fn elapsed() -> Duration {
    Duration::from_millis(millis())
}
