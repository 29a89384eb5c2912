//! A set of permissions as one machine word: a permission is a bit.

use alloc::borrow::Cow;
use core::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::catalog::Permission;

/// A set of permissions of one catalogue.
pub struct PermissionSet<P> {
    bits: u128,
    catalog: PhantomData<P>,
}

impl<P: Permission> PermissionSet<P> {
    /// Nothing.
    pub const fn none() -> Self {
        Self::of_bits(0)
    }

    /// Everything.
    pub fn all() -> Self {
        P::ALL.iter().copied().collect()
    }

    /// What the catalogue grants to everybody, each permission overruled by `overrule` where it
    /// answers: that is how a deployment's settings come in.
    pub fn defaults(mut overrule: impl FnMut(P) -> Option<bool>) -> Self {
        P::ALL.iter().copied().filter(|p| overrule(*p).unwrap_or_else(|| p.default())).collect()
    }

    /// Whether a permission is in the set.
    pub fn contains(self, permission: P) -> bool {
        self.bits >> permission.index() & 1 == 1
    }

    /// Everything that is in one of the two.
    pub const fn union(self, other: Self) -> Self {
        Self::of_bits(self.bits | other.bits)
    }

    /// Whether everything in this set is in the other.
    pub const fn is_subset(self, other: Self) -> bool {
        self.bits & !other.bits == 0
    }

    /// Whether nothing is in the set.
    pub const fn is_empty(&self) -> bool {
        self.bits == 0
    }

    const fn of_bits(bits: u128) -> Self {
        Self { bits, catalog: PhantomData }
    }
}

impl<P: Permission> FromIterator<P> for PermissionSet<P> {
    fn from_iter<I: IntoIterator<Item = P>>(permissions: I) -> Self {
        Self::of_bits(permissions.into_iter().fold(0, |bits, permission| bits | 1 << permission.index()))
    }
}

// Derived, these would ask the same of the catalogue.
impl<P> Clone for PermissionSet<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for PermissionSet<P> {}

impl<P: Permission> Default for PermissionSet<P> {
    fn default() -> Self {
        Self::none()
    }
}

impl<P> Eq for PermissionSet<P> {}

impl<P> PartialEq for PermissionSet<P> {
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits
    }
}

/// Sixteen bytes as hexadecimal digits. The meaning of a bit may change from version to version: not for storage.
impl<P: Permission> Serialize for PermissionSet<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:x}", self.bits))
    }
}

impl<'de, P: Permission> Deserialize<'de> for PermissionSet<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = <Cow<'de, str>>::deserialize(deserializer)?;
        u128::from_str_radix(&digits, 16).map(Self::of_bits).map_err(D::Error::custom)
    }
}

impl<P: Permission> core::fmt::Debug for PermissionSet<P> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_set().entries(P::ALL.iter().filter(|permission| self.contains(**permission))).finish()
    }
}
