//! Permissions: the typed catalogues of open-webui.md §7.3 and librechat.md §11, sets of them, the
//! resolution over groups, and the tree in which both contracts write them.

mod catalog;
mod feature;
mod other_leaves;
mod permissions;
mod role;
mod set;
mod tree;

pub use catalog::Permission;
pub use feature::Feature;
pub use permissions::{Permissions, Tree};
pub use role::RolePermission;
pub use set::PermissionSet;
pub use tree::{MalformedTree, PartialTree, PermissionTree, has_permission};
