//! Session checks, sign-ins, and both at once, beside bare workers, Better Auth on the same runtime, and an
//! Open WebUI where one is running.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{
    agent,
    host::Host,
    load::{Sample, Target, load_all},
    median, table_file,
};
use crate::{
    build,
    step::{quiet, step},
    tools::{self, Node},
    workspace,
};

const PASSWORD: &str = "correct horse";
const EMAIL: &str = "bench@example.com";
const SECRET: &str = "bench-0123456789abcdef-0123456789";

/// What is measured together: the first target is what the others are held against.
struct Group {
    name: &'static str,
    connections: &'static [u32],
    targets: Vec<Target>,
}

pub(super) fn run(rounds: u32, seconds: u32, open_webui: Option<&str>) -> Result<()> {
    build::worker_crate("worker", &workspace::entry())?;
    build::worker_crate("bench", &workspace::root().join("xtask/bench/core"))?;
    let (wrk, node) = (tools::wrk()?, tools::node()?);
    let better_auth = better_auth(&node)?;
    let mut host = Host::start(&node)?;

    let bare = host.worker("xtask/bench/bare", &json!({}))?;
    let rust = host.worker("xtask/bench/core/build", &json!({}))?;
    let strict = Dialect::start(&host.worker("worker/entry", &json!({"PORTICO_SECRET": SECRET}))?)?;
    let vars = json!({"PORTICO_SECRET": SECRET, "REVOCATION_CACHE_SECONDS": "5"});
    let cached = Dialect::start(&host.worker("worker/entry", &vars)?)?;
    let plain = BetterAuth::start(&mut host, &better_auth, "false")?;
    let cookie = BetterAuth::start(&mut host, &better_auth, "true")?;

    let mut checks = vec![
        Target::get("bare worker, JavaScript", bare, Vec::new(), "-"),
        Target::get("bare worker, Rust", format!("{rust}/argon2id?n=0"), Vec::new(), "-"),
        strict.check("Portico", "1 object"),
        cached.check("Portico, cached 5 s", "-"),
        strict.refused(),
        plain.check("Better Auth", "2 D1"),
        cookie.check("Better Auth, cookie cache", "-"),
    ];
    let mut sign_ins = vec![
        Target::get("argon2id alone", format!("{rust}/argon2id?n=1"), Vec::new(), "-"),
        strict.sign_in("Portico", "5 objects, 2 D1"),
        plain.sign_in("Better Auth", "2 D1"),
    ];
    if let Some(url) = open_webui {
        let other = Dialect::start(url.trim_end_matches('/'))?;
        checks.push(other.check("Open WebUI", ""));
        sign_ins.push(other.sign_in("Open WebUI", ""));
    }
    let groups = [
        Group { name: "session check", connections: &[16, 64], targets: checks },
        Group { name: "sign-in", connections: &[1, 8], targets: sign_ins },
    ];
    let mut rows = Vec::new();
    for group in &groups {
        rows.extend(group.measure(&wrk, rounds, seconds)?);
    }
    let storms = [
        ("Portico", strict.check("Portico", ""), strict.sign_in("Portico", "")),
        ("Better Auth", plain.check("Better Auth", ""), plain.sign_in("Better Auth", "")),
    ];
    rows.extend(storm(&wrk, rounds, &storms)?);
    let file = table_file("session");
    fs::create_dir_all(file.parent().context("a folder for the table")?)?;
    fs::write(&file, serde_json::to_string_pretty(&rows)?)?;
    println!("\nMedians over all rounds; written to {}", file.display());
    Ok(())
}

impl Group {
    /// All targets take turns in each round, so that what the machine does meanwhile hits all of them.
    fn measure(&self, wrk: &Path, rounds: u32, seconds: u32) -> Result<Vec<Value>> {
        let mut rows = Vec::new();
        for connections in self.connections {
            let mut samples: Vec<Vec<Sample>> = self.targets.iter().map(|_| Vec::new()).collect();
            for round in 1..=rounds {
                step(&format!("{}, {connections} connections, round {round}", self.name), || {
                    for (target, samples) in self.targets.iter().zip(&mut samples) {
                        samples.push(target.load(wrk, *connections, seconds)?);
                    }
                    Ok(())
                })?;
            }
            println!(
                "\n{:<28}{:>6}{:>10}{:>8}{:>9}{:>9}  asks",
                self.name, "conns", "rps", "x first", "p50 ms", "p99 ms"
            );
            let mut first = 0.0;
            for (target, samples) in self.targets.iter().zip(&samples) {
                let of = |value: fn(&Sample) -> f64| median(samples.iter().map(value));
                let (rps, p50, p99) = (of(|s| s.requests_per_second), of(|s| s.p50_ms), of(|s| s.p99_ms));
                if first == 0.0 {
                    first = rps;
                }
                println!(
                    "{:<28}{connections:>6}{rps:>10.0}{:>8.2}{p50:>9.2}{p99:>9.2}  {}",
                    target.name,
                    rps / first,
                    target.asks
                );
                rows.push(json!({
                    "group": self.name, "target": target.name, "connections": connections,
                    "requests_per_second": rps, "ratio_to_first": rps / first, "p50_ms": p50, "p99_ms": p99,
                    "asks": target.asks,
                }));
            }
            println!();
        }
        Ok(rows)
    }
}

