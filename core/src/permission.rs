//! Permissions: the typed catalogue of open-webui.md §7.3, sets of them, and the tree in which both
//! contracts write them.

mod catalog;
mod set;
mod tree;

pub use catalog::{CATALOG, Permission};
pub use set::PermissionSet;
pub use tree::{PermissionTree, has_permission};
