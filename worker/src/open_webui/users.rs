//! `/api/v1/users/*`: one file per endpoint.

pub mod delete;
pub mod revoke_sessions;
pub mod update;
