//! Refresh tokens: opaque to clients, 256 random bits, and the address of the session they belong to
//! (SE-14). A successor is derived from its predecessor, so that it can be handed out again after a
//! lost answer although nobody stores it (SE-16).

use alloc::{string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{
    id::{SessionId, UserId},
    ports::{Entropy, PortError},
    secret::{RootSecret, Secret},
};

const ID_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
/// User, session, secret, tag.
const TOKEN_BYTES: usize = 2 * ID_BYTES + SECRET_BYTES + TAG_BYTES;

/// The deployment's keys for refresh tokens.
#[derive(Clone)]
pub struct RefreshKeys {
    /// Under the tag, which keeps made-up tokens away from the session authority.
    tag: Hmac<Sha256>,
    /// Under the derivation of successors.
    successor: Hmac<Sha256>,
}

impl RefreshKeys {
    /// The keys that a root secret gives (SR-02).
    pub fn derived(root: &RootSecret) -> Self {
        let key = |purpose| {
            Hmac::new_from_slice(root.derive(purpose).expose_secret()).expect("HMAC takes keys of any length")
        };
        Self {
            tag: key("portico/refresh-token/tag/v1"),
            successor: key("portico/refresh-token/successor/v1"),
        }
    }

    /// The first token of a session's family.
    ///
    /// # Errors
    /// When the host's random source fails.
    pub fn issue(
        &self,
        user_id: UserId,
        session_id: SessionId,
        entropy: &impl Entropy,
    ) -> Result<RefreshToken, PortError> {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        entropy.fill(secret.as_mut_slice())?;
        Ok(RefreshToken { user_id, session_id, secret: Secret::new(*secret) })
    }

    /// The token that replaces another one: always the same for the same predecessor.
    pub fn successor(&self, of: &RefreshToken) -> RefreshToken {
        let secret =
            self.successor.clone().chain_update(of.bytes().as_slice()).finalize().into_bytes().into();
        RefreshToken { user_id: of.user_id, session_id: of.session_id, secret: Secret::new(secret) }
    }

    /// The token as a client gets it: 107 characters of base64url.
    pub fn encode(&self, token: &RefreshToken) -> Secret<String> {
        let body = token.bytes();
        let tag = self.tag_of(body.as_slice());
        let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(body.iter().chain(&tag).copied().collect());
        Secret::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
    }

    /// Reads a token that we have issued, spent or not; anything else is `None`, without asking anybody.
    pub fn parse(&self, text: &str) -> Option<RefreshToken> {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        // One byte more than fits makes the decoder refuse, so the length is exact.
        let written = URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice()).ok()?;
        let (body, tag) = bytes.split_at_checked(TOKEN_BYTES - TAG_BYTES)?;
        if written != TOKEN_BYTES || !bool::from(self.tag_of(body).as_slice().ct_eq(tag)) {
            return None;
        }
        let (ids, secret) = body.split_at_checked(2 * ID_BYTES)?;
        let (user_id, session_id) = ids.split_at_checked(ID_BYTES)?;
        Some(RefreshToken {
            user_id: UserId::from_bytes(user_id.try_into().ok()?),
            session_id: SessionId::from_bytes(session_id.try_into().ok()?),
            secret: Secret::new(secret.try_into().ok()?),
        })
    }

    fn tag_of(&self, body: &[u8]) -> [u8; TAG_BYTES] {
        let tag: [u8; 32] = self.tag.clone().chain_update(body).finalize().into_bytes().into();
        let (tag, _) = tag.split_at(TAG_BYTES);
        tag.try_into().expect("the first half of 32 bytes is 16")
    }
}

impl core::fmt::Debug for RefreshKeys {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("RefreshKeys([redacted])")
    }
}

/// One token of a session's family.
#[derive(Debug)]
pub struct RefreshToken {
    /// Whose session it refreshes.
    pub user_id: UserId,
    /// Which session.
    pub session_id: SessionId,
    secret: Secret<[u8; SECRET_BYTES]>,
}

impl RefreshToken {
    /// What is stored of it.
    pub fn hash(&self) -> RefreshHash {
        RefreshHash(URL_SAFE_NO_PAD.encode(Sha256::digest(self.secret.expose_secret())))
    }

    fn bytes(&self) -> Zeroizing<[u8; TOKEN_BYTES - TAG_BYTES]> {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES - TAG_BYTES]);
        let parts = self
            .user_id
            .as_bytes()
            .iter()
            .chain(self.session_id.as_bytes())
            .chain(self.secret.expose_secret());
        for (byte, part) in bytes.iter_mut().zip(parts) {
            *byte = *part;
        }
        bytes
    }
}

/// SHA-256 of a refresh token's secret, which is random enough to need no salt (SE-14).
#[derive(Clone, Debug, Deserialize, Eq, Serialize)]
#[serde(transparent)]
pub struct RefreshHash(String);

/// In constant time (SR-07).
impl PartialEq for RefreshHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::memory::Memory;
    use alloc::format;

    fn keys(secret: &str) -> RefreshKeys {
        RefreshKeys::derived(&RootSecret::parse(&secret.repeat(4)).unwrap())
    }

    fn issue(keys: &RefreshKeys) -> RefreshToken {
        let entropy = Memory::default();
        keys.issue(UserId::random(&entropy).unwrap(), SessionId::random(&entropy).unwrap(), &entropy).unwrap()
    }

    #[test]
    fn only_tokens_of_ours_are_read() {
        /* SE-14 */
        let (ours, theirs) = (keys("portico one"), keys("portico two"));
        let token = issue(&ours);
        let text = ours.encode(&token);
        let read = ours.parse(text.expose_secret()).unwrap();
        assert_eq!(
            (read.user_id, read.session_id, read.hash()),
            (token.user_id, token.session_id, token.hash())
        );
        assert!(theirs.parse(text.expose_secret()).is_none());
        for (position, _) in text.expose_secret().char_indices() {
            let mut changed = text.expose_secret().clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'Q' } else { b'A' };
            assert!(ours.parse(core::str::from_utf8(&changed).unwrap()).is_none(), "{position}");
        }
        for bad in ["", "A", &format!("{}A", text.expose_secret()), &format!("{}=", text.expose_secret())] {
            assert!(ours.parse(bad).is_none(), "{bad:?}");
        }
        assert_eq!(text.expose_secret().len(), 107);
    }

    #[test]
    fn a_successor_is_the_same_every_time_and_tells_nothing_without_the_key() {
        /* SE-16 */
        let (ours, theirs) = (keys("portico one"), keys("portico two"));
        let token = issue(&ours);
        let next = ours.successor(&token);
        assert_eq!(next.hash(), ours.successor(&token).hash());
        assert_ne!(next.hash(), token.hash());
        assert_ne!(next.hash(), ours.successor(&next).hash());
        assert_ne!(next.hash(), theirs.successor(&token).hash());
        assert_eq!((next.user_id, next.session_id), (token.user_id, token.session_id));
    }

    #[test]
    fn nothing_shows_a_token_or_a_key() {
        /* SR-04 */
        let keys = keys("portico one");
        let token = issue(&keys);
        assert!(!format!("{token:?}{keys:?}").contains(&token.hash().0));
        assert!(format!("{token:?}").contains("[redacted]"));
    }
}
