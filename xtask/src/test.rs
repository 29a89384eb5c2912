//! `test`: everything CI runs. Every part installs what it needs; all parts run even when one fails.

use core::fmt;
use std::{path::Path, time::Instant};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::{
    build, dev,
    directory::Directory,
    idp::Idp,
    lint, package, pages, requirements,
    step::{Quiet, quiet, step},
    tools, workspace,
};

/// Set everything up and run every test, as CI does.
#[derive(Args, Debug)]
pub(crate) struct Test {
    /// Run some parts only
    #[arg(long, num_args = 1.., value_name = "PART")]
    only: Vec<Part>,
}

/// The parts, in the order in which they run: what fails fastest comes first.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Part {
    /// rustfmt
    Format,
    /// clippy, native and wasm, warnings denied
    Clippy,
    /// rustdoc, native and wasm, warnings denied
    Docs,
    /// licences, sources and duplicates of the dependencies
    Deny,
    /// every requirement has a test that cites it
    Requirements,
    /// unit tests of core and worker
    Unit,
    /// contract and flow tests and the port suite, natively on the in-memory ports
    Contract,
    /// tokens and hashes, to and from other implementations
    Interop,
    /// core builds without an operating system
    BareMetal,
    /// wasm tests in Node
    WasmNode,
    /// wasm tests in headless Chromium
    WasmChromium,
    /// the release worker and its size
    Size,
    /// contract tests and the port suite on the built worker in workerd
    Workerd,
    /// published clients against `wrangler dev`
    Clients,
    /// the npm package: its own tests, types, other libraries
    Package,
    /// the pages that people see, in Chromium
    Pages,
    /// `wrangler deploy --dry-run`
    Deploy,
}

impl Part {
    fn run(self) -> Result<Count> {
        match self {
            Self::Format => lint::format().map(|()| Count::ONE),
            Self::Clippy => lint::clippy().map(|()| Count::ONE),
            Self::Docs => lint::docs().map(|()| Count::ONE),
            Self::Deny => deny(),
            Self::Requirements => requirements(),
            Self::Unit => unit(),
            Self::Contract => contract(),
            Self::Interop => interop(),
            Self::BareMetal => bare_metal(),
            Self::WasmNode => wasm(None),
            Self::WasmChromium => wasm(Some(tools::browser()?)),
            Self::Size => build::worker().map(|()| Count::ONE),
            Self::Workerd => workerd(),
            Self::Clients => clients(),
            Self::Package => npm_package(),
            Self::Pages => journeys(None),
            Self::Deploy => deploy(),
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_string())
    }
}

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Count {
    passed: u32,
    failed: u32,
}

impl Count {
    const ONE: Self = Self { passed: 1, failed: 0 };

