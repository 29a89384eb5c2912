//! The network a request comes from, as a throttle key (TH-04): an IPv4 address, or the /64 of an
//! IPv6 address, because one subscriber holds a whole /64.

use alloc::{format, string::String};
use core::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// A canonical network.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Network(String);

impl Network {
    /// All callers whose address the platform did not tell share this one (TH-05).
    pub fn unknown() -> Self {
        Self(String::from("unknown"))
    }

    /// Reads the address the platform reports. An IPv4-mapped IPv6 address counts as IPv4.
    pub fn of_address(text: &str) -> Self {
        match text.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(IpAddr::V4(address)) => Self(format!("{address}/32")),
            Ok(IpAddr::V6(address)) => {
                let prefix = address.to_bits() & !u128::from(u64::MAX);
                Self(format!("{}/64", Ipv6Addr::from_bits(prefix)))
            }
            Err(_) => Self::unknown(),
        }
    }

    /// Whether it is the machine itself: a developer's, never a client of a deployment.
    pub fn is_loopback(&self) -> bool {
        self.0.starts_with("127.") || self.0 == "::/64"
    }

    /// The canonical text, such as `203.0.113.7/32` or `2001:db8:1:2::/64`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn spellings_of_one_network_are_one_key() {
        /* TH-04 */
        let key = |text: &str| String::from(Network::of_address(text).as_str());
        assert_eq!(key("203.0.113.7"), "203.0.113.7/32");
        assert_eq!(key("::ffff:203.0.113.7"), "203.0.113.7/32");
        assert_eq!(key("2001:DB8:1:2:a::1"), "2001:db8:1:2::/64");
        assert_eq!(key("2001:db8:1:2:ffff::9"), "2001:db8:1:2::/64");
        assert_ne!(key("2001:db8:1:3::1"), key("2001:db8:1:2::1"));
    }

    #[test]
    fn a_laptop_knows_itself() {
        for (address, loopback) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("203.0.113.7", false),
            ("", false),
        ] {
            assert_eq!(Network::of_address(address).is_loopback(), loopback, "{address}");
        }
    }

    #[test]
    fn no_address_means_the_shared_strict_bucket() {
        /* TH-05 */
        for text in ["", "localhost", "203.0.113.7, 10.0.0.1", "256.1.1.1"] {
            assert_eq!(Network::of_address(text), Network::unknown(), "{text:?}");
        }
    }
}
