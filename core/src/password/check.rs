//! Making and checking hashes, with the same work for every outcome (PW-02, PW-11, PW-12).

use subtle::ConstantTimeEq as _;

use super::{
    argon2id::Cost,
    pepper::Peppers,
    policy::Password,
    stored::{PasswordHash, Scheme},
};
use crate::ports::{Entropy, Hashing, PortError};

/// Bytes of salt in a new hash; PW-01.
const SALT_BYTES: usize = 16;

/// What a password check found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verification {
    /// The password is right.
    Match {
        /// Whether the row should be replaced by a hash of current parameters (PW-02).
        needs_rehash: bool,
    },
    /// The password is wrong.
    Mismatch,
    /// There is no hash, or none that may be computed; as much work was spent as for a wrong password.
    NoUsableHash,
    /// An imported bcrypt hash, and a password longer than bcrypt can tell apart (PW-05).
    TooLongForBcrypt,
}

/// Hashes a password with the current parameters, a fresh salt and the newest pepper.
///
/// # Errors
/// When the host's random source fails or it hashes too much already.
pub async fn create(
    password: &Password,
    peppers: &Peppers,
    ports: &(impl Entropy + Hashing),
) -> Result<PasswordHash, PortError> {
    let mut salt = [0; SALT_BYTES];
    ports.fill(&mut salt)?;
    let version = peppers.newest();
    let Some(input) = peppers.apply(version, password.normalized()) else {
        return Err(PortError { port: "hashing", detail: "the newest pepper is gone".into() });
    };
    let hash = ports.argon2id(input.expose_secret(), &salt, Cost::CURRENT).await?;
    Ok(PasswordHash::of_current(&salt, hash.expose_secret(), version))
}

/// Checks a password against an account's hash. Without one (no such account, no password, a hash of
/// unknown scheme or excessive cost) it computes a hash of the current cost and drops it, so that the
/// time tells nothing (PW-12). A password that was not typed in NFC is tried both ways, for everybody
/// (PW-11).
///
/// # Errors
/// When the host hashes too much already; the password is then neither right nor wrong.
pub async fn verify(
    password: &Password,
    stored: Option<&PasswordHash>,
    peppers: &Peppers,
    hashing: &impl Hashing,
) -> Result<Verification, PortError> {
    let scheme = stored.and_then(PasswordHash::scheme);
    let first = attempt(password.normalized(), scheme.as_ref(), peppers, hashing).await?;
    match (first, password.as_typed()) {
        (Verification::Match { .. }, _) | (_, None) => Ok(first),
        (_, Some(typed)) => match attempt(typed, scheme.as_ref(), peppers, hashing).await? {
            // Hashes of ours are over NFC.
            Verification::Match { .. } => Ok(Verification::Match { needs_rehash: true }),
            _ => Ok(first),
        },
    }
}

async fn attempt(
    password: &[u8],
    scheme: Option<&Scheme>,
    peppers: &Peppers,
    hashing: &impl Hashing,
) -> Result<Verification, PortError> {
    let imported = match scheme {
        Some(Scheme::Argon2id(stored)) => {
            let Some(input) = peppers.apply(stored.pepper.as_deref(), password) else {
                spend(password, hashing).await?;
                return Ok(Verification::NoUsableHash);
            };
            let made = hashing.argon2id(input.expose_secret(), &stored.salt, stored.cost).await?;
            let current = stored.cost == Cost::CURRENT && stored.pepper.as_deref() == peppers.newest();
            let outcome = outcome(made.expose_secret().ct_eq(&stored.hash).into(), !current);
            if outcome == Verification::Mismatch && stored.cost != Cost::CURRENT {
                spend(password, hashing).await?;
            }
            return Ok(outcome);
        }
        Some(Scheme::Bcrypt(stored)) => match stored.matches(password) {
            Some(right) => outcome(right, true),
            None => Verification::TooLongForBcrypt,
        },
        Some(Scheme::Pbkdf2(stored)) => outcome(stored.matches(password), true),
        None => Verification::NoUsableHash,
    };
    if !matches!(imported, Verification::Match { .. }) {
        spend(password, hashing).await?;
    }
    Ok(imported)
}

const fn outcome(right: bool, needs_rehash: bool) -> Verification {
    if right { Verification::Match { needs_rehash } } else { Verification::Mismatch }
}

