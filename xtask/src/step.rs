//! Steps: a line that moves while something runs, its time when it is done, its output when it fails.

use core::time::Duration;
use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};
use xshell::Shell;

use crate::workspace;

/// Lines of a failed command's output that are shown; the log has all of them.
const SHOWN_LINES: usize = 60;

/// Runs one step and prints how long it took.
pub(crate) fn step<T>(title: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let spinner = ProgressBar::new_spinner().with_message(title.to_string());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        spinner.set_style(style);
    }
    if spinner.is_hidden() {
        println!("… {title}");
    }
    spinner.enable_steady_tick(Duration::from_millis(120));
    let outcome = run();
    spinner.finish_and_clear();
    let mark = if outcome.is_ok() { "✓" } else { "✗" };
    println!("{mark} {title} ({:.1} s)", start.elapsed().as_secs_f64());
    outcome
}

/// A command whose output is kept for the case that it fails.
#[derive(Debug)]
pub(crate) struct Quiet {
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(String, OsString)>,
    dir: PathBuf,
    hint: Option<String>,
}

/// A command in the repository's root.
pub(crate) fn quiet(program: impl AsRef<Path>) -> Quiet {
    Quiet {
        program: program.as_ref().to_path_buf(),
        args: Vec::new(),
        env: Vec::new(),
        dir: workspace::root().to_path_buf(),
        hint: None,
    }
}

impl Quiet {
    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_os_string()));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.to_string(), value.as_ref().to_os_string()));
        self
    }

    pub(crate) fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = dir.as_ref().to_path_buf();
        self
    }

    /// What to do when the command fails.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Runs to the end; gives the output, standard output and standard error in one text.
    pub(crate) fn run(self) -> Result<String> {
        let (output, success) = self.output()?;
        if success { Ok(output.text) } else { Err(output.into_error()) }
    }

    /// Runs to the end without taking a failing exit for an error.
    pub(crate) fn run_and_report(self) -> Result<(String, bool)> {
        let (output, success) = self.output()?;
        if !success {
            println!("{}", output.excerpt());
        }
        Ok((output.text, success))
    }

    fn output(self) -> Result<(Finished, bool)> {
        let shell = Shell::new()?;
        shell.change_dir(&self.dir);
        let command = shell.cmd(&self.program).args(&self.args).envs(self.env);
        let line = command.to_string();
        let output = command.quiet().stdin([]).ignore_status().output();
        let output = output.with_context(|| format!("`{line}` could not be started"))?;
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Ok((Finished { line, text, hint: self.hint }, output.status.success()))
    }
}

struct Finished {
    line: String,
    text: String,
    hint: Option<String>,
}

impl Finished {
    fn excerpt(&self) -> String {
        let lines: Vec<&str> = self.text.lines().collect();
        let shown = lines.get(lines.len().saturating_sub(SHOWN_LINES)..).unwrap_or_default().join("\n");
        format!("`{}` failed:\n{shown}", self.line)
    }

    fn into_error(self) -> anyhow::Error {
        let excerpt = self.excerpt();
        match self.hint {
            Some(hint) => anyhow::anyhow!("{excerpt}\n\nWhat to do: {hint}"),
            None => anyhow::anyhow!(excerpt),
        }
    }
}

/// Writes a file only when its content changes, so that nothing downstream rebuilds for nothing.
pub(crate) fn write_if_changed(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("create {}", parent.display()))?;
    }
    fs::write(path, content).with_context(|| format!("write {}", path.display()))
}
