//! Signing in with accounts elsewhere, in both dialects (security.md §7). The provider here is one that tests script;
//! `workerd::oauth` has a real one.

mod account;
mod exchange;
mod faults;
mod integrations;
mod openid_presets;
mod presets;
pub(crate) mod provider;
mod sign_in;
mod trial;
