//! `migrate`: the local database up to date.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::{
    build::fingerprint,
    step::{quiet, step},
    tools::{self, Node},
    workspace,
};

pub(crate) fn run() -> Result<()> {
    local(&tools::node()?, &workspace::dev_state())
}

/// Applies what a local database has not seen yet.
pub(crate) fn local(node: &Node, state: &Path) -> Result<()> {
    step("apply the D1 migrations to the local database", || {
        node.wrangler()
            .args(["d1", "migrations", "apply", "DB", "--local", "--persist-to"])
            .args([state])
            // Without a terminal wrangler does not ask for confirmation.
            .env("CI", "true")
            .run()
            .map(|_| ())
    })
}

/// A new local database for one run of tests: a copy of one that has the schema and nothing else, because applying all
/// migrations takes wrangler as long as many a test.
pub(crate) fn copy(node: &Node, state: &Path) -> Result<()> {
    let template = template(node)?;
    // In the place of whatever a run that was killed has left there.
    quiet("rm").args(["-rf"]).args([state]).run()?;
    quiet("cp").args(["-r"]).args([&template, state]).run().map(|_| ())
}

fn template(node: &Node) -> Result<PathBuf> {
    let name = format!("migrated-{}", fingerprint(&["worker/migrations", "wrangler.toml"], &[])?);
    let template = workspace::target().join("xtask").join(name);
    if !template.exists() {
        let unfinished = template.with_extension(std::process::id().to_string());
        local(node, &unfinished)?;
        fs::rename(&unfinished, &template).context("keep the migrated database")?;
    }
    Ok(template)
}
