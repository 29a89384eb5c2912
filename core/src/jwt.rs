//! Signed tokens (RFC 7515, RFC 7519, RFC 8725): strict parsing, verification against a ring of
//! keys, and the claims of Portico's own session tokens.
//!
//! A token goes `&str` → [`UntrustedToken`] → [`Claims`]; only verification makes claims. HS256 is
//! computed here. Public-key signatures are the host's: this module chooses the key and hands out
//! what is to be checked through the port [`Signatures`](crate::ports::Signatures).

mod algorithm;
mod claims;
mod hmac_key;
mod jwk;
mod jwks;
mod key_ring;
mod numeric_date;
mod private_key;
mod public_key;
mod rust_signatures;
mod session_claims;
mod token;
mod token_kind;

pub use algorithm::Algorithm;
pub use claims::{Claims, Expected, VerifyError, check_claims};
pub use hmac_key::HmacKey;
pub use jwk::JwkError;
pub use jwks::{Jwks, RefetchBudget};
pub use key_ring::{DatedKey, KeyRing, KeyRingError, PUBLISHED_BEFORE_USE, SigningKey, VerifyFailure};
pub use private_key::{PrivateKey, PrivateKeyError};
pub use public_key::{KeyMaterial, PublicKey};
pub use rust_signatures::RustSignatures;
pub use session_claims::{AccessClaims, SessionClaims};
pub use token::{MAX_KID_BYTES, MAX_TOKEN_BYTES, ParseError, UntrustedToken};
pub use token_kind::{Access, Session, TokenKind};
