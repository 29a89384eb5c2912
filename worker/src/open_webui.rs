//! The Open WebUI dialect: its routes, its JSON, its error texts (reference: the API of Open WebUI
//! 0.12). Decides nothing: handlers parse, call a flow, and show the result.

pub mod audit;
pub mod auths;
pub mod caller;
pub mod config;
pub mod error;
pub mod event_message;
pub mod events;
pub mod groups;
pub mod integrations;
pub mod invitations;
pub mod oauth;
pub mod users;
pub mod validate;
pub mod version;
pub mod view;
