//! `/api/v1/users/*`: one file per endpoint.

pub mod delete;
pub mod find;
pub mod list;
pub mod own;
pub mod permissions;
pub mod profile_image;
pub mod reset_factor;
pub mod revoke_sessions;
pub mod update;
