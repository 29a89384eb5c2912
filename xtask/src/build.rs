//! `build`: the release worker and the npm package, with their sizes.

use alloc::collections::BTreeSet;
use core::hash::{Hash as _, Hasher as _};
use std::{
    fs,
    hash::DefaultHasher,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use crate::{
    package, pages,
    step::{quiet, step, write_if_changed},
    tools, workspace,
};

/// Gzip size the worker must stay under, in KB of 1,000 bytes.
const WORKER_BUDGET_KB: f64 = 1_560.0;

/// Build the release worker and the browser package, and print their sizes.
#[derive(Args, Debug)]
pub(crate) struct Build {
    /// Build one of the two
    #[arg(long)]
    only: Option<Product>,
}

/// What can be built.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Product {
    /// The worker and its pages
    Worker,
    /// The npm package
    Package,
}

impl Build {
    pub(crate) fn run(self) -> Result<()> {
        if self.only != Some(Product::Package) {
            worker()?;
            pages::build()?;
        }
        if self.only.is_none() {
            parts()?;
        }
        if self.only != Some(Product::Worker) {
            package::build()?;
        }
        Ok(())
    }
}

/// Builds the worker and prints its size; fails when it has outgrown its budget.
pub(crate) fn worker() -> Result<()> {
    worker_crate("worker", &workspace::entry())?;
    let wasm = workspace::entry().join("build/index_bg.wasm");
    let gzip = gzip_kb(&wasm)?;
    println!("  worker: {gzip:.0} KB gzip of {WORKER_BUDGET_KB:.0} KB ({:.0} KB raw)", raw_kb(&wasm)?);
    if gzip > WORKER_BUDGET_KB {
        bail!("the worker has outgrown its budget of {WORKER_BUDGET_KB} KB gzip");
    }
    Ok(())
}

/// Prints what the parts of the worker cost that can be left out: it is built without them.
fn parts() -> Result<()> {
    let gzip = |dir: &Path| gzip_kb(&dir.join("index_bg.wasm"));
    let variant = |name: &str, features: &[&str]| -> Result<f64> {
        let out = workspace::target().join("xtask").join(name);
        worker_build(name, &workspace::entry(), &out, features)?;
        gzip(&out)
    };
    let whole = gzip(&workspace::entry().join("build"))?;
    let without_tls = variant("worker without TLS", &["--no-default-features", "--features", "ldap"])?;
    let without_both = variant("worker without LDAP", &["--no-default-features"])?;
    println!("  of which LDAP: {:.0} KB gzip", without_tls - without_both);
    println!("  of which TLS for directories: {:.0} KB gzip", whole - without_tls);
    Ok(())
}

/// What the Workers are made of.
const WORKER_SOURCES: [&str; 5] =
    ["core", "worker", "tests/ports", "tests/workerd/port-suite", "xtask/bench/core"];

/// What decides how the Workers are built, beside their sources.
const BUILD_FILES: [&str; 5] =
    ["Cargo.toml", "Cargo.lock", ".cargo/config.toml", "package-lock.json", "rust-toolchain.toml"];

/// Builds a Worker crate with worker-build, unless nothing it is made of has changed.
pub(crate) fn worker_crate(name: &str, dir: &Path) -> Result<()> {
    worker_build(name, dir, &dir.join("build"), &[])
}

/// The same into another folder and with arguments for cargo.
fn worker_build(name: &str, dir: &Path, out: &Path, arguments: &[&str]) -> Result<()> {
    tools::target(tools::WASM)?;
    let node = tools::node()?;
    let (builder, wasm_bindgen) = (tools::worker_build()?, tools::wasm_bindgen()?);
    let stamp = workspace::target().join(format!("xtask/{name}.stamp"));
    let inputs = fingerprint(&WORKER_SOURCES, &[&builder, &wasm_bindgen])?;
    let built = ["index.js", "index_bg.wasm"].iter().all(|file| out.join(file).exists());
    if built && fs::read_to_string(&stamp).is_ok_and(|built| built == inputs) {
        return Ok(());
    }
    step(&format!("build the {name} for release"), || {
        quiet(&builder)
            .args(["--release", "--out-dir"])
            .args([relative(dir, out)])
            .args(["."])
            .args(arguments)
            .dir(dir)
            .env("PATH", node.path())
            .env("WASM_BINDGEN_BIN", &wasm_bindgen)
            .env("WASM_OPT_BIN", node.bin("wasm-opt"))
            .env("ESBUILD_BIN", node.bin("esbuild"))
            .run()?;
        write_if_changed(&stamp, inputs.as_bytes())
    })
}

/// A path of this repository as seen from a folder of it.
fn relative(from: &Path, to: &Path) -> PathBuf {
    match to.strip_prefix(from) {
        Ok(inside) => inside.to_path_buf(),
        Err(_) => {
            let up = from.strip_prefix(workspace::root()).map_or(0, |from| from.components().count());
            let to = to.strip_prefix(workspace::root()).unwrap_or(to);
            core::iter::repeat_n("..", up).collect::<PathBuf>().join(to)
        }
    }
}

/// A digest of everything that something is built from, so that a second start builds nothing.
pub(crate) fn fingerprint(folders: &[&str], tools: &[&PathBuf]) -> Result<String> {
    let root = workspace::root();
    let mut files = BTreeSet::from(BUILD_FILES.map(|file| root.join(file)));
    for path in folders.iter().map(|name| root.join(name)) {
        if path.is_dir() {
            sources(&path, &mut files)?;
        } else {
            files.insert(path);
        }
    }
    let mut hasher = DefaultHasher::new();
    tools.hash(&mut hasher);
    for file in files {
        file.hash(&mut hasher);
        fs::read(&file).with_context(|| format!("read {}", file.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn sources(dir: &Path, files: &mut BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("read {}", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            // Pages are built by themselves, and become no part of the wasm.
            let is_ours = ["build", "dist", "worker/pages"].iter().all(|built| !path.ends_with(built));
            if is_ours {
                sources(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| {
            ["bin", "css", "html", "js", "json", "mjs", "rs", "sql", "svg", "toml", "ts", "tsx"]
                .iter()
                .any(|e| extension == *e)
        }) {
            files.insert(path);
        }
    }
    Ok(())
}

/// Size of a file after `gzip -9`, in KB of 1,000 bytes.
pub(crate) fn gzip_kb(path: &Path) -> Result<f64> {
    let bytes = fs::read(path).with_context(|| format!("read {}", path.display()))?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&bytes)?;
    Ok(kb(gzip.finish()?.len()))
}

/// Size of a file, in KB of 1,000 bytes.
pub(crate) fn raw_kb(path: &Path) -> Result<f64> {
    Ok(kb(fs::read(path).with_context(|| format!("read {}", path.display()))?.len()))
}

#[expect(clippy::cast_precision_loss, reason = "a size to print")]
fn kb(bytes: usize) -> f64 {
    bytes as f64 / 1_000.0
}
