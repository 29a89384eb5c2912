//! How permissions are defined: once, with everything that is said about them.

/// A permission of one catalogue; a catalogue is an enum of them.
pub trait Permission: Copy + core::fmt::Debug + 'static {
    /// The catalogue in the contract's order, at most 128. A permission's position is its bit in a
    /// [`PermissionSet`](super::PermissionSet); stored trees have names, so the order may change.
    const ALL: &'static [Self];

    /// First level of the tree, such as `chat`.
    fn section(self) -> &'static str;

    /// Second level of the tree, such as `delete`.
    fn name(self) -> &'static str;

    /// Whether everybody has it unless the deployment says otherwise.
    fn default(self) -> bool;

    /// The name under which a deployment says otherwise.
    fn setting(self) -> &'static str;

    /// Its position in the catalogue.
    fn index(self) -> usize;
}

/// Defines a catalogue: variant, section, name, default, setting. The documentation of each variant is
/// made of the same.
macro_rules! permissions {
    (
        $(#[$doc:meta])*
        $catalog:ident { $($variant:ident: $section:literal, $name:literal, $default:literal, $setting:literal;)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum $catalog {
            $(
                #[doc = concat!("`", $section, ".", $name, "`, default `", stringify!($default), "`, setting `", $setting, "`.")]
                $variant,
            )*
        }

        impl $crate::permission::Permission for $catalog {
            const ALL: &'static [Self] = &[$(Self::$variant),*];

            fn section(self) -> &'static str {
                match self { $(Self::$variant => $section),* }
            }

            fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            fn default(self) -> bool {
                match self { $(Self::$variant => $default),* }
            }

            fn setting(self) -> &'static str {
                match self { $(Self::$variant => $setting),* }
            }

            fn index(self) -> usize {
                self as usize
            }
        }

        const _: () = assert!(<$catalog as $crate::permission::Permission>::ALL.len() <= 128, "a set is a u128");
    };
}

pub(super) use permissions;

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::permission::{Feature, Permission, RolePermission};

    fn assert_sound<P: Permission>() {
        for (index, permission) in P::ALL.iter().enumerate() {
            assert_eq!(permission.index(), index);
            for other in &P::ALL[index + 1..] {
                assert!(
                    (permission.section(), permission.name()) != (other.section(), other.name()),
                    "{other:?}"
                );
                assert_ne!(permission.setting(), other.setting());
            }
        }
        let mut sections: alloc::vec::Vec<_> = P::ALL.iter().map(|permission| permission.section()).collect();
        sections.dedup();
        let runs = sections.len();
        sections.sort_unstable();
        sections.dedup();
        assert_eq!(sections.len(), runs, "the permissions of a section stand together");
    }

    #[test]
    fn every_path_and_setting_is_unique_and_sections_stay_together() {
        assert_sound::<Feature>();
        assert_sound::<RolePermission>();
    }
}