/// A hash of the current cost, for nothing.
async fn spend(password: &[u8], hashing: &impl Hashing) -> Result<(), PortError> {
    hashing.argon2id(password, &[0; SALT_BYTES], Cost::CURRENT).await.map(drop)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{memory::Memory, secret::RootSecret};
    use alloc::{format, string::String};
    use pollster::block_on;

    const BCRYPT: &str = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";
    const BCRYPT_PASSWORD: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    fn password(text: &str) -> Password {
        Password::new(text).unwrap()
    }

    fn stored(text: impl Into<String>) -> PasswordHash {
        PasswordHash::from_stored(text.into())
    }

    fn check(text: &str, hash: Option<&PasswordHash>, peppers: &Peppers) -> (Verification, u64) {
        let host = Memory::default();
        let outcome = block_on(verify(&password(text), hash, peppers, &host)).unwrap();
        (outcome, host.hashes())
    }

    fn made(text: &str, peppers: &Peppers) -> PasswordHash {
        block_on(create(&password(text), peppers, &Memory::default())).unwrap()
    }

    fn peppers(versions: &[&str]) -> Peppers {
        let mut peppers = Peppers::default();
        for version in versions {
            let secret = RootSecret::parse(&format!("the pepper of version {version} of this test")).unwrap();
            peppers.add(version, &secret).unwrap();
        }
        peppers
    }

    const RIGHT: Verification = Verification::Match { needs_rehash: false };
    const RIGHT_BUT_OLD: Verification = Verification::Match { needs_rehash: true };

    #[test]
    fn a_hash_has_current_parameters_and_a_salt_of_its_own() {
        /* PW-01 */
        let host = Memory::default();
        let make = || block_on(create(&password("correct horse"), &Peppers::default(), &host)).unwrap();
        let (first, second) = (make(), make());
        assert!(first.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first:?}");
        assert_eq!(first.as_str().split('$').nth(4).unwrap().len(), 22, "16 bytes of salt");
        assert_ne!(first, second);
        assert_eq!(check("correct horse", Some(&first), &Peppers::default()), (RIGHT, 1));
        assert_eq!(check("correct horsf", Some(&first), &Peppers::default()), (Verification::Mismatch, 1));
    }

    #[test]
    fn the_whole_password_counts() {
        /* PW-04 */
        let start = "x".repeat(72);
        let hash = made(&format!("{start}a"), &Peppers::default());
        for other in [format!("{start}b"), start] {
            assert_eq!(check(&other, Some(&hash), &Peppers::default()).0, Verification::Mismatch);
        }
    }

    #[test]
    fn hashes_of_older_parameters_and_of_other_systems_match_and_want_to_be_made_anew() {
        /* PW-02 */
        let weaker =
            "$argon2id$v=19$m=64,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$DTdtJLapPYcjgTYHOZxUV3qJmZY3meND8KxSBoxCgKw";
        let weaker = stored(weaker);
        let none = Peppers::default();
        assert_eq!(check("correct horse", Some(&weaker), &none).0, RIGHT_BUT_OLD);
        assert_eq!(check(BCRYPT_PASSWORD, Some(&stored(BCRYPT)), &none), (RIGHT_BUT_OLD, 0));
        let pbkdf2 = "$pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0c2FsdA$BBs.1.PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM";
        assert_eq!(check("correct horse", Some(&stored(pbkdf2)), &none), (RIGHT_BUT_OLD, 0));
    }

    #[test]
    fn every_failure_spends_a_hash_of_the_current_cost() {
        /* PW-12 */
        let none = Peppers::default();
        let (own, bcrypt) = (made("correct horse", &none), stored(BCRYPT));
        let pbkdf2 =
            stored("pbkdf2_sha256$1000$saltsaltsaltsalt$BBs+1+PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM=");
        let (unknown, hostile) =
            (stored("x"), stored("$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
        for hash in [None, Some(&own), Some(&bcrypt), Some(&pbkdf2), Some(&unknown), Some(&hostile)] {
            let (outcome, hashes) = check("wrong password", hash, &none);
            assert!(!matches!(outcome, Verification::Match { .. }), "{hash:?}");
            assert_eq!(hashes, 1, "{hash:?}");
        }
        let weaker = stored(
            "$argon2id$v=19$m=64,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$DTdtJLapPYcjgTYHOZxUV3qJmZY3meND8KxSBoxCgKw",
        );
        assert_eq!(check("wrong password", Some(&weaker), &none), (Verification::Mismatch, 2));
    }

    #[test]
    fn a_password_too_long_for_bcrypt_is_refused_and_not_cut() {
        /* PW-05 */
        let longer = format!("{BCRYPT_PASSWORD}x");
        let outcome = check(&longer, Some(&stored(BCRYPT)), &Peppers::default());
        assert_eq!(outcome, (Verification::TooLongForBcrypt, 1));
    }

    #[test]
    fn accents_match_in_either_form_and_both_forms_are_tried_for_everybody() {
        /* PW-11 */
        let none = Peppers::default();
        let (composed, decomposed) = ("caf\u{e9} au lait", "cafe\u{301} au lait");
        let hash = made(composed, &none);
        assert_eq!(check(decomposed, Some(&hash), &none), (RIGHT, 1));
        assert_eq!(made(decomposed, &none), hash, "one password, one hash");
        // A hash that another system made over the decomposed form.
        let host = Memory::default();
        let raw = block_on(host.argon2id(decomposed.as_bytes(), &[7; 16], Cost::CURRENT)).unwrap();
        let imported = PasswordHash::of_current(&[7; 16], raw.expose_secret(), None);
        assert_eq!(check(decomposed, Some(&imported), &none), (RIGHT_BUT_OLD, 2));
        assert_eq!(check(decomposed, None, &none), (Verification::NoUsableHash, 2), "known or not");
        assert_eq!(check(composed, None, &none), (Verification::NoUsableHash, 1));
    }

    #[test]
    fn a_pepper_is_needed_and_is_replaced_one_sign_in_at_a_time() {
        /* PW-16 */
        let (first, both, lost) = (peppers(&["1"]), peppers(&["1", "2"]), peppers(&["2"]));
        let hash = made("correct horse", &first);
        assert!(hash.as_str().contains(",keyid=MQ$"), "{hash:?}");
        assert_eq!(check("correct horse", Some(&hash), &first), (RIGHT, 1));
        assert_eq!(check("correct horse", Some(&hash), &both), (RIGHT_BUT_OLD, 1));
        assert_eq!(check("correct horse", Some(&hash), &lost), (Verification::NoUsableHash, 1));
        assert_eq!(check("correct horse", Some(&hash), &Peppers::default()), (Verification::NoUsableHash, 1));
        let without = made("correct horse", &Peppers::default());
        assert_eq!(check("correct horse", Some(&without), &first), (RIGHT_BUT_OLD, 1));
    }
}
