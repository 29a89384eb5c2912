use super::PortError;
use crate::{oauth::pending::Pending, time::UnixSeconds};

/// Authorizations that browsers are away for.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait RoundTrips {
    /// Stores an authorization.
    ///
    /// # Errors
    /// When the store failed; the browser must not be sent away.
    async fn begin_round_trip(&self, pending: Pending) -> Result<(), PortError>;

    /// Takes an authorization away, whatever comes of it: of many that show its state, one gets it (OA-02). `None` for one
    /// that was never begun, or is over.
    ///
    /// # Errors
    /// When the store failed; the authorization may be gone.
    async fn end_round_trip(&self, hash: &str, now: UnixSeconds) -> Result<Option<Pending>, PortError>;

    /// Forgets authorizations that nobody came back from.
    ///
    /// # Errors
    /// When the store failed.
    async fn expire_round_trips(&self, now: UnixSeconds) -> Result<(), PortError>;
}
