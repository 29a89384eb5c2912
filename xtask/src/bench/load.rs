//! One thing under load, with wrk.

use std::{fs, path::Path, process::Stdio};

use anyhow::{Context as _, Result, bail};

use super::agent;
use crate::workspace;

/// One thing that is loaded.
pub(super) struct Target {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    /// A body makes it a `POST` of JSON.
    pub(super) body: Option<String>,
    /// What it must answer before and after each load: a broken target must not be measured.
    pub(super) status: u16,
    /// What one request asks of storage.
    pub(super) asks: &'static str,
}

/// One target under load, once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) requests_per_second: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

impl Target {
    /// A `GET` that is answered with 200.
    pub(super) fn get(
        name: &str,
        url: String,
        headers: Vec<(&'static str, String)>,
        asks: &'static str,
    ) -> Self {
        Self { name: name.to_string(), url, headers, body: None, status: 200, asks }
    }

    /// A `POST` of JSON that is answered with 200.
    pub(super) fn post(name: &str, url: String, body: String, asks: &'static str) -> Self {
        Self { body: Some(body), ..Self::get(name, url, Vec::new(), asks) }
    }

    /// Loads it alone.
    pub(super) fn load(&self, wrk: &Path, connections: u32, seconds: u32) -> Result<Sample> {
        let mut samples = load_all(wrk, seconds, &[(self, connections)])?;
        samples.pop().context("one sample for one target")
    }

    fn probe(&self) -> Result<()> {
        let headers = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let status = match &self.body {
            Some(body) => {
                let mut request = agent().post(&self.url).header("content-type", "application/json");
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                request.send(body)?.status()
            }
            None => {
                let mut request = agent().get(&self.url);
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                request.call()?.status()
            }
        };
        if status.as_u16() != self.status {
            bail!("{} answers {status}, not {}", self.name, self.status);
        }
        Ok(())
    }

    fn start(&self, wrk: &Path, connections: u32, seconds: u32) -> Result<std::process::Child> {
        let mut command = std::process::Command::new(wrk);
        command.args([
            "-t1",
            "--latency",
            &format!("-c{connections}"),
            &format!("-d{seconds}s"),
            "--timeout",
            "10s",
        ]);
        for (name, value) in &self.headers {
            command.args(["-H", &format!("{name}: {value}")]);
        }
        if let Some(body) = &self.body {
            let script = workspace::target().join("bench/post.lua");
            fs::create_dir_all(script.parent().context("a folder for the script")?)?;
            fs::write(&script, POST)?;
            command.arg("-s").arg(&script).env("BENCH_BODY", body);
        }
        command.arg(&self.url).stdout(Stdio::piped()).spawn().context("start wrk")
    }

    fn sample(&self, output: &str) -> Result<Sample> {
        if self.status == 200 && (output.contains("Non-2xx") || output.contains("Socket errors")) {
            bail!("{} failed under load:\n{output}", self.name);
        }
        let value = |label: &str| {
            let line = output.lines().find_map(|line| line.trim().strip_prefix(label));
            line.map(str::trim).with_context(|| format!("no `{label}` in wrk's output:\n{output}"))
        };
        Ok(Sample {
            requests_per_second: value("Requests/sec:")?.parse().context("requests per second")?,
            p50_ms: milliseconds(value("50%")?)?,
            p99_ms: milliseconds(value("99%")?)?,
        })
    }
}

/// Posts what the environment says.
const POST: &str = r#"wrk.method = "POST"
wrk.body = os.getenv("BENCH_BODY")
wrk.headers["content-type"] = "application/json"
"#;

/// Loads several targets at the same time.
pub(super) fn load_all(wrk: &Path, seconds: u32, targets: &[(&Target, u32)]) -> Result<Vec<Sample>> {
    for (target, _) in targets {
        target.probe()?;
    }
    let running = targets.iter().map(|(target, connections)| target.start(wrk, *connections, seconds));
    let running = running.collect::<Result<Vec<_>>>()?;
    let mut samples = Vec::new();
    for ((target, _), running) in targets.iter().zip(running) {
        let output = running.wait_with_output()?;
        samples.push(target.sample(&String::from_utf8_lossy(&output.stdout))?);
    }
    for (target, _) in targets {
        target.probe()?;
    }
    Ok(samples)
}

/// `1.23ms`, `950.00us` or `1.20s` in milliseconds.
fn milliseconds(text: &str) -> Result<f64> {
    let (number, factor) = [("us", 0.001), ("ms", 1.0), ("s", 1_000.0)]
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))
        .with_context(|| format!("a duration from wrk: `{text}`"))?;
    Ok(number.parse::<f64>().with_context(|| format!("a duration from wrk: `{text}`"))? * factor)
}
