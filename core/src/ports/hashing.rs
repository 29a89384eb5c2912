use super::PortError;
use crate::{
    password::{Cost, HASH_BYTES},
    secret::Secret,
};

/// The host's hashing of passwords: it owns the memory, and lets other requests run between the
/// segments of a hash (see [`Workspace`](crate::password::Workspace)).
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Hashing {
    /// Argon2id of a password (RFC 9106).
    ///
    /// # Errors
    /// When more hashes are waiting than the host will keep waiting (PW-18).
    async fn argon2id(
        &self,
        password: &[u8],
        salt: &[u8],
        cost: Cost,
    ) -> Result<Secret<[u8; HASH_BYTES]>, PortError>;
}
