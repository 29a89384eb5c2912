//! A set of permissions as one machine word: a permission is a bit.

use super::catalog::CATALOG;

/// A set of permissions from the catalogue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PermissionSet(u128);

impl PermissionSet {
    /// What the catalogue grants to everybody, each permission overruled by `overrule` where it
    /// answers: that is how the environment's `USER_PERMISSIONS_*` variables come in.
    pub fn defaults(mut overrule: impl FnMut(&super::Permission) -> Option<bool>) -> Self {
        let mut bits = 0;
        for (index, permission) in CATALOG.iter().enumerate() {
            if overrule(permission).unwrap_or(permission.default) {
                bits |= 1 << index;
            }
        }
        Self(bits)
    }

    /// Whether the permission at `index` of the catalogue is in the set.
    pub(super) const fn contains_index(self, index: usize) -> bool {
        index < CATALOG.len() && self.0 >> index & 1 == 1
    }
}

const _: () = assert!(CATALOG.len() <= 128, "a set is a u128");
