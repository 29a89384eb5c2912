//! Which servers of a directory did not answer lately, so that people do not wait for them one after another.

use alloc::{
    collections::BTreeMap,
    string::{String, ToString as _},
    vec::Vec,
};

use serde::{Deserialize, Serialize};

use super::directory::Server;
use crate::time::{Lifetime, UnixSeconds};

/// How long a server that failed is asked after the others.
const SHUNNED: Lifetime = Lifetime::from_seconds(60);

/// When servers failed that failed lately.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ServerHealth {
    failed_at: BTreeMap<String, UnixSeconds>,
}

impl ServerHealth {
    /// Takes note of how a server did.
    pub fn note(&mut self, server: &Server, is_well: bool, now: UnixSeconds) {
        self.failed_at.retain(|_, failed_at| now < failed_at.plus(SHUNNED));
        match is_well {
            true => self.failed_at.remove(&server.to_string()),
            false => self.failed_at.insert(server.to_string(), now),
        };
    }

    /// Whether a server has not failed lately.
    pub fn is_well(&self, server: &Server, now: UnixSeconds) -> bool {
        self.failed_at(server, now).is_none()
    }

    /// The servers in the order in which they are asked: as configured, but those that failed lately last, and of those
    /// whoever failed longest ago first. Nobody is left out: a server may be well again.
    pub fn order<'s>(&self, servers: &'s [Server], now: UnixSeconds) -> Vec<&'s Server> {
        let mut order: Vec<_> = servers.iter().collect();
        order.sort_by_key(|server| self.failed_at(server, now));
        order
    }

    fn failed_at(&self, server: &Server, now: UnixSeconds) -> Option<UnixSeconds> {
        let failed_at = self.failed_at.get(&server.to_string()).copied();
        failed_at.filter(|failed_at| now < failed_at.plus(SHUNNED))
    }

    /// When nothing in it counts any more.
    pub fn forgotten_at(&self) -> Option<UnixSeconds> {
        self.failed_at.values().map(|failed_at| failed_at.plus(SHUNNED)).max()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn at(seconds: i64) -> UnixSeconds {
        UnixSeconds::new(1_800_000_000 + seconds)
    }

    #[test]
    fn a_server_that_failed_is_asked_last_for_a_minute() {
        let servers = ["a", "b", "c"].map(|host| Server { host: host.to_string(), port: 636 });
        let [a, b, _] = &servers;
        let order = |health: &ServerHealth, now| -> Vec<String> {
            health.order(&servers, now).into_iter().map(|server| server.host.clone()).collect()
        };
        let mut health = ServerHealth::default();
        assert_eq!(order(&health, at(0)), ["a", "b", "c"]);
        health.note(a, false, at(0));
        assert_eq!(order(&health, at(1)), ["b", "c", "a"]);
        health.note(b, false, at(1));
        assert_eq!(order(&health, at(2)), ["c", "a", "b"], "nobody is left out");
        assert_eq!(health.forgotten_at(), Some(at(61)));
        health.note(b, true, at(3));
        assert_eq!(order(&health, at(3)), ["b", "c", "a"]);
        assert_eq!(order(&health, at(60)), ["a", "b", "c"]);
    }
}
