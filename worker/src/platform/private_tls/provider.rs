//! What TLS computes, by the crates that sign tokens and seal secrets anyway: AES-128-GCM with SHA-256 over P-256, which
//! every directory speaks, and the signatures that certificates have. Nothing here is an algorithm; it hands arguments over.

use alloc::sync::Arc;

use aes_gcm::{
    Aes128Gcm,
    aead::{AeadInOut as _, KeyInit as _},
};
use hmac::{Hmac, Mac as _};
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use rsa::{RsaPublicKey, pkcs1::DecodeRsaPublicKey as _, sha2 as rsa_sha2};
use rustls::{
    CipherSuite, CipherSuiteCommon, ConnectionTrafficSecrets, ContentType, Error, NamedGroup, PeerMisbehaved,
    ProtocolVersion, SignatureScheme, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite,
    crypto::{
        ActiveKeyExchange, CryptoProvider, GetRandomFailed, KeyExchangeAlgorithm, KeyProvider, SecureRandom,
        SharedSecret, SupportedKxGroup, WebPkiSupportedAlgorithms,
        cipher::{
            AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter,
            MessageEncrypter, Nonce, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload,
            Tls12AeadAlgorithm, Tls13AeadAlgorithm, UnsupportedOperationError, make_tls12_aad,
            make_tls13_aad,
        },
        hash, hmac as tls_hmac,
        tls12::PrfUsingHmac,
        tls13::HkdfUsingHmac,
    },
    ffdhe_groups::FfdheGroup,
    pki_types::{
        AlgorithmIdentifier, InvalidSignature, PrivateKeyDer, SignatureVerificationAlgorithm, alg_id,
    },
    sign::SigningKey,
};
use sha2::{Digest as _, Sha256, Sha384};

/// Bytes that authenticate a record.
const TAG_BYTES: usize = 16;
/// Bytes of a nonce that a record of TLS 1.2 carries, and of its part that it does not (RFC 5288 §3).
const EXPLICIT_NONCE_BYTES: usize = 8;
const FIXED_NONCE_BYTES: usize = 4;
/// Bytes of a key.
const KEY_BYTES: usize = 16;
/// Records under one key (RFC 8446 §5.5).
const MAX_RECORDS: u64 = 1 << 24;

/// All of it.
pub(super) fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![TLS13, TLS12_ECDSA, TLS12_RSA],
        kx_groups: vec![&P256],
        signature_verification_algorithms: SIGNATURES,
        secure_random: &Entropy,
        key_provider: &NoKeys,
    }
}

static TLS13: SupportedCipherSuite = SupportedCipherSuite::Tls13(&Tls13CipherSuite {
    common: common(CipherSuite::TLS13_AES_128_GCM_SHA256),
    hkdf_provider: &HkdfUsingHmac(&HmacSha256),
    aead_alg: &Aes,
    quic: None,
});

static TLS12_ECDSA: SupportedCipherSuite = SupportedCipherSuite::Tls12(&Tls12CipherSuite {
    common: common(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    prf_provider: &PrfUsingHmac(&HmacSha256),
    kx: KeyExchangeAlgorithm::ECDHE,
    sign: &[SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::ECDSA_NISTP384_SHA384],
    aead_alg: &Aes,
});

static TLS12_RSA: SupportedCipherSuite = SupportedCipherSuite::Tls12(&Tls12CipherSuite {
    common: common(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    prf_provider: &PrfUsingHmac(&HmacSha256),
    kx: KeyExchangeAlgorithm::ECDHE,
    sign: &[
        SignatureScheme::RSA_PSS_SHA256,
        SignatureScheme::RSA_PSS_SHA384,
        SignatureScheme::RSA_PKCS1_SHA256,
        SignatureScheme::RSA_PKCS1_SHA384,
        SignatureScheme::RSA_PKCS1_SHA512,
    ],
    aead_alg: &Aes,
});

const fn common(suite: CipherSuite) -> CipherSuiteCommon {
    CipherSuiteCommon { suite, hash_provider: &Sha, confidentiality_limit: MAX_RECORDS }
}

#[derive(Debug)]
struct Entropy;

impl SecureRandom for Entropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        crate::platform::fill(bytes).map_err(|_| GetRandomFailed)
    }
}

