//! `bench`: speed, as ratios within one run on one machine. Nothing here is a test.

mod core;

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::{
    build,
    step::{quiet, step},
    tools::{self, Node},
    workspace,
};

/// Connections that load one target at the same time.
const CONNECTIONS: [u32; 2] = [16, 64];

/// Measure, side by side in one run, as ratios.
#[derive(Args, Debug)]
pub(crate) struct Bench {
    /// What to measure
    subject: Subject,
    /// Rounds, in which all targets take turns
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Seconds for which one target is loaded in one round
    #[arg(long, default_value_t = 2)]
    seconds: u32,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Subject {
    /// Hashing, tokens and permissions beside hash-wasm, jose and C, in workerd and natively
    Core,
    /// `GET /api/v1/auths/` beside a worker that only answers
    Session,
}

impl Bench {
    pub(crate) fn run(self) -> Result<()> {
        match self.subject {
            Subject::Core => core::run(self.rounds),
            Subject::Session => self.session(),
        }
    }

    fn session(&self) -> Result<()> {
        build::worker_crate("worker", &workspace::entry())?;
        let wrk = tools::wrk()?;
        let mut host = Host::start(&tools::node()?)?;
        let bare = host.worker("xtask/bench/bare", &json!({}))?;
        let portico =
            host.worker("worker/entry", &json!({"PORTICO_SECRET": "bench-0123456789abcdef-0123456789"}))?;
        let token = sign_up(&portico)?;
        let session = format!("{portico}/api/v1/auths/");
        let authorization = |token: &str| Some(format!("Authorization: Bearer {token}"));
        let targets = [
            Target { name: "bare worker", url: bare, header: None, status: 200 },
            Target {
                name: "session check",
                url: session.clone(),
                header: authorization(&token),
                status: 200,
            },
            Target { name: "refused token", url: session, header: authorization("garbage"), status: 401 },
        ];
        let mut samples = Vec::new();
        for connections in CONNECTIONS {
            for round in 0..self.rounds {
                step(&format!("{connections} connections, round {}", round + 1), || {
                    for target in &targets {
                        samples.push(target.load(&wrk, connections, self.seconds)?);
                    }
                    Ok(())
                })?;
            }
        }
        report(&targets, &samples)
    }
}

/// One thing that is loaded.
struct Target {
    name: &'static str,
    url: String,
    header: Option<String>,
    /// What it must answer before and after each load: a broken target must not be measured.
    status: u16,
}

/// One target under load, once.
struct Sample {
    name: &'static str,
    connections: u32,
    requests_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
}

impl Target {
    fn load(&self, wrk: &std::path::Path, connections: u32, seconds: u32) -> Result<Sample> {
        self.probe()?;
        let mut command =
            quiet(wrk).args(["-t1", "--latency", &format!("-c{connections}"), &format!("-d{seconds}s")]);
        if let Some(header) = &self.header {
            command = command.args(["-H", header]);
        }
        let output = command.args([&self.url]).run()?;
        self.probe()?;
        let value = |label: &str| {
            let line = output.lines().find_map(|line| line.trim().strip_prefix(label));
            line.map(str::trim).with_context(|| format!("no `{label}` in wrk's output:\n{output}"))
        };
        if self.status == 200 && output.contains("Non-2xx") {
            bail!("{} failed under load:\n{output}", self.name);
        }
        Ok(Sample {
            name: self.name,
            connections,
            requests_per_second: value("Requests/sec:")?.parse().context("requests per second")?,
            p50_ms: milliseconds(value("50%")?)?,
            p99_ms: milliseconds(value("99%")?)?,
        })
    }

