//! The runtime: clock, random source, and the conversion of its requests and responses. The only
//! place that reads a clock or asks the system for randomness.

mod clock;
mod entropy;
mod request;
mod response;

pub use clock::now;
pub(crate) use entropy::fill;
pub use request::{RuntimeBody, incoming};
pub use response::response;
