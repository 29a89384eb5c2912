//! HTTP mechanics that every dialect needs and none owns: reading credentials, cookies, bodies and
//! origins, and the headers that belong on every answer.

pub mod answer;
pub mod body;
pub mod client;
pub mod cookie;
pub mod cors;
pub mod credential;
pub mod origin;
pub mod round_trip;
