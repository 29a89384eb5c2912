//! `package`: the npm package, ready to publish, in wasm-pkg/dist, and as the tarball that npm would upload.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    build::{gzip_kb, raw_kb},
    step::{quiet, step},
    tools::{self, Node},
    workspace,
};

/// Gzip size of all that a page loads for tokens, permissions and sessions, in KB of 1,000 bytes.
const BUDGET_KB: f64 = 30.0;

/// The crates, and what their modules are called in the package.
const MODULES: [(&str, &str); 2] =
    [("portico_wasm", "portico_auth"), ("portico_wasm_forms", "portico_forms")];

/// What people import.
const ENTRIES: [&str; 4] = ["client", "forms", "index", "workerd"];

/// Copied as they are.
const PAPERS: [&str; 4] = ["wasm-pkg/package.json", "wasm-pkg/README.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Where the package is built.
pub(crate) fn dist() -> PathBuf {
    workspace::root().join("wasm-pkg/dist")
}

/// Builds the package and packs it.
pub(crate) fn run() -> Result<()> {
    let node = build()?;
    let tarball = pack(&node)?;
    println!("  packed: {}", tarball.strip_prefix(workspace::root()).unwrap_or(&tarball).display());
    Ok(())
}

/// Builds the package; fails when it has outgrown its budget.
pub(crate) fn build() -> Result<Node> {
    tools::target(tools::WASM)?;
    let (node, wasm_bindgen) = (tools::node()?, tools::wasm_bindgen()?);
    let (dist, root) = (dist(), workspace::root());
    step("build the npm package", || {
        let mut cargo = quiet("cargo").args(["build", "--release", "--target", tools::WASM]);
        for crate_name in ["portico-wasm", "portico-wasm-forms"] {
            cargo = cargo.args(["-p", crate_name]);
        }
        cargo.run()?;
        if dist.exists() {
            fs::remove_dir_all(&dist).context("empty wasm-pkg/dist")?;
        }
        fs::create_dir_all(&dist).context("create wasm-pkg/dist")?;
        for (crate_name, name) in MODULES {
            bind(&node, &wasm_bindgen, crate_name, name)?;
        }
        scripts(&node)?;
        for paper in PAPERS {
            let from = root.join(paper);
            let name = from.file_name().context("a paper has a name")?;
            fs::copy(&from, dist.join(name)).with_context(|| format!("copy {paper}"))?;
        }
        Ok(())
    })?;
    let wasm = dist.join("portico_auth_bg.wasm");
    let whole = scripts_kb()? + gzip_kb(&wasm)?;
    println!("  npm package: {whole:.1} KB gzip of {BUDGET_KB:.0} KB ({:.0} KB wasm raw)", raw_kb(&wasm)?);
    let forms = gzip_kb(&dist.join("portico_forms_bg.wasm"))?;
    println!("  its module for forms, loaded when one is shown: {forms:.1} KB gzip");
    if whole > BUDGET_KB {
        bail!("the npm package has outgrown its budget of {BUDGET_KB} KB gzip");
    }
    Ok(node)
}

/// One crate as a module and the script that loads it.
fn bind(node: &Node, wasm_bindgen: &Path, crate_name: &str, name: &str) -> Result<()> {
    let built = workspace::target().join(tools::WASM).join("release").join(format!("{crate_name}.wasm"));
    quiet(wasm_bindgen)
        .args([&built])
        .args(["--target", "web", "--no-typescript", "--out-name", name, "--out-dir"])
        .args([&glue()])
        .run()?;
    quiet(node.bin("wasm-opt"))
        // Inlining what is called once costs names, and who has compiled it is nobody's business.
        .args(["-Oz", "--converge", "--one-caller-inline-max-function-size", "20"])
        .args([
            "--strip-producers",
            "--strip-target-features",
            "--enable-simd",
            "--enable-bulk-memory",
            "--enable-sign-ext",
        ])
        .args(["--enable-nontrapping-float-to-int", "--enable-mutable-globals"])
        .args(["--enable-reference-types", "--enable-multivalue"])
        .args([glue().join(format!("{name}_bg.wasm"))])
        .args(["-o"])
        .args([dist().join(format!("{name}_bg.wasm"))])
        .env("PATH", node.path())
        .run()?;
    Ok(())
}

/// Where wasm-bindgen writes, for esbuild to read.
fn glue() -> PathBuf {
    workspace::target().join("npm/glue")
}

/// The scripts, one for each entry and what several of them share, small, with maps that bring the sources along; and
/// the types.
fn scripts(node: &Node) -> Result<()> {
    let (dist, sources) = (dist(), workspace::root().join("wasm-pkg/js"));
    for entry in fs::read_dir(&sources).context("read wasm-pkg/js")? {
        let path = entry?.path();
        if let Some(name) = path.file_name().filter(|_| path.extension().is_some_and(|kind| kind == "ts")) {
            fs::copy(&path, dist.join(name)).with_context(|| format!("copy {}", path.display()))?;
        }
    }
    quiet(node.bin("esbuild"))
        .args(ENTRIES.map(|name| sources.join(format!("{name}.mjs"))))
        .args(["--bundle", "--splitting", "--minify", "--sourcemap", "--format=esm", "--target=es2022"])
        // wasm-bindgen's advice is for whoever calls it; nobody does.
        .args(["--drop:console"])
        .args(["--external:*.wasm", "--out-extension:.js=.mjs", "--chunk-names=shared-[hash]"])
        .args(
            MODULES
                .map(|(_, name)| format!("--alias:#{name}={}", glue().join(format!("{name}.js")).display())),
        )
        .args(["--log-level=warning"])
        .args([format!("--outdir={}", dist.display())])
        .env("PATH", node.path())
        .run()?;
    Ok(())
}

/// All scripts together, that of Workers aside, which brings nothing of its own along.
fn scripts_kb() -> Result<f64> {
    let mut sum = 0.0;
    for entry in fs::read_dir(dist()).context("read wasm-pkg/dist")? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "mjs") && !path.ends_with("workerd.mjs") {
            sum += gzip_kb(&path)?;
        }
    }
    Ok(sum)
}

/// Packs the package as npm would for the registry.
pub(crate) fn pack(node: &Node) -> Result<PathBuf> {
    let out = workspace::target().join("npm");
    fs::create_dir_all(&out).context("create target/npm")?;
    step("pack the npm package", || {
        node.npm().args(["pack", "--silent", "--pack-destination"]).args([&out]).args([dist()]).run()
    })?;
    let version = env!("CARGO_PKG_VERSION");
    Ok(out.join(format!("portico-auth-{version}.tgz")))
}
