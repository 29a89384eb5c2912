//! Public-key signatures in Rust, for hosts without WebCrypto and for tests. A Worker never calls
//! this, so nothing of it reaches its binary.

use alloc::vec::Vec;

use jwt_compact::{
    Algorithm as _, AlgorithmSignature as _,
    alg::{Ed25519, Es256},
};
use rsa::{
    BigUint, Pkcs1v15Sign, Pss, RsaPublicKey,
    sha2::{Digest as _, Sha256},
};

use super::{
    algorithm::Algorithm,
    private_key::PrivateKey,
    public_key::{KeyMaterial, PublicKey},
};
use crate::ports::{PortError, Signatures};

/// The port on `ed25519-dalek`, `p256` and `rsa`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RustSignatures;

impl Signatures for RustSignatures {
    async fn verify_signature(
        &self,
        key: &PublicKey,
        algorithm: Algorithm,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, PortError> {
        Ok(verify(key, algorithm, input, signature).unwrap_or(false))
    }

    async fn sign(&self, key: &PrivateKey, input: &[u8]) -> Result<Vec<u8>, PortError> {
        let unusable = || PortError { port: "signatures", detail: "not a signing key".into() };
        match key.algorithm() {
            Algorithm::EdDsa => {
                let key = ed25519_dalek::SigningKey::from_bytes(key.expose_secret());
                Ok(Ed25519.sign(&key, input).as_bytes().into_owned())
            }
            Algorithm::Es256 => {
                let key = p256::ecdsa::SigningKey::from_slice(key.expose_secret()).map_err(|_| unusable())?;
                Ok(Es256.sign(&key, input).as_bytes().into_owned())
            }
            Algorithm::Hs256 | Algorithm::Ps256 | Algorithm::Rs256 => Err(unusable()),
        }
    }
}

/// `None` when key or signature can not be read, which is a refusal too.
fn verify(key: &PublicKey, algorithm: Algorithm, input: &[u8], signature: &[u8]) -> Option<bool> {
    match key.material() {
        KeyMaterial::Ed25519 { x } => {
            let key = ed25519_dalek::VerifyingKey::from_bytes(x).ok()?;
            let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
            // Strict: S below the order, and no point in a second spelling (RFC 8032 §5.1.7; TK-18).
            Some(key.verify_strict(input, &signature).is_ok())
        }
        KeyMaterial::P256 { x, y } => {
            let point = p256::EncodedPoint::from_affine_coordinates(x.into(), y.into(), false);
            let key = p256::ecdsa::VerifyingKey::from_encoded_point(&point).ok()?;
            let signature = p256::ecdsa::Signature::try_from_slice(signature).ok()?;
            Some(Es256.verify_signature(&signature, &key, input))
        }
        KeyMaterial::Rsa { n, e } => {
            let (n, e) = (BigUint::from_bytes_be(n), BigUint::from_bytes_be(e));
            let key = RsaPublicKey::new_with_max_size(n, e, 8_192).ok()?;
            let digest = Sha256::digest(input);
            let outcome = match algorithm {
                Algorithm::Rs256 => key.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, signature),
                Algorithm::Ps256 => key.verify(Pss::new_with_salt::<Sha256>(32), &digest, signature),
                Algorithm::EdDsa | Algorithm::Es256 | Algorithm::Hs256 => return None,
            };
            Some(outcome.is_ok())
        }
    }
}
