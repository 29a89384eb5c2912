//! Passwords: what may be one, how it is stored, how it is checked (security.md §1).

mod argon2id;
mod blocklist;
mod breach;
mod check;
mod pepper;
mod policy;
mod stored;
mod turns;

pub use argon2id::{Cost, HASH_BYTES, Job, Progress, Workspace};
pub use breach::BreachQuery;
pub use check::{Verification, create, verify};
pub use pepper::{PepperError, Peppers};
pub use policy::{
    MAX_PASSWORD_BYTES, Password, PasswordPattern, PasswordPolicy, PasswordPolicyError, PasswordTooLong,
    PublicKnowledge,
};
pub use stored::PasswordHash;
pub use turns::{MAX_WAITING, Ticket, Turn, Turns};
