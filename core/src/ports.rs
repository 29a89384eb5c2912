//! What the flows need from outside: one small trait for each aggregate or service. Every method is
//! one atomic step of the host; expected absences are outcomes, faults are [`PortError`].
//!
//! The futures are not `Send`: the hosts are single-threaded (a Worker isolate, or a test).

mod api_keys;
mod audit_log;
mod breach_list;
mod configuration;
mod directories;
mod entropy;
mod fetch;
mod groups;
mod hashing;
mod identities;
mod integrations;
mod mail;
mod provider_documents;
mod round_trips;
mod second_factors;
mod sessions;
mod signatures;
mod throttles;
mod tickets;
mod user_records;
mod users;
mod webhooks;

pub use api_keys::ApiKeys;
pub use audit_log::{AuditLog, AuditQuery};
pub use breach_list::BreachList;
pub use configuration::{Configuration, Configured};
pub use directories::{Directories, DirectoryConnection};
pub use entropy::Entropy;
pub use fetch::{Fetch, FetchRequest, Fetched};
pub use groups::{GroupChanged, Groups, granted_by};
pub use hashing::Hashing;
pub use identities::{EndedRemotely, Identities, RemoteLogout};
pub use integrations::Integrations;
pub use mail::Mail;
pub use provider_documents::{KeptDocument, ProviderDocuments};
pub use round_trips::RoundTrips;
pub use second_factors::{FactorReplaced, ResetTicket, SecondFactors, StoredFactor};
pub use sessions::Sessions;
pub use signatures::Signatures;
pub use throttles::{BucketKey, SignInAttempt, Throttles, sign_up_subject};
pub use tickets::Tickets;
pub use user_records::{DocumentKind, UserOrder, UserPage, UserQuery, UserRecord, UserRecords};
pub use users::{
    About, Admission, Created, Credential, Deleted, Replaced, StatusLine, Updated, UserChange, Users,
};
pub use webhooks::{Message, Outbound, WebhookSaved, Webhooks};

use alloc::string::String;

/// All ports together: what a flow may ask of its host.
pub trait Ports:
    ApiKeys
    + AuditLog
    + BreachList
    + Configuration
    + Directories
    + Entropy
    + Fetch
    + Groups
    + Hashing
    + Identities
    + Integrations
    + Mail
    + Outbound
    + ProviderDocuments
    + RoundTrips
    + SecondFactors
    + Sessions
    + Signatures
    + Throttles
    + Tickets
    + UserRecords
    + Users
    + Webhooks
{
}

impl<T> Ports for T where
    T: ApiKeys
        + AuditLog
        + BreachList
        + Configuration
        + Directories
        + Entropy
        + Fetch
        + Groups
        + Hashing
        + Identities
        + Integrations
        + Mail
        + Outbound
        + ProviderDocuments
        + RoundTrips
        + SecondFactors
        + Sessions
        + Signatures
        + Throttles
        + Tickets
        + UserRecords
        + Users
        + Webhooks
{
}

/// The outside failed: storage down, an answer that makes no sense. The text is for the log; no
/// client sees it (FT-10).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PortError {
    /// Which port, such as `users`.
    pub port: &'static str,
    /// What went wrong.
    pub detail: String,
}

impl core::fmt::Display for PortError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "{}: {}", self.port, self.detail)
    }
}

impl core::error::Error for PortError {}
