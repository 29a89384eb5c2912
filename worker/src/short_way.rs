//! Requests that come in as text and leave as text, without a promise on the Rust side.
//!
//! Awaiting one JavaScript promise in Rust costs more than all the rest of a session check. So a request
//! of the short way does not await the object that it asks: it gives the question back to the JavaScript
//! half, as `?ticket`, binding, name and address on a line each, and is polled again with the answer. It
//! awaits promises like any other where it has to wait for something else.

use alloc::rc::Rc;
use core::{
    cell::{Cell, OnceCell, RefCell},
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};
use std::collections::HashMap;

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use crate::platform;

/// Most requests that wait for an answer before those are given up whose JavaScript half is gone, because
/// their client is.
const MOST_WAITING: usize = 1_000;
/// A request that has waited for so long is given up then, in seconds.
const GIVEN_UP_AFTER: i64 = 60;

type Work = Pin<Box<dyn Future<Output = String>>>;

/// What one request asks and gets.
#[derive(Debug, Default)]
struct Desk {
    question: RefCell<Option<String>>,
    answer: RefCell<Option<Result<String, String>>>,
}

struct Waiting {
    work: Work,
    desk: Rc<Desk>,
    since: i64,
}

thread_local! {
    /// The desk of the request that is being polled, if it came the short way.
    static OPEN: RefCell<Option<Rc<Desk>>> = const { RefCell::new(None) };
    static WAITING: RefCell<HashMap<String, Waiting>> = RefCell::default();
    static TICKETS: Cell<u64> = const { Cell::new(0) };
    /// Random for each start of this half: after a panic it starts anew, and a ticket of before must not
    /// fit a request of now.
    static START: OnceCell<String> = const { OnceCell::new() };
}

/// Starts on a request.
pub(crate) fn begin(work: impl Future<Output = String> + 'static) -> JsValue {
    go_on(Box::pin(work), Rc::default())
}

/// Goes on with a request that has asked something. `undefined` when it was given up.
pub(crate) fn resume(ticket: &str, answer: Result<String, String>) -> JsValue {
    let Some(Waiting { work, desk, .. }) = WAITING.with_borrow_mut(|waiting| waiting.remove(ticket)) else {
        return JsValue::UNDEFINED;
    };
    desk.answer.replace(Some(answer));
    go_on(work, desk)
}

/// Asks an object, if the request that is being polled came the short way.
pub(crate) fn ask(binding: &str, name: &str, url: &str) -> Option<Asking> {
    let desk = OPEN.with_borrow(Clone::clone)?;
    // One question at a time; a second one takes the ordinary path.
    if desk.question.borrow().is_some() || desk.answer.borrow().is_some() {
        return None;
    }
    desk.question.replace(Some(format!("{binding}\n{name}\n{url}")));
    Some(Asking(desk))
}

/// Ready as soon as the JavaScript half has brought the answer.
pub(crate) struct Asking(Rc<Desk>);

impl Future for Asking {
    type Output = Result<String, String>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.answer.take().map_or(Poll::Pending, Poll::Ready)
    }
}

fn go_on(mut work: Work, desk: Rc<Desk>) -> JsValue {
    let before = OPEN.replace(Some(Rc::clone(&desk)));
    let polled = work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    OPEN.replace(before);
    if let Poll::Ready(answer) = polled {
        return JsValue::from_str(&answer);
    }
    match desk.question.take() {
        Some(question) => match wait(work, desk) {
            Some(ticket) => JsValue::from_str(&format!("?{ticket}\n{question}")),
            None => JsValue::UNDEFINED,
        },
        // It waits for a promise, which wakes it up only once it has been polled by somebody who listens.
        None => future_to_promise(async move { Ok(JsValue::from_str(&work.await)) }).into(),
    }
}

/// A ticket for a request that waits; `None` without randomness, which sends it the long way.
fn wait(work: Work, desk: Rc<Desk>) -> Option<String> {
    let now = platform::now().get();
    let start = START.with(|start| match start.get() {
        Some(start) => Some(start.clone()),
        None => {
            let mut random = [0; 8];
            platform::fill(&mut random).ok()?;
            Some(start.get_or_init(|| format!("{:016x}", u64::from_be_bytes(random))).clone())
        }
    })?;
    TICKETS.set(TICKETS.get().wrapping_add(1));
    let ticket = format!("{start}-{}", TICKETS.get());
    WAITING.with_borrow_mut(|waiting| {
        if waiting.len() >= MOST_WAITING {
            waiting.retain(|_, request| now - request.since < GIVEN_UP_AFTER);
        }
        waiting.insert(ticket.clone(), Waiting { work, desk, since: now });
    });
    Some(ticket)
}
