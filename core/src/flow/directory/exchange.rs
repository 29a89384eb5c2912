//! Asking the servers of a directory, one after another, until one has a verdict (LD-11).

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};
use core::time::Duration;

use serde_json::{Value, json};

use super::MAX_DIAGNOSTIC;
use crate::{
    flow::Ctx,
    ldap::{
        CONNECT_PATIENCE, Directory, Entry, LOGIN_PATIENCE, LdapError, Login, Purpose, Server, ServerHealth,
        Stage, Step,
    },
    ports::{DirectoryConnection, Ports},
};

/// What a conversation came to.
#[derive(Debug)]
pub(super) struct Found {
    /// Who was found; empty where nobody was looked for.
    pub(super) entry: Entry,
    /// All that were found, where several people were looked for.
    pub(super) entries: Vec<Entry>,
    /// The groups that list them; `None` where none were searched, or the search failed.
    pub(super) groups: Option<Vec<String>>,
}

/// A conversation that came to nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Failure {
    /// How far it came.
    pub(super) stage: Stage,
    /// Why.
    pub(super) error: LdapError,
}

impl Failure {
    /// What is written down, for administrators: some directories name people in what they say.
    pub(super) fn described(&self) -> Value {
        let stage = self.stage.as_str();
        match &self.error {
            LdapError::Refused { code, diagnostic } => {
                let plain = diagnostic.chars().filter(|letter| !letter.is_control());
                let diagnostic: String = plain.take(MAX_DIAGNOSTIC).collect();
                json!({"stage": stage, "code": *code as u32, "diagnostic": diagnostic})
            }
            error => json!({"stage": stage, "error": error.to_string()}),
        }
    }
}

/// Talks to one server after another until one has a verdict. `may_try` decides whether the password of whoever was
/// found is tried. Every connection is closed, whatever happens.
///
/// # Errors
/// [`Failure`] of the last server, or what `may_try` says.
pub(super) async fn run<P: Ports, E: From<Failure> + From<R>, R>(
    ctx: &Ctx<'_, P>,
    directory: &Directory,
    purpose: Purpose<'_>,
    mut may_try: impl AsyncFnMut(&Entry) -> Result<(), R>,
) -> Result<Found, E> {
    let health = match directory.servers.as_slice() {
        [_] => ServerHealth::default(),
        // Which server to begin with is all that it tells; the port reports its own fault.
        _ => ctx.ports.server_health().await.unwrap_or_default(),
    };
    let beginning = ctx.ports.elapsed();
    let mut last = Failure { stage: Stage::Connect, error: LdapError::Timeout };
    for server in health.order(&directory.servers, ctx.now) {
        if elapsed(ctx, beginning) >= LOGIN_PATIENCE {
            break;
        }
        let mut conversation =
            Conversation { ctx, beginning, login: Login::new(directory, purpose, elapsed(ctx, beginning)) };
        match conversation.hold(server, &mut may_try).await {
            Ok(()) => {
                note(ctx, directory, &health, server, true).await;
                let login = conversation.login;
                let entry = login.entry().cloned().unwrap_or_default();
                return Ok(Found { entry, entries: login.entries().to_vec(), groups: login.into_groups() });
            }
            Err(Stopped::ByHost(error)) => return Err(error.into()),
            Err(Stopped::Failed(error)) => {
                let failure = Failure { stage: conversation.login.stage(), error };
                let is_well = !failure.error.is_of_server();
                note(ctx, directory, &health, server, is_well).await;
                if is_well {
                    return Err(failure.into());
                }
                last = failure;
            }
        }
    }
    Err(last.into())
}

fn elapsed(ctx: &Ctx<'_, impl Ports>, beginning: Duration) -> Duration {
    ctx.ports.elapsed().saturating_sub(beginning)
}

/// Remembers what is news about a server, where there are others to ask instead.
async fn note(
    ctx: &Ctx<'_, impl Ports>,
    directory: &Directory,
    health: &ServerHealth,
    server: &Server,
    is_well: bool,
) {
    if directory.servers.len() > 1 && health.is_well(server, ctx.now) != is_well {
        // The next one finds out for themselves; the port reports its own fault.
        let _ = ctx.ports.note_server(server, is_well, ctx.now).await;
    }
}

struct Conversation<'c, 'd, P> {
    ctx: &'c Ctx<'c, P>,
    beginning: Duration,
    login: Login<'d>,
}

enum Stopped<R> {
    ByHost(R),
    Failed(LdapError),
}

impl<R> From<LdapError> for Stopped<R> {
    fn from(error: LdapError) -> Self {
        Self::Failed(error)
    }
}

impl<P: Ports> Conversation<'_, '_, P> {
    async fn hold<R>(
        &mut self,
        server: &Server,
        may_try: &mut impl AsyncFnMut(&Entry) -> Result<(), R>,
    ) -> Result<(), Stopped<R>> {
        let patience = self.patience()?.min(CONNECT_PATIENCE);
        let mut connection = self.ctx.ports.connect(self.login.directory(), server, patience).await?;
        let held = self.talk(&mut connection, may_try).await;
        connection.close().await;
        match held {
            // Their password was right: without their groups, memberships stay as they are.
            Err(Stopped::Failed(_)) if self.login.stage() == Stage::Groups => Ok(()),
            held => held,
        }
    }

    async fn talk<R>(
        &mut self,
        connection: &mut impl DirectoryConnection,
        may_try: &mut impl AsyncFnMut(&Entry) -> Result<(), R>,
    ) -> Result<(), Stopped<R>> {
        let mut step = self.login.connected(self.now())?;
        loop {
            step = match step {
                Step::Send(bytes) => {
                    connection.send(&bytes, self.patience()?).await?;
                    Step::Receive
                }
                Step::Receive => {
                    let bytes = connection.receive(self.patience()?).await?;
                    self.login.receive(&bytes, self.now())?
                }
                Step::StartTls => {
                    connection.start_tls(self.patience()?).await?;
                    self.login.secured(self.now())?
                }
                Step::Found => {
                    if let Some(entry) = self.login.entry() {
                        may_try(entry).await.map_err(Stopped::ByHost)?;
                    }
                    self.login.try_password(self.now())?
                }
                Step::Done(bytes) => {
                    // A goodbye that does not get through changes nothing.
                    if let Ok(patience) = self.patience() {
                        let _ = connection.send(&bytes, patience).await;
                    }
                    return Ok(());
                }
            };
        }
    }

    fn now(&self) -> Duration {
        elapsed(self.ctx, self.beginning)
    }

    /// How long the server may still take.
    fn patience(&self) -> Result<Duration, LdapError> {
        match self.login.deadline().saturating_sub(self.now()) {
            Duration::ZERO => Err(LdapError::Timeout),
            patience => Ok(patience),
        }
    }
}
