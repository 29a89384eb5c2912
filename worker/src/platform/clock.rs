use portico_core::time::UnixSeconds;

/// The runtime's clock. It stands still while a request computes, so one reading is one request's time.
pub fn now() -> UnixSeconds {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    let millis = worker::Date::now().as_millis();
    UnixSeconds::new(i64::try_from(millis / 1_000).unwrap_or(i64::MAX))
}
