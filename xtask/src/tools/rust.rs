use std::process::Command;

use anyhow::{Result, bail};

use crate::step::{quiet, step};

/// What Workers and browsers run.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";
/// A target without an operating system: what builds for it uses no `std`.
pub(crate) const BARE_METAL: &str = "thumbv7em-none-eabi";

/// Makes sure that the standard library of a target is there.
pub(crate) fn target(name: &str) -> Result<()> {
    if has_library(name)? {
        return Ok(());
    }
    let added = step(&format!("install the Rust target {name}"), || {
        Ok(quiet("rustup").args(["target", "add", name]).run_and_report().is_ok_and(|(_, ok)| ok))
    })?;
    if added && has_library(name)? {
        return Ok(());
    }
    let libraries = if name == BARE_METAL { "core,alloc" } else { "std,panic_abort,test,proc_macro" };
    bail!(
        "the Rust target {name} is missing and rustup could not fetch it.\n\
         What to do: connect to the network and run `rustup target add {name}`.\n\
         Without rustup's server, on Debian: `apt-get install rustc-web rust-web-src lld-22`, build the\n\
         library with `RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes cargo build -Z build-std={libraries}\n\
         --target {name} --release` in any crate, copy the `lib*.rlib` of the standard crates from its `deps`\n\
         folder to `/usr/lib/rustlib/{name}/lib`, run `rustup toolchain link debian /usr`, and start again with\n\
         `RUSTUP_TOOLCHAIN=debian CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-22`."
    )
}

/// Makes sure that a rustup component such as clippy is there.
pub(crate) fn component(cargo_command: &str, component: &str) -> Result<()> {
    let works = Command::new("cargo").args([cargo_command, "--version"]).output();
    if works.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    step(&format!("install {component}"), || {
        quiet("rustup")
            .args(["component", "add", component])
            .hint(format!("install {component} for your Rust toolchain"))
            .run()
            .map(|_| ())
    })
}

fn has_library(target: &str) -> Result<bool> {
    let libdir = quiet("rustc").args(["--print", "target-libdir", "--target", target]).run()?;
    let dir = std::path::Path::new(libdir.lines().next().unwrap_or("")).to_path_buf();
    let is_core = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("libcore-");
    Ok(std::fs::read_dir(dir).is_ok_and(|entries| entries.flatten().any(|entry| is_core(&entry.file_name()))))
}
