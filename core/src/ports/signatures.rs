use alloc::vec::Vec;

use super::PortError;
use crate::jwt::{Algorithm, PrivateKey, PublicKey};

/// Public-key signatures, computed by the host: WebCrypto in Workers and browsers, which is many times
/// faster than the same in wasm, and [`RustSignatures`](crate::jwt::RustSignatures) natively.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Signatures {
    /// Whether `signature` is the key's over `input`. The caller has chosen the key by name and checked
    /// that it is for the algorithm.
    ///
    /// # Errors
    /// When the host can not compute it; the signature is then neither good nor bad.
    async fn verify_signature(
        &self,
        key: &PublicKey,
        algorithm: Algorithm,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, PortError>;

    /// The key's signature over `input`, in the form of RFC 7518 §3.4 and RFC 8037 §3.1: 64 bytes.
    ///
    /// # Errors
    /// When the host can not compute it.
    async fn sign(&self, key: &PrivateKey, input: &[u8]) -> Result<Vec<u8>, PortError>;
}