/// We never show who we are by a certificate.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General("no keys".to_string()))
    }
}

struct Sha;

impl hash::Hash for Sha {
    fn start(&self) -> Box<dyn hash::Context> {
        Box::new(Hashing(Sha256::new()))
    }

    fn hash(&self, data: &[u8]) -> hash::Output {
        hash::Output::new(&Sha256::digest(data))
    }

    fn output_len(&self) -> usize {
        32
    }

    fn algorithm(&self) -> hash::HashAlgorithm {
        hash::HashAlgorithm::SHA256
    }
}

struct Hashing(Sha256);

impl hash::Context for Hashing {
    fn fork_finish(&self) -> hash::Output {
        hash::Output::new(&self.0.clone().finalize())
    }

    fn fork(&self) -> Box<dyn hash::Context> {
        Box::new(Self(self.0.clone()))
    }

    fn finish(self: Box<Self>) -> hash::Output {
        hash::Output::new(&self.0.finalize())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

struct HmacSha256;

impl tls_hmac::Hmac for HmacSha256 {
    fn with_key(&self, key: &[u8]) -> Box<dyn tls_hmac::Key> {
        Box::new(HmacKey(
            <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length"),
        ))
    }

    fn hash_output_len(&self) -> usize {
        32
    }
}

struct HmacKey(Hmac<Sha256>);

impl tls_hmac::Key for HmacKey {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> tls_hmac::Tag {
        let mut mac = self.0.clone();
        mac.update(first);
        middle.iter().for_each(|part| mac.update(part));
        mac.update(last);
        tls_hmac::Tag::new(&mac.finalize().into_bytes())
    }

    fn tag_len(&self) -> usize {
        32
    }
}

struct Aes;

impl Tls13AeadAlgorithm for Aes {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Records13 { cipher: cipher(&key), iv })
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Records13 { cipher: cipher(&key), iv })
    }

    fn key_len(&self) -> usize {
        KEY_BYTES
    }

    fn extract_keys(&self, _: AeadKey, _: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

impl Tls12AeadAlgorithm for Aes {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        let mut whole = [0; FIXED_NONCE_BYTES + EXPLICIT_NONCE_BYTES];
        whole.iter_mut().zip(iv.iter().chain(extra)).for_each(|(to, from)| *to = *from);
        Box::new(Sealer12 { cipher: cipher(&key), iv: Iv::new(whole) })
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(Opener12 { cipher: cipher(&key), fixed: iv.try_into().unwrap_or_default() })
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape {
            enc_key_len: KEY_BYTES,
            fixed_iv_len: FIXED_NONCE_BYTES,
            explicit_nonce_len: EXPLICIT_NONCE_BYTES,
        }
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

fn cipher(key: &AeadKey) -> Aes128Gcm {
    Aes128Gcm::new_from_slice(key.as_ref()).expect("keys have the length that was asked for")
}

/// Records of TLS 1.3 (RFC 8446 §5.2).
struct Records13 {
    cipher: Aes128Gcm,
    iv: Iv,
}

impl MessageEncrypter for Records13 {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        sequence: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let length = self.encrypted_payload_len(message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(length);
        payload.extend_from_chunks(&message.payload);
        payload.extend_from_slice(&[u8::from(message.typ)]);
        let nonce = Nonce::new(&self.iv, sequence).0;
        seal(&self.cipher, &nonce, &make_tls13_aad(length), &mut payload, 0)?;
        Ok(OutboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, payload))
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        length + 1 + TAG_BYTES
    }
}

impl MessageDecrypter for Records13 {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        sequence: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let nonce = Nonce::new(&self.iv, sequence).0;
        let aad = make_tls13_aad(message.payload.len());
        let length = open(&self.cipher, &nonce, &aad, &mut message.payload)?;
        message.payload.truncate(length);
        message.into_tls13_unpadded_message()
    }
}

/// Records of TLS 1.2 that we send: the explicit part of a nonce counts (RFC 5288 §3).
struct Sealer12 {
    cipher: Aes128Gcm,
    iv: Iv,
}

