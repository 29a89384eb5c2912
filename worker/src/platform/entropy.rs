use portico_core::ports::PortError;

/// Random bytes from the runtime's WebCrypto (SR-06).
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), PortError> {
    #[expect(clippy::disallowed_methods, reason = "this is the random source")]
    getrandom::fill(bytes).map_err(|error| PortError { port: "entropy", detail: error.to_string() })
}
