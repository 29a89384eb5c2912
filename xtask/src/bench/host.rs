use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::{tools::Node, workspace};

/// The process that runs workers in workerd, the same that the tests use. Ends with its input.
pub(super) struct Host {
    process: Child,
    /// Closed to end the process.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    started: u32,
}

impl Host {
    pub(super) fn start(node: &Node) -> Result<Self> {
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
    pub(super) fn worker(&mut self, dir: &str, vars: &Value) -> Result<String> {
        self.worker_how(&json!({"worker": dir, "vars": vars})).map(|(_, url)| url)
    }

    /// The same in any way that `host.mjs` understands; gives its name as well.
    pub(super) fn worker_how(&mut self, how: &Value) -> Result<(String, String)> {
        self.started += 1;
        let name = format!("bench{}", self.started);
        let mut command = how.clone();
        command.as_object_mut().context("an object")?.insert("start".to_string(), json!(name));
        let answer = self.command(&command)?;
        let url = answer.get("url").and_then(Value::as_str);
        let url = url.with_context(|| format!("{how} did not start: {answer}"))?.to_string();
        Ok((name, url))
    }

    /// Runs a statement on a worker's database.
    pub(super) fn sql(&mut self, name: &str, statement: &str) -> Result<()> {
        let answer = self.command(&json!({"sql": name, "statement": statement}))?;
        match answer.get("error") {
            Some(error) => bail!("{statement}: {error}"),
            None => Ok(()),
        }
    }

    pub(super) fn stop(&mut self, name: &str) -> Result<()> {
        self.command(&json!({"stop": name})).map(|_| ())
    }

    fn command(&mut self, command: &Value) -> Result<Value> {
        let commands = self.commands.as_mut().context("a running host")?;
        writeln!(commands, "{command}")?;
        // What a worker logs comes the same way, and is not for us.
        loop {
            let mut line = String::new();
            if self.answers.read_line(&mut line)? == 0 {
                bail!("the host of workerd has ended");
            }
            if let Ok(answer @ Value::Object(_)) = serde_json::from_str(&line) {
                return Ok(answer);
            }
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It ends with its input, and takes its workerd along; killed, it would leave that behind.
        self.commands = None;
        let _ = self.process.wait();
    }
}
