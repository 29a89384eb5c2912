use core::time::Duration;

use super::PortError;
use crate::{
    ldap::{Directory, LdapError, Server, ServerHealth},
    time::UnixSeconds,
};

/// Directories, as bytes: what they mean is not the host's business.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Directories {
    /// One connection.
    type Connection: DirectoryConnection;

    /// How long it has been since some moment; never runs backwards.
    fn elapsed(&self) -> Duration;

    /// Connects to a server of a directory, with TLS where that begins with the first byte.
    ///
    /// # Errors
    /// [`LdapError::Timeout`] after `patience`, [`LdapError::Connection`] for anything else; nothing stays open.
    async fn connect(
        &self,
        directory: &Directory,
        server: &Server,
        patience: Duration,
    ) -> Result<Self::Connection, LdapError>;

    /// Which servers failed lately.
    ///
    /// # Errors
    /// When that can not be read.
    async fn server_health(&self) -> Result<ServerHealth, PortError>;

    /// Takes note of how a server did.
    ///
    /// # Errors
    /// When that can not be stored.
    async fn note_server(&self, server: &Server, is_well: bool, now: UnixSeconds) -> Result<(), PortError>;
}

/// One connection. Whoever opens it closes it.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait DirectoryConnection {
    /// Sends bytes.
    ///
    /// # Errors
    /// [`LdapError::Timeout`] or [`LdapError::Connection`].
    async fn send(&mut self, bytes: &[u8], patience: Duration) -> Result<(), LdapError>;

    /// Waits for bytes: one at least.
    ///
    /// # Errors
    /// [`LdapError::Closed`], [`LdapError::Timeout`] or [`LdapError::Connection`].
    async fn receive(&mut self, patience: Duration) -> Result<alloc::vec::Vec<u8>, LdapError>;

    /// Begins TLS. What came before it and was not read is gone (LD-09).
    ///
    /// # Errors
    /// [`LdapError::Timeout`] or [`LdapError::Connection`].
    async fn start_tls(&mut self, patience: Duration) -> Result<(), LdapError>;

    /// Closes it, however far it has come.
    async fn close(self);
}
