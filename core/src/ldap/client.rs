//! One conversation with one server of a directory, as a state machine: StartTLS, the service account, the search, the
//! person's own password, their groups, goodbye. Bytes in, steps out; the host owns the socket and says what time it is.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};
use core::{fmt, time::Duration};

use super::{
    ber::{self, MAX_MESSAGE_BYTES},
    directory::{Directory, Security},
    filter::{self, Filter},
    matching::case_ignored,
    message::{self, Answer, Entry, Outcome, ResultCode, Scope, Search},
    person,
};

/// How long a server may take to take a connection (LD-11).
pub const CONNECT_PATIENCE: Duration = Duration::from_secs(3);
/// How long it may take over an answer.
pub const READ_PATIENCE: Duration = Duration::from_secs(5);
/// How long the whole may take, whatever servers there are.
pub const LOGIN_PATIENCE: Duration = Duration::from_secs(10);

/// Most groups that are searched for.
const MAX_GROUPS: u32 = 500;
/// Longest name of one that counts, in bytes.
const MAX_GROUP_NAME_BYTES: usize = 256;
/// The first steps of a name that no entry has.
const NOBODY: &str = "cn=nobody at all,ou=portico,";
/// Asks for no attribute (RFC 4511 §4.5.1.8).
const NO_ATTRIBUTES: &str = "1.1";

/// What a conversation is for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'a> {
    /// Somebody says who they are, and their password.
    SignIn {
        /// The name as it was typed.
        name: &'a str,
        /// The password: not empty, and without NUL (LD-01).
        password: &'a str,
    },
    /// Somebody is looked for.
    Find {
        /// Their name.
        name: &'a str,
    },
    /// People who are known are looked for.
    Recognise {
        /// What names them for good, a hundred of them at most.
        ids: &'a [String],
    },
    /// Only whether everything before a search works, and the place is there where people are searched.
    Probe,
}

/// What the host does next.
#[derive(Debug, Eq, PartialEq)]
pub enum Step {
    /// It is over; this is the last thing to send.
    Done(Vec<u8>),
    /// Somebody was found: decide whether their password may be tried, then [go on](Login::try_password).
    Found,
    /// Wait for more, until the [deadline](Login::deadline).
    Receive,
    /// Send this, then wait.
    Send(Vec<u8>),
    /// Begin TLS, then [go on](Login::secured).
    StartTls,
}

/// How far a conversation has come; what failed, failed there.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// The connection.
    Connect,
    /// TLS.
    Tls,
    /// The service account's bind.
    ServiceBind,
    /// The search for the person.
    Search,
    /// The person's bind.
    UserBind,
    /// The search for their groups.
    Groups,
}

impl Stage {
    /// A word for it in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::ServiceBind => "service_bind",
            Self::Search => "search",
            Self::UserBind => "user_bind",
            Self::Groups => "groups",
        }
    }
}

/// Why a conversation came to nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LdapError {
    /// Several entries are called so (LD-05).
    Ambiguous,
    /// The server hung up.
    Closed,
    /// The connection failed, or TLS did; why, as the host says it.
    Connection(String),
    /// The entry is not called what was asked for (LD-15).
    Mismatch,
    /// No entry is called so.
    NotFound,
    /// Something that is no LDAP, or not the answer to what was asked (LD-10, LD-12).
    Protocol,
    /// The server refused.
    Refused {
        /// Its code.
        code: ResultCode,
        /// What it said besides; for administrators only (LD-13).
        diagnostic: String,
    },
    /// The server was silent for too long.
    Timeout,
}

impl LdapError {
    /// Whether another server of the same directory may know better.
    pub const fn is_of_server(&self) -> bool {
        match self {
            Self::Closed | Self::Connection(_) | Self::Protocol | Self::Timeout => true,
            Self::Refused { code, .. } => {
                matches!(code, ResultCode::Busy | ResultCode::Unavailable | ResultCode::OperationsError)
            }
            Self::Ambiguous | Self::Mismatch | Self::NotFound => false,
        }
    }
}

impl fmt::Display for LdapError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ambiguous => formatter.write_str("several entries have this name"),
            Self::Closed => formatter.write_str("the server closed the connection"),
            Self::Connection(why) => formatter.write_str(why),
            Self::Mismatch => formatter.write_str("the entry that was found has another name"),
            Self::NotFound => formatter.write_str("no entry has this name"),
            Self::Protocol => formatter.write_str("the server answered with something that is no LDAP"),
            Self::Refused { code, diagnostic } if diagnostic.is_empty() => write!(formatter, "{code:?}"),
            Self::Refused { code, diagnostic } => write!(formatter, "{code:?}: {diagnostic}"),
            Self::Timeout => formatter.write_str("the server did not answer in time"),
        }
    }
}

