//! Programs beside the worker that tests and `dev` talk to: they say in one line of JSON where they listen, and end with us.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{tools::Node, workspace};

/// A running one.
pub(crate) struct Partner {
    child: Child,
    says: Value,
    // Never read again; kept so that whoever writes to it is not ended by that.
    _output: BufReader<ChildStdout>,
}

impl Partner {
    /// Starts a script of this repository.
    pub(crate) fn start(node: &Node, script: &str, arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(node.binary())
            .arg(workspace::root().join(script))
            .args(arguments)
            .env("PATH", node.path())
            .env("NODE_NO_WARNINGS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("start {script}"))?;
        let output = child.stdout.take().context("no output")?;
        let mut output = BufReader::new(output);
        let is_ready = |line: String| serde_json::from_str(&line).ok().filter(Value::is_object);
        let Some(says) = output.by_ref().lines().map_while(Result::ok).find_map(is_ready) else {
            bail!(
                "{script} did not start. What to do: run `node {script} {}`, which says why",
                arguments.join(" ")
            );
        };
        Ok(Self { child, says, _output: output })
    }

    /// A port that it listens on.
    pub(crate) fn port(&self, name: &str) -> Result<u64> {
        self.says.get(name).and_then(Value::as_u64).with_context(|| format!("no {name}"))
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        // It ends with its input; when it does not end, there is nothing more to be done about it here.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The path of a file of this repository, as a script takes it.
pub(crate) fn path(file: &str) -> String {
    Path::new(&workspace::root()).join(file).display().to_string()
}
