//! The pages that people see: worker/pages, bundled into worker/pages/dist, which the Worker serves as static assets.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    build::{fingerprint, gzip_kb},
    package,
    step::{quiet, step, write_if_changed},
    tools::Node,
    workspace,
};

/// Gzip size of everything but wasm that the first page loads, in KB of 1,000 bytes.
const FIRST_PAGE_KB: f64 = 100.0;

/// The documents, each with its title; all run the same script.
const DOCUMENTS: [(&str, &str); 9] = [
    ("account", "Your account"),
    ("admin", "Administration"),
    ("auth", "Sign in"),
    ("forgot-password", "Forgot your password?"),
    ("login", "Sign in"),
    ("login/2fa", "Second factor"),
    ("register", "Create an account"),
    ("reset-password", "Choose a new password"),
    ("verify", "Verify your address"),
];

/// What the pages are made of.
const SOURCES: [&str; 7] = [
    "core",
    "wasm-pkg",
    "worker/pages",
    "worker/pages/_headers",
    "worker/pages/_redirects",
    "xtask/src/package.rs",
    "xtask/src/pages.rs",
];

fn dist() -> PathBuf {
    workspace::root().join("worker/pages/dist")
}

/// Builds the pages, unless nothing they are made of has changed.
pub(crate) fn build() -> Result<()> {
    let stamp = workspace::target().join("xtask/pages.stamp");
    let inputs = fingerprint(&SOURCES, &[])?;
    if dist().join("auth.html").exists() && fs::read_to_string(&stamp).is_ok_and(|built| built == inputs) {
        return Ok(());
    }
    let node = package::build()?;
    // Whatever changes has another address, so browsers may keep what they have for good.
    let assets = format!("assets/{inputs}");
    step("build the pages", || {
        if dist().exists() {
            fs::remove_dir_all(dist()).context("empty worker/pages/dist")?;
        }
        fs::create_dir_all(dist().join("login")).context("create worker/pages/dist")?;
        bundle(&node, &assets)?;
        let sources = workspace::root().join("worker/pages");
        for name in ["_headers", "_redirects", "icon.svg"] {
            fs::copy(sources.join(name), dist().join(name)).with_context(|| format!("copy {name}"))?;
        }
        for name in ["portico_auth_bg.wasm", "portico_forms_bg.wasm"] {
            fs::copy(package::dist().join(name), dist().join(&assets).join(name))
                .with_context(|| format!("copy {name}"))?;
        }
        let template =
            fs::read_to_string(sources.join("page.html")).context("read worker/pages/page.html")?;
        for (name, title) in DOCUMENTS {
            let document = template.replace("{{title}}", title).replace("{{assets}}", &assets);
            fs::write(dist().join(format!("{name}.html")), document)
                .with_context(|| format!("write {name}.html"))?;
        }
        Ok(())
    })?;
    let first = kb(&dist().join(&assets), &["main.js", "style.css"])? + shared_kb(&dist().join(&assets))?;
    println!("  first page: at most {first:.0} KB gzip of {FIRST_PAGE_KB:.0} KB");
    if first > FIRST_PAGE_KB {
        bail!("the first page has outgrown its budget of {FIRST_PAGE_KB} KB gzip");
    }
    write_if_changed(&stamp, inputs.as_bytes())
}

fn bundle(node: &Node, assets: &str) -> Result<()> {
    let sources = workspace::root().join("worker/pages/src");
    let portico = package::dist();
    quiet(node.bin("tsc"))
        .args(["--project", "worker/pages/tsconfig.json"])
        .env("PATH", node.path())
        .run()?;
    quiet(node.bin("esbuild"))
        .args([sources.join("main.tsx"), sources.join("style.css")])
        .args(["--bundle", "--splitting", "--minify", "--format=esm", "--target=es2022"])
        .args(["--jsx=automatic", "--jsx-import-source=preact", "--charset=utf8"])
        .args([format!("--alias:portico-auth={}", portico.join("index.mjs").display())])
        .args(["--entry-names=[name]", "--chunk-names=[name]-[hash]", "--log-level=warning"])
        .args([format!("--outdir={}", dist().join(assets).display())])
        .env("PATH", node.path())
        .run()?;
    Ok(())
}

fn kb(dir: &Path, names: &[&str]) -> Result<f64> {
    names.iter().map(|name| gzip_kb(&dir.join(name))).sum()
}

/// All that more than one page needs, and a language.
fn shared_kb(dir: &Path) -> Result<f64> {
    let mut sum = 0.0;
    for entry in fs::read_dir(dir).with_context(|| format!("read {}", dir.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("chunk-") || name.starts_with("de-") {
            sum += gzip_kb(&path)?;
        }
    }
    Ok(sum)
}
