//! Signed tokens (RFC 7515, RFC 7519, RFC 8725): strict parsing, verification against a ring of
//! keys, and the claims of Portico's own session tokens.
//!
//! A token goes `&str` → [`UntrustedToken`] → [`Claims`]; only verification makes claims.

mod claims;
mod key;
mod session_claims;
mod token;

pub use claims::{Claims, Expected, VerifyError, check_claims};
pub use key::{HmacKey, KeyRing};
pub use session_claims::{SESSION_TOKEN, SessionClaims};
pub use token::{Algorithm, MAX_KID_BYTES, MAX_TOKEN_BYTES, ParseError, UntrustedToken};
