//! `/api/v1/groups/*`: groups and who is in them.

use portico_core::{flow::groups::GroupForm, id::GroupId, ports::Ports};
use serde_json::Value;

use super::{error::Error, validate::Fields};
use crate::router::Call;

pub mod change;
pub mod members;
pub mod read;

/// Longest name, in bytes.
const MAX_NAME_BYTES: usize = 512;
/// Longest description, in bytes.
const MAX_DESCRIPTION_BYTES: usize = 8_192;

/// The group that the path names; `None` for something that is no id, and so nobody's.
fn id<P: Ports>(call: &Call<'_, P>) -> Option<GroupId> {
    GroupId::parse(call.param("id")).ok()
}

/// The form of a group. Name and description must be there in both forms; clients send them (contract §1.9).
fn form<P>(call: &Call<'_, P>) -> Result<GroupForm, Error> {
    let mut fields = Fields::of(call.request)?;
    let name = fields.required_short_string("name", MAX_NAME_BYTES);
    let description = fields.required_short_string("description", MAX_DESCRIPTION_BYTES);
    let permissions = fields.permissions("permissions");
    let data = fields.optional_object("data");
    let parent = match fields.has("parent_group_id").then(|| fields.any("parent_group_id")) {
        None => None,
        Some(None | Some(Value::Null)) => Some(None),
        Some(Some(Value::String(id))) => Some(Some(id)),
        Some(Some(_)) => return Err(Error::refused("Parent group must be a group ID or null.")),
    };
    if fields.has_issues() {
        return Err(fields.into_error());
    }
    let parent = match parent {
        Some(Some(id)) => {
            Some(Some(GroupId::parse(&id).map_err(|_| Error::missing("Parent group not found."))?))
        }
        Some(None) => Some(None),
        None => None,
    };
    Ok(GroupForm { name, description, permissions, data, parent })
}
