//! Whether the cost of a check and of a sign-in depends on how many accounts there are.

use std::{fs, time::Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::{agent, host::Host, median, table_file};
use crate::{build, step::step, tools, workspace};

const SIZES: [u32; 3] = [1_000, 100_000, 1_000_000];
const SIGN_INS: u32 = 40;
const CHECKS: u32 = 1_000;
/// Accounts that one statement inserts.
const AT_ONCE: u32 = 50_000;

pub(super) fn run(most: u32) -> Result<()> {
    build::worker_crate("worker", &workspace::entry())?;
    let mut host = Host::start(&tools::node()?)?;
    let mut rows = Vec::new();
    for accounts in SIZES.into_iter().filter(|size| *size <= most) {
        rows.push(measure(&mut host, accounts)?);
    }
    println!(
        "\n{:>10}{:>12}{:>9}{:>13}{:>9}{:>18}{:>18}",
        "accounts", "check ms", "x first", "sign-in ms", "x first", "rows per check", "rows per sign-in"
    );
    let value = |row: &Value, name: &str| row.get(name).and_then(Value::as_f64).unwrap_or_default();
    for row in &rows {
        let of = |name: &str| value(row, name);
        let to_first = |name: &str| rows.first().map_or(0.0, |first| of(name) / value(first, name));
        println!(
            "{:>10}{:>12.3}{:>9.2}{:>13.1}{:>9.2}{:>18}{:>18}",
            of("accounts"),
            of("check_ms"),
            to_first("check_ms"),
            of("sign_in_ms"),
            to_first("sign_in_ms"),
            of("rows_per_check"),
            of("rows_per_sign_in")
        );
    }
    let file = table_file("scale");
    fs::create_dir_all(file.parent().context("a folder for the table")?)?;
    fs::write(&file, serde_json::to_string_pretty(&rows)?)?;
    println!("\nMedians of one request after another; written to {}", file.display());
    Ok(())
}

fn measure(host: &mut Host, accounts: u32) -> Result<Value> {
    let vars = json!({"PORTICO_SECRET": "bench-0123456789abcdef-0123456789"});
    let how = json!({"worker": "worker/entry", "vars": vars, "meddle": true});
    let (name, url) = host.worker_how(&how)?;
    let form = json!({"name": "Bench", "email": "bench@example.com", "password": "correct horse"});
    let token = post(&format!("{url}/api/v1/auths/signup"), &form)?;
    let token = token.get("token").and_then(Value::as_str).context("a token")?.to_string();
    step(&format!("create {accounts} accounts"), || {
        for start in (0..accounts).step_by(usize::try_from(AT_ONCE)?) {
            let end = accounts.min(start + AT_ONCE);
            for statement in [users(start, end), credentials(start, end)] {
                host.sql(&name, &statement)?;
            }
        }
        Ok(())
    })?;
    let check = || {
        let request =
            agent().get(format!("{url}/api/v1/auths/")).header("authorization", format!("Bearer {token}"));
        let status = request.call()?.status().as_u16();
        if status == 200 { Ok(()) } else { bail!("a check answers {status}") }
    };
    let sign_in = || post(&format!("{url}/api/v1/auths/signin"), &form).map(|_| ());
    let (check_ms, sign_in_ms) = step(&format!("measure with {accounts} accounts"), || {
        Ok((repeat(CHECKS, check)?, repeat(SIGN_INS, sign_in)?))
    })?;
    let rows = |act: &dyn Fn() -> Result<()>| -> Result<u64> {
        post(&format!("{url}/__meddle"), &json!({}))?;
        act()?;
        let counts: Value =
            agent().get(format!("{url}/__meddle")).call()?.body_mut().read_to_string()?.parse()?;
        counts.get("rows").and_then(Value::as_u64).context("a number of rows")
    };
    let (rows_per_check, rows_per_sign_in) = (rows(&check)?, rows(&sign_in)?);
    host.stop(&name)?;
    Ok(json!({
        "accounts": accounts, "check_ms": check_ms, "sign_in_ms": sign_in_ms,
        "rows_per_check": rows_per_check, "rows_per_sign_in": rows_per_sign_in,
    }))
}

/// The median of that many, one after another, in milliseconds.
fn repeat(times: u32, act: impl Fn() -> Result<()>) -> Result<f64> {
    let mut samples = Vec::new();
    for _ in 0..times {
        let start = Instant::now();
        act()?;
        samples.push(start.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(median(samples.into_iter()))
}

fn post(url: &str, form: &Value) -> Result<Value> {
    let mut answer = agent().post(url).header("content-type", "application/json").send(form.to_string())?;
    let body = answer.body_mut().read_to_string()?;
    if answer.status().as_u16() != 200 {
        bail!("{url} answers {}: {body}", answer.status());
    }
    serde_json::from_str(&body).with_context(|| format!("{url} answers `{body}`"))
}

/// A statement over the numbers from `start` to `end`.
fn over_numbers(start: u32, end: u32, insert: &str) -> String {
    let numbers = format!(
        "WITH RECURSIVE numbers (n) AS (SELECT {start} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {end})"
    );
    insert.replace("NUMBERS", &numbers)
}

fn users(start: u32, end: u32) -> String {
    over_numbers(
        start,
        end,
        "INSERT INTO users (id, email, name, role, profile_image_url, created_at, updated_at, last_active_at)
         NUMBERS SELECT printf('00000000-0000-4000-8000-%012x', n), printf('user%d@example.com', n), 'User', 'user',
             '/user.png', 1800000000, 1800000000, 1800000000 FROM numbers",
    )
}

fn credentials(start: u32, end: u32) -> String {
    over_numbers(
        start,
        end,
        "INSERT INTO credentials (user_id, password_hash, updated_at)
         NUMBERS SELECT printf('00000000-0000-4000-8000-%012x', n), 'none', 1800000000 FROM numbers",
    )
}
