//! Connections to directories: a socket, and TLS on it.

use core::{future::Future, pin::pin, time::Duration};

use futures_util::future::{Either, select};
use portico_core::{
    ldap::{Directory, LdapError, Security, Server},
    ports::DirectoryConnection,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use worker::{Delay, SecureTransport, Socket};

#[cfg(feature = "private-ca")]
use super::private_tls::PrivateTls;

/// How long closing a connection may take.
const FAREWELL: Duration = Duration::from_millis(200);
/// How much is read at once, in bytes.
const CHUNK: usize = 16 * 1_024;

/// One connection.
pub struct Connection {
    socket: Option<Socket>,
    #[cfg(feature = "private-ca")]
    tls: Option<Box<PrivateTls>>,
    /// What TLS needs that our own code speaks: the server's name and its authority.
    #[cfg(feature = "private-ca")]
    private: Option<(String, String)>,
}

impl core::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Connection").finish_non_exhaustive()
    }
}

/// Connects to a server, with TLS where that begins with the first byte.
pub(crate) async fn connect(
    directory: &Directory,
    server: &Server,
    patience: Duration,
) -> Result<Connection, LdapError> {
    let is_private = !directory.authority.is_empty();
    if is_private && cfg!(not(feature = "private-ca")) {
        let why = "this build trusts public certificates only; build it with the feature private-ca";
        return Err(LdapError::Connection(why.to_string()));
    }
    let transport = match directory.security {
        Security::Plain => SecureTransport::Off,
        _ if is_private => SecureTransport::Off,
        Security::StartTls => SecureTransport::StartTls,
        Security::Tls => SecureTransport::On,
    };
    // The runtime takes numbers of the new kind in brackets only.
    let host = if server.host.contains(':') { format!("[{}]", server.host) } else { server.host.clone() };
    let socket = Socket::builder().secure_transport(transport).connect(host, server.port).map_err(broken)?;
    let mut connection = Connection {
        socket: Some(socket),
        #[cfg(feature = "private-ca")]
        tls: None,
        #[cfg(feature = "private-ca")]
        private: is_private.then(|| (server.host.clone(), directory.authority.clone())),
    };
    match within(patience, connection.open(directory.security)).await {
        Ok(()) => Ok(connection),
        Err(error) => {
            connection.close().await;
            Err(error)
        }
    }
}

impl Connection {
    async fn open(&mut self, security: Security) -> Result<(), LdapError> {
        let socket = self.socket()?;
        socket.opened().await.map_err(broken)?;
        #[cfg(feature = "private-ca")]
        if security == Security::Tls && self.private.is_some() {
            return self.begin_private_tls().await;
        }
        let _ = security;
        Ok(())
    }

    fn socket(&mut self) -> Result<&mut Socket, LdapError> {
        self.socket.as_mut().ok_or(LdapError::Closed)
    }

    async fn read(&mut self) -> Result<Vec<u8>, LdapError> {
        let mut buffer = vec![0; CHUNK];
        match self.socket()?.read(&mut buffer).await.map_err(broken)? {
            0 => Err(LdapError::Closed),
            read => {
                buffer.truncate(read);
                Ok(buffer)
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), LdapError> {
        self.socket()?.write_all(bytes).await.map_err(broken)
    }

    #[cfg(feature = "private-ca")]
    async fn begin_private_tls(&mut self) -> Result<(), LdapError> {
        let (host, authority) = self.private.as_ref().ok_or(LdapError::Protocol)?;
        let mut tls = PrivateTls::begin(host, authority).map_err(LdapError::Connection)?;
        loop {
            self.write(&tls.outgoing().map_err(LdapError::Connection)?).await?;
            if !tls.is_handshaking() {
                break;
            }
            let heard = self.read().await?;
            if let Err(why) = tls.hear(&heard) {
                // The alert says to the server what is wrong with its certificate.
                let alert = tls.outgoing().unwrap_or_default();
                let _ = self.write(&alert).await;
                return Err(LdapError::Connection(why));
            }
        }
        self.tls = Some(Box::new(tls));
        Ok(())
    }

    /// What the server has said, out of TLS where that is ours.
    async fn hear(&mut self) -> Result<Vec<u8>, LdapError> {
        #[cfg(feature = "private-ca")]
        while let Some(tls) = &mut self.tls {
            let said = tls.said();
            if !said.is_empty() {
                return Ok(said);
            }
            if tls.is_over() {
                return Err(LdapError::Closed);
            }
            let heard = self.read().await?;
            let Some(tls) = &mut self.tls else { break };
            tls.hear(&heard).map_err(LdapError::Connection)?;
            let answer = tls.outgoing().map_err(LdapError::Connection)?;
            self.write(&answer).await?;
        }
        self.read().await
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<(), LdapError> {
        #[cfg(feature = "private-ca")]
        if let Some(tls) = &mut self.tls {
            let sealed = tls.say(bytes).map_err(LdapError::Connection)?;
            return self.write(&sealed).await;
        }
        self.write(bytes).await
    }
}

impl DirectoryConnection for Connection {
    async fn send(&mut self, bytes: &[u8], patience: Duration) -> Result<(), LdapError> {
        within(patience, self.say(bytes)).await
    }

    async fn receive(&mut self, patience: Duration) -> Result<Vec<u8>, LdapError> {
        within(patience, self.hear()).await
    }

    async fn start_tls(&mut self, patience: Duration) -> Result<(), LdapError> {
        #[cfg(feature = "private-ca")]
        if self.private.is_some() {
            return within(patience, self.begin_private_tls()).await;
        }
        let secured = self.socket.take().ok_or(LdapError::Closed)?.start_tls();
        let opened = within(patience, async { secured.opened().await.map_err(broken) }).await;
        self.socket = Some(secured);
        opened.map(|_| ())
    }

    /// Whatever happened, nobody goes on talking; a socket that does not close, such as one whose handshake never ended,
    /// closes with its object.
    async fn close(mut self) {
        if let Some(socket) = &mut self.socket {
            select(pin!(socket.close()), pin!(Delay::from(FAREWELL))).await;
        }
    }
}

async fn within<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, LdapError>>,
) -> Result<T, LdapError> {
    match select(pin!(work), pin!(Delay::from(patience))).await {
        Either::Left((done, _)) => done,
        Either::Right(_) => Err(LdapError::Timeout),
    }
}

fn broken(error: impl core::fmt::Display) -> LdapError {
    LdapError::Connection(error.to_string())
}
