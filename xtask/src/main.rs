//! The developer's verbs: `cargo xtask dev`, `cargo xtask test` and the smaller ones they are made of.
//! Each verb installs what it needs, prints every step with its time, and says what to do when one fails.

#![expect(clippy::print_stdout, reason = "a command-line tool talks to its user")]

extern crate alloc;

mod bench;
mod build;
mod dev;
mod directory;
mod idp;
mod invite;
mod keys;
mod lint;
mod migrate;
mod package;
mod pages;
mod partner;
mod requirements;
mod screenshots;
mod step;
mod test;
mod tools;
mod workspace;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Portico's developer verbs", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Set everything up and serve the worker locally, rebuilding on change
    Dev(dev::Dev),
    /// Set everything up and run every test, as CI does
    Test(test::Test),
    /// Check format, clippy and documentation
    Lint,
    /// Build the release worker and the browser package, and print their sizes
    Build(build::Build),
    /// Build the npm package into wasm-pkg/dist, and pack it
    Package,
    /// Picture every page, in light and dark
    Screenshots,
    /// Apply the D1 migrations to the local database
    Migrate,
    /// Invite somebody to a running deployment
    Invite(invite::Invite),
    /// Keep the list of token keys: add one to rotate, drop one in an emergency
    Keys(keys::Keys),
    /// Measure, side by side in one run, as ratios
    Bench(bench::Bench),
}

fn main() -> std::process::ExitCode {
    let outcome = match Cli::parse().verb {
        Verb::Dev(dev) => dev.run(),
        Verb::Test(test) => test.run(),
        Verb::Lint => lint::run(),
        Verb::Build(build) => build.run(),
        Verb::Package => package::run(),
        Verb::Screenshots => screenshots::run(),
        Verb::Migrate => migrate::run(),
        Verb::Invite(invite) => invite.run(),
        Verb::Keys(keys) => keys.run(),
        Verb::Bench(bench) => bench.run(),
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            println!("\nerror: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
