use core::cell::{Cell, RefCell};

use portico_core::{
    password::{Cost, HASH_BYTES, Progress, Ticket, Turn, Turns, Workspace},
    ports::PortError,
    secret::Secret,
};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::clock::millis;

/// Length of a pause while others come, in milliseconds: long enough for their several trips to a Durable
/// Object, each of which takes its own turn.
const LONG_PAUSE: u32 = 2;

thread_local! {
    /// Requests that have come to this isolate.
    static ARRIVALS: Cell<u64> = const { Cell::new(0) };
    static TURNS: RefCell<Turns> = RefCell::default();
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

#[wasm_bindgen]
extern "C" {
    /// Resumes after that many milliseconds, behind whatever else is ready to run.
    #[wasm_bindgen(js_namespace = scheduler, js_name = wait, catch)]
    async fn wait(milliseconds: u32) -> Result<JsValue, JsValue>;
}

/// Notes that a request has come: whoever hashes makes way.
pub(crate) fn note_arrival() {
    ARRIVALS.set(ARRIVALS.get().wrapping_add(1));
}

/// Argon2id in turns and segments: between two segments, about 2 ms apart, the isolate answers
/// others, for longer when somebody has come during the last pause. Requests wait by asking again: the
/// runtime forbids one to await a promise of another.
pub(crate) async fn argon2id(
    password: &[u8],
    salt: &[u8],
    cost: Cost,
) -> Result<Secret<[u8; HASH_BYTES]>, PortError> {
    let mut place = Place::draw()?;
    'again: loop {
        while place.ask()? == Turn::Wait {
            pause(1).await?;
        }
        let mut job = WORKSPACE.with_borrow_mut(|workspace| workspace.begin(password, salt, cost));
        let mut break_length = 0;
        loop {
            match WORKSPACE.with_borrow_mut(|workspace| workspace.advance(&mut job)) {
                Progress::Done(hash) => return Ok(hash),
                Progress::Lost => continue 'again,
                Progress::More => {}
            }
            let before = ARRIVALS.get();
            pause(break_length).await?;
            break_length = if ARRIVALS.get() == before { 0 } else { LONG_PAUSE };
            if place.ask()? == Turn::Wait {
                continue 'again;
            }
        }
    }
}

/// A place in the queue, given back when the request is over.
struct Place(Ticket);

impl Place {
    fn draw() -> Result<Self, PortError> {
        TURNS.with_borrow_mut(|turns| turns.draw(millis())).map(Self).ok_or_else(|| PortError {
            port: "hashing",
            detail: "too many passwords are being hashed".into(),
        })
    }

    fn ask(&mut self) -> Result<Turn, PortError> {
        let turn = TURNS.with_borrow_mut(|turns| turns.ask(self.0, millis()));
        if turn == Turn::Lost {
            *self = Self::draw()?;
            return self.ask();
        }
        Ok(turn)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        TURNS.with_borrow_mut(|turns| turns.give_back(self.0));
    }
}

async fn pause(milliseconds: u32) -> Result<(), PortError> {
    let paused = wait(milliseconds).await;
    paused.map(drop).map_err(|_| PortError { port: "hashing", detail: "the runtime ended the wait".into() })
}
