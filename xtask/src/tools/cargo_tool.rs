use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::{
    step::{quiet, step},
    workspace,
};

const WORKER_BUILD: &str = "0.8.7";
const CARGO_DENY: &str = "0.20.2";

/// Builds Workers from Rust.
pub(crate) fn worker_build() -> Result<PathBuf> {
    install("worker-build", WORKER_BUILD, "worker-build")
}

/// Makes the JavaScript side of a wasm module; must be of the library's own version.
pub(crate) fn wasm_bindgen() -> Result<PathBuf> {
    install("wasm-bindgen-cli", &locked_version("wasm-bindgen")?, "wasm-bindgen")
}

/// Checks licences, duplicates and sources of the dependencies.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    install("cargo-deny", CARGO_DENY, "cargo-deny")
}

fn install(package: &str, version: &str, binary: &str) -> Result<PathBuf> {
    let root = workspace::target().join("tools").join(format!("{package}-{version}"));
    let path = root.join("bin").join(binary);
    if path.exists() {
        return Ok(path);
    }
    step(&format!("install {package} {version} (some minutes, once)"), || {
        // A version that the tool's lock file names may have been yanked; then others must do.
        if cargo_install(package, version, &root, &["--locked"]).is_err() {
            cargo_install(package, version, &root, &[])?;
        }
        Ok(())
    })?;
    Ok(path)
}

fn cargo_install(package: &str, version: &str, root: &Path, extra: &[&str]) -> Result<()> {
    quiet("cargo")
        .args(["install", &format!("{package}@{version}"), "--root"])
        .args([root])
        .args(["--target-dir"])
        .args([workspace::target().join("tools/build")])
        .args(extra)
        // Flags for the product's own crates, such as coverage, are not for tools.
        .env("RUSTFLAGS", "")
        .hint("check the connection to crates.io, then start again")
        .run()
        .map(|_| ())
}

fn locked_version(package: &str) -> Result<String> {
    let lock = fs::read_to_string(workspace::root().join("Cargo.lock")).context("read Cargo.lock")?;
    let start = format!("name = \"{package}\"\nversion = \"");
    lock.split_once(&start)
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(version, _)| version.to_string())
        .with_context(|| format!("{package} is not in Cargo.lock"))
}
