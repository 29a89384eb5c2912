//! `screenshots`: pictures of every page, for the README and to look at.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{test, workspace};

/// The width whose pictures the README shows; the others are for looking at.
const SHOWN: &str = "-1440.jpg";

pub(crate) fn run() -> Result<()> {
    let all = workspace::target().join("screenshots");
    if all.exists() {
        fs::remove_dir_all(&all).context("empty target/screenshots")?;
    }
    test::picture_pages(&all)?;
    let shown = workspace::root().join("worker/pages/screenshots");
    fs::create_dir_all(&shown).context("create worker/pages/screenshots")?;
    let mut names = Vec::new();
    for entry in fs::read_dir(&all).context("read target/screenshots")? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(name) = name.strip_suffix(SHOWN) {
            fs::copy(&path, shown.join(format!("{name}.jpg"))).with_context(|| format!("copy {name}"))?;
            names.extend(name.strip_suffix("-light").map(str::to_string));
        }
    }
    names.sort();
    let mut page = String::from("# Every screen, in light and dark\n\nMade by `cargo xtask screenshots`.\n");
    for name in &names {
        page.push_str(&format!(
            "\n## {name}\n\n![{name}, light]({name}-light.jpg)\n![{name}, dark]({name}-dark.jpg)\n"
        ));
    }
    fs::write(shown.join("README.md"), page).context("write worker/pages/screenshots/README.md")?;
    println!("  {} screens, at every width in {}", names.len(), all.display());
    Ok(())
}