impl MessageEncrypter for Sealer12 {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        sequence: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let nonce = Nonce::new(&self.iv, sequence).0;
        let aad = make_tls12_aad(sequence, message.typ, message.version, message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(message.payload.len()));
        let [_, _, _, _, explicit @ ..] = &nonce;
        payload.extend_from_slice(explicit);
        payload.extend_from_chunks(&message.payload);
        seal(&self.cipher, &nonce, &aad, &mut payload, EXPLICIT_NONCE_BYTES)?;
        Ok(OutboundOpaqueMessage::new(message.typ, message.version, payload))
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        EXPLICIT_NONCE_BYTES + length + TAG_BYTES
    }
}

/// Records of TLS 1.2 that we get.
struct Opener12 {
    cipher: Aes128Gcm,
    fixed: [u8; FIXED_NONCE_BYTES],
}

impl MessageDecrypter for Opener12 {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        sequence: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let (typ, version) = (message.typ, message.version);
        let (explicit, sealed) =
            message.payload.split_at_mut_checked(EXPLICIT_NONCE_BYTES).ok_or(Error::DecryptError)?;
        let mut nonce = [0; FIXED_NONCE_BYTES + EXPLICIT_NONCE_BYTES];
        nonce.iter_mut().zip(self.fixed.iter().chain(&*explicit)).for_each(|(to, from)| *to = *from);
        let length = sealed.len().checked_sub(TAG_BYTES).ok_or(Error::DecryptError)?;
        let aad = make_tls12_aad(sequence, typ, version, length);
        let length = open(&self.cipher, &nonce, &aad, sealed)?;
        if length > MAX_PLAIN_BYTES {
            return Err(Error::PeerSentOversizedRecord);
        }
        Ok(message.into_plain_message_range(EXPLICIT_NONCE_BYTES..EXPLICIT_NONCE_BYTES + length))
    }
}

/// Longest content of a record, in bytes (RFC 5246 §6.2.1).
const MAX_PLAIN_BYTES: usize = 1 << 14;

/// Seals what stands behind the first bytes, and adds the tag.
fn seal(
    cipher: &Aes128Gcm,
    nonce: &[u8; 12],
    aad: &[u8],
    payload: &mut PrefixedPayload,
    skipped: usize,
) -> Result<(), Error> {
    let plain = payload.as_mut().get_mut(skipped..).ok_or(Error::EncryptError)?;
    let tag =
        cipher.encrypt_inout_detached(nonce.into(), aad, plain.into()).map_err(|_| Error::EncryptError)?;
    payload.extend_from_slice(&tag);
    Ok(())
}

/// Opens what stands before the tag; how long that is.
fn open(cipher: &Aes128Gcm, nonce: &[u8; 12], aad: &[u8], sealed: &mut [u8]) -> Result<usize, Error> {
    let (content, tag) = sealed.split_last_chunk_mut::<TAG_BYTES>().ok_or(Error::DecryptError)?;
    let length = content.len();
    let opened = cipher.decrypt_inout_detached(nonce.into(), aad, content.into(), (&*tag).into());
    opened.map(|()| length).map_err(|_| Error::DecryptError)
}

#[derive(Debug)]
struct P256;

impl SupportedKxGroup for P256 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let mut bytes = [0; 32];
        // Not every number is a key; next to every one is.
        let secret = loop {
            crate::platform::fill(&mut bytes).map_err(|_| GetRandomFailed)?;
            if let Ok(secret) = p256::SecretKey::from_slice(&bytes) {
                break secret;
            }
        };
        let public = secret.public_key().to_encoded_point(false).as_bytes().to_vec();
        Ok(Box::new(Exchange { secret, public }))
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::secp256r1
    }
}

struct Exchange {
    secret: p256::SecretKey,
    public: Vec<u8>,
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, theirs: &[u8]) -> Result<SharedSecret, Error> {
        // Uncompressed, as the only form that is left (RFC 8446 §4.2.8.2); the crate checks that it is on the curve.
        let theirs = Some(theirs).filter(|point| point.first() == Some(&4));
        let theirs = theirs.and_then(|point| p256::PublicKey::from_sec1_bytes(point).ok());
        let theirs = theirs.ok_or(PeerMisbehaved::InvalidKeyShare)?;
        let shared = p256::ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), theirs.as_affine());
        Ok(SharedSecret::from(shared.raw_secret_bytes().as_slice()))
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::secp256r1
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }
}

static SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        &P256_SHA256,
        &P256_SHA384,
        &P384_SHA256,
        &P384_SHA384,
        &RSA_SHA256,
        &RSA_SHA384,
        &RSA_SHA512,
        &PSS_SHA256,
        &PSS_SHA384,
    ],
    mapping: &[
        (SignatureScheme::ECDSA_NISTP256_SHA256, &[&P256_SHA256, &P384_SHA256]),
        (SignatureScheme::ECDSA_NISTP384_SHA384, &[&P384_SHA384, &P256_SHA384]),
        (SignatureScheme::RSA_PSS_SHA256, &[&PSS_SHA256]),
        (SignatureScheme::RSA_PSS_SHA384, &[&PSS_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[&RSA_SHA256]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[&RSA_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[&RSA_SHA512]),
    ],
};

/// How one kind of signature is checked: the key's bytes, what was signed, the signature.
struct Verifier {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    verify: Verify,
}

type Verify = fn(&[u8], &[u8], &[u8]) -> Option<()>;

impl core::fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Verifier").finish_non_exhaustive()
    }
}

impl SignatureVerificationAlgorithm for Verifier {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        (self.verify)(key, message, signature).ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

macro_rules! ecdsa {
    ($name:ident, $curve:ident, $key:ident, $signature:ident, $digest:ident) => {
        static $name: Verifier = Verifier {
            key: alg_id::$key,
            signature: alg_id::$signature,
            verify: |key, message, signature| {
                use $curve::ecdsa::signature::hazmat::PrehashVerifier as _;
                let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
                let signature = $curve::ecdsa::Signature::from_der(signature).ok()?;
                key.verify_prehash(&$digest::digest(message), &signature).ok()
            },
        };
    };
}

ecdsa!(P256_SHA256, p256, ECDSA_P256, ECDSA_SHA256, Sha256);
ecdsa!(P256_SHA384, p256, ECDSA_P256, ECDSA_SHA384, Sha384);
ecdsa!(P384_SHA256, p384, ECDSA_P384, ECDSA_SHA256, Sha256);
ecdsa!(P384_SHA384, p384, ECDSA_P384, ECDSA_SHA384, Sha384);

macro_rules! rsa {
    ($name:ident, $signature:ident, $digest:ident, $scheme:expr) => {
        static $name: Verifier = Verifier {
            key: alg_id::RSA_ENCRYPTION,
            signature: alg_id::$signature,
            verify: |key, message, signature| {
                use rsa_sha2::Digest as _;
                let key = rsa_key(key)?;
                key.verify($scheme, &rsa_sha2::$digest::digest(message), signature).ok()
            },
        };
    };
}

rsa!(RSA_SHA256, RSA_PKCS1_SHA256, Sha256, rsa::Pkcs1v15Sign::new::<rsa_sha2::Sha256>());
rsa!(RSA_SHA384, RSA_PKCS1_SHA384, Sha384, rsa::Pkcs1v15Sign::new::<rsa_sha2::Sha384>());
rsa!(RSA_SHA512, RSA_PKCS1_SHA512, Sha512, rsa::Pkcs1v15Sign::new::<rsa_sha2::Sha512>());
rsa!(PSS_SHA256, RSA_PSS_SHA256, Sha256, rsa::Pss::new_with_salt::<rsa_sha2::Sha256>(32));
rsa!(PSS_SHA384, RSA_PSS_SHA384, Sha384, rsa::Pss::new_with_salt::<rsa_sha2::Sha384>(48));

/// A key of at least 2048 bits: shorter ones can be broken.
fn rsa_key(der: &[u8]) -> Option<RsaPublicKey> {
    use rsa::traits::PublicKeyParts as _;
    let key = RsaPublicKey::from_pkcs1_der(der).ok()?;
    (key.n().bits() >= 2_048).then_some(key)
}
