//! `package`: the npm package, ready to publish, in wasm-pkg/dist.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};

use crate::{
    build::{gzip_kb, raw_kb},
    step::{quiet, step},
    tools, workspace,
};

/// Written by hand, copied as they are.
const FILES: [&str; 4] = ["package.json", "index.mjs", "index.d.ts", "README.md"];
const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// Where the package is built.
pub(crate) fn dist() -> PathBuf {
    workspace::root().join("wasm-pkg/dist")
}

pub(crate) fn run() -> Result<()> {
    tools::target(tools::WASM)?;
    let (node, wasm_bindgen) = (tools::node()?, tools::wasm_bindgen()?);
    let (dist, root) = (dist(), workspace::root());
    step("build the npm package", || {
        quiet("cargo").args(["build", "--release", "--target", tools::WASM, "-p", "portico-wasm"]).run()?;
        let built = workspace::target().join(tools::WASM).join("release/portico_wasm.wasm");
        fs::create_dir_all(&dist).context("create wasm-pkg/dist")?;
        quiet(&wasm_bindgen)
            .args([&built])
            .args(["--target", "web", "--no-typescript", "--out-name", "portico_auth", "--out-dir"])
            .args([&dist])
            .run()?;
        let wasm = dist.join("portico_auth_bg.wasm");
        quiet(node.bin("wasm-opt"))
            .args(["-Oz", "--enable-simd", "--enable-bulk-memory", "--enable-nontrapping-float-to-int"])
            .args(["--enable-sign-ext", "--enable-mutable-globals", "--enable-reference-types"])
            .args(["--enable-multivalue"])
            .args([&wasm])
            .args(["-o"])
            .args([&wasm])
            .env("PATH", node.path())
            .run()?;
        for (from, names) in [(root.join("wasm-pkg"), &FILES[..]), (root.to_path_buf(), &LICENCES[..])] {
            for name in names {
                fs::copy(from.join(name), dist.join(name)).with_context(|| format!("copy {name}"))?;
            }
        }
        Ok(())
    })?;
    let (wasm, glue) = (dist.join("portico_auth_bg.wasm"), dist.join("portico_auth.js"));
    let gzip = gzip_kb(&wasm)? + gzip_kb(&glue)? + gzip_kb(&dist.join("index.mjs"))?;
    println!("  npm package: {gzip:.0} KB gzip of wasm and JavaScript ({:.0} KB wasm raw)", raw_kb(&wasm)?);
    Ok(())
}
