//! `/api/v1/users/*`: one file per endpoint.

pub mod ban;
pub mod delete;
pub mod directory;
pub mod find;
pub mod list;
pub mod own;
pub mod password_link;
pub mod permissions;
pub mod profile_image;
pub mod reset_factor;
pub mod revoke_sessions;
pub mod update;

use portico_core::id::UserId;

use super::{
    caller::{Admin, Current},
    error::Error,
};
use crate::router::Call;

/// The account that an administrator means, who has to be there in person: a key does nothing about how others sign in
/// (AK-09).
fn target<P>(call: &Call<'_, P>, admin: &Admin<'_>) -> Result<UserId, Error> {
    if let Current::Key { .. } = &**admin {
        return Err(Error::human_needed());
    }
    UserId::parse(call.param("id")).map_err(|_| Error::unknown_user())
}
