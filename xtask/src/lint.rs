//! `lint`: format, clippy and documentation, with warnings denied.

use anyhow::Result;

use crate::{
    step::{quiet, step},
    tools,
};

pub(crate) fn run() -> Result<()> {
    format()?;
    clippy()?;
    docs()
}

/// rustfmt agrees with every file.
pub(crate) fn format() -> Result<()> {
    tools::component("fmt", "rustfmt")?;
    step("check the format", || {
        quiet("cargo").args(["fmt", "--all", "--check"]).hint("run `cargo fmt --all`").run().map(|_| ())
    })
}

/// Clippy finds nothing, natively and for wasm.
pub(crate) fn clippy() -> Result<()> {
    tools::component("clippy", "clippy")?;
    tools::target(tools::WASM)?;
    step("clippy, native", || {
        quiet("cargo")
            .args(["clippy", "--workspace", "--all-features", "--all-targets", "--", "-D", "warnings"])
            .run()
            .map(|_| ())
    })?;
    step("clippy, wasm", || {
        quiet("cargo")
            .args(["clippy", "--target", tools::WASM, "-p", "portico-core", "-p", "portico-worker"])
            .args(["-p", "portico-worker-entry", "-p", "portico-wasm", "-p", "portico-port-suite"])
            .args(["--", "-D", "warnings"])
            .run()
            .map(|_| ())
    })
}

/// The documentation builds without a broken link.
pub(crate) fn docs() -> Result<()> {
    step("rustdoc", || {
        quiet("cargo")
            .args(["doc", "--workspace", "--all-features", "--no-deps", "--exclude", "xtask"])
            .env("RUSTDOCFLAGS", "-D warnings")
            .run()
            .map(|_| ())
    })?;
    step("rustdoc, wasm", || {
        quiet("cargo")
            .args(["doc", "--target", tools::WASM, "--no-deps", "-p", "portico-worker", "-p", "portico-wasm"])
            .env("RUSTDOCFLAGS", "-D warnings")
            .run()
            .map(|_| ())
    })
}
