//! The keys of one kind of token: which signs, which still verify, which are published (TK-01, TK-02,
//! TK-04, TK-20 … TK-22).

use alloc::{format, string::String, vec::Vec};
use core::marker::PhantomData;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use super::{
    algorithm::Algorithm,
    claims::{Claims, Expected, VerifyError, check_claims},
    hmac_key::HmacKey,
    private_key::PrivateKey,
    token::UntrustedToken,
    token_kind::TokenKind,
};
use crate::{
    duration::TokenLifetime,
    ports::{PortError, Signatures},
    secret::RootSecret,
    time::{Lifetime, UnixSeconds},
};

/// How long a new public key is published before it signs: as long as anyone may hold a cached copy of
/// the key set (TK-20, TK-21).
pub const PUBLISHED_BEFORE_USE: Lifetime = Lifetime::from_minutes(5);

/// A key that signs tokens and verifies them.
#[derive(Debug)]
pub enum SigningKey {
    /// Whoever holds it can do both.
    Shared(HmacKey),
    /// Others verify with its published half. Signatures are made and checked by the host.
    Private(PrivateKey),
}

impl SigningKey {
    fn kid(&self) -> &str {
        match self {
            Self::Shared(key) => key.kid(),
            Self::Private(key) => key.public().kid(),
        }
    }

    const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Shared(_) => Algorithm::Hs256,
            Self::Private(key) => key.algorithm(),
        }
    }
}

/// A key and when it was added.
#[derive(Debug)]
pub struct DatedKey {
    /// The key.
    pub key: SigningKey,
    /// When it was added to the ring; it signs [`PUBLISHED_BEFORE_USE`] later, the first key at once.
    pub added_at: UnixSeconds,
}

/// The keys of one kind of token.
///
/// A key is published, then signs, then only verifies for as long as a token that it signed may live,
/// then is forgotten. All of that follows from the dates, so that every isolate decides alike without
/// asking. Leaving a key out of the ring drops it and its tokens at once (TK-22).
#[derive(Debug)]
pub struct KeyRing<K> {
    /// Oldest first, never empty.
    keys: Vec<DatedKey>,
    token_lifetime: TokenLifetime,
    kind: PhantomData<K>,
}

/// Why keys make no ring.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyRingError {
    /// Two keys have one name.
    DuplicateKid,
    /// No key at all.
    Empty,
    /// Shared and private keys together: a public key must never be looked up beside a secret (TK-02).
    Mixed,
}

/// Why a token was not accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum VerifyFailure {
    /// The token is bad.
    Refused(VerifyError),
    /// The host could not check the signature: the token is neither good nor bad.
    Unavailable(PortError),
}

impl From<VerifyError> for VerifyFailure {
    fn from(error: VerifyError) -> Self {
        Self::Refused(error)
    }
}

impl From<PortError> for VerifyFailure {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}

