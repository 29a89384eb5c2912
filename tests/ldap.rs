//! Signing in with a directory, in both dialects (security.md §8). The directory here is one that tests script;
//! `workerd::ldap` has a real one.

mod admin;
pub(crate) mod directory;
mod hostile;
mod librechat;
mod sign_in;
mod standing;
