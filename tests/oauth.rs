//! Signing in with accounts elsewhere, in both dialects (security.md §7). The provider here is one that tests script;
//! `workerd::oauth` has a real one.

mod account;
mod exchange;
mod integrations;
mod presets;
mod provider;
mod sign_in;
