//! `bench core`: one operation after the other, each by everybody who can do it, taking turns.

use core::time::Duration;
use std::{fs, path::PathBuf, time::Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::{agent, host::Host, median};
use crate::{
    build,
    step::{quiet, step},
    tools::{self, Node},
    workspace,
};

/// What is measured, and whether somebody else's implementation runs in the same runtime.
const OPERATIONS: [(&str, bool); 10] = [
    ("argon2id", true),
    ("hs256-verify", true),
    ("hs256-sign", true),
    ("es256-verify", true),
    ("es256-sign", true),
    ("eddsa-verify", true),
    ("eddsa-sign", true),
    ("resolve-1", false),
    ("resolve-10", false),
    ("resolve-100", false),
];

/// Shortest time that is believed.
const SHORTEST: Duration = Duration::from_millis(150);

/// Someone who can repeat operations.
enum Runner {
    /// A Worker: `GET /<operation>?n=<times>` answers when it is done.
    Worker(String),
    /// A program that prints the seconds it took.
    Program(Vec<PathBuf>),
}

struct Contestant {
    name: &'static str,
    runner: Runner,
    can: fn(&str) -> bool,
}

pub(super) fn run(rounds: u32) -> Result<()> {
    let node = tools::node()?;
    let bench = workspace::root().join("xtask/bench/core");
    build::worker_crate("core bench", &bench)?;
    let program = native()?;
    let c = c_argon2();
    if let Err(problem) = &c {
        println!("  argon2 in C is left out: {problem:#}");
    }
    peers(&node)?;
    let mut host = Host::start(&node)?;
    let portico = host.worker("xtask/bench/core/build", &json!({}))?;
    let others = host.worker("target/bench/peers", &json!({}))?;
    let mut contestants = vec![
        Contestant { name: "Portico, workerd", runner: Runner::Worker(portico), can: |_| true },
        Contestant { name: "jose, hash-wasm", runner: Runner::Worker(others), can: has_peer },
        Contestant { name: "Portico, native", runner: Runner::Program(vec![program]), can: |_| true },
    ];
    if let Ok(script) = c {
        contestants.push(Contestant {
            name: "C with AVX2",
            runner: Runner::Program(script),
            can: |operation| operation == "argon2id",
        });
    }
    let mut rows = Vec::new();
    println!("\n{:<14}{:<18}{:>14}{:>12}{:>10}", "operation", "who", "per second", "µs each", "x Portico");
    for (operation, _) in OPERATIONS {
        let able: Vec<_> = contestants.iter().filter(|contestant| (contestant.can)(operation)).collect();
        let times = able.iter().map(|who| who.calibrate(operation)).collect::<Result<Vec<_>>>()?;
        let mut seconds = vec![Vec::new(); able.len()];
        for _ in 0..rounds {
            for ((who, times), samples) in able.iter().zip(&times).zip(&mut seconds) {
                samples.push(who.seconds_each(operation, *times)?);
            }
        }
        let first = seconds.first().map_or(0.0, |samples| median(samples.iter().copied()));
        for (who, samples) in able.iter().zip(seconds) {
            let best = samples.iter().copied().fold(f64::INFINITY, f64::min);
            let each = median(samples.into_iter());
            println!(
                "{operation:<14}{:<18}{:>14.0}{:>12.2}{:>10.2}",
                who.name,
                1.0 / each,
                each * 1e6,
                first / each
            );
            rows.push(json!({
                "operation": operation, "who": who.name, "per_second": 1.0 / each,
                "microseconds": each * 1e6, "best_microseconds": best * 1e6, "ratio_to_portico": first / each,
            }));
        }
    }
    let out = workspace::target().join("bench/core.json");
    fs::write(&out, serde_json::to_string_pretty(&rows)?)?;
    println!("\nMedians of {rounds} rounds; written to {}", out.display());
    Ok(())
}

fn has_peer(operation: &str) -> bool {
    OPERATIONS.iter().any(|(name, peer)| *name == operation && *peer)
}

impl Contestant {
    /// How often to repeat an operation for a time that means something.
    fn calibrate(&self, operation: &str) -> Result<u32> {
        let mut times = 1;
        loop {
            let took = self.time(operation, times)?;
            if took >= SHORTEST {
                return Ok(times);
            }
            let Some(more) = 2_u32.checked_mul(times) else { bail!("{operation} takes no time") };
            times = more;
        }
    }

    /// Seconds for one, without what a call costs by itself.
    fn seconds_each(&self, operation: &str, times: u32) -> Result<f64> {
        let (all, none) = (self.time(operation, times)?, self.time(operation, 0)?);
        Ok(all.saturating_sub(none).as_secs_f64() / f64::from(times))
    }

    fn time(&self, operation: &str, times: u32) -> Result<Duration> {
        match &self.runner {
            Runner::Worker(url) => {
                let start = Instant::now();
                let answer = agent().get(format!("{url}/{operation}?n={times}")).call()?;
                if answer.status() != 200 {
                    bail!("{}: {operation} answered {}", self.name, answer.status());
                }
                Ok(start.elapsed())
            }
            Runner::Program(program) => {
                let (program, arguments) = program.split_first().context("a program")?;
                let mut command = quiet(program).args(arguments);
                if arguments.is_empty() {
                    command = command.args([operation]);
                }
                let printed = command
                    .args([times.to_string()])
                    // Memory is used again, as it is in the Worker, and not asked of the system for each hash.
                    .env("MALLOC_MMAP_THRESHOLD_", "1073741824")
                    .env("MALLOC_TRIM_THRESHOLD_", "1073741824")
                    .run()?;
                Ok(Duration::from_secs_f64(printed.trim().parse().context("seconds")?))
            }
        }
    }
}

fn native() -> Result<PathBuf> {
    step("build the native program", || {
        quiet("cargo").args(["build", "--release", "-p", "portico-bench"]).run()?;
        Ok(workspace::target().join("release/portico-bench"))
    })
}

/// The reference implementation with its AVX2 code, built from the sources in the Python package.
fn c_argon2() -> Result<Vec<PathBuf>> {
    let folder = workspace::root().join("xtask/bench/peers");
    let python = tools::python_from_source(&folder.join("requirements.txt"), "-O3 -mavx2")?;
    Ok(vec![python, folder.join("native.py")])
}

/// Bundles the Worker of the peers.
fn peers(node: &Node) -> Result<()> {
    step("bundle jose and hash-wasm", || {
        let (from, to) =
            (workspace::root().join("xtask/bench/peers"), workspace::target().join("bench/peers"));
        fs::create_dir_all(&to)?;
        node.script(from.join("extract.mjs")).args([&to]).run()?;
        quiet(node.bin("esbuild"))
            .args([from.join("index.js")])
            .args(["--bundle", "--format=esm", "--external:*.wasm", "--log-level=warning"])
            .args([format!("--outfile={}", to.join("index.js").display())])
            .env("PATH", node.path())
            .run()
            .map(|_| ())
    })
}