/// A conversation.
#[derive(Debug)]
pub struct Login<'a> {
    directory: &'a Directory,
    purpose: Purpose<'a>,
    state: State,
    stage: Stage,
    received: Vec<u8>,
    /// Of the latest request; answers to others end the conversation (LD-12).
    message_id: u32,
    /// Since when the server is waited for.
    waiting_since: Duration,
    entries: Vec<Entry>,
    /// What was found so far.
    groups_so_far: Vec<String>,
    groups: Option<Vec<String>>,
    /// What the search came to, while a password is tried that nobody has.
    verdict: Option<LdapError>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Beginning,
    AsksForTls,
    BindsService,
    Searches,
    Pretends,
    FoundSomebody,
    BindsUser,
    BindsServiceAgain,
    SearchesGroups,
    Over,
}

impl<'a> Login<'a> {
    /// A conversation that begins at `now`, which counts from when the whole login began.
    pub const fn new(directory: &'a Directory, purpose: Purpose<'a>, now: Duration) -> Self {
        Self {
            directory,
            purpose,
            state: State::Beginning,
            stage: Stage::Connect,
            received: Vec::new(),
            message_id: 0,
            waiting_since: now,
            entries: Vec::new(),
            groups_so_far: Vec::new(),
            groups: None,
            verdict: None,
        }
    }

