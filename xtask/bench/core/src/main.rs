//! The same natively: `portico-bench <operation> <times>` prints the seconds it took.

#![expect(clippy::print_stdout, reason = "a program that prints a time")]

use std::time::Instant;

use portico_core::jwt::RustSignatures;

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [operation, times] = arguments.as_slice() else { return Err("<operation> <times>".to_string()) };
    let times = times.parse().map_err(|_| "a number of times")?;
    let start = Instant::now();
    pollster::block_on(portico_bench::repeat(operation, times, &RustSignatures))?;
    println!("{}", start.elapsed().as_secs_f64());
    Ok(())
}
