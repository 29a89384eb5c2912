//! What needs a clock that can be moved, or ports that fail on purpose: the native host only.

mod accounts;
mod audit;
mod clock;
mod events;
mod faults;
mod https;
mod refresh;

use crate::harness::{Native, TestApp, on_workerd};

/// The app and the native host inside it.
fn with_native(vars: &[(&str, &str)], test: impl FnOnce(&TestApp, &Native)) {
    assert!(!on_workerd(), "this module is for the native host: run it with `cargo xtask test`");
    let app = TestApp::with_vars(vars);
    match &app {
        TestApp::Native(native) => test(&app, native),
        TestApp::Workerd(_) => unreachable!("checked above"),
    }
}
