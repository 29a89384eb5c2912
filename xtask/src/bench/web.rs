//! `bench web`: the npm package beside jose, in Node and in Chromium.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{median, table_file};
use crate::{
    package,
    step::{step, write_if_changed},
    tools, workspace,
};

pub(super) fn run(rounds: u32, seconds: u32) -> Result<()> {
    let (node, browser) = (package::build()?, tools::browser()?);
    let output = step("measure in Node and Chromium", || {
        let script = node.script(workspace::root().join("xtask/bench/web/run.mjs"));
        // A round is four operations by two sides, so it may be short.
        let script = script.args([rounds.to_string(), (f64::from(seconds) / 4.0).to_string()]);
        script.env("NODE_NO_WARNINGS", "1").env("PORTICO_CHROMIUM", &browser.binary).run()
    })?;
    let line = output.lines().rfind(|line| line.starts_with('{')).context("the measurement says nothing")?;
    let measured: Value = serde_json::from_str(line)?;
    println!("{:<10}{:<16}{:>12}{:>12}{:>8}", "runtime", "operation", "portico µs", "jose µs", "ratio");
    for runtime in ["node", "chromium"] {
        for row in measured.get(runtime).and_then(Value::as_array).into_iter().flatten() {
            let middle = |side: &str| {
                let times = row.get(side).and_then(Value::as_array).into_iter().flatten();
                median(times.filter_map(Value::as_f64))
            };
            let (ours, theirs) = (middle("portico") * 1e6, middle("jose") * 1e6);
            let operation = row.get("operation").and_then(Value::as_str).unwrap_or_default();
            println!("{runtime:<10}{operation:<16}{ours:>12.1}{theirs:>12.1}{:>8.2}", ours / theirs);
        }
    }
    let table = table_file("web");
    if let Some(folder) = table.parent() {
        fs::create_dir_all(folder).context("create target/bench")?;
    }
    write_if_changed(&table, line.as_bytes())
}
