//! What somebody may do, worked out from trees as the API sends them (open-webui.md §7.4): for hosts that have no
//! groups of their own, such as a page.

use alloc::{borrow::ToOwned as _, string::String, vec::Vec};

use super::{
    feature::Feature,
    permissions::Permissions,
    set::PermissionSet,
    tree::{MalformedTree, PartialTree},
};
use crate::json::{Json, Limits, Members};

/// Room for as many groups as a deployment has.
const LIMITS: Limits = Limits { depth: 12, members: 1 << 20 };

/// The tree, as JSON, of what somebody may do: the `defaults`, with gaps filled as the catalogue has them, and what the
/// groups named by `member_of` and all above them grant. The question is `{"defaults": tree, "groups":
/// [{"id", "parent_group_id", "permissions"}], "member_of": [id]}`. Groups that are gone grant nothing; a circle of
/// parents ends where it began.
///
/// # Errors
/// [`MalformedTree`] when the question or a tree in it has another shape.
pub fn effective(question: &str) -> Result<String, MalformedTree> {
    let question = object(question)?;
    let defaults = tree(question.get("defaults"))?;
    let groups = list(question.get("groups"))?;
    let mut groups = groups.into_iter().map(Group::read).collect::<Result<Vec<_>, _>>()?;
    let mut trees = Vec::new();
    for value in list(question.get("member_of"))? {
        let mut next = Some(id(Some(value))?);
        // A group that was reached is taken out: its ancestors have been counted, too.
        while let Some(at) = next.and_then(|id| groups.iter().position(|group| group.id == id)) {
            let group = groups.swap_remove(at);
            trees.push(group.tree);
            next = group.parent;
        }
    }
    let filled = PartialTree::<Feature>::parse(&defaults)?.filled(PermissionSet::defaults(|_| None));
    trees.push(defaults);
    let all = Permissions::from(filled).and(&Permissions::granted_by(trees.iter().map(String::as_str))?);
    serde_json::to_string(&all.tree()).map_err(|_| MalformedTree)
}

struct Group {
    id: String,
    parent: Option<String>,
    tree: String,
}

impl Group {
    fn read(value: Json<'_>) -> Result<Self, MalformedTree> {
        let Json::Object(text) = value else { return Err(MalformedTree) };
        let members = object(text)?;
        let parent = match members.get("parent_group_id") {
            None | Some(Json::Null) => None,
            parent => Some(id(parent)?),
        };
        Ok(Self { id: id(members.get("id"))?, parent, tree: tree(members.get("permissions"))? })
    }
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
        Some(Json::List(text)) => Ok(Json::List(text).elements()),
        Some(_) => Err(MalformedTree),
    }
}

fn id(value: Option<Json<'_>>) -> Result<String, MalformedTree> {
    match value {
        Some(Json::String(id)) => Ok(id.into_owned()),
        _ => Err(MalformedTree),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::string::ToString as _;
    use serde_json::{Value, json};

    fn ask(question: &Value) -> Value {
        serde_json::from_str(&effective(&question.to_string()).unwrap()).unwrap()
    }

    #[test]
    fn groups_add_to_the_defaults_whose_gaps_are_filled() {
        let tree = ask(&json!({
            "defaults": {"chat": {"delete": false}, "new": {"leaf": true}},
            "groups": [
                {"id": "a", "permissions": {"chat": {"delete": false}}},
                {"id": "b", "permissions": {"features": {"api_keys": true}, "extra": {"custom": true}}},
                {"id": "c", "permissions": {"features": {"webhooks": true}}},
            ],
            "member_of": ["a", "b", "gone"],
        }));
        assert_eq!(tree["chat"]["delete"], json!(false), "what the defaults say stays said");
        assert_eq!(tree["chat"]["edit"], json!(true), "what they leave out is the catalogue's");
        assert_eq!(tree["features"]["api_keys"], json!(true));
        assert_eq!(tree["features"]["webhooks"], json!(false), "somebody else's group");
        assert_eq!((&tree["new"]["leaf"], &tree["extra"]["custom"]), (&json!(true), &json!(true)));
    }

    #[test]
    fn grants_come_down_from_every_ancestor_and_circles_end() {
        let tree = ask(&json!({
            "groups": [
                {"id": "a", "parent_group_id": "b", "permissions": null},
                {"id": "b", "parent_group_id": "a", "permissions": {"features": {"api_keys": true}}},
            ],
            "member_of": ["a"],
        }));
        assert_eq!(tree["features"]["api_keys"], json!(true));
    }

    #[test]
    fn a_question_of_another_shape_is_refused() {
        for question in [
            json!([]),
            json!({"defaults": []}),
            json!({"defaults": {"chat": true}}),
            json!({"groups": {}}),
            json!({"groups": [1]}),
            json!({"groups": [{"id": 1}]}),
            json!({"groups": [{"id": "a", "permissions": true}]}),
            json!({"groups": [{"id": "a", "permissions": {"chat": {"delete": 1}}}], "member_of": ["a"]}),
            json!({"member_of": [1]}),
        ] {
            assert_eq!(effective(&question.to_string()), Err(MalformedTree), "{question}");
        }
    }
}
