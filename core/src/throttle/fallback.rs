use alloc::{collections::BTreeMap, string::String};

use super::{Limit, Spent, Window};
use crate::{
    network::Network,
    time::{Lifetime, UnixSeconds},
};

/// Attempts of one network while the real counters are out of reach (FT-06).
pub const FALLBACK_LIMIT: Limit = Limit { attempts: 5, window: Lifetime::from_minutes(1) };

/// Most networks that one host counts for itself; further ones share a bucket.
const MAX_NETWORKS: usize = 1_000;

/// Counters of one host, for when the shared ones can not be reached: strict, and never unlimited
/// (FT-06). They forget when the host ends, which is why nothing else counts with them.
#[derive(Debug, Default)]
pub struct Fallback(BTreeMap<String, Window>);

impl Fallback {
    /// Spends one attempt of a network.
    pub fn spend(&mut self, network: &Network, now: UnixSeconds) -> Spent {
        if self.0.len() >= MAX_NETWORKS {
            self.0.retain(|_, window| window.empty_at(FALLBACK_LIMIT).is_some_and(|at| now < at));
        }
        let known = self.0.contains_key(network.as_str());
        let name = if known || self.0.len() < MAX_NETWORKS { network.as_str() } else { "others" };
        self.0.entry(name.into()).or_default().spend(FALLBACK_LIMIT, now)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::format;

    #[test]
    fn five_a_minute_from_one_network_and_no_way_around_with_many() {
        /* FT-06 */
        let mut fallback = Fallback::default();
        let (now, home) = (UnixSeconds::new(0), Network::of_address("203.0.113.7"));
        for _ in 0..5 {
            assert_eq!(fallback.spend(&home, now), Spent::Granted);
        }
        assert!(fallback.spend(&home, now) != Spent::Granted);
        let crowd =
            (0..3_000).map(|number| Network::of_address(&format!("10.0.{}.{}", number / 256, number % 256)));
        let granted = crowd.filter(|network| fallback.spend(network, now) == Spent::Granted).count();
        assert!(granted <= MAX_NETWORKS + 5, "{granted}");
        assert!(fallback.0.len() <= MAX_NETWORKS + 1);
        assert_eq!(fallback.spend(&home, UnixSeconds::new(60)), Spent::Granted);
    }
}
