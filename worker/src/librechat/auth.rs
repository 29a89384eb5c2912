//! `/api/auth/*`.

pub mod graph;
pub mod login;
pub mod logout;
pub mod password;
pub mod refresh;
pub mod register;
pub mod two_factor;