/// Eight connections check sessions while two sign in.
fn storm(wrk: &Path, rounds: u32, targets: &[(&str, Target, Target)]) -> Result<Vec<Value>> {
    const SECONDS: u32 = 5;
    let mut rows = Vec::new();
    let mut samples: Vec<Vec<Vec<Sample>>> = targets.iter().map(|_| Vec::new()).collect();
    for round in 1..=rounds.min(3) {
        step(&format!("storm, round {round}"), || {
            for ((_, check, sign_in), samples) in targets.iter().zip(&mut samples) {
                samples.push(load_all(wrk, SECONDS, &[(check, 8), (sign_in, 2)])?);
            }
            Ok(())
        })?;
    }
    println!(
        "\n{:<28}{:>10}{:>9}{:>9}{:>12}",
        "8 checking, 2 signing in", "checks/s", "p50 ms", "p99 ms", "sign-ins/s"
    );
    for ((name, _, _), samples) in targets.iter().zip(&samples) {
        let of = |which: usize, value: fn(&Sample) -> f64| {
            median(samples.iter().filter_map(|pair| pair.get(which)).map(value))
        };
        let (checks, p50, p99) = (of(0, |s| s.requests_per_second), of(0, |s| s.p50_ms), of(0, |s| s.p99_ms));
        let sign_ins = of(1, |s| s.requests_per_second);
        println!("{name:<28}{checks:>10.0}{p50:>9.2}{p99:>9.2}{sign_ins:>12.1}");
        rows.push(json!({
            "group": "storm", "target": name, "checks_per_second": checks, "p50_ms": p50, "p99_ms": p99,
            "sign_ins_per_second": sign_ins,
        }));
    }
    Ok(rows)
}

/// Somebody who speaks Open WebUI's dialect, with an account and a session.
struct Dialect {
    url: String,
    token: String,
}

impl Dialect {
    fn start(url: &str) -> Result<Self> {
        let form = json!({"name": "Bench", "email": EMAIL, "password": PASSWORD});
        let mut answer = agent()
            .post(format!("{url}/api/v1/auths/signup"))
            .header("content-type", "application/json")
            .send(form.to_string())?;
        let body: Value = serde_json::from_str(&answer.body_mut().read_to_string()?)?;
        let token =
            body.get("token").and_then(Value::as_str).with_context(|| format!("no token in {body}"))?;
        Ok(Self { url: url.to_string(), token: token.to_string() })
    }

    fn check(&self, name: &str, asks: &'static str) -> Target {
        let headers = vec![("authorization", format!("Bearer {}", self.token))];
        Target::get(name, format!("{}/api/v1/auths/", self.url), headers, asks)
    }

    fn refused(&self) -> Target {
        let headers = vec![("authorization", "Bearer garbage".to_string())];
        let target =
            Target::get("Portico, refused token", format!("{}/api/v1/auths/", self.url), headers, "-");
        Target { status: 401, ..target }
    }

    fn sign_in(&self, name: &str, asks: &'static str) -> Target {
        let form = json!({"email": EMAIL, "password": PASSWORD});
        Target::post(name, format!("{}/api/v1/auths/signin", self.url), form.to_string(), asks)
    }
}

/// Better Auth in a worker, with an account and a session.
struct BetterAuth {
    url: String,
    cookie: String,
}

impl BetterAuth {
    fn start(host: &mut Host, dir: &str, cookie_cache: &str) -> Result<Self> {
        const BASE_URL: &str = "http://bench.example";
        let vars = json!({"BASE_URL": BASE_URL, "COOKIE_CACHE": cookie_cache});
        let how = json!({"worker": dir, "vars": vars, "flags": ["nodejs_compat"]});
        let (_, url) = host.worker_how(&how)?;
        agent().post(format!("{url}/setup")).send_empty()?;
        let form = json!({"name": "Bench", "email": EMAIL, "password": PASSWORD});
        let answer = agent()
            .post(format!("{url}/api/auth/sign-up/email"))
            .header("content-type", "application/json")
            .send(form.to_string())?;
        let cookies: Vec<&str> = answer
            .headers()
            .get_all("set-cookie")
            .iter()
            .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
            .collect();
        if cookies.is_empty() {
            anyhow::bail!("Better Auth set no cookie: {}", answer.status());
        }
        Ok(Self { url, cookie: cookies.join("; ") })
    }

    fn check(&self, name: &str, asks: &'static str) -> Target {
        let headers = vec![("cookie", self.cookie.clone())];
        Target::get(name, format!("{}/api/auth/get-session", self.url), headers, asks)
    }

    fn sign_in(&self, name: &str, asks: &'static str) -> Target {
        let form = json!({"email": EMAIL, "password": PASSWORD});
        Target::post(name, format!("{}/api/auth/sign-in/email", self.url), form.to_string(), asks)
    }
}

/// Bundles Better Auth into a worker; gives its folder, from the repository's root.
fn better_auth(node: &Node) -> Result<String> {
    let source = workspace::root().join("xtask/bench/peers/better-auth");
    let folder = workspace::target().join("bench/better-auth");
    let (bundle, lock) = (folder.join("index.js"), fs::read_to_string(source.join("package-lock.json"))?);
    let stamp = folder.join("lock.stamp");
    let made = bundle.exists() && fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == lock);
    if !made {
        step("install and bundle Better Auth", || {
            fs::create_dir_all(&folder)?;
            for file in ["index.mjs", "package.json", "package-lock.json"] {
                fs::copy(source.join(file), folder.join(file))?;
            }
            quiet("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).dir(&folder).run()?;
            quiet(node.bin("esbuild"))
                .args([
                    "index.mjs",
                    "--bundle",
                    "--format=esm",
                    "--minify",
                    "--platform=node",
                    "--outfile=index.js",
                ])
                .args(["--conditions=workerd,worker,browser", "--main-fields=module,main"])
                .args(["--external:node:*", "--external:cloudflare:*", "--log-level=error"])
                .args([r#"--define:process.env.NODE_ENV="production""#])
                .dir(&folder)
                .env("PATH", node.path())
                .run()?;
            fs::write(&stamp, &lock).context("write the stamp of Better Auth")
        })?;
    }
    Ok("target/bench/better-auth".to_string())
}
