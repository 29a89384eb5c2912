//! `/api/user/*`.

pub mod account;
pub mod terms;
pub mod verify;
