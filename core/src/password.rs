//! Passwords: what may be one, how it is stored, how it is checked (security.md §1).

mod argon2id;
mod policy;

pub use argon2id::{PasswordHash, SALT_BYTES, Verification, verify};
pub use policy::{MAX_PASSWORD_BYTES, Password, PasswordPolicy, PasswordPolicyError, PasswordTooLong};
