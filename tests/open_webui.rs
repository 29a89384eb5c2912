//! The Open WebUI dialect, one file for each endpoint.

mod auths;
mod config;
mod users;
mod version;
