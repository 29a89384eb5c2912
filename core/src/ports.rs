//! What the flows need from outside: one small trait for each aggregate or service. Every method is
//! one atomic step of the host; expected absences are outcomes, faults are [`PortError`].
//!
//! The futures are not `Send`: the hosts are single-threaded (a Worker isolate, or a test).

mod audit_log;
mod breach_list;
mod entropy;
mod hashing;
mod instance;
mod sessions;
mod signatures;
mod throttles;
mod users;

pub use audit_log::AuditLog;
pub use breach_list::BreachList;
pub use entropy::Entropy;
pub use hashing::Hashing;
pub use instance::{Instance, InstanceState};
pub use sessions::Sessions;
pub use signatures::Signatures;
pub use throttles::{BucketKey, SignInAttempt, Throttles, sign_up_subject};
pub use users::{Admission, Created, Credential, Deleted, Replaced, Updated, UserChange, Users};

use alloc::string::String;

/// All ports together: what a flow may ask of its host.
pub trait Ports:
    AuditLog + BreachList + Entropy + Hashing + Instance + Sessions + Signatures + Throttles + Users
{
}

impl<T: AuditLog + BreachList + Entropy + Hashing + Instance + Sessions + Signatures + Throttles + Users>
    Ports for T
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
