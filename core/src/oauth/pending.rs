//! An authorization that a browser was sent away for, from the redirect to the callback (RFC 9700 §4.7; OA-02, OA-03).
//!
//! What comes back is the state, 256 random bits of which only a digest is kept. The row has what the answer must fit:
//! provider, issuer, redirect URI, browser, purpose; and, sealed, the verifier of PKCE and the nonce. It is taken away by
//! the first callback that shows the state, whatever comes of it.

use alloc::{
    format,
    string::{String, ToString as _},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::{
    client::{Client, Endpoints},
    discovery::Metadata,
    integration::IntegrationId,
    provider::Provider,
};
use crate::{
    id::{SessionId, UserId},
    ports::{Entropy, PortError},
    seal::{OpenError, Place, SealingKeys},
    secret::Secret,
    time::{Lifetime, UnixSeconds},
};

/// How long a browser may be away (OA-02).
pub const AWAY_FOR: Lifetime = Lifetime::from_minutes(10);

const TOKEN_BYTES: usize = 32;
/// 64 characters, of the 43 to 128 that RFC 7636 §4.1 allows.
const VERIFIER_BYTES: usize = 48;

/// 256 random bits as base64url: a state, or what ties one to a browser.
#[derive(Clone, Debug)]
pub struct RoundTripToken(Secret<String>);

impl RoundTripToken {
    /// A new one.
    ///
    /// # Errors
    /// When the host's random source fails.
    pub fn random(entropy: &impl Entropy) -> Result<Self, PortError> {
        random_text::<TOKEN_BYTES>(entropy).map(Self)
    }

    /// Reads one; `None` for anything that was never one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == TOKEN_BYTES).then(|| Self(Secret::new(text.to_string())))
    }

    /// The text itself.
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored of it.
    pub fn hash(&self) -> String {
        let digest =
            Sha256::new().chain_update(b"portico/oauth/state/v1\0").chain_update(self.expose_secret());
        URL_SAFE_NO_PAD.encode(digest.finalize())
    }
}

/// The API whose page sent the browser away, and gets it back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// LibreChat's.
    LibreChat,
    /// Open WebUI's.
    OpenWebui,
}

impl Dialect {
    /// The stored spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LibreChat => "librechat",
            Self::OpenWebui => "open_webui",
        }
    }

    /// Reads the stored spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::LibreChat, Self::OpenWebui].into_iter().find(|dialect| dialect.as_str() == text)
    }
}

/// Where a browser was sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Peer {
    /// To whoever lets people in at a service of somebody else.
    Integration(IntegrationId),
    /// To a provider of accounts.
    Provider(Provider),
}

impl Peer {
    /// The stored spelling.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Integration(id) => id.as_str(),
            Self::Provider(provider) => provider.as_str(),
        }
    }

    /// Reads the stored spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Provider::parse(text)
            .map(Self::Provider)
            .or_else(|| IntegrationId::parse(text).map(Self::Integration))
    }
}

/// What the browser was sent away for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Errand {
    /// To bring something for an account, in this session: the account there, which belongs to it from then on (OA-12),
    /// or tokens for an integration.
    Link(UserId, SessionId),
    /// To sign in.
    SignIn,
}

/// An authorization on its way, as it is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pending {
    /// Digest of the state.
    pub hash: String,
    /// Where the browser was sent.
    pub peer: Peer,
    /// Who has to answer.
    pub issuer: String,
    /// Where the answer has to come in.
    pub redirect_uri: String,
    /// What the provider said about itself then: a discovery document of what matters.
    pub metadata: String,
    /// Digest of what the browser holds.
    pub browser: String,
    /// Who gets the browser back.
    pub dialect: Dialect,
    /// What it was sent for.
    pub errand: Errand,
    /// Verifier and nonce, sealed.
    pub sealed: String,
    /// When it is too late.
    pub expires_at: UnixSeconds,
}

