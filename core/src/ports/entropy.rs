use super::PortError;

/// The host's cryptographic random source (SR-06).
pub trait Entropy {
    /// Fills `bytes` with unpredictable bytes.
    ///
    /// # Errors
    /// When the source fails; nothing may be made of the bytes then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), PortError>;
}
