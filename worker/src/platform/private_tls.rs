//! TLS for servers whose certificates are of an authority of their own, which the runtime does not trust: `rustls` on the
//! bytes of a plain socket. TLS 1.3, and 1.2 with forward secrecy.

mod provider;

use alloc::sync::Arc;
use core::time::Duration;
use std::io::{Read as _, Write as _};

use portico_core::{ldap::certificates, time::UnixSeconds};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore,
    pki_types::{CertificateDer, ServerName, UnixTime},
    time_provider::TimeProvider,
};

use super::now;

/// Longest plain text that is kept for the reader, in bytes.
const CHUNK: usize = 16 * 1_024;

/// One connection's TLS: what is heard goes in, what is to be sent comes out.
pub(super) struct PrivateTls {
    session: ClientConnection,
    is_over: bool,
}

impl PrivateTls {
    /// Begins the handshake.
    pub(super) fn begin(host: &str, authority: &str) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for der in certificates(authority)? {
            roots.add(CertificateDer::from(der)).map_err(|error| error.to_string())?;
        }
        let config = ClientConfig::builder_with_details(Arc::new(provider::provider()), Arc::new(Clock))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_string()).map_err(|error| error.to_string())?;
        let session = ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
        Ok(Self { session, is_over: false })
    }

    /// Whether nothing may be said yet.
    pub(super) fn is_handshaking(&self) -> bool {
        self.session.is_handshaking()
    }

    /// Whether the server has said that it is done.
    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Takes what the server has sent.
    pub(super) fn hear(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        // After its goodbye nothing more is read, however much there is.
        while !bytes.is_empty() && !self.is_over {
            if self.session.read_tls(&mut bytes).map_err(|error| error.to_string())? == 0 {
                break;
            }
            let state = self.session.process_new_packets().map_err(|error| error.to_string())?;
            self.is_over |= state.peer_has_closed();
        }
        Ok(())
    }

    /// What the server has said so far.
    pub(super) fn said(&mut self) -> Vec<u8> {
        let mut said = vec![0; CHUNK];
        // Nothing yet, and an end without a goodbye, are errors of the reader's: the next read of the socket tells.
        let read = self.session.reader().read(&mut said).unwrap_or_default();
        said.truncate(read);
        said
    }

    /// Says something.
    pub(super) fn say(&mut self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        self.session.writer().write_all(bytes).map_err(|error| error.to_string())?;
        self.outgoing()
    }

    /// What has to be sent now; may be nothing.
    pub(super) fn outgoing(&mut self) -> Result<Vec<u8>, String> {
        let mut sent = Vec::new();
        while self.session.wants_write() {
            self.session.write_tls(&mut sent).map_err(|error| error.to_string())?;
        }
        Ok(sent)
    }
}

#[derive(Debug)]
struct Clock;

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        // Natively there is no runtime whose clock could be read, and nothing but the tests below.
        let now = if cfg!(test) { UnixSeconds::new(1_800_000_000) } else { now() };
        u64::try_from(now.get()).ok().map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

#[cfg(test)]
mod tests {
    use p256::{
        ecdsa::{DerSignature, SigningKey, signature::Signer as _},
        pkcs8::DecodePrivateKey as _,
    };
    use rustls::{
        Error, ServerConfig, ServerConnection, SignatureAlgorithm, SignatureScheme,
        sign::{CertifiedKey, Signer, SigningKey as TlsKey, SingleCertAndKey},
    };

    use super::*;

    const AUTHORITY: &str = include_str!("../../../tests/fixtures/tls/directory-ec-authority.pem");
    const CERTIFICATE: &str = include_str!("../../../tests/fixtures/tls/directory-ec.pem");
    const KEY: &str = include_str!("../../../tests/fixtures/tls/directory-ec.key");

    #[derive(Clone, Debug)]
    struct Key(SigningKey);

    impl TlsKey for Key {
        fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
            Some(Box::new(self.clone()))
        }

        fn algorithm(&self) -> SignatureAlgorithm {
            SignatureAlgorithm::ECDSA
        }
    }

    impl Signer for Key {
        fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
            let signature: DerSignature = self.0.sign(message);
            Ok(signature.as_bytes().to_vec())
        }

        fn scheme(&self) -> SignatureScheme {
            SignatureScheme::ECDSA_NISTP256_SHA256
        }
    }

    fn server() -> ServerConnection {
        let chain = certificates(CERTIFICATE).unwrap().into_iter().map(CertificateDer::from).collect();
        let key = CertifiedKey::new(chain, Arc::new(Key(SigningKey::from_pkcs8_pem(KEY).unwrap())));
        let config = ServerConfig::builder_with_details(Arc::new(provider::provider()), Arc::new(Clock))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
        ServerConnection::new(Arc::new(config)).unwrap()
    }

    fn outgoing(server: &mut ServerConnection) -> Vec<u8> {
        let mut sent = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut sent).unwrap();
        }
        sent
    }

    #[test]
    fn a_goodbye_is_the_end_whatever_comes_behind_it() {
        /* LD-11 */
        let (mut server, mut tls) = (server(), PrivateTls::begin("localhost", AUTHORITY).unwrap());
        for _ in 0..3 {
            server.read_tls(&mut tls.outgoing().unwrap().as_slice()).unwrap();
            server.process_new_packets().unwrap();
            tls.hear(&outgoing(&mut server)).unwrap();
        }
        assert!(!tls.is_handshaking() && !tls.is_over());
        server.writer().write_all(b"last words").unwrap();
        server.send_close_notify();
        tls.hear(&[outgoing(&mut server), vec![0; 20_000]].concat()).unwrap();
        assert!(tls.is_over());
        assert_eq!(tls.said(), b"last words");
    }

    #[test]
    fn what_is_no_authority_and_no_name_begins_nothing() {
        assert!(PrivateTls::begin("localhost", "no certificate").is_err());
        assert!(PrivateTls::begin("no name", AUTHORITY).is_err());
    }
}
