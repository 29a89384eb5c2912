use alloc::{
    collections::{BTreeMap, VecDeque},
    format,
    rc::Rc,
    string::{String, ToString as _},
    vec::Vec,
};
use core::{
    cell::{Cell, RefCell},
    fmt,
    time::Duration,
};

use super::Memory;
use crate::{
    ldap::{Directory, LdapError, Server, ServerHealth},
    ports::{Directories, DirectoryConnection, PortError},
    time::UnixSeconds,
};

/// What a server of a directory learns, in tests.
#[derive(Clone, Copy, Debug)]
pub enum Heard<'a> {
    /// Somebody has connected.
    Connection,
    /// They have said something.
    Bytes(&'a [u8]),
    /// They have begun TLS.
    Tls,
}

/// What it does about that.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// Refuses, where a connection or TLS begins.
    Refuse,
    /// Takes so long.
    Wait(Duration),
    /// Says something.
    Say(Vec<u8>),
    /// Closes the connection.
    HangUp,
}

type Script = Rc<dyn Fn(Heard<'_>) -> Vec<Reaction>>;

/// Servers of directories by name, and what became of connections.
#[derive(Default)]
pub(super) struct DirectoryTable {
    servers: RefCell<BTreeMap<String, Script>>,
    health: RefCell<ServerHealth>,
    clock: Rc<Cell<Duration>>,
    open: Rc<Cell<usize>>,
    asked: RefCell<Vec<String>>,
    heard: Rc<Cell<usize>>,
}

impl fmt::Debug for DirectoryTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DirectoryTable").finish_non_exhaustive()
    }
}

impl Memory {
    /// Lets a server of a directory react from now on.
    pub fn serve_directory(&self, host: &str, script: impl Fn(Heard<'_>) -> Vec<Reaction> + 'static) {
        self.directories.servers.borrow_mut().insert(host.to_string(), Rc::new(script));
    }

    /// How many connections to directories are open.
    pub fn open_directory_connections(&self) -> usize {
        self.directories.open.get()
    }

    /// The servers that somebody wanted to connect to, in that order.
    pub fn asked_directories(&self) -> Vec<String> {
        self.directories.asked.borrow().clone()
    }

    /// How many bytes directories were sent.
    pub fn bytes_to_directories(&self) -> usize {
        self.directories.heard.get()
    }

    /// How long was waited for directories.
    pub fn waited_for_directories(&self) -> Duration {
        self.directories.clock.get()
    }
}

/// A connection to a script.
pub struct ScriptedConnection {
    script: Script,
    reactions: VecDeque<Reaction>,
    clock: Rc<Cell<Duration>>,
    open: Rc<Cell<usize>>,
    heard: Rc<Cell<usize>>,
}

impl fmt::Debug for ScriptedConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ScriptedConnection")
            .field("reactions", &self.reactions)
            .finish_non_exhaustive()
    }
}

impl ScriptedConnection {
    fn tell(&mut self, heard: Heard<'_>) {
        self.reactions.extend((self.script)(heard));
    }

    /// Lets time pass, as much of it as there is.
    fn wait(&self, time: Duration, left: &mut Duration) -> Result<(), LdapError> {
        let waited = time.min(*left);
        self.clock.set(self.clock.get() + waited);
        *left -= waited;
        if left.is_zero() { Err(LdapError::Timeout) } else { Ok(()) }
    }

    /// What a handshake comes to.
    fn begin(&mut self, heard: Heard<'_>, mut patience: Duration) -> Result<(), LdapError> {
        self.tell(heard);
        while let Some(Reaction::Refuse | Reaction::Wait(_)) = self.reactions.front() {
            match self.reactions.pop_front() {
                Some(Reaction::Wait(time)) => self.wait(time, &mut patience)?,
                _ => return Err(LdapError::Connection("refused".to_string())),
            }
        }
        Ok(())
    }
}

impl DirectoryConnection for ScriptedConnection {
    async fn send(&mut self, bytes: &[u8], _: Duration) -> Result<(), LdapError> {
        self.heard.set(self.heard.get() + bytes.len());
        self.tell(Heard::Bytes(bytes));
        Ok(())
    }

    async fn receive(&mut self, mut patience: Duration) -> Result<Vec<u8>, LdapError> {
        loop {
            match self.reactions.pop_front() {
                None => self.wait(patience, &mut patience)?,
                Some(Reaction::Wait(time)) => self.wait(time, &mut patience)?,
                Some(Reaction::Say(bytes)) => return Ok(bytes),
                Some(Reaction::HangUp | Reaction::Refuse) => return Err(LdapError::Closed),
            }
        }
    }

    async fn start_tls(&mut self, patience: Duration) -> Result<(), LdapError> {
        self.reactions.clear();
        self.begin(Heard::Tls, patience)
    }

    async fn close(self) {}
}

impl Drop for ScriptedConnection {
    fn drop(&mut self) {
        self.open.set(self.open.get() - 1);
    }
}

impl Directories for Memory {
    type Connection = ScriptedConnection;

    fn elapsed(&self) -> Duration {
        self.directories.clock.get()
    }

    async fn connect(
        &self,
        _: &Directory,
        server: &Server,
        patience: Duration,
    ) -> Result<Self::Connection, LdapError> {
        let table = &self.directories;
        table.asked.borrow_mut().push(server.host.clone());
        let script = table.servers.borrow().get(&server.host).cloned();
        let script = script.ok_or_else(|| LdapError::Connection(format!("nobody is at {server}")))?;
        let (clock, open, heard) = (Rc::clone(&table.clock), Rc::clone(&table.open), Rc::clone(&table.heard));
        open.set(open.get() + 1);
        let reactions = VecDeque::new();
        let mut connection = ScriptedConnection { script, reactions, clock, open, heard };
        connection.begin(Heard::Connection, patience)?;
        Ok(connection)
    }

    async fn server_health(&self) -> Result<ServerHealth, PortError> {
        self.reach("directories")?;
        Ok(self.directories.health.borrow().clone())
    }

    async fn note_server(&self, server: &Server, is_well: bool, now: UnixSeconds) -> Result<(), PortError> {
        self.reach("directories")?;
        self.directories.health.borrow_mut().note(server, is_well, now);
        Ok(())
    }
}
