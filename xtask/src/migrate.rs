//! `migrate`: the local database up to date.

use std::path::Path;

use anyhow::Result;

use crate::{
    step::step,
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