    const fn plus(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

impl Test {
    pub(crate) fn run(self) -> Result<()> {
        let parts: Vec<Part> = Part::value_variants()
            .iter()
            .copied()
            .filter(|part| self.only.is_empty() || self.only.contains(part))
            .collect();
        let mut rows = Vec::new();
        let mut total = Count::default();
        for part in parts {
            println!("\n── {}", part.name());
            let start = Instant::now();
            let count = part.run().unwrap_or_else(|error| {
                println!("{error:#}");
                Count { passed: 0, failed: 1 }
            });
            rows.push((part, count, start.elapsed().as_secs_f64()));
            total = total.plus(count);
        }
        println!("\n{:<16}{:>8}{:>8}{:>10}", "part", "passed", "failed", "seconds");
        for (part, count, seconds) in rows {
            println!("{:<16}{:>8}{:>8}{seconds:>10.1}", part.name(), count.passed, count.failed);
        }
        println!("\n{total}");
        if total.failed > 0 {
            bail!("some tests failed; their output is above");
        }
        Ok(())
    }
}

fn deny() -> Result<Count> {
    let cargo_deny = tools::cargo_deny()?;
    step("check the dependencies", || {
        // Advisories need a database from the network; they are `cargo deny check advisories`, by hand.
        quiet(&cargo_deny).args(["check", "bans", "licenses", "sources"]).run().map(|_| Count::ONE)
    })
}

fn requirements() -> Result<Count> {
    let (missing, listed) = requirements::without_a_test()?;
    println!("  requirements without a test: {} of {listed}", missing.len());
    for row in &missing {
        println!("    {row}");
    }
    Ok(Count { passed: u32::from(missing.is_empty()), failed: u32::from(!missing.is_empty()) })
}

fn unit() -> Result<Count> {
    cargo_test(
        "unit tests",
        &["-p", "portico-core", "-p", "portico-worker", "-p", "xtask", "--all-features"],
        &[],
    )
}

fn contract() -> Result<Count> {
    cargo_test(
        "contract tests, native",
        &["-p", "portico-tests"],
        &["--skip", "workerd::", "--skip", "interop::"],
    )
}

fn interop() -> Result<Count> {
    let node = tools::node()?;
    let python = tools::python(&workspace::root().join("tests/interop/requirements.txt"))?;
    step("round trips with jose, argon2-cffi and bcrypt", || {
        counted(
            quiet("cargo")
                .args(["test", "-p", "portico-tests", "--", "interop::"])
                .env("PORTICO_NODE", node.binary())
                .env("PORTICO_PYTHON", &python)
                .run_and_report()?,
        )
    })
}

fn bare_metal() -> Result<Count> {
    tools::target(tools::BARE_METAL)?;
    step("build core without an operating system", || {
        quiet("cargo")
            .args(["build", "-p", "portico-core", "--target", tools::BARE_METAL])
            // Nobody runs it.
            .args(["--config", "profile.dev.package.portico-core.opt-level=0"])
            .run()
            .map(|_| Count::ONE)
    })
}

fn wasm(browser: Option<tools::Browser>) -> Result<Count> {
    tools::target(tools::WASM)?;
    let (node, wasm_bindgen) = (tools::node()?, tools::wasm_bindgen()?);
    let runner = wasm_bindgen.with_file_name("wasm-bindgen-test-runner");
    let title = if browser.is_some() { "wasm tests in Chromium" } else { "wasm tests in Node" };
    step(title, || {
        let mut command = quiet("cargo")
            .args(["test", "--release", "--target", tools::WASM, "-p", "portico-core", "-p", "portico-wasm"])
            .args(["--lib", "--features", "portico-core/memory"])
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &runner)
            .env("PATH", node.path());
        if let Some(browser) = &browser {
            command = command.env("WASM_BINDGEN_USE_BROWSER", "1").env("CHROMEDRIVER", &browser.driver);
        }
        counted(command.run_and_report()?)
    })
}

fn workerd() -> Result<Count> {
    build::worker_crate("worker", &workspace::entry())?;
    build::worker_crate("port suite", &workspace::port_suite())?;
    let node = tools::node()?;
    tools::slapd()?;
    step("contract tests and port suite in workerd", || {
        counted(
            quiet("cargo")
                .args(["test", "-p", "portico-tests", "--", "--skip", "native::", "--skip", "architecture::"])
                .args(["--skip", "fuzz::", "--skip", "interop::"])
                .args(["--skip", "ports::the_in_memory"])
                .env("PORTICO_TEST_HOST", "workerd")
                .env("PORTICO_NODE", node.binary())
                .env("PATH", node.path())
                .run_and_report()?,
        )
    })
}

fn clients() -> Result<Count> {
    build::worker_crate("worker", &workspace::entry())?;
    pages::build()?;
    let node = tools::node()?;
    let clients = workspace::root().join("tests/clients");
    let python = tools::python(&clients.join("requirements.txt"))?;
    let server = step("start the worker with `wrangler dev`", || dev::Throwaway::start(&node, &[]))?;
    let client = |title: &str, script: &str| {
        step(title, || {
            counted(quiet(&python).args([clients.join(script)]).args([server.url()]).run_and_report()?)
        })
    };
    // The second one goes on with the accounts of the first.
    let count = client("owui-client", "owui.py")
        .and_then(|count| Ok(count.plus(client("schemathesis", "openapi.py")?)));
    server.stop()?;
    Ok(count?.plus(librechat(&node)?).plus(oauth(&node)?).plus(directory(&node, &python)?))
}

/// Signing in with a directory, by the published clients of both dialects.
fn directory(node: &tools::Node, python: &Path) -> Result<Count> {
    let directory = step("start the local directory", || Directory::start(node))?;
    let vars = directory.vars()?;
    let vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let server = step("start the worker with the directory", || dev::Throwaway::start(node, &vars))?;
    let script = |name: &str| workspace::root().join("tests/clients").join(name);
    let count = step("sign-in with the directory", || {
        let python = quiet(python).args([script("directory.py")]).args([server.url()]).run_and_report()?;
        let node = node.script(script("directory.mjs")).args([server.url()]).env("NODE_NO_WARNINGS", "1");
        Ok(counted(python)?.plus(counted(node.run_and_report()?)?))
    });
    server.stop()?;
    count
}

/// Signing in by a provider, in Chromium.
fn oauth(node: &tools::Node) -> Result<Count> {
    // So short that each token is due to be refreshed.
    const TOKEN_SECONDS: u32 = 200;
    let browser = tools::browser()?;
    let idp = step("start the local provider", || Idp::start(node, 0, TOKEN_SECONDS))?;
    let vars = idp.vars();
    let vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let server = step("start the worker as its client", || dev::Throwaway::start(node, &vars))?;
    let count = step("sign-in by a provider in Chromium", || {
        let script = node.script(workspace::root().join("tests/clients/oauth.mjs"));
        let script = script.args([server.url(), idp.issuer()]).env("NODE_NO_WARNINGS", "1");
        counted(script.env("PORTICO_CHROMIUM", &browser.binary).run_and_report()?)
    });
    server.stop()?;
    count
}

/// LibreChat's own client, as it is published: in Node, then in Chromium.
fn librechat(node: &tools::Node) -> Result<Count> {
    let browser = tools::browser()?;
    // Members at once, and more of everything than one address may ask for in the minutes that this takes.
    let vars = [
        ("ENABLE_SIGNUP", "true"),
        ("DEFAULT_USER_ROLE", "user"),
        ("LOGIN_MAX", "100"),
        ("RESET_PASSWORD_MAX", "100"),
        ("VERIFY_EMAIL_MAX", "100"),
    ];
    let server = step("start the worker for members", || dev::Throwaway::start(node, &vars))?;
    let count = step("librechat-data-provider in Node and Chromium", || {
        let script = node.script(workspace::root().join("tests/clients/librechat.mjs"));
        let script = script.args([server.url()]).env("NODE_NO_WARNINGS", "1");
        counted(script.env("PORTICO_CHROMIUM", &browser.binary).run_and_report()?)
    });
    server.stop()?;
    count
}

fn npm_package() -> Result<Count> {
    let node = package::build()?;
    let (tarball, browser) = (package::pack(&node)?, tools::browser()?);
    let tests = workspace::root().join("wasm-pkg/test");
    let script = |name: &str| {
        let script = node.script(tests.join(name)).env("NODE_NO_WARNINGS", "1");
        script.env("PORTICO_CHROMIUM", &browser.binary)
    };
    let run = |title: &str, command: Quiet| step(title, || counted(command.run_and_report()?));
    let in_node = node.script("--test").args([tests.join("node.test.mjs"), tests.join("client.test.mjs")]);
    let count = run("tests of the npm package in Node", in_node.env("NODE_NO_WARNINGS", "1"))?
        .plus(run("in Chromium", script("chromium.mjs"))?)
        .plus(run("in workerd", script("workerd.mjs"))?)
        .plus(run("its tarball with Vite and webpack", script("bundlers.mjs").args([&tarball]))?);
    step("types of the npm package, and the README's examples", || {
        node.script(tests.join("readme.mjs")).args([workspace::target().join("npm/readme")]).run()?;
        quiet(node.bin("tsc"))
            .args(["--project", "wasm-pkg/test/tsconfig.json"])
            .env("PATH", node.path())
            .run()
            .map(|_| count.plus(Count::ONE))
    })
}

/// Leaves pictures of all pages in a folder, as the journeys come by them.
pub(crate) fn picture_pages(folder: &Path) -> Result<()> {
    let count = journeys(Some(folder))?;
    if count.failed > 0 {
        bail!("some journeys failed; their output is above");
    }
    Ok(())
}

/// Every journey through the pages, over a worker with mail, a directory and a provider. Leaves pictures of all screens
/// in a folder, if there is one.
fn journeys(pictures: Option<&Path>) -> Result<Count> {
    const TOKEN_SECONDS: u32 = 600;
    build::worker_crate("worker", &workspace::entry())?;
    pages::build()?;
    let (node, browser) = (tools::node()?, tools::browser()?);
    let idp = step("start the local provider", || Idp::start(&node, 0, TOKEN_SECONDS))?;
    let directory = step("start the local directory", || Directory::start(&node))?;
    let mut vars = idp.vars();
    vars.extend(directory.vars()?);
    let vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // More of everything than one address may ask for in the minutes that this takes.
    let limits = [("LOGIN_MAX", "1000"), ("REGISTER_MAX", "100"), ("RESET_PASSWORD_MAX", "100")];
    let secret = [("BOOTSTRAP_SECRET", "first come, first served")];
    let vars = [&vars[..], &limits, &[("VERIFY_EMAIL_MAX", "100")], &secret].concat();
    let server = step("start the worker for its pages", || dev::Throwaway::start(&node, &vars))?;
    let count = step("journeys through the pages in Chromium", || {
        let mut script = node.script(workspace::root().join("tests/pages/journeys.mjs"));
        script = script.args([server.url(), idp.issuer()]).env("NODE_NO_WARNINGS", "1");
        if let Some(pictures) = pictures {
            script = script.env("PORTICO_SCREENSHOTS", pictures);
        }
        counted(script.env("PORTICO_CHROMIUM", &browser.binary).run_and_report()?)
    });
    server.stop()?;
    Ok(count?.plus(automatic_journeys(&node, &browser)?))
}

/// The pages where nobody types anything to sign in: without authentication, and behind a proxy.
fn automatic_journeys(node: &tools::Node, browser: &tools::Browser) -> Result<Count> {
    const SECRET: &str = "only the proxy knows this secret";
    let proxied = [
        ("TRUSTED_PROXY_SECRET", SECRET),
        ("WEBUI_AUTH_TRUSTED_EMAIL_HEADER", "X-Forwarded-Email"),
        ("WEBUI_AUTH_TRUSTED_NAME_HEADER", "X-Forwarded-User"),
    ];
    let start = |vars: &[_]| dev::Throwaway::start(node, vars);
    let open = step("start the worker without authentication", || start(&[("WEBUI_AUTH", "false")]))?;
    let proxied = step("start the worker behind a proxy", || start(&proxied))?;
    let count = step("journeys without a form, in Chromium", || {
        let script = node.script(workspace::root().join("tests/pages/automatic.mjs"));
        let script = script.args([open.url(), proxied.url(), SECRET]).env("NODE_NO_WARNINGS", "1");
        counted(script.env("PORTICO_CHROMIUM", &browser.binary).run_and_report()?)
    });
    open.stop()?;
    proxied.stop()?;
    count
}

fn deploy() -> Result<Count> {
    build::worker_crate("worker", &workspace::entry())?;
    pages::build()?;
    let node = tools::node()?;
    step("dry run of the deployment", || {
        let out = workspace::target().join("xtask/deploy");
        node.wrangler().args(["deploy", "--dry-run", "--outdir"]).args([&out]).run().map(|_| Count::ONE)
    })
}

fn cargo_test(title: &str, packages: &[&str], arguments: &[&str]) -> Result<Count> {
    step(title, || {
        let command = quiet("cargo").args(["test"]).args(packages).args(["--"]).args(arguments);
        counted(command.run_and_report()?)
    })
}

/// Reads a runner's closing lines. A runner that fails without a failed test has failed as a whole.
fn counted((output, success): (String, bool)) -> Result<Count> {
    let mut count = count(&output);
    if !success && count.failed == 0 {
        count.failed = 1;
    }
    if count == Count::default() {
        bail!("no test was run");
    }
    Ok(count)
}

/// Sums up `test result: ok. 3 passed; 0 failed; …` (cargo, wasm-bindgen), `ℹ pass 3` (Node) and
/// `3 passed, 0 failed` (our scripts).
fn count(output: &str) -> Count {
    let mut total = Count::default();
    for line in output.lines() {
        let line = line.trim_start_matches(['ℹ', '#', ' ']);
        let words: Vec<&str> = line.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            ["test", "result:", _, passed, "passed", failed, "failed", ..]
            | [passed, "passed", failed, "failed"] => {
                total.passed += passed.parse().unwrap_or(0);
                total.failed += failed.parse().unwrap_or(0);
            }
            ["pass", passed] => total.passed += passed.parse().unwrap_or(0),
            ["fail", failed] => total.failed += failed.parse().unwrap_or(0),
            _ => {}
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_every_runner_are_counted() {
        let output = "test result: ok. 3 passed; 0 failed; 0 ignored\n\
                      test result: FAILED. 1 passed; 2 failed; 0 ignored\n\
                      ℹ tests 5\nℹ pass 4\nℹ fail 1\n10 passed, 0 failed\n# pass 1\n";
        assert_eq!(count(output), Count { passed: 19, failed: 3 });
    }

    #[test]
    fn a_run_without_a_test_is_a_failure() {
        assert!(counted(("all fine".to_string(), true)).is_err());
        assert_eq!(
            counted(("1 passed, 0 failed".to_string(), false)).unwrap(),
            Count { passed: 1, failed: 1 }
        );
    }
}
