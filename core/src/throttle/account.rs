use alloc::{collections::BTreeMap, string::String};

use serde::{Deserialize, Serialize};

use super::{Lockout, SIGN_IN_LIMIT, Spent, Window};
use crate::{
    network::Network,
    time::{Lifetime, UnixSeconds},
};

/// For how long a network is known after its last success (TH-08).
const KNOWN_FOR: Lifetime = Lifetime::from_days(30);

/// Most networks that are known; the one whose success is oldest makes room.
const MAX_KNOWN: usize = 16;

/// Two of the three buckets of a sign-in attempt (TH-02): the account from anywhere, and the account from
/// each network. The third, the network for any account, is a [`Window`] of its own.
///
/// An attempt counts as a failure when it is made and is taken back when it succeeds, so that nothing
/// has to be written after a failure, and a crash in between leaves it counted (TH-07).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct AccountThrottle {
    anywhere: Lockout,
    networks: BTreeMap<String, FromNetwork>,
    /// Attempts since the last success, from anywhere.
    #[serde(default)]
    since_success: u32,
}

#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
struct FromNetwork {
    attempts: Window,
    last_success_at: Option<UnixSeconds>,
}

impl FromNetwork {
    fn is_known(&self, now: UnixSeconds) -> bool {
        self.last_success_at.is_some_and(|at| now < at.plus(KNOWN_FOR))
    }

    fn forgotten_at(&self) -> Option<UnixSeconds> {
        self.attempts.empty_at(SIGN_IN_LIMIT).max(self.last_success_at.map(|at| at.plus(KNOWN_FOR)))
    }
}

impl AccountThrottle {
    /// Spends one attempt from a network, of both buckets or of none. A network from which the account
    /// was signed in to lately has its own fifteen attempts even while strangers have closed the account
    /// (TH-08).
    pub fn spend(&mut self, network: &Network, now: UnixSeconds) -> Spent {
        self.networks.retain(|_, from| from.forgotten_at().is_some_and(|at| now < at));
        let from = self.networks.get(network.as_str());
        let account = match from {
            Some(from) if from.is_known(now) => Spent::Granted,
            _ => self.anywhere.check(now),
        };
        let mut from = from.cloned().unwrap_or_default();
        let verdict = from.attempts.spend(SIGN_IN_LIMIT, now).and(account);
        if verdict == Spent::Granted {
            self.anywhere.fail(now);
            self.since_success = self.since_success.saturating_add(1);
            self.networks.insert(network.as_str().into(), from);
        }
        verdict
    }

    /// The attempt from that network succeeded: forgets what was spent for this account from there, takes
    /// the one failure back, and nothing else (TH-13). Says how many failures from anywhere there were since the
    /// last success.
    pub fn succeed(&mut self, network: &Network, now: UnixSeconds) -> u32 {
        self.anywhere.give_back();
        let failures = core::mem::take(&mut self.since_success).saturating_sub(1);
        let from = FromNetwork { attempts: Window::default(), last_success_at: Some(now) };
        self.networks.insert(network.as_str().into(), from);
        let known = || self.networks.iter().filter_map(|(name, from)| Some((from.last_success_at?, name)));
        if known().count() > MAX_KNOWN
            && let Some((_, stalest)) = known().min()
        {
            let stalest = stalest.clone();
            self.networks.remove(&stalest);
        }
        failures
    }

    /// When nothing of it will matter any more; `None` when nothing does.
    pub fn forgotten_at(&self) -> Option<UnixSeconds> {
        let networks = self.networks.values().filter_map(FromNetwork::forgotten_at);
        networks.chain(self.anywhere.forgotten_at()).max()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::format;

    fn at(seconds: i64) -> UnixSeconds {
        UnixSeconds::new(seconds)
    }

    fn refused(seconds: u64) -> Spent {
        Spent::Refused { retry_after: Lifetime::from_seconds(seconds) }
    }

    fn network(number: usize) -> Network {
        Network::of_address(&format!("203.0.{}.{}", number / 256, number % 256))
    }

    /// Strangers guess from a new network each time until the account is closed to them.
    fn closed_to_strangers(account: &mut AccountThrottle, now: UnixSeconds) {
        for stranger in 1_000.. {
            if account.spend(&network(stranger), now) != Spent::Granted {
                return;
            }
        }
    }

    #[test]
    fn fifteen_from_one_network_and_another_network_has_its_own() {
        /* TH-02 */
        let mut account = AccountThrottle::default();
        for _ in 0..15 {
            assert_eq!(account.spend(&network(1), at(0)), Spent::Granted);
        }
        let spent = account.clone();
        assert_eq!(account.spend(&network(1), at(10)), refused(170));
        assert_eq!(account, spent, "a refusal spends nothing");
        assert_eq!(account.spend(&network(2), at(10)), Spent::Granted);
    }

    #[test]
    fn success_forgets_this_network_takes_one_failure_back_and_nothing_else() {
        /* TH-13 */
        let mut account = AccountThrottle::default();
        for _ in 0..14 {
            account.spend(&network(1), at(0));
            account.spend(&network(2), at(0));
        }
        let before = account.anywhere;
        assert_eq!(account.spend(&network(1), at(1)), Spent::Granted);
        account.succeed(&network(1), at(1));
        assert_eq!(account.anywhere.check(at(1)), before.check(at(1)));
        assert_eq!(account.spend(&network(1), at(2)), Spent::Granted);
        assert_eq!(account.spend(&network(2), at(2)), Spent::Granted, "the fifteenth");
        assert_eq!(account.spend(&network(2), at(2)), refused(178), "was not given back");
    }

    #[test]
    fn the_owner_gets_in_from_where_they_were_while_strangers_are_shut_out() {
        /* TH-08 */
        let mut account = AccountThrottle::default();
        let home = network(1);
        assert_eq!(account.spend(&home, at(0)), Spent::Granted);
        account.succeed(&home, at(0));
        closed_to_strangers(&mut account, at(10));
        assert_eq!(account.spend(&network(7), at(20)), refused(50));
        assert_eq!(account.spend(&home, at(20)), Spent::Granted);
        account.succeed(&home, at(20));
        assert!(account.spend(&network(7), at(21)) != Spent::Granted, "the owner's success opens nothing");
        for _ in 0..15 {
            assert_eq!(account.spend(&home, at(30)), Spent::Granted);
        }
        assert_eq!(account.spend(&home, at(30)), refused(180), "a known network has a limit too");
        // A month without a success, and the network is a stranger's.
        let later = at(20).plus(KNOWN_FOR);
        closed_to_strangers(&mut account, later);
        assert!(account.spend(&home, later) != Spent::Granted);
    }

    #[test]
    fn neither_strangers_nor_travels_fill_the_store() {
        let mut account = AccountThrottle::default();
        for number in 0..1_000 {
            let granted = account.spend(&network(number), at(0)) == Spent::Granted;
            if granted && number % 2 == 0 {
                account.succeed(&network(number), at(0));
            }
        }
        let stored = account.networks.len();
        assert!(stored <= MAX_KNOWN + 200, "{stored}");
        account.spend(&network(5_000), at(1_000));
        assert!(account.networks.len() <= MAX_KNOWN + 1, "what has left its window is gone");
        let forgotten = account.forgotten_at().unwrap();
        account.spend(&network(1), forgotten);
        assert_eq!(account.networks.len(), 1);
    }
}