    fn probe(&self) -> Result<()> {
        let mut request = agent().get(&self.url);
        if let Some((name, value)) = self.header.as_deref().and_then(|header| header.split_once(": ")) {
            request = request.header(name, value);
        }
        let status = request.call()?.status().as_u16();
        if status != self.status {
            bail!("{} answers {status}, not {}", self.name, self.status);
        }
        Ok(())
    }
}

/// `1.23ms`, `950.00us` or `1.20s` in milliseconds.
fn milliseconds(text: &str) -> Result<f64> {
    let (number, factor) = [("us", 0.001), ("ms", 1.0), ("s", 1_000.0)]
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))
        .with_context(|| format!("a duration from wrk: `{text}`"))?;
    Ok(number.parse::<f64>().with_context(|| format!("a duration from wrk: `{text}`"))? * factor)
}

/// Prints the table and writes it down.
fn report(targets: &[Target], samples: &[Sample]) -> Result<()> {
    println!("\n{:<16}{:>6}{:>10}{:>8}{:>9}{:>9}", "target", "conns", "rps", "x bare", "p50 ms", "p99 ms");
    let mut rows = Vec::new();
    for connections in CONNECTIONS {
        let mut bare = 0.0;
        for target in targets {
            let of = |value: fn(&Sample) -> f64| {
                median(
                    samples
                        .iter()
                        .filter(|s| s.name == target.name && s.connections == connections)
                        .map(value),
                )
            };
            let (rps, p50, p99) = (of(|s| s.requests_per_second), of(|s| s.p50_ms), of(|s| s.p99_ms));
            if bare == 0.0 {
                bare = rps;
            }
            println!("{:<16}{connections:>6}{rps:>10.0}{:>8.2}{p50:>9.2}{p99:>9.2}", target.name, rps / bare);
            rows.push(json!({
                "target": target.name, "connections": connections, "requests_per_second": rps,
                "ratio_to_bare": rps / bare, "p50_ms": p50, "p99_ms": p99,
            }));
        }
    }
    let out = workspace::target().join("bench/session.json");
    fs::create_dir_all(out.parent().context("a folder for the table")?)?;
    fs::write(&out, serde_json::to_string_pretty(&rows)?)?;
    println!("\nMedians over all rounds; written to {}", out.display());
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn sign_up(portico: &str) -> Result<String> {
    let form = json!({"name": "Bench", "email": "bench@example.com", "password": "correct horse"});
    let mut answer = agent()
        .post(format!("{portico}/api/v1/auths/signup"))
        .header("content-type", "application/json")
        .send(form.to_string())?;
    let body: Value = serde_json::from_str(&answer.body_mut().read_to_string()?)?;
    body.get("token")
        .and_then(Value::as_str)
        .map(str::to_string)
        .with_context(|| format!("no token in {body}"))
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

/// The process that runs workers in workerd, the same that the tests use. Ends with its input.
struct Host {
    process: Child,
    /// Closed to end the process.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    started: u32,
}

impl Host {
    fn start(node: &Node) -> Result<Self> {
        let mut process = Command::new(node.binary())
            .arg(workspace::root().join("tests/workerd/host.mjs"))
            .env("PATH", node.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start the host of workerd")?;
        let commands = Some(process.stdin.take().context("its input")?);
        let answers = BufReader::new(process.stdout.take().context("its output")?);
        Ok(Self { process, commands, answers, started: 0 })
    }

    /// Starts a worker on storage of its own; gives its address.
    fn worker(&mut self, dir: &str, vars: &Value) -> Result<String> {
        self.started += 1;
        let name = format!("bench{}", self.started);
        let commands = self.commands.as_mut().context("a running host")?;
        writeln!(commands, "{}", json!({"start": name, "worker": dir, "vars": vars}))?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let answer: Value = serde_json::from_str(&line).with_context(|| format!("workerd said `{line}`"))?;
        answer
            .get("url")
            .and_then(Value::as_str)
            .map(str::to_string)
            .with_context(|| format!("{dir} did not start: {answer}"))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It ends with its input, and takes its workerd along; killed, it would leave that behind.
        self.commands = None;
        let _ = self.process.wait();
    }
}
