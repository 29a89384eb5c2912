//! The port suite on the in-memory ports; `workerd::ports` runs it on the real ones.

use portico_core::memory::Memory;

#[test]
fn the_in_memory_ports_keep_the_contract() {
    for case in portico_tests::CASES {
        if let Err(broken) = pollster::block_on(portico_tests::run(case, &Memory::default())) {
            panic!("{case}: {broken}");
        }
    }
}
