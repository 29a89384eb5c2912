//! LibreChat's dialect: its paths, bodies, statuses and texts (LibreChat contract). It knows nothing of other dialects.

pub mod auth;
pub mod banner;
mod body;
pub mod caller;
pub mod config;
pub mod error;
pub mod limits;
pub mod oauth;
pub mod roles;
pub mod user;
mod view;
