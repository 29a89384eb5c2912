//! Imports run one way (ARCHITECTURE.md): checked on the source text, because a wrong import compiles.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::harness::root;

/// Rust files below a folder, and the module file beside it.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    collect(&root().join(folder), &mut files);
    let beside = root().join(format!("{folder}.rs"));
    if beside.exists() {
        files.push(beside);
    }
    assert!(!files.is_empty(), "{folder} has moved: this test checks nothing");
    files.into_iter().map(|path| (path.clone(), code_of(&path))).collect()
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The file without comments, so that prose may name what code must not.
fn code_of(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

fn assert_absent(folder: &str, forbidden: &[&str], except: &[&str]) {
    for (path, code) in sources(folder) {
        if except.iter().any(|allowed| path.starts_with(root().join(allowed))) {
            continue;
        }
        for text in forbidden {
            assert!(!code.contains(text), "{} contains `{text}`", path.display());
        }
    }
}

/// No file of the folder imports or names a module or crate of these names, however it is spelled.
fn assert_unknown(folder: &str, modules: &[&str]) {
    for (path, code) in sources(folder) {
        if let Some(module) = modules.iter().find(|module| knows(&code, module)) {
            panic!("{} knows `{module}`", path.display());
        }
    }
}

/// Whether code has the module in a `use` item, also inside braces or renamed, or in a path.
fn knows(code: &str, module: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let in_use = code.split("use ").skip(1).filter_map(|rest| rest.split(';').next());
    let imported = in_use.flat_map(|item| item.split(|c| !is_word(c))).any(|word| word == module);
    let paths = [format!("crate::{module}"), format!("super::{module}"), format!("{module}::")];
    let named = paths.iter().any(|path| {
        code.match_indices(path.as_str()).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            let after = code[at + path.len()..].chars().next();
            !before.is_some_and(is_word) && (path.ends_with(':') || !after.is_some_and(is_word))
        })
    });
    imported || named
}

#[test]
fn every_spelling_of_an_import_is_seen() {
    for code in [
        "use crate::store;",
        "use crate::{http::answer, store::Store};",
        "use super::super::store as s;",
        "use crate::{\n    http,\n    store,\n};",
        "fn f() { crate::store::load() }",
        "fn f() -> store::Store {}",
    ] {
        assert!(knows(code, "store"), "{code}");
    }
    for code in ["use crate::restore;", "fn f() { let store = 1; }", "use crate::http; fn store_all() {}"] {
        assert!(!knows(code, "store"), "{code}");
    }
}

#[test]
fn a_dialect_knows_neither_the_other_nor_the_store_nor_the_platform() {
    let dialects = ["open_webui", "librechat"];
    for dialect in dialects {
        let folder = format!("worker/src/{dialect}");
        if !root().join(&folder).exists() {
            continue;
        }
        for other in dialects.into_iter().filter(|other| *other != dialect) {
            assert_absent(&folder, &[other], &[]);
        }
        assert_unknown(&folder, &["worker", "store", "durable", "platform", "cache"]);
    }
}

#[test]
fn http_mechanics_know_no_dialect_and_no_platform() {
    assert_unknown(
        "worker/src/http",
        &["open_webui", "librechat", "worker", "store", "durable", "platform", "cache", "router"],
    );
}

#[test]
fn sql_stands_in_the_store() {
    let statements = ["SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM", "CREATE TABLE"];
    assert_absent("worker/src", &statements, &["worker/src/store"]);
    assert_absent("core/src", &statements, &[]);
}

#[test]
fn only_the_platform_reads_a_clock_or_asks_for_randomness() {
    /* SR-06 */
    let sources =
        ["Date::now", "SystemTime::now", "Instant::now", "getrandom::", "thread_rng", "Math::random"];
    assert_absent("worker/src", &sources, &["worker/src/platform"]);
    assert_absent("core/src", &sources, &[]);
}

#[test]
fn the_store_knows_neither_http_nor_dialects() {
    for folder in ["worker/src/store", "worker/src/durable"] {
        assert_unknown(folder, &["open_webui", "librechat", "http", "router", "config"]);
    }
}

#[test]
fn core_does_no_input_and_output() {
    assert_unknown("core/src", &["std", "worker", "wasm_bindgen", "js_sys", "http"]);
}

#[test]
fn secrets_can_not_be_compared_but_in_constant_time() {
    /* SR-07 */
    let secret = code_of(&root().join("core/src/secret.rs"));
    for comparison in ["PartialEq for Secret", "Eq for Secret", "PartialOrd for Secret"] {
        assert!(!secret.contains(comparison), "`==` on a secret stops at the first difference");
    }
    assert!(secret.contains("#[derive(Clone)]\npub struct Secret<"), "and none is derived");
    for (file, comparison) in [
        ("jwt/hmac_key.rs", "verify_slice"),
        ("password/check.rs", "ct_eq"),
        ("password/stored.rs", "ct_eq"),
        ("totp/backup_code.rs", "ct_eq"),
        ("totp/code.rs", "ct_eq"),
    ] {
        let code = code_of(&root().join("core/src").join(file));
        let code = code.split("mod tests").next().unwrap_or_default();
        assert!(code.contains(comparison), "{file}");
    }
}

#[test]
fn core_has_one_feature_and_no_unsafe_code() {
    let manifest = fs::read_to_string(root().join("core/Cargo.toml")).unwrap();
    let features = manifest.split("[features]").nth(1).unwrap().split("\n[").next().unwrap();
    let named: Vec<&str> =
        features.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect();
    assert_eq!(named, ["memory"]);
    assert_absent("core/src", &["unsafe "], &[]);
}
