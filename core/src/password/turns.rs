//! Whose turn it is to hash (PW-18). One hash at a time has the memory; the others wait in the order in
//! which they came, and not too many of them.

use alloc::collections::VecDeque;

/// Most hashes that wait or run: about two seconds of them. Whoever comes after that is told to come
/// again later.
pub const MAX_WAITING: usize = 100;

/// A ticket whose holder has not asked for this long belongs to a request that was cut off: a host may
/// drop one without running its destructors. In milliseconds; a segment takes two.
const FORSAKEN_MS: u64 = 5_000;

/// The queue of one isolate.
#[derive(Debug, Default)]
pub struct Turns {
    waiting: VecDeque<Waiting>,
    drawn: u64,
}

#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    seen_ms: u64,
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ticket(u64);

/// What a ticket is good for just now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// It was taken for forsaken, or given back: draw another.
    Lost,
    /// Its holder may hash.
    Now,
    /// Others are before it.
    Wait,
}

impl Turns {
    /// A place at the end of the queue, unless the queue is full.
    pub fn draw(&mut self, now_ms: u64) -> Option<Ticket> {
        self.drop_forsaken(now_ms);
        if self.waiting.len() >= MAX_WAITING {
            return None;
        }
        self.drawn += 1;
        let ticket = Ticket(self.drawn);
        self.waiting.push_back(Waiting { ticket, seen_ms: now_ms });
        Some(ticket)
    }

    /// Whether it is this ticket's turn. A holder keeps asking, also while it hashes.
    pub fn ask(&mut self, ticket: Ticket, now_ms: u64) -> Turn {
        let Some(own) = self.waiting.iter_mut().find(|other| other.ticket == ticket) else {
            return Turn::Lost;
        };
        own.seen_ms = now_ms;
        self.drop_forsaken(now_ms);
        let first = self.waiting.front().is_some_and(|first| first.ticket == ticket);
        if first { Turn::Now } else { Turn::Wait }
    }

    /// Leaves the queue.
    pub fn give_back(&mut self, ticket: Ticket) {
        self.waiting.retain(|other| other.ticket != ticket);
    }

    fn drop_forsaken(&mut self, now_ms: u64) {
        self.waiting.retain(|other| now_ms.saturating_sub(other.seen_ms) < FORSAKEN_MS);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn turns_come_in_the_order_of_the_tickets() {
        /* PW-18 */
        let mut turns = Turns::default();
        let [a, b, c] = [0, 0, 0].map(|now| turns.draw(now).unwrap());
        assert_eq!([a, b, c].map(|ticket| turns.ask(ticket, 1)), [Turn::Now, Turn::Wait, Turn::Wait]);
        turns.give_back(b);
        assert_eq!(turns.ask(c, 2), Turn::Wait);
        turns.give_back(a);
        assert_eq!([a, b, c].map(|ticket| turns.ask(ticket, 3)), [Turn::Lost, Turn::Lost, Turn::Now]);
    }

    #[test]
    fn the_queue_ends_somewhere() {
        /* PW-18 */
        let mut turns = Turns::default();
        let first = turns.draw(0).unwrap();
        for _ in 1..MAX_WAITING {
            assert!(turns.draw(0).is_some());
        }
        assert_eq!(turns.draw(0), None);
        turns.give_back(first);
        assert!(turns.draw(0).is_some());
    }

    #[test]
    fn a_request_that_was_cut_off_holds_nobody_up() {
        /* PW-18, FT-16 */
        let mut turns = Turns::default();
        let (gone, alive) = (turns.draw(0).unwrap(), turns.draw(0).unwrap());
        assert_eq!(turns.ask(alive, FORSAKEN_MS - 1), Turn::Wait);
        assert_eq!(turns.ask(alive, FORSAKEN_MS), Turn::Now);
        assert_eq!(turns.ask(gone, FORSAKEN_MS), Turn::Lost);
    }
}
