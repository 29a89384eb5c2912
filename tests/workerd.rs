//! What only the real runtime can show.

use http::Request;

use crate::harness::{Node, WORKER, Workerd, on_workerd};

mod audit;
mod breach_list;
mod events;
mod kill;
mod ldap;
mod mail;
mod oauth;
mod provider;
mod slapd;
mod subrequests;

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

#[test]
fn after_a_panic_the_next_request_works() {
    /* ER-03 */
    let storage = Workerd::start_worker(PORT_SUITE, &[]);
    let get = |path: &str| storage.send(Request::get(path).body(Vec::new()).unwrap()).status;
    let case = "/sessions::an_open_session_shows_its_account";
    let panicked = storage.send(Request::get("/panic").body(Vec::new()).unwrap());
    /* ER-01, SE-13 */
    assert_eq!((panicked.status, panicked.detail().as_str()), (500, "Internal Server Error"));
    for (name, value) in [("cache-control", "no-store"), ("x-content-type-options", "nosniff")] {
        assert_eq!(panicked.header(name), value);
    }
    assert_eq!(get(case), 200);
    assert_eq!(get("/panic"), 500);
    assert_eq!(get("/throttles::a_bucket_grants_its_limit_and_no_more"), 200);
}
