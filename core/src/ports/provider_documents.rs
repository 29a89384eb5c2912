use alloc::string::String;

use super::PortError;
use crate::time::UnixSeconds;

/// What a provider said about itself, as it said it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeptDocument {
    /// The document.
    pub body: String,
    /// When it was fetched last, or somebody tried to.
    pub tried_at: UnixSeconds,
    /// When it came.
    pub fetched_at: UnixSeconds,
}

/// Documents of providers, so that nobody has to wait for them each time, nor for providers that are down (FT-13). Any of
/// them may be forgotten at any time.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait ProviderDocuments {
    /// The document of an address, if it is still there.
    ///
    /// # Errors
    /// When the cache can not be read.
    async fn kept_document(&self, url: &str) -> Result<Option<KeptDocument>, PortError>;

    /// Keeps a document for a week at most.
    ///
    /// # Errors
    /// When the cache can not be written.
    async fn keep_document(&self, url: &str, document: &KeptDocument) -> Result<(), PortError>;
}
