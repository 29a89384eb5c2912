//! What only the real runtime can show.

use http::Request;

use crate::harness::{Node, WORKER, Workerd, on_workerd};

mod breach_list;
mod kill;

/// The Worker that runs the port suite.
pub(crate) const PORT_SUITE: &str = "tests/workerd/port-suite";

#[test]
fn the_real_ports_keep_the_contract() {
    assert!(on_workerd(), "this module needs the built Worker: run it with `cargo xtask test`");
    for case in portico_tests::CASES {
        let storage = Workerd::start_worker(PORT_SUITE, &[]);
        let answer = storage.send(Request::get(format!("/{case}")).body(Vec::new()).unwrap());
        assert_eq!(answer.status, 200, "{case}: {answer:?}");
    }
}

#[test]
fn a_worker_without_secrets_refuses_every_request_and_names_no_value() {
    /* TK-19 */
    let app = Workerd::start_worker(WORKER, &[("PORTICO_SECRET", "5hort-5ecret")]);
    let answer = app.send(Request::get("/health").body(Vec::new()).unwrap());
    assert_eq!(answer.status, 503);
    assert!(!String::from_utf8_lossy(&answer.body).contains("5hort"));
}
