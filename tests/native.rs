//! What needs a clock that can be moved, or ports that fail on purpose: the native host only.

mod accounts;
mod audit;
mod clock;
mod events;
mod faults;
mod https;
mod refresh;
