use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    step::{quiet, step},
    workspace,
};

/// Chromium and the driver that steers it.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    /// The browser itself.
    pub(crate) binary: PathBuf,
    /// The `chromedriver` binary.
    pub(crate) driver: PathBuf,
}

/// Makes sure that Chromium and its driver are there.
pub(crate) fn browser() -> Result<Browser> {
    let chromium = || find("chromium").or_else(|| find("google-chrome"));
    if find("chromedriver").is_none() || chromium().is_none() {
        apt(&["chromium", "chromium-driver"])?;
    }
    let driver = find("chromedriver").context("chromedriver is not on the PATH")?;
    Ok(Browser { binary: chromium().context("chromium is not on the PATH")?, driver })
}

/// Makes sure that OpenLDAP's directory and its clients are there.
pub(crate) fn slapd() -> Result<()> {
    // Not on everybody's path.
    let is_there = |program: &str| find(program).is_some() || Path::new("/usr/sbin").join(program).is_file();
    if !is_there("slapd") || !is_there("ldapadd") {
        apt(&["slapd", "ldap-utils"])?;
    }
    Ok(())
}

/// Makes sure that the load generator is there.
pub(crate) fn wrk() -> Result<PathBuf> {
    if find("wrk").is_none() {
        apt(&["wrk"])?;
    }
    find("wrk").context("wrk is not on the PATH")
}

/// Makes sure that npm is there.
pub(super) fn npm() -> Result<()> {
    if find("npm").is_none() {
        apt(&["nodejs", "npm"])?;
    }
    Ok(())
}

/// A Python of its own with the given packages, pinned by `requirements`, one for each folder that has
/// such a file; gives its interpreter.
pub(crate) fn python(requirements: &Path) -> Result<PathBuf> {
    install_python(requirements, None)
}

/// The same with the packages compiled here, with the given flags for the C compiler.
pub(crate) fn python_from_source(requirements: &Path, c_flags: &str) -> Result<PathBuf> {
    install_python(requirements, Some(c_flags))
}

fn install_python(requirements: &Path, c_flags: Option<&str>) -> Result<PathBuf> {
    let wanted = fs::read(requirements).with_context(|| format!("read {}", requirements.display()))?;
    let purpose = requirements.parent().and_then(Path::file_name).context("requirements in a folder")?;
    let dir = workspace::target().join("tools/python").join(purpose);
    let (interpreter, stamp) = (dir.join("bin/python"), dir.join("portico-requirements.txt"));
    if interpreter.exists() && fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(interpreter);
    }
    let can_make = |python: &str| {
        let output = Command::new(python).args(["-c", "import venv, ensurepip"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    if !can_make("python3") {
        apt(&["python3", "python3-venv"])?;
    }
    step(&format!("install the Python packages of {}", purpose.display()), || {
        quiet("python3").args(["-m", "venv", "--clear"]).args([&dir]).run()?;
        let mut pip = quiet(&interpreter).args(["-m", "pip", "install", "--quiet", "--requirement"]);
        pip = pip.args([requirements]);
        if let Some(flags) = c_flags {
            // A wheel that was built before may have been built with other flags.
            pip = pip.args(["--no-cache-dir", "--no-binary", "argon2-cffi-bindings"]).env("CFLAGS", flags);
        }
        pip.hint("check the connection to the Python package index").run()?;
        fs::write(&stamp, &wanted).context("write the stamp of the Python clients")
    })?;
    Ok(interpreter)
}

/// Installs Debian packages when we may, else says how.
fn apt(packages: &[&str]) -> Result<()> {
    let command = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    if find("apt-get").is_none() {
        bail!("install {} with your system's package manager", packages.join(" and "));
    }
    if !is_root() {
        bail!("system packages are missing. What to do: run `sudo {command}`, then start again");
    }
    step(&format!("install {}", packages.join(", ")), || {
        quiet("apt-get").args(["update", "-qq"]).run()?;
        quiet("apt-get")
            .args(["install", "-y", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .hint(format!("run `{command}`"))
            .run()
            .map(|_| ())
    })
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|candidate| candidate.is_file())
}
