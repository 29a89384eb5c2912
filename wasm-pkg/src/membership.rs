//! Somebody's groups as the API sends them (open-webui.md §7.2): trees and ids as JSON.

use portico_core::{
    group::Hierarchy,
    json::{Json, Limits, Members},
    permission::MalformedTree,
};

/// Room for as many groups as a deployment has.
const LIMITS: Limits = Limits { depth: 12, members: 1 << 20 };

/// Who somebody is among all groups.
pub(crate) struct Membership {
    /// The tree that everybody has.
    pub(crate) defaults: String,
    /// All groups, with the trees of what they grant.
    pub(crate) groups: Hierarchy<String, String>,
    /// The groups that they are in themselves.
    pub(crate) direct: Vec<String>,
}

impl Membership {
    pub(crate) fn parse(question: &str) -> Result<Self, MalformedTree> {
        let question = object(question)?;
        Ok(Self {
            defaults: tree(question.get("defaults"))?,
            groups: list(question.get("groups"))?.into_iter().map(group).collect::<Result<_, _>>()?,
            direct: list(question.get("member_of"))?.into_iter().map(id).collect::<Result<_, _>>()?,
        })
    }
}

/// A group's id, that of the group above it, and its tree.
fn group(value: Json<'_>) -> Result<(String, Option<String>, String), MalformedTree> {
    let Json::Object(text) = value else { return Err(MalformedTree) };
    let members = object(text)?;
    let parent = match members.get("parent_group_id") {
        None | Some(Json::Null) => None,
        Some(parent) => Some(id(parent)?),
    };
    Ok((members.get("id").map_or(Err(MalformedTree), id)?, parent, tree(members.get("permissions"))?))
}

fn object(text: &str) -> Result<Members, MalformedTree> {
    Members::parse(text.to_owned(), LIMITS).map_err(|_| MalformedTree)
}

fn tree(value: Option<Json<'_>>) -> Result<String, MalformedTree> {
    match value {
        None | Some(Json::Null) => Ok("null".to_owned()),
        Some(Json::Object(text)) => Ok(text.to_owned()),
        Some(_) => Err(MalformedTree),
    }
}

fn list(value: Option<Json<'_>>) -> Result<Vec<Json<'_>>, MalformedTree> {
    match value {
        None => Ok(Vec::new()),
        Some(list @ Json::List(_)) => Ok(list.elements()),
        Some(_) => Err(MalformedTree),
    }
}

fn id(value: Json<'_>) -> Result<String, MalformedTree> {
    match value {
        Json::String(id) => Ok(id.into_owned()),
        _ => Err(MalformedTree),
    }
}