impl Pending {
    /// Where the provider was then; `None` if the deployment has turned to another one meanwhile.
    pub fn metadata(&self, client: &Client) -> Option<Metadata> {
        match &client.endpoints {
            Endpoints::Discovered(url) => Metadata::parse(self.metadata.as_bytes(), url, client.reach).ok(),
            Endpoints::Fixed { .. } => Some(Metadata::fixed(&client.endpoints)?),
        }
        .filter(|metadata| metadata.issuer == self.issuer)
    }
}

/// What only the two requests of an authorization know.
#[derive(Clone, Debug)]
pub struct RoundTripSecrets {
    /// What the code is exchanged with (RFC 7636 §4.1).
    pub code_verifier: Secret<String>,
    /// What the ID token has to repeat.
    pub nonce: Secret<String>,
}

impl RoundTripSecrets {
    /// New ones.
    ///
    /// # Errors
    /// When the host's random source fails.
    pub fn random(entropy: &impl Entropy) -> Result<Self, PortError> {
        Ok(Self {
            code_verifier: random_text::<VERIFIER_BYTES>(entropy)?,
            nonce: random_text::<TOKEN_BYTES>(entropy)?,
        })
    }

    /// As they are stored under a state's digest.
    ///
    /// # Errors
    /// When the host's random source fails.
    pub fn seal(&self, hash: &str, keys: &SealingKeys, entropy: &impl Entropy) -> Result<String, PortError> {
        let text = format!("{}.{}", self.code_verifier.expose_secret(), self.nonce.expose_secret());
        keys.seal(Secret::new(text).expose_secret().as_bytes(), &place(hash), entropy)
    }

    /// Reads what was stored under a state's digest.
    ///
    /// # Errors
    /// [`OpenError`]: it was stored under another one, or with a key that is gone.
    pub fn open(sealed: &str, hash: &str, keys: &SealingKeys) -> Result<Self, OpenError> {
        let opened = keys.open(sealed, &place(hash))?;
        let text = core::str::from_utf8(opened.expose_secret()).map_err(|_| OpenError::Malformed)?;
        let (code_verifier, nonce) = text.split_once('.').ok_or(OpenError::Malformed)?;
        let secret = |text: &str| Secret::new(text.to_string());
        Ok(Self { code_verifier: secret(code_verifier), nonce: secret(nonce) })
    }
}

const fn place(hash: &str) -> Place<'_> {
    Place { table: "oauth_states", column: "sealed", row: hash }
}

fn random_text<const BYTES: usize>(entropy: &impl Entropy) -> Result<Secret<String>, PortError> {
    let mut bytes = [0; BYTES];
    entropy.fill(&mut bytes)?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{memory::Memory, secret::RootSecret};

    #[test]
    fn a_state_is_256_random_bits_and_only_its_digest_is_stored() {
        /* OA-02 */
        let entropy = Memory::default();
        let state = RoundTripToken::random(&entropy).unwrap();
        assert_eq!(state.expose_secret().len(), 43);
        assert_ne!(state.expose_secret(), RoundTripToken::random(&entropy).unwrap().expose_secret());
        assert_eq!(RoundTripToken::parse(state.expose_secret()).unwrap().hash(), state.hash());
        assert!(
            !state.hash().contains(state.expose_secret())
                && !format!("{state:?}").contains(state.expose_secret())
        );
        for text in ["", "a", &"a".repeat(42), &"a".repeat(44), &"*".repeat(43)] {
            assert!(RoundTripToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_secrets_of_one_authorization_do_not_open_for_another() {
        /* OA-01, OA-02 */
        let entropy = Memory::default();
        let keys = SealingKeys::new(&RootSecret::parse("0123456789abcdef0123456789abcdef").unwrap(), None);
        let secrets = RoundTripSecrets::random(&entropy).unwrap();
        assert!((43..=128).contains(&secrets.code_verifier.expose_secret().len()), "RFC 7636 §4.1");
        let sealed = secrets.seal("one", &keys, &entropy).unwrap();
        let opened = RoundTripSecrets::open(&sealed, "one", &keys).unwrap();
        assert_eq!(opened.code_verifier.expose_secret(), secrets.code_verifier.expose_secret());
        assert_eq!(opened.nonce.expose_secret(), secrets.nonce.expose_secret());
        assert!(RoundTripSecrets::open(&sealed, "other", &keys).is_err());
    }
}
