//! Of many who find tokens too old at the same time, one asks for new ones; the others wait for what comes of it.

use alloc::{collections::BTreeMap, vec::Vec};
use core::{
    cell::RefCell,
    future::{Future, poll_fn},
    task::{Poll, Waker},
};

use serde::{Deserialize, Serialize};

use crate::{
    id::ProviderSessionId,
    time::{Lifetime, UnixSeconds},
};

/// How long somebody may take: longer than a token endpoint may. Who has vanished leads nobody any more after that.
pub const LEASE: Lifetime = Lifetime::from_seconds(20);

/// Whose turn it is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Claim {
    /// Somebody else has just been at it: what is stored now is as new as it gets.
    Done,
    /// Whoever asked; they say when they are done.
    Lead,
}

/// What is under way.
#[derive(Debug, Default)]
pub struct Flights(RefCell<BTreeMap<ProviderSessionId, Flight>>);

#[derive(Debug)]
struct Flight {
    until: UnixSeconds,
    waiting: Vec<Waker>,
}

impl Flights {
    /// Takes the lead, or waits until whoever has it is done.
    pub fn claim(&self, id: ProviderSessionId, now: UnixSeconds) -> impl Future<Output = Claim> {
        let mut has_waited = false;
        poll_fn(move |context| {
            let mut flights = self.0.borrow_mut();
            match flights.get_mut(&id) {
                Some(flight) if now < flight.until => {
                    has_waited = true;
                    flight.waiting.push(context.waker().clone());
                    Poll::Pending
                }
                None if has_waited => Poll::Ready(Claim::Done),
                Some(_) | None => {
                    let waiting = flights.remove(&id).map(|flight| flight.waiting).unwrap_or_default();
                    flights.insert(id, Flight { until: now.plus(LEASE), waiting });
                    Poll::Ready(Claim::Lead)
                }
            }
        })
    }

    /// Says that whoever had the lead is done.
    pub fn release(&self, id: ProviderSessionId) {
        let flight = self.0.borrow_mut().remove(&id);
        flight.into_iter().flat_map(|flight| flight.waiting).for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::vec;
    use futures_util::{FutureExt as _, future::join3};

    const NOW: UnixSeconds = UnixSeconds::new(1_000);

    #[test]
    fn one_leads_and_the_others_learn_that_it_is_done() {
        let flights = Flights::default();
        let id = ProviderSessionId::from_bytes([1; 16]);
        let order = RefCell::new(vec![]);
        let one = |name: u8| {
            let (flights, order) = (&flights, &order);
            async move {
                let claim = flights.claim(id, NOW).await;
                order.borrow_mut().push((name, claim));
                if claim == Claim::Lead && name == 0 {
                    // The others come while this one is at it.
                    let mut first = true;
                    poll_fn(|context| {
                        context.waker().wake_by_ref();
                        if core::mem::take(&mut first) { Poll::Pending } else { Poll::Ready(()) }
                    })
                    .await;
                    flights.release(id);
                }
            }
        };
        pollster::block_on(join3(one(0), one(1), one(2)));
        assert_eq!(*order.borrow(), [(0, Claim::Lead), (1, Claim::Done), (2, Claim::Done)]);
        assert_eq!(pollster::block_on(flights.claim(id, NOW)), Claim::Lead, "a new turn");
        let other = ProviderSessionId::from_bytes([2; 16]);
        assert_eq!(pollster::block_on(flights.claim(other, NOW)), Claim::Lead, "somebody else's");
        assert_eq!(flights.claim(id, NOW).now_or_never(), None);
        let late = NOW.plus(LEASE);
        assert_eq!(flights.claim(id, late).now_or_never(), Some(Claim::Lead), "who vanished leads nobody");
    }
}
