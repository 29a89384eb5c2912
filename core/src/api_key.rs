//! API keys (AK-01 … AK-03): found by a keyed digest, kept sealed for their owner, shown to nobody else.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{
    id::{ApiKeyId, UserId},
    ports::{Entropy, PortError},
    seal::{OpenError, Place, SealingKeys},
    secret::{RootSecret, Secret},
    time::UnixSeconds,
};

/// Start of every key (open-webui.md §3.6).
pub const PREFIX: &str = "sk-";

/// Random bytes in a key; AK-01 asks for 160 bits.
const RANDOM_BYTES: usize = 20;

/// A key in clear.
#[derive(Clone, Debug)]
pub struct ApiKey(Secret<String>);

impl ApiKey {
    /// A new key.
    ///
    /// # Errors
    /// When the host's random source fails.
    pub fn random(entropy: &impl Entropy) -> Result<Self, PortError> {
        let mut bytes = [0; RANDOM_BYTES];
        entropy.fill(&mut bytes)?;
        let digits = bytes.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
        Ok(Self(Secret::new(format!("{PREFIX}{digits}"))))
    }

    /// The key itself.
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }

    /// What may be shown of it: how it begins and how it ends (AK-11).
    fn hint(&self) -> String {
        let key = self.expose_secret();
        format!("{PREFIX}…{}", key.get(key.len().saturating_sub(4)..).unwrap_or_default())
    }
}

/// What a key is found by: HMAC-SHA-256 under a key of the deployment, base64url (AK-02).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ApiKeyDigest(String);

impl ApiKeyDigest {
    /// The stored form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// From the stored form.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }
}

/// A key as it is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredApiKey {
    /// The key's id.
    pub id: ApiKeyId,
    /// What it is found by.
    pub digest: ApiKeyDigest,
    /// The envelope that holds it; empty when nobody is to see it again.
    pub sealed: String,
    /// What may be shown of it.
    pub hint: String,
    /// When it was created.
    pub created_at: UnixSeconds,
}

/// The keys under which API keys are digested: of the present root secret, and of the one before while that is
/// being replaced.
#[derive(Debug)]
pub struct ApiKeyPeppers {
    current: Secret<[u8; 32]>,
    previous: Option<Secret<[u8; 32]>>,
}

impl ApiKeyPeppers {
    /// Keys of the current root and of the one it replaces.
    pub fn new(current: &RootSecret, previous: Option<&RootSecret>) -> Self {
        Self { current: pepper(current), previous: previous.map(pepper) }
    }

    /// What this text is found by, if it is a key: under the current root first.
    pub fn digests(&self, key: &str) -> Vec<ApiKeyDigest> {
        core::iter::once(&self.current).chain(&self.previous).map(|pepper| digest(pepper, key)).collect()
    }

    /// A key as its owner's row holds it.
    ///
    /// # Errors
    /// When the host's random source fails.
    pub fn store(
        &self,
        key: &ApiKey,
        owner: UserId,
        sealing: &SealingKeys,
        now: UnixSeconds,
        entropy: &impl Entropy,
    ) -> Result<StoredApiKey, PortError> {
        let id = ApiKeyId::random(entropy)?;
        let sealed = seal(key, id, owner, sealing, entropy)?;
        let digest = digest(&self.current, key.expose_secret());
        Ok(StoredApiKey { id, digest, sealed, hint: key.hint(), created_at: now })
    }
}

/// Seals a key for its owner's row.
///
/// # Errors
/// When the host's random source fails.
pub fn seal(
    key: &ApiKey,
    id: ApiKeyId,
    owner: UserId,
    sealing: &SealingKeys,
    entropy: &impl Entropy,
) -> Result<String, PortError> {
    let row = row(id, owner);
    sealing.seal(key.expose_secret().as_bytes(), &place(&row), entropy)
}

/// Opens the envelope of a stored key.
///
/// # Errors
/// [`OpenError`]; never a sign that there is no key (SR-05).
pub fn open(stored: &StoredApiKey, owner: UserId, sealing: &SealingKeys) -> Result<ApiKey, OpenError> {
    let row = row(stored.id, owner);
    let opened = sealing.open(&stored.sealed, &place(&row))?;
    let key = core::str::from_utf8(opened.expose_secret()).map_err(|_| OpenError::Malformed)?;
    Ok(ApiKey(Secret::new(key.to_string())))
}

/// Owner and key: an envelope opens for neither another's row nor another key of the same owner (AK-03).
fn row(id: ApiKeyId, owner: UserId) -> String {
    format!("{owner}/{id}")
}

const fn place(row: &str) -> Place<'_> {
    Place { table: "api_keys", column: "sealed", row }
}

fn pepper(root: &RootSecret) -> Secret<[u8; 32]> {
    root.derive("portico/api-key/v1")
}

fn digest(pepper: &Secret<[u8; 32]>, key: &str) -> ApiKeyDigest {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(pepper.expose_secret()).expect("HMAC takes keys of any length");
    mac.update(key.as_bytes());
    ApiKeyDigest(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::memory::Memory;

    fn root(letter: &str) -> RootSecret {
        RootSecret::parse(&format!("0123456789{letter}").repeat(4)).unwrap()
    }

    #[test]
    fn a_key_has_160_random_bits_behind_its_prefix() {
        /* AK-01 */
        let entropy = Memory::default();
        let (one, two) = (ApiKey::random(&entropy).unwrap(), ApiKey::random(&entropy).unwrap());
        let digits = one.expose_secret().strip_prefix("sk-").unwrap();
        assert_eq!(digits.len(), 40);
        assert!(digits.bytes().all(|digit| digit.is_ascii_hexdigit() && !digit.is_ascii_uppercase()));
        assert_ne!(one.expose_secret(), two.expose_secret());
    }

    #[test]
    fn the_stored_form_finds_and_shows_the_key_to_its_owner_only() {
        /* AK-02, AK-03, AK-11 */
        let entropy = Memory::default();
        let (ann, bob) = (UserId::random(&entropy).unwrap(), UserId::random(&entropy).unwrap());
        let sealing = SealingKeys::new(&root("a"), None);
        let peppers = ApiKeyPeppers::new(&root("a"), None);
        let key = ApiKey::random(&entropy).unwrap();
        let stored = peppers.store(&key, ann, &sealing, UnixSeconds::new(1), &entropy).unwrap();
        assert_eq!(peppers.digests(key.expose_secret()), core::slice::from_ref(&stored.digest));
        assert!(!format!("{stored:?}").contains(&key.expose_secret()[3..]), "the clear key is nowhere in it");
        assert!(
            stored.hint.len() < 12 && key.expose_secret().ends_with(&stored.hint[stored.hint.len() - 4..])
        );
        assert_eq!(open(&stored, ann, &sealing).unwrap().expose_secret(), key.expose_secret());
        assert!(open(&stored, bob, &sealing).is_err());
        let moved = StoredApiKey { id: ApiKeyId::random(&entropy).unwrap(), ..stored };
        assert!(open(&moved, ann, &sealing).is_err());
    }

    #[test]
    fn a_key_is_found_while_its_root_is_being_replaced_and_not_under_another() {
        /* SR-03 */
        let old = ApiKeyPeppers::new(&root("a"), None).digests("sk-x");
        assert!(ApiKeyPeppers::new(&root("b"), Some(&root("a"))).digests("sk-x").contains(&old[0]));
        assert!(!ApiKeyPeppers::new(&root("b"), None).digests("sk-x").contains(&old[0]));
    }
}
