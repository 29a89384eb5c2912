//! Asking a directory who somebody is (LDAPv3: RFC 4510 … 4519): messages behind our own limits, names, filters, and the
//! [conversation](Login) as a state machine. The host owns the socket and the clock.

mod ber;
mod client;
mod directory;
mod dn;
mod filter;
mod health;
mod matching;
mod message;
mod person;

pub use ber::MAX_MESSAGE_BYTES;
pub(crate) use client::may_be_tried;
pub use client::{CONNECT_PATIENCE, LOGIN_PATIENCE, LdapError, Login, Purpose, READ_PATIENCE, Stage, Step};
pub use directory::{
    Directory, GroupSearch, HostRules, Security, Server, ServiceAccount, attribute_name, certificates,
};
pub use dn::{Dn, DnError, Rdn};
pub use filter::{Filter, FilterError};
pub use health::ServerHealth;
pub(crate) use matching::case_ignored;
pub use message::{Entry, ResultCode};
pub use person::{Naming, Person, PersonError};
