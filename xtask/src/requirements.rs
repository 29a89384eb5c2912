//! Which security requirements are cited by a test.

use alloc::collections::BTreeSet;
use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use crate::workspace;

/// The requirements of `tests/requirements.txt` that no test cites; the number of those that are there.
pub(crate) fn without_a_test() -> Result<(Vec<String>, usize)> {
    let list = fs::read_to_string(workspace::root().join("tests/requirements.txt"))?;
    let rows: Vec<&str> = list.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let mut cited = BTreeSet::new();
    for folder in ["core/src", "worker/src", "tests", "wasm-pkg/src", "wasm-pkg/test"] {
        collect(&workspace::root().join(folder), &mut cited)?;
    }
    let missing = rows.iter().filter(|row| !row.split(' ').next().is_some_and(|id| cited.contains(id)));
    Ok((missing.map(|row| (*row).to_string()).collect(), rows.len()))
}

fn collect(folder: &Path, cited: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            if !path.ends_with("build") && !path.ends_with("target") {
                collect(&path, cited)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "mjs") {
            cited.extend(citations(&fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

/// The ids in block comments: that is how a test cites, while prose uses line comments.
fn citations(code: &str) -> Vec<String> {
    let comments = code.split("/*").skip(1).filter_map(|rest| rest.split("*/").next());
    let words = comments.flat_map(|comment| comment.split(|c: char| !c.is_ascii_alphanumeric() && c != '-'));
    words.filter(|word| is_id(word)).map(str::to_string).collect()
}

/// Two capitals, a hyphen, two digits.
fn is_id(word: &str) -> bool {
    matches!(word.as_bytes(), [a, b, b'-', c, d]
        if a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_cites_in_a_block_comment() {
        let code =
            "/// see TK-01\n#[test] fn x() { /* TK-02, PW-11; RFC 7519 */ } // TK-03\n/* IN-1 IN-123 */";
        assert_eq!(citations(code), ["TK-02", "PW-11"]);
    }
}
