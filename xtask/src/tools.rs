//! What the verbs need beside cargo, installed on first use: everything below `target/tools` and
//! `node_modules`, nothing outside the repository except rustup targets and, for root on Debian,
//! system packages.

mod cargo_tool;
mod node;
mod rust;
mod system;

pub(crate) use cargo_tool::{cargo_deny, wasm_bindgen, worker_build};
pub(crate) use node::{Node, node};
pub(crate) use rust::{BARE_METAL, WASM, component, target};
pub(crate) use system::{Browser, browser, python, python_from_source, slapd, wrk};
