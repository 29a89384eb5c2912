//! One object for the deployment: it tells webhooks what they do not know yet and sends the mails that are due, one turn
//! at a time, away from everybody's requests. It stores nothing; how far each webhook was told and which mails are on
//! their way stands in the database. Its alarm is the next turn.

use alloc::rc::Rc;
use core::time::Duration;

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wasm_bindgen_futures::{future_to_promise, js_sys::Promise};
use worker::{Env, durable::State, worker_sys::DurableObjectState};

/// The dispatcher, as the JavaScript half constructs it.
#[wasm_bindgen]
pub struct EventDispatcher {
    state: Rc<State>,
    env: Env,
}

#[wasm_bindgen]
impl EventDispatcher {
    /// The object, when the runtime wakes it up.
    #[wasm_bindgen(constructor)]
    pub fn new(state: DurableObjectState, env: Env) -> Self {
        Self { state: Rc::new(State::from(state)), env }
    }

    /// There is something to tell: the next turn is now.
    pub fn check(&self, _url: &str) -> Promise {
        let state = Rc::clone(&self.state);
        future_to_promise(async move {
            state.storage().set_alarm(Duration::ZERO).await?;
            Ok(JsValue::from_str("true"))
        })
    }

    /// The same.
    pub fn answer(&self, _question: &str) -> Promise {
        self.check("")
    }

    /// Takes a turn, and sets the next one.
    pub fn alarm(&self) -> Promise {
        let (state, env) = (Rc::clone(&self.state), self.env.clone());
        future_to_promise(async move {
            if let Some(wait) = crate::tell_events(&env).await {
                // A turn that somebody asked for meanwhile comes first.
                if state.storage().get_alarm().await?.is_none() {
                    state.storage().set_alarm(wait).await?;
                }
            }
            Ok(JsValue::UNDEFINED)
        })
    }
}

impl core::fmt::Debug for EventDispatcher {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("EventDispatcher").finish_non_exhaustive()
    }
}