    /// What it is about.
    pub const fn directory(&self) -> &'a Directory {
        self.directory
    }

    /// How far it has come.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// When the host gives up, unless something comes before.
    pub fn deadline(&self) -> Duration {
        let patience = if self.stage == Stage::Connect { CONNECT_PATIENCE } else { READ_PATIENCE };
        LOGIN_PATIENCE.min(self.waiting_since + patience)
    }

    /// Who was found.
    pub fn entry(&self) -> Option<&Entry> {
        self.entries.first()
    }

    /// All that were found, where people are looked for who are known.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The names of the groups that were found; `None` where none were searched, or the search failed.
    pub fn into_groups(self) -> Option<Vec<String>> {
        self.groups
    }

    /// The connection stands, with TLS where that begins with the first byte.
    ///
    /// # Errors
    /// [`LdapError`]; the conversation is over.
    pub fn connected(&mut self, now: Duration) -> Result<Step, LdapError> {
        if self.directory.security != Security::StartTls {
            return self.bind_service(State::BindsService, now);
        }
        let id = self.next(State::AsksForTls, Stage::Tls, now);
        message::start_tls(id).map(Step::Send)
    }

    /// TLS stands.
    ///
    /// # Errors
    /// [`LdapError`]; the conversation is over.
    pub fn secured(&mut self, now: Duration) -> Result<Step, LdapError> {
        // What was said before in the clear counts no more (LD-09).
        self.received.clear();
        self.bind_service(State::BindsService, now)
    }

    /// Tries the password of whoever was found.
    ///
    /// # Errors
    /// [`LdapError`]; the conversation is over.
    pub fn try_password(&mut self, now: Duration) -> Result<Step, LdapError> {
        let Purpose::SignIn { password, .. } = self.purpose else { return self.finish() };
        if self.state != State::FoundSomebody || !may_be_tried(password) {
            return Err(LdapError::Protocol);
        }
        let id = self.next(State::BindsUser, Stage::UserBind, now);
        // An entry without a name would bind nobody, which succeeds (LD-02).
        let dn = self.entry().map(|entry| entry.dn.as_str()).filter(|dn| !dn.is_empty());
        message::bind(id, dn.ok_or(LdapError::Protocol)?, password).map(Step::Send)
    }

    /// Takes what the server has said.
    ///
    /// # Errors
    /// [`LdapError`]; the conversation is over.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) -> Result<Step, LdapError> {
        self.received.extend_from_slice(bytes);
        loop {
            let Some(whole) = ber::frame(&self.received).map_err(|_| LdapError::Protocol)? else {
                return Ok(Step::Receive);
            };
            let message: Vec<u8> = self.received.drain(..whole.min(MAX_MESSAGE_BYTES)).collect();
            let (id, answer) = message::read(&message)?;
            // Also the word that it is going to hang up, which has the id 0 (RFC 4511 §4.4.1).
            if id != self.message_id {
                return Err(LdapError::Protocol);
            }
            self.waiting_since = now;
            match self.answer(answer, now)? {
                Step::Receive => {}
                step => return Ok(step),
            }
        }
    }

    fn answer(&mut self, answer: Answer, now: Duration) -> Result<Step, LdapError> {
        match (self.state, answer) {
            (State::AsksForTls, Answer::Extended(outcome)) => {
                accepted(outcome)?;
                // Somebody in between may have said it in the server's name (LD-09).
                if self.received.is_empty() { Ok(Step::StartTls) } else { Err(LdapError::Protocol) }
            }
            (State::BindsService, Answer::Bind(outcome)) => {
                accepted(outcome)?;
                self.search(now)
            }
            (State::Searches | State::SearchesGroups, Answer::Reference) => Ok(Step::Receive),
            (State::Searches, Answer::Entry(entry)) => {
                self.entries.push(entry);
                // More than were asked for.
                if self.entries.len() > self.most() { Err(LdapError::Ambiguous) } else { Ok(Step::Receive) }
            }
            (State::Searches, Answer::Done(outcome)) => match self.found(outcome) {
                Err(verdict) if matches!(self.purpose, Purpose::SignIn { .. }) => self.pretend(verdict, now),
                found => found,
            },
            (State::Pretends, Answer::Bind(_)) => Err(self.verdict.take().unwrap_or(LdapError::NotFound)),
            (State::BindsUser, Answer::Bind(outcome)) => {
                accepted(outcome)?;
                match self.directory.groups {
                    Some(_) => self.bind_service(State::BindsServiceAgain, now),
                    None => self.finish(),
                }
            }
            (State::BindsServiceAgain, Answer::Bind(outcome)) => match accepted(outcome) {
                Ok(()) => self.search_groups(now),
                Err(_) => self.finish(),
            },
            (State::SearchesGroups, Answer::Entry(group)) => {
                let name = self.directory.groups.as_ref().map_or("cn", |search| search.attribute.as_str());
                let name = group.values(name).next().and_then(|name| core::str::from_utf8(name).ok());
                self.groups_so_far
                    .extend(name.filter(|name| name.len() <= MAX_GROUP_NAME_BYTES).map(String::from));
                // More than were asked for.
                let is_flood = self.groups_so_far.len() > MAX_GROUPS as usize;
                if is_flood { Err(LdapError::Protocol) } else { Ok(Step::Receive) }
            }
            (State::SearchesGroups, Answer::Done(outcome)) => {
                // Some of the groups are not the groups: whoever took them for that would end memberships.
                let groups = core::mem::take(&mut self.groups_so_far);
                self.groups = accepted(outcome).is_ok().then_some(groups);
                self.finish()
            }
            _ => Err(LdapError::Protocol),
        }
    }

    fn next(&mut self, state: State, stage: Stage, now: Duration) -> u32 {
        (self.state, self.stage, self.waiting_since) = (state, stage, now);
        self.message_id += 1;
        self.message_id
    }

    fn bind_service(&mut self, state: State, now: Duration) -> Result<Step, LdapError> {
        let stage = if state == State::BindsService { Stage::ServiceBind } else { Stage::Groups };
        let id = self.next(state, stage, now);
        let account = self.directory.service.as_ref();
        let (dn, password) =
            account.map_or(("", ""), |account| (&account.dn, account.password.expose_secret().as_str()));
        message::bind(id, dn, password).map(Step::Send)
    }

    fn search(&mut self, now: Duration) -> Result<Step, LdapError> {
        let id = self.next(State::Searches, Stage::Search, now);
        let directory = self.directory;
        let anything = || Filter::Present("objectClass".to_string());
        let (scope, filter) = match self.purpose {
            Purpose::Probe => (Scope::Base, anything()),
            Purpose::SignIn { name, .. } | Purpose::Find { name } => {
                (Scope::Subtree, directory.filter.clone().filled(&[("username", name)]))
            }
            Purpose::Recognise { ids } => {
                let them = Filter::Or(ids.iter().filter_map(|id| person::id_filter(id)).collect());
                let others = directory.filter.without("username");
                (Scope::Subtree, Filter::And([them].into_iter().chain(others).collect()))
            }
        };
        let attributes = match self.purpose {
            Purpose::Probe => [NO_ATTRIBUTES].into(),
            _ => directory.wanted_attributes(),
        };
        let time_limit = u32::try_from(READ_PATIENCE.as_secs()).unwrap_or_default();
        let size_limit = u32::try_from(self.most()).unwrap_or(2);
        let search = Search { base: &directory.base, scope, filter, attributes, size_limit, time_limit };
        message::search(id, search).map(Step::Send)
    }

    /// How many entries make sense.
    const fn most(&self) -> usize {
        match self.purpose {
            Purpose::Recognise { ids } => ids.len(),
            _ => 2,
        }
    }

    /// Nobody was found: the password is tried all the same, on an entry that nobody has, so that it takes as long (TH-09).
    fn pretend(&mut self, verdict: LdapError, now: Duration) -> Result<Step, LdapError> {
        let Purpose::SignIn { password, .. } = self.purpose else { return Err(verdict) };
        self.verdict = Some(verdict);
        let nobody = [NOBODY, &self.directory.base].concat();
        let id = self.next(State::Pretends, Stage::Search, now);
        message::bind(id, &nobody, password).map(Step::Send)
    }

    /// The search is over: exactly one entry, and one that is called what was asked for (LD-05, LD-15).
    fn found(&mut self, outcome: Outcome) -> Result<Step, LdapError> {
        if matches!(self.purpose, Purpose::Probe | Purpose::Recognise { .. }) {
            accepted(outcome)?;
            return self.finish();
        }
        match (outcome.code, self.entries.as_slice()) {
            (_, [_, _, ..]) | (ResultCode::SizeLimitExceeded, [_]) => return Err(LdapError::Ambiguous),
            _ => accepted(outcome)?,
        }
        let Some(entry) = self.entries.first() else { return Err(LdapError::NotFound) };
        if !self.is_called_so(entry) {
            return Err(LdapError::Mismatch);
        }
        self.state = State::FoundSomebody;
        Ok(Step::Found)
    }

    fn is_called_so(&self, entry: &Entry) -> bool {
        match self.purpose {
            Purpose::Probe | Purpose::Recognise { .. } => true,
            Purpose::SignIn { name, .. } | Purpose::Find { name } => {
                let mut compared = Vec::new();
                self.directory.filter.compared("username", &mut compared);
                let folded = |value: &[u8]| core::str::from_utf8(value).map(case_ignored).ok();
                compared.into_iter().any(|(attribute, template)| {
                    let wanted = folded(&filter::filled(template, &[("username", name)]));
                    wanted.is_some() && entry.values(attribute).any(|known| folded(known) == wanted)
                })
            }
        }
    }

    fn search_groups(&mut self, now: Duration) -> Result<Step, LdapError> {
        let (Some(search), Some(entry)) = (&self.directory.groups, self.entries.first()) else {
            return self.finish();
        };
        // As the directory has it, which is not always fit to be shown.
        let names = self.directory.naming.username.iter().flat_map(|name| entry.values(name));
        let name = names.filter_map(|name| core::str::from_utf8(name).ok()).next().unwrap_or_default();
        let filter = search.filter.clone().filled(&[("dn", &entry.dn), ("username", name)]);
        let (base, attributes) = (search.base.as_str(), [search.attribute.as_str()].into());
        let time_limit = u32::try_from(READ_PATIENCE.as_secs()).unwrap_or_default();
        let search =
            Search { base, scope: Scope::Subtree, filter, attributes, size_limit: MAX_GROUPS, time_limit };
        let encoded = message::search(self.message_id + 1, search)?;
        self.next(State::SearchesGroups, Stage::Groups, now);
        Ok(Step::Send(encoded))
    }

    fn finish(&mut self) -> Result<Step, LdapError> {
        self.state = State::Over;
        self.message_id += 1;
        message::unbind(self.message_id).map(Step::Done)
    }
}

/// Whether a directory may see a password: an empty one binds nobody, which succeeds, and one with NUL may end there for
/// it (RFC 4513 §5.1.2; LD-01).
pub(crate) fn may_be_tried(password: &str) -> bool {
    !password.trim().is_empty() && !password.contains('\0')
}

fn accepted(outcome: Outcome) -> Result<(), LdapError> {
    let Outcome { code, diagnostic } = outcome;
    if code == ResultCode::Success { Ok(()) } else { Err(LdapError::Refused { code, diagnostic }) }
}