impl<K: TokenKind> KeyRing<K> {
    /// A ring of keys, in any order. `token_lifetime` is the longest that a token of this kind lives.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub fn new(mut keys: Vec<DatedKey>, token_lifetime: TokenLifetime) -> Result<Self, KeyRingError> {
        keys.sort_by_key(|key| key.added_at);
        let (mut names, mut shared) = (Vec::new(), 0);
        for DatedKey { key, .. } in &keys {
            if names.contains(&key.kid()) {
                return Err(KeyRingError::DuplicateKid);
            }
            names.push(key.kid());
            shared += usize::from(matches!(key, SigningKey::Shared(_)));
        }
        if keys.is_empty() {
            return Err(KeyRingError::Empty);
        }
        if shared != 0 && shared != keys.len() {
            return Err(KeyRingError::Mixed);
        }
        Ok(Self { keys, token_lifetime, kind: PhantomData })
    }

    /// A ring of one shared key.
    pub fn shared(key: HmacKey) -> Self {
        let key = DatedKey { key: SigningKey::Shared(key), added_at: UnixSeconds::new(0) };
        Self { keys: alloc::vec![key], token_lifetime: TokenLifetime::Unlimited, kind: PhantomData }
    }

    /// A ring of the one key that the root secret gives for this kind (SR-02, TK-12).
    pub fn derived(root: &RootSecret) -> Self {
        Self::shared(HmacKey::new(root.derive(K::KEY_PURPOSE).expose_secret()))
    }

    /// Whether tokens are verified with published keys.
    pub fn is_public(&self) -> bool {
        self.keys.iter().any(|key| matches!(key.key, SigningKey::Private(_)))
    }

    /// Signs claims as a token of this kind: `typ` is added to them.
    ///
    /// # Errors
    /// When the host can not sign with a private key.
    pub async fn sign(
        &self,
        claims: &impl Serialize,
        now: UnixSeconds,
        signatures: &impl Signatures,
    ) -> Result<String, PortError> {
        let key = self.signing_key(now).ok_or_else(no_key)?;
        let header = format!(r#"{{"alg":"{}","typ":"JWT","kid":"{}"}}"#, key.algorithm().as_str(), key.kid());
        let mut token = URL_SAFE_NO_PAD.encode(header);
        token.push('.');
        let claims = serde_json::to_vec(&OfKind { typ: K::TYP, claims })
            .expect("claims are plain structs with string keys");
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = match key {
            SigningKey::Shared(key) => key.sign(token.as_bytes()).to_vec(),
            SigningKey::Private(key) => signatures.sign(key, token.as_bytes()).await?,
        };
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// Whether a token names a key of this ring. Nothing else about it is known then.
    pub fn knows(&self, token: &UntrustedToken<'_>, now: UnixSeconds) -> bool {
        token.kid().is_some_and(|kid| self.find(kid, now).is_some())
    }

    /// Verifies a token: key by exact `kid`, algorithm by the key, signature, registered claims, kind.
    ///
    /// # Errors
    /// [`VerifyFailure`]; nothing about the token may be believed.
    pub async fn verify(
        &self,
        token: UntrustedToken<'_>,
        expected: &Expected<'_>,
        now: UnixSeconds,
        signatures: &impl Signatures,
    ) -> Result<Claims, VerifyFailure> {
        let key = token.kid().and_then(|kid| self.find(kid, now)).ok_or(VerifyError::UnknownKey)?;
        let claims = match key {
            SigningKey::Shared(key) => key.verify(token, expected, now)?,
            SigningKey::Private(key) if token.alg() != key.algorithm() => {
                return Err(VerifyError::WrongAlgorithm.into());
            }
            SigningKey::Private(key) => {
                let (key, input) = (key.public(), token.signing_input().as_bytes());
                if !signatures.verify_signature(key, token.alg(), input, token.signature()).await? {
                    return Err(VerifyError::BadSignature.into());
                }
                check_claims(token, expected, now)?
            }
        };
        if claims.members().string("typ").as_deref() == Some(K::TYP) {
            Ok(claims)
        } else {
            Err(VerifyError::WrongKind.into())
        }
    }

    /// The published key set (RFC 7517 §5; TK-20): the public half of every key that signs, will sign or
    /// has signed tokens that may be alive. Shared keys are never in it.
    pub fn jwks(&self, now: UnixSeconds) -> String {
        let keys = self.accepted(now).filter_map(|key| match &key.key {
            SigningKey::Private(key) => Some(key.public().to_jwk()),
            SigningKey::Shared(_) => None,
        });
        format!(r#"{{"keys":[{}]}}"#, keys.collect::<Vec<_>>().join(","))
    }

    fn find(&self, kid: &str, now: UnixSeconds) -> Option<&SigningKey> {
        self.accepted(now).map(|key| &key.key).find(|key| key.kid() == kid)
    }

    /// The newest key that has been published for long enough, else the oldest.
    fn signing_key(&self, now: UnixSeconds) -> Option<&SigningKey> {
        let signs = |key: &&DatedKey| now >= key.added_at.plus(PUBLISHED_BEFORE_USE);
        self.keys.iter().rev().find(signs).or(self.keys.first()).map(|key| &key.key)
    }

    /// Every key but those whose successor has been signing for longer than a token lives.
    fn accepted(&self, now: UnixSeconds) -> impl Iterator<Item = &DatedKey> {
        let successors = self.keys.iter().skip(1).map(Some).chain([None]);
        self.keys.iter().zip(successors).filter_map(move |(key, successor)| {
            let retired = successor.map(|successor| successor.added_at.plus(PUBLISHED_BEFORE_USE));
            let forgotten = retired.and_then(|at| self.token_lifetime.expires_at(at));
            forgotten.is_none_or(|at| now < at).then_some(key)
        })
    }
}

/// Claims with the kind they are of, in one object.
#[derive(Serialize)]
struct OfKind<'a, C> {
    typ: &'static str,
    #[serde(flatten)]
    claims: &'a C,
}

fn no_key() -> PortError {
    PortError { port: "signatures", detail: "the ring has no key".into() }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::jwt::{Access, KeyMaterial, RustSignatures, Session};
    use alloc::{string::ToString as _, vec};
    use serde_json::json;

    const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);
    const EXPECTED: Expected<'_> = Expected { issuer: "portico", audience: None, leeway_seconds: 0 };
    const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

    fn ring(byte: u8) -> KeyRing<Session> {
        KeyRing::shared(HmacKey::new(&[byte; 32]))
    }

    fn private(jwk: &str) -> SigningKey {
        SigningKey::Private(PrivateKey::parse(jwk).unwrap())
    }

    fn claims() -> serde_json::Value {
        json!({"iss": "portico", "iat": NOW.get(), "exp": NOW.get() + 60, "id": "u"})
    }

    fn sign<K: TokenKind>(ring: &KeyRing<K>, now: UnixSeconds) -> String {
        pollster::block_on(ring.sign(&claims(), now, &RustSignatures)).unwrap()
    }

    fn verify<K: TokenKind>(
        ring: &KeyRing<K>,
        token: &str,
        now: UnixSeconds,
    ) -> Result<Claims, VerifyFailure> {
        let token = UntrustedToken::parse(token).unwrap();
        pollster::block_on(ring.verify(token, &EXPECTED, now, &RustSignatures))
    }

    fn refused<K: TokenKind>(ring: &KeyRing<K>, token: &str) -> VerifyError {
        match verify(ring, token, NOW) {
            Err(VerifyFailure::Refused(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    /// A token with any header, signed with the ring's HMAC key.
    fn with_header(ring: &KeyRing<Session>, header: &serde_json::Value) -> String {
        let claims = json!({"typ": "session", "iss": "portico"});
        let segment = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", segment(header), segment(&claims));
        let Some(SigningKey::Shared(key)) = ring.signing_key(NOW) else { panic!("a shared key") };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes())))
    }

    #[test]
    fn a_signed_token_verifies_with_its_own_key_only() {
        for (ring_of, other) in [
            (ring(1), ring(2)),
            (
                KeyRing::new(vec![DatedKey { key: private(ED25519), added_at: NOW }], TokenLifetime::DEFAULT)
                    .unwrap(),
                ring(1),
            ),
            (
                KeyRing::new(vec![DatedKey { key: private(P256), added_at: NOW }], TokenLifetime::DEFAULT)
                    .unwrap(),
                ring(1),
            ),
        ] {
            let token = sign(&ring_of, NOW);
            assert_eq!(verify(&ring_of, &token, NOW).unwrap().members().string("id").unwrap(), "u");
            assert_eq!(refused(&other, &token), VerifyError::UnknownKey);
        }
    }

    #[test]
    fn the_key_decides_the_algorithm_and_the_kid_is_required() {
        /* TK-01, TK-04 */
        let ring = ring(1);
        let kid = ring.signing_key(NOW).unwrap().kid();
        assert!(verify(&ring, &with_header(&ring, &json!({"alg": "HS256", "kid": kid})), NOW).is_ok());
        let wrong = with_header(&ring, &json!({"alg": "ES256", "kid": kid}));
        assert_eq!(refused(&ring, &wrong), VerifyError::WrongAlgorithm);
        for header in [
            json!({"alg": "HS256"}),
            json!({"alg": "HS256", "kid": ""}),
            json!({"alg": "HS256", "kid": kid[..11]}),
            json!({"alg": "HS256", "kid": format!("{kid} ")}),
            json!({"alg": "HS256", "kid": format!("../{kid}")}),
            json!({"alg": "HS256", "kid": "x' OR '1'='1"}),
        ] {
            assert_eq!(refused(&ring, &with_header(&ring, &header)), VerifyError::UnknownKey, "{header}");
        }
    }

    #[test]
    fn a_public_key_used_as_secret_verifies_nothing() {
        /* TK-01, TK-02 */
        let public: KeyRing<Session> =
            KeyRing::new(vec![DatedKey { key: private(ED25519), added_at: NOW }], TokenLifetime::DEFAULT)
                .unwrap();
        let SigningKey::Private(key) = public.signing_key(NOW).unwrap() else { panic!("a private key") };
        let KeyMaterial::Ed25519 { x } = key.public().material() else { panic!("Ed25519") };
        for secret in [x.to_vec(), key.public().to_jwk().into_bytes()] {
            let forger = KeyRing::shared(HmacKey::new(&secret));
            let token = with_header(&forger, &json!({"alg": "HS256", "kid": key.public().kid()}));
            assert_eq!(refused(&public, &token), VerifyError::WrongAlgorithm);
        }
        // And a forged tag under a name that the ring knows.
        let ring = ring(1);
        let kid = ring.signing_key(NOW).unwrap().kid();
        let forger = KeyRing::shared(HmacKey::new(b"-----BEGIN PUBLIC KEY-----"));
        let token = with_header(&forger, &json!({"alg": "HS256", "kid": kid}));
        assert_eq!(refused(&ring, &token), VerifyError::BadSignature);
    }

    #[test]
    fn shared_and_private_keys_never_share_a_ring_or_a_name() {
        /* TK-02, TK-23 */
        let dated = |key| DatedKey { key, added_at: NOW };
        let shared = |byte| SigningKey::Shared(HmacKey::new(&[byte; 32]));
        let ring = |keys| KeyRing::<Session>::new(keys, TokenLifetime::DEFAULT).map(drop);
        assert_eq!(ring(vec![]), Err(KeyRingError::Empty));
        assert_eq!(ring(vec![dated(shared(1)), dated(private(ED25519))]), Err(KeyRingError::Mixed));
        assert_eq!(ring(vec![dated(shared(1)), dated(shared(1))]), Err(KeyRingError::DuplicateKid));
        assert_eq!(ring(vec![dated(private(P256)), dated(private(P256))]), Err(KeyRingError::DuplicateKid));
        assert_eq!(ring(vec![dated(private(P256)), dated(private(ED25519))]), Ok(()));
        assert_eq!(KeyRing::<Session>::shared(HmacKey::new(&[1; 32])).jwks(NOW), r#"{"keys":[]}"#);
    }

    #[test]
    fn a_token_of_one_kind_never_passes_for_another() {
        /* TK-12 */
        let root = RootSecret::parse("a root secret of thirty-two bytes").unwrap();
        let (session, access) = (KeyRing::<Session>::derived(&root), KeyRing::<Access>::derived(&root));
        assert_eq!(refused(&access, &sign(&session, NOW)), VerifyError::UnknownKey, "another key");
        let same_key = |byte| HmacKey::new(&[byte; 32]);
        let (session, access) =
            (KeyRing::<Session>::shared(same_key(1)), KeyRing::<Access>::shared(same_key(1)));
        assert_eq!(refused(&access, &sign(&session, NOW)), VerifyError::WrongKind, "another `typ`");
        assert_eq!(refused(&session, &sign(&access, NOW)), VerifyError::WrongKind);
    }

    #[test]
    fn any_changed_bit_of_the_signature_is_refused() {
        let token = sign(&ring(1), NOW);
        let (input, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        for bit in 0..signature.len() * 8 {
            let mut changed = signature.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let forged = format!("{input}.{}", URL_SAFE_NO_PAD.encode(changed));
            assert_eq!(refused(&ring(1), &forged), VerifyError::BadSignature);
        }
    }

    #[test]
    fn a_key_is_published_then_signs_then_verifies_then_is_forgotten() {
        /* TK-21 */
        const DAY: i64 = 86_400;
        let lead = i64::try_from(PUBLISHED_BEFORE_USE.seconds()).unwrap();
        let lifetime = TokenLifetime::parse("1d").unwrap();
        let ring: KeyRing<Session> = KeyRing::new(
            vec![
                DatedKey { key: private(ED25519), added_at: NOW },
                DatedKey { key: private(P256), added_at: UnixSeconds::new(NOW.get() + DAY) },
            ],
            lifetime,
        )
        .unwrap();
        let (old, new) = (ring.keys[0].key.kid(), ring.keys[1].key.kid());
        // Seconds after NOW; who signs; who is published and accepted.
        for (second, signs, known) in [
            (0, old, vec![old, new]),
            (DAY, old, vec![old, new]),
            (DAY + lead - 1, old, vec![old, new]),
            (DAY + lead, new, vec![old, new]),
            (2 * DAY + lead - 1, new, vec![old, new]),
            (2 * DAY + lead, new, vec![new]),
            (900 * DAY, new, vec![new]),
        ] {
            let at = UnixSeconds::new(NOW.get() + second);
            assert_eq!(ring.signing_key(at).unwrap().kid(), signs, "{second}");
            assert_eq!(ring.accepted(at).map(|key| key.key.kid()).collect::<Vec<_>>(), known, "{second}");
            assert!(known.iter().all(|kid| ring.jwks(at).contains(kid)), "{second}");
        }
        // A token of the old key's last second lives its whole life.
        let last = UnixSeconds::new(NOW.get() + DAY + lead - 1);
        let claims = json!({"iss": "portico", "exp": last.get() + DAY});
        let token = pollster::block_on(ring.sign(&claims, last, &RustSignatures)).unwrap();
        assert!(verify(&ring, &token, UnixSeconds::new(last.get() + DAY - 1)).is_ok());
    }

    #[test]
    fn a_key_that_is_left_out_takes_its_tokens_with_it_at_once() {
        /* TK-22 */
        let dated = |jwk| DatedKey { key: private(jwk), added_at: NOW };
        let both: KeyRing<Session> =
            KeyRing::new(vec![dated(ED25519), dated(P256)], TokenLifetime::Unlimited).unwrap();
        let token = sign(&both, NOW);
        let signed_by = both.signing_key(NOW).unwrap().kid();
        let rest: KeyRing<Session> = KeyRing::new(vec![dated(P256)], TokenLifetime::Unlimited).unwrap();
        assert_eq!(refused(&rest, &token), VerifyError::UnknownKey);
        assert!(!rest.jwks(NOW).contains(signed_by));
    }

    #[test]
    fn the_key_set_holds_public_parameters_only() {
        /* TK-20 */
        let dated = |jwk| DatedKey { key: private(jwk), added_at: NOW };
        let ring: KeyRing<Session> =
            KeyRing::new(vec![dated(ED25519), dated(P256)], TokenLifetime::DEFAULT).unwrap();
        let set: serde_json::Value = serde_json::from_str(&ring.jwks(NOW)).unwrap();
        for key in set["keys"].as_array().unwrap() {
            let mut names: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
            names.retain(|name| *name != "y");
            names.sort_unstable();
            assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x"]);
        }
        assert!(crate::jwt::Jwks::parse(&ring.jwks(NOW)).is_ok(), "our own strict reader takes it");
    }
}
