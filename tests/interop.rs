//! What is made here is accepted by other implementations, and the reverse: `jose` in Node for tokens,
//! `argon2-cffi` and `bcrypt` in Python for password hashes.

mod passwords;
mod tokens;

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::harness::root;

/// Runs a script of this folder with JSON on its input; gives the JSON that it prints.
fn ask(interpreter: &str, script: &str, question: &Value) -> Value {
    let program = std::env::var(interpreter).unwrap_or_else(|_| {
        panic!("{interpreter} is not set: run this with `cargo xtask test --only interop`")
    });
    let mut process = Command::new(program)
        .arg(root().join("tests/interop").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{script} failed");
    serde_json::from_slice(&output.stdout).unwrap()
}
