//! `keys`: the list of token keys that becomes the secret `JWT_KEYS`. Adding one rotates: it is published, signs
//! five minutes later, and the one before it verifies until its last token has expired. Dropping one ends
//! its tokens.

use core::fmt::Write as _;
use std::{fs, io::Write as _, path::PathBuf, time::SystemTime};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::step::quiet;

/// Seconds for which a key is published before it signs, as in `portico_core::jwt`.
const PUBLISHED_BEFORE_USE: u64 = 300;

/// Keep the list of token keys
#[derive(Args, Debug)]
pub(crate) struct Keys {
    #[command(subcommand)]
    act: Act,
    /// Where the list is kept; a secret, and the only copy that can be read
    #[arg(long, default_value = ".keys.json", global = true)]
    file: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Add a new key, which takes over from the one before it
    Add {
        /// What it signs with
        #[arg(long, value_enum, default_value_t = Kind::EdDsa)]
        algorithm: Kind,
    },
    /// Drop a key and its tokens at once
    Drop {
        /// Its number in the list
        number: usize,
    },
    /// Show the keys, without what is secret
    List,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    #[value(name = "EdDSA")]
    EdDsa,
    #[value(name = "ES256")]
    Es256,
    #[value(name = "HS256")]
    Hs256,
}

impl Keys {
    pub(crate) fn run(self) -> Result<()> {
        let mut keys = self.read()?;
        match self.act {
            Act::Add { algorithm } => {
                keys.push(json!({"added_at": now()?, "key": generate(algorithm)?}));
                self.write(&keys)?;
            }
            Act::Drop { number } => {
                if !(1..=keys.len()).contains(&number) {
                    bail!("there is no key {number}; `cargo xtask keys list` shows them");
                }
                if keys.len() == 1 {
                    bail!("this is the only key; add another one first");
                }
                keys.remove(number - 1);
                self.write(&keys)?;
            }
            Act::List => {}
        }
        print!("{}", table(&keys, now()?));
        if !matches!(self.act, Act::List) {
            println!(
                "\nIn force once it is deployed:\n  npx wrangler secret put JWT_KEYS < {}",
                self.file.display()
            );
        }
        Ok(())
    }

    fn read(&self) -> Result<Vec<Value>> {
        if !self.file.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&self.file).with_context(|| format!("read {}", self.file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no list of keys", self.file.display()))
    }

    /// Into a new file, which then takes the place of the old one: all keys or the ones before, and only
    /// its owner may read them.
    fn write(&self, keys: &[Value]) -> Result<()> {
        let new = self.file.with_extension("new");
        if new.exists() {
            fs::remove_file(&new)?;
        }
        let mut options = fs::OpenOptions::new();
        options.create_new(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new).with_context(|| format!("write {}", new.display()))?;
        file.write_all(serde_json::to_string(keys)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.file).with_context(|| format!("write {}", self.file.display()))
    }
}

fn now() -> Result<u64> {
    #[expect(clippy::disallowed_methods, reason = "a command-line tool has no host that tells it the time")]
    let now = SystemTime::now();
    Ok(now.duration_since(SystemTime::UNIX_EPOCH)?.as_secs())
}

fn generate(kind: Kind) -> Result<String> {
    let arguments: &[&str] = match kind {
        Kind::EdDsa => &["genpkey", "-algorithm", "ed25519"],
        Kind::Es256 => &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        Kind::Hs256 => &["rand", "-base64", "48"],
    };
    let made = quiet("openssl").args(arguments).run().context("make a key with openssl")?;
    Ok(made.trim().to_string())
}

fn table(keys: &[Value], now: u64) -> String {
    let mut table = format!("{:>3}  {:<11}{:<12}state\n", "", "kind", "added at");
    for (index, key) in keys.iter().enumerate() {
        let added_at = |key: &Value| key.get("added_at").and_then(Value::as_u64).unwrap_or_default();
        let signs = |key: &Value, first: bool| first || now >= added_at(key) + PUBLISHED_BEFORE_USE;
        let private = key.get("key").and_then(Value::as_str).is_some_and(|key| key.starts_with(['-', '{']));
        let followed = keys.get(index + 1).is_some_and(|next| signs(next, false));
        let state = match (followed, signs(key, index == 0)) {
            (true, _) => "verifies until its last token has expired",
            (false, true) => "signs",
            (false, false) => "published; signs five minutes after it was added",
        };
        let kind = if private { "private key" } else { "secret" };
        // Writing to a string does not fail.
        let _ = writeln!(table, "{:>3}  {kind:<11} {:<11}{state}", index + 1, added_at(key));
    }
    table
}
