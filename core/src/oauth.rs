//! Signing in with an account that somebody has elsewhere: OAuth 2.0 (RFC 6749, RFC 9700) and OpenID Connect.
//!
//! Everything here turns values into values: addresses that browsers are sent to, requests to providers, what their
//! answers say. [`flow::oauth`](crate::flow::oauth) puts them in order.

// What these two need has to have a standard library.
#[cfg(not(target_os = "none"))]
pub mod access;
pub mod claims;
pub mod client;
pub mod discovery;
#[cfg(not(target_os = "none"))]
pub mod exchange;
pub mod flight;
pub mod id_token;
pub mod integration;
pub mod logout_token;
pub mod pending;
pub mod provider;
pub mod registration;
pub mod role_gate;
#[cfg(test)]
mod testing;
pub mod tokens;

pub use client::{Client, ClientAuth, Endpoints, OAuthPolicy, ProviderClient};
pub use integration::{IntegrationId, StoredIntegration};
pub use provider::Provider;
