//! The runtime: clock, random source, WebCrypto, and the conversion of its requests and responses. The only
//! place that reads a clock or asks the system for randomness.

mod breach_list;
mod clock;
mod directory;
mod entropy;
mod fetch;
mod hashing;
mod mail;
mod outbound;
#[cfg(feature = "private-ca")]
mod private_tls;
mod request;
mod response;
mod signatures;

pub(crate) use breach_list::breached;
pub(crate) use clock::elapsed;
pub use clock::now;
pub(crate) use directory::{Connection, connect};
pub(crate) use entropy::fill;
pub(crate) use fetch::fetch;
pub(crate) use hashing::{argon2id, note_arrival};
pub(crate) use mail::send_mail;
pub(crate) use outbound::post;
pub use request::{RuntimeBody, incoming};
pub use response::response;
pub use signatures::WebCrypto;
