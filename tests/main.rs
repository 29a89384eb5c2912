//! The contract tests: HTTP in, HTTP out. The same tests run on two hosts: the router on in-memory
//! ports, natively, and the built Worker in workerd (`PORTICO_TEST_HOST=workerd`). The modules
//! `native` and `workerd` hold what makes sense on one of them only.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking; clippy's own exception covers test functions but not their helpers"
)]

extern crate alloc;

mod architecture;
mod both;
mod conformance;
mod fuzz;
mod harness;
mod hostile;
mod interop;
mod ldap;
mod librechat;
mod native;
mod oauth;
mod open_webui;
mod openapi;
mod pages;
mod ports;
mod router;
mod vectors;
mod well_known;
mod workerd;
