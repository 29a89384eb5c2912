//! `bench`: speed, as ratios within one run on one machine. Nothing here is a test.

mod core;
mod host;
mod load;
mod scale;
mod session;
mod web;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::workspace;

/// Measure, side by side in one run, as ratios.
#[derive(Args, Debug)]
pub(crate) struct Bench {
    /// What to measure
    subject: Subject,
    /// Rounds, in which all targets take turns
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Seconds for which one target is loaded in one round
    #[arg(long, default_value_t = 2)]
    seconds: u32,
    /// Address of a running Open WebUI to measure beside; its first sign-up must be free
    #[arg(long)]
    open_webui: Option<String>,
    /// Most accounts that `scale` creates
    #[arg(long, default_value_t = 1_000_000)]
    accounts: u32,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Subject {
    /// Hashing, tokens and permissions beside hash-wasm, jose and C, in workerd and natively
    Core,
    /// Checks and sign-ins with a thousand, a hundred thousand and a million accounts
    Scale,
    /// Session checks, sign-ins and both at once beside bare workers, Better Auth and Open WebUI
    Session,
    /// The npm package beside jose, in Node and Chromium
    Web,
}

impl Bench {
    pub(crate) fn run(self) -> Result<()> {
        match self.subject {
            Subject::Core => core::run(self.rounds),
            Subject::Scale => scale::run(self.accounts),
            Subject::Session => session::run(self.rounds, self.seconds, self.open_webui.as_deref()),
            Subject::Web => web::run(self.rounds, self.seconds),
        }
    }
}

/// Where the table of a benchmark is written down.
fn table_file(name: &str) -> PathBuf {
    workspace::target().join(format!("bench/{name}.json"))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}
