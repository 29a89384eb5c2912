//! Argon2id hashes as PHC strings (RFC 9106; PW-01, PW-03, PW-12).

use alloc::string::{String, ToString};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::phc::{Ident, Output, ParamsString, PasswordHash as Phc, Salt},
};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::policy::Password;

/// 19 MiB, in KiB. OWASP's minimum for Argon2id with two passes; PW-01.
const MEMORY_KIB: u32 = 19_456;
/// Passes over the memory; PW-01.
const ITERATIONS: u32 = 2;
/// One lane: a Worker has one thread.
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;

/// Bytes of salt in a new hash; PW-01.
pub const SALT_BYTES: usize = 16;

/// Most memory a stored hash may ask for, in KiB; PW-03.
const MAX_MEMORY_KIB: u32 = 65_536;
/// Most passes a stored hash may ask for; PW-03.
const MAX_ITERATIONS: u32 = 10;
/// Most lanes a stored hash may ask for. They run one after the other here.
const MAX_LANES: u32 = 16;

/// A stored password hash: a PHC string such as `$argon2id$v=19$m=19456,t=2,p=1$…$…`.
///
/// Any text can be held, because rows are imported; only [`verify`] says whether it is usable.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Hashes a password with the current parameters. Takes about 20 ms and 19 MiB.
    pub fn create(password: &Password, salt: [u8; SALT_BYTES]) -> Self {
        let params = current_params();
        let output = compute(&params, password.as_bytes(), &salt);
        let phc = Phc {
            algorithm: Ident::new_unwrap("argon2id"),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).expect("three small numbers fit a parameter string"),
            salt: Some(Salt::new(&salt).expect("16 bytes are a valid salt length")),
            hash: Some(Output::new(&output).expect("32 bytes are a valid output length")),
        };
        Self(phc.to_string())
    }

    /// Wraps a hash that was stored before.
    pub const fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a password check found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verification {
    /// The password is right.
    Match,
    /// The password is wrong.
    Mismatch,
    /// There is no hash, or none that may be computed; as much work was spent as for a wrong password.
    NoUsableHash,
}

/// Checks a password against an account's hash. Without one (no such account, no password, a hash of
/// unknown scheme or excessive cost) it computes a hash of the current cost and drops it, so that the
/// time tells nothing (PW-12).
pub fn verify(password: &Password, stored: Option<&PasswordHash>) -> Verification {
    let Some(stored) = stored.and_then(|hash| Usable::parse(&hash.0)) else {
        let unused = compute(&current_params(), password.as_bytes(), &[0; SALT_BYTES]);
        // The comparison keeps the computation from being optimised away.
        let _ = core::hint::black_box(unused.ct_eq(&[0; HASH_BYTES]));
        return Verification::NoUsableHash;
    };
    let computed = compute(&stored.params, password.as_bytes(), stored.salt.as_ref());
    if bool::from(computed.ct_eq(stored.hash.as_bytes())) {
        Verification::Match
    } else {
        Verification::Mismatch
    }
}

struct Usable {
    params: Params,
    salt: Salt,
    hash: Output,
}

impl Usable {
    /// Reads a PHC string, within the cost this host is willing to pay (PW-03).
    fn parse(text: &str) -> Option<Self> {
        let phc = Phc::new(text).ok()?;
        let params = Params::try_from(&phc).ok()?;
        let affordable = params.m_cost() <= MAX_MEMORY_KIB
            && params.t_cost() <= MAX_ITERATIONS
            && params.p_cost() <= MAX_LANES;
        let current_scheme =
            phc.algorithm.as_str() == "argon2id" && phc.version == Some(Version::V0x13.into());
        let (salt, hash) = (phc.salt?, phc.hash?);
        (affordable && current_scheme && hash.len() == HASH_BYTES).then_some(Self { params, salt, hash })
    }
}

fn current_params() -> Params {
    Params::new(MEMORY_KIB, ITERATIONS, LANES, Some(HASH_BYTES)).expect("the constants are valid parameters")
}

fn compute(params: &Params, password: &[u8], salt: &[u8]) -> [u8; HASH_BYTES] {
    let mut output = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into(password, salt, &mut output)
        .expect("lengths of password, salt and output are within argon2's bounds");
    output
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn password(text: &str) -> Password {
        Password::new(text).unwrap()
    }

    #[test]
    fn a_hash_matches_its_password_and_no_other() {
        let hash = PasswordHash::create(&password("correct horse"), [7; SALT_BYTES]);
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$"));
        assert_eq!(verify(&password("correct horse"), Some(&hash)), Verification::Match);
        assert_eq!(verify(&password("correct horsf"), Some(&hash)), Verification::Mismatch);
    }

    #[test]
    fn the_whole_password_counts() {
        /* PW-04 */
        let start = "x".repeat(72);
        let hash = PasswordHash::create(&password(&format!("{start}a")), [1; SALT_BYTES]);
        assert_eq!(verify(&password(&format!("{start}b")), Some(&hash)), Verification::Mismatch);
        assert_eq!(verify(&password(&start), Some(&hash)), Verification::Mismatch);
    }

    #[test]
    fn composed_and_decomposed_accents_are_one_password() {
        /* PW-11 */
        let hash = PasswordHash::create(&password("caf\u{e9} au lait"), [2; SALT_BYTES]);
        assert_eq!(verify(&password("cafe\u{301} au lait"), Some(&hash)), Verification::Match);
    }

    #[test]
    fn a_hash_made_by_the_reference_implementation_verifies() {
        // printf 'correct horse' | argon2 saltsaltsaltsalt -id -t 2 -k 19456 -p 1 -l 32 -e
        let hash = PasswordHash::from_stored(String::from(REFERENCE_HASH));
        assert_eq!(verify(&password("correct horse"), Some(&hash)), Verification::Match);
    }

    const REFERENCE_HASH: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AdweBLwcflnNX2HVW8i1Mtu7frrn4Ki7h/rYSGuU7Is";

    #[test]
    fn hostile_and_foreign_hash_rows_are_never_computed() {
        /* PW-03 */
        let salt_and_hash = "c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for row in [
            String::new(),
            String::from("not a hash"),
            format!("$argon2id$v=19$m=65537,t=2,p=1${salt_and_hash}"),
            format!("$argon2id$v=19$m=19456,t=11,p=1${salt_and_hash}"),
            format!("$argon2id$v=19$m=4294967295,t=4294967295,p=1${salt_and_hash}"),
            format!("$argon2id$v=16$m=19456,t=2,p=1${salt_and_hash}"),
            format!("$argon2i$v=19$m=19456,t=2,p=1${salt_and_hash}"),
            format!("$scrypt$ln=15,r=8,p=1${salt_and_hash}"),
            String::from("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAA"),
            String::from("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA"),
        ] {
            assert!(Usable::parse(&row).is_none(), "{row}");
        }
        assert!(Usable::parse(&format!("$argon2id$v=19$m=65536,t=10,p=4${salt_and_hash}")).is_some());
    }
}
