use alloc::{string::String, vec::Vec};

use super::PortError;
use crate::{outbound_url::OutboundUrl, secret::Secret, time::Lifetime};

/// What is asked of somebody outside.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// Where to.
    pub url: OutboundUrl,
    /// Names in lower case.
    pub headers: Vec<(&'static str, Secret<String>)>,
    /// What is posted; `None` gets.
    pub body: Option<Secret<String>>,
    /// Longest answer that is read.
    pub max_bytes: usize,
    /// How long the whole answer may take.
    pub patience: Lifetime,
}

/// What somebody outside answered.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The status; redirects are answers like others.
    pub status: u16,
    /// `content-type` as it came; empty when there is none.
    pub content_type: String,
    /// `www-authenticate` as it came; empty when there is none.
    pub challenge: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Asking somebody outside.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Fetch {
    /// Asks once, without following redirects (OA-20).
    ///
    /// # Errors
    /// When no whole answer came in time, or a longer one.
    async fn fetch(&self, request: FetchRequest) -> Result<Fetched, PortError>;
}
