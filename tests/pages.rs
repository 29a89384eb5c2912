//! What the pages say (worker/pages/src/strings). What they do is tested in Chromium: tests/pages.

use alloc::collections::{BTreeMap, BTreeSet};
use std::fs;

use portico_core::audit::{AuditAction, AuditOutcome};

use crate::harness::root;

type Strings = BTreeMap<String, String>;

fn strings(language: &str) -> Strings {
    let path = root().join(format!("worker/pages/src/strings/{language}.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// What stands in braces in a text.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

#[test]
fn every_text_has_a_translation_with_the_same_places() {
    let (english, german) = (strings("en"), strings("de"));
    assert_eq!(english.keys().collect::<Vec<_>>(), german.keys().collect::<Vec<_>>());
    for (key, text) in &english {
        let translated = &german[key];
        assert!(!text.is_empty() && !translated.is_empty(), "{key}");
        assert_eq!(placeholders(text), placeholders(translated), "{key}");
    }
}

#[test]
fn every_audited_action_and_outcome_has_a_name() {
    let (actions, outcomes): (BTreeSet<_>, BTreeSet<_>) =
        audited_words().into_iter().partition(|word| AuditAction::parse(word).is_some());
    assert!(actions.len() > 40 && outcomes.len() > 20, "{actions:?} {outcomes:?}");
    assert!(outcomes.iter().all(|word| AuditOutcome::parse(word).is_some()), "{outcomes:?}");
    assert_eq!(named("action."), actions);
    assert_eq!(named("outcome."), outcomes);
}

/// The lists are a macro's; each word stands on a line of its own, as `Variant "word"`.
fn audited_words() -> Vec<String> {
    let source = fs::read_to_string(root().join("core/src/audit.rs")).unwrap();
    let word = |line: &str| Some(line.trim().strip_suffix('"')?.split_once(" \"")?.1.to_string());
    source.lines().filter_map(word).collect()
}

fn named(prefix: &str) -> BTreeSet<String> {
    strings("en").keys().filter_map(|key| key.strip_prefix(prefix)).map(str::to_string).collect()
}
