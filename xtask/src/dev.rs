//! `dev`: set everything up and serve.

use core::time::Duration;
use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Instant,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::{
    build,
    directory::Directory,
    idp::Idp,
    migrate, pages,
    step::step,
    tools::{self, Node},
    workspace,
};

/// How long wrangler may take until the worker answers.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How long access tokens of the local provider live.
const TOKEN_SECONDS: u32 = 600;

/// Set everything up and serve the worker locally, rebuilding on change.
#[derive(Args, Debug)]
pub(crate) struct Dev {
    /// Port on 127.0.0.1
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Start a provider of accounts beside it, on the next port, and let people sign in by it
    #[arg(long)]
    with_idp: bool,
    /// Start a directory (LDAP) beside it, and let its people sign in
    #[arg(long)]
    with_ldap: bool,
}

impl Dev {
    pub(crate) fn run(self) -> Result<()> {
        if TcpListener::bind(("127.0.0.1", self.port)).is_err() {
            bail!(
                "port {} is in use. What to do: stop what listens there, or choose another port with `--port`",
                self.port
            );
        }
        build::worker()?;
        pages::build()?;
        let node = tools::node()?;
        secrets()?;
        migrate::local(&node, &workspace::dev_state())?;
        let (sender, stop) = mpsc::channel();
        // Nobody listens any more once we are on our way out; a second Ctrl-C changes nothing.
        ctrlc::set_handler(move || _ = sender.send(())).context("handle Ctrl-C")?;
        let state = workspace::dev_state();
        // Always the same port: who the provider says it is must not change under those who have come by it.
        let start_idp = || Idp::start(&node, self.port.saturating_add(1), TOKEN_SECONDS);
        let idp = self.with_idp.then(|| step("start the local provider", start_idp)).transpose()?;
        let mut vars = idp.as_ref().map(Idp::vars).unwrap_or_default();
        let directory = self
            .with_ldap
            .then(|| step("start the local directory", || Directory::start(&node)))
            .transpose()?;
        if let Some(directory) = &directory {
            vars.extend(directory.vars()?);
        }
        if idp.is_some() {
            // Whoever signs out there comes back to where they sign in.
            let page = format!("http://127.0.0.1:{}/auth", self.port);
            vars.push(("WEBUI_AUTH_SIGNOUT_REDIRECT_URL", page));
        }
        let vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let place = Place { port: self.port, state: &state, output: Stdio::inherit, vars: &vars };
        let mut wrangler = Wrangler::start(&node, &place, stop)?;
        let url = format!("http://127.0.0.1:{}", self.port);
        step("start the worker", || wrangler.wait_until_it_answers(&url))?;
        print_welcome(&url);
        if let Some(idp) = &idp {
            print_idp(&url, idp);
        }
        if directory.is_some() {
            print_directory(&url);
        }
        wrangler.serve()
    }
}

/// Writes random secrets for local use, once. They are not for production: the file stays here.
fn secrets() -> Result<()> {
    let path = workspace::root().join(".dev.vars");
    if path.exists() {
        return Ok(());
    }
    step("write random secrets to .dev.vars", || {
        let mut content =
            String::from("# Secrets of the local worker, random, made once. Never commit them.\n");
        for name in ["PORTICO_SECRET", "WEBUI_SECRET_KEY"] {
            content.push_str(&format!("{name}=\"{}\"\n", random_hex()?));
        }
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(content.as_bytes()).context("write .dev.vars")
    })
}

fn random_hex() -> Result<String> {
    let mut bytes = [0; 32];
    #[expect(clippy::disallowed_methods, reason = "a developer's tool, not the product")]
    getrandom::fill(&mut bytes).context("the system's random source")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A running `wrangler dev`.
struct Wrangler {
    child: Child,
    stop: mpsc::Receiver<()>,
}

/// Where `wrangler dev` keeps what it stores, and where its output goes.
struct Place<'a> {
    port: u16,
    state: &'a Path,
    output: fn() -> Stdio,
    /// Further variables of the worker.
    vars: &'a [(&'a str, &'a str)],
}

impl Wrangler {
    fn start(node: &Node, place: &Place<'_>, stop: mpsc::Receiver<()>) -> Result<Self> {
        let child = Command::new(node.binary())
            .arg(workspace::root().join("xtask/leash.mjs"))
            .arg(node.bin("wrangler"))
            .args(["dev", "--ip", "127.0.0.1", "--port", &place.port.to_string()])
            .args(local_vars(place)?)
            .args(["--show-interactive-dev-session=false", "--persist-to"])
            .arg(place.state)
            .current_dir(workspace::root())
            .env("PATH", node.path())
            .env("WRANGLER_SEND_METRICS", "false")
            // Real request metadata is fetched from the network, which local work does not need.
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
            .stdin(Stdio::piped())
            .stdout((place.output)())
            .stderr((place.output)())
            .spawn()
            .context("start wrangler")?;
        Ok(Self { child, stop })
    }

    fn wait_until_it_answers(&mut self, url: &str) -> Result<()> {
        // Any answer will do: a worker that refuses its configuration says so in its log.
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(2)))
            .build()
            .into();
        let start = Instant::now();
        loop {
            if agent.get(format!("{url}/health")).call().is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("wrangler stopped ({status}); its output above says why");
            }
            if start.elapsed() > START_LIMIT || self.stop.recv_timeout(Duration::from_millis(100)).is_ok() {
                self.end()?;
                bail!("the worker did not answer on {url}");
            }
        }
    }

    /// Stays until wrangler ends or we are told to stop.
    fn serve(mut self) -> Result<()> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                if status.success() {
                    return Ok(());
                }
                bail!("wrangler stopped ({status}); its output above says why");
            }
            if self.stop.recv_timeout(Duration::from_millis(200)).is_ok() {
                return self.end();
            }
        }
    }

    /// Lets go of wrangler, which then ends together with the runtime it started.
    fn end(&mut self) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait()?;
        Ok(())
    }
}

/// What makes a worker on this machine complete where `.dev.vars` says nothing else: links in mails lead here, and mails
/// stay where they can be read.
fn local_vars(place: &Place<'_>) -> Result<Vec<String>> {
    let said = fs::read_to_string(workspace::root().join(".dev.vars")).context("read .dev.vars")?;
    let says = |names: &[&str]| {
        let line = |line: &str| names.iter().any(|name| line.trim_start().starts_with(&format!("{name}=")));
        said.lines().any(line)
    };
    let mut vars: Vec<(&str, String)> = Vec::new();
    if !says(&["DOMAIN_CLIENT", "WEBUI_URL"]) {
        vars.push(("DOMAIN_CLIENT", format!("http://127.0.0.1:{}", place.port)));
        if !says(&["MAIL_DRIVER", "EMAIL_HOST", "EMAIL_SERVICE", "EMAIL_BINDING", "RESEND_API_KEY"]) {
            vars.push(("MAIL_DRIVER", "outbox".to_string()));
        }
    }
    if !says(&["ALLOW_PASSWORD_RESET"]) {
        vars.push(("ALLOW_PASSWORD_RESET", "true".to_string()));
    }
    vars.extend(place.vars.iter().map(|(name, value)| (*name, (*value).to_string())));
    Ok(vars.into_iter().flat_map(|(name, value)| ["--var".to_string(), format!("{name}:{value}")]).collect())
}

/// A `wrangler dev` on a free port with storage of its own, for one run of tests.
pub(crate) struct Throwaway {
    wrangler: Wrangler,
    url: String,
    state: PathBuf,
    // Never used to stop it; kept so that waiting for a stop does not end at once.
    _stop: mpsc::Sender<()>,
}

impl Throwaway {
    /// Starts one with further variables.
    pub(crate) fn start(node: &Node, vars: &[(&str, &str)]) -> Result<Self> {
        secrets()?;
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr())?.port();
        let state = workspace::target().join(format!("xtask/state-{port}"));
        migrate::copy(node, &state)?;
        let (stop_sender, stop) = mpsc::channel();
        let place = Place { port, state: &state, output: Stdio::null, vars };
        let mut wrangler = Wrangler::start(node, &place, stop)?;
        let url = format!("http://127.0.0.1:{port}");
        wrangler.wait_until_it_answers(&url)?;
        Ok(Self { wrangler, url, state, _stop: stop_sender })
    }

    /// Where it serves.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it and removes its storage.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.wrangler.end()?;
        fs::remove_dir_all(&self.state).context("remove the storage of the test run")
    }
}

fn print_welcome(url: &str) {
    println!(
        "
Portico serves {url}   (Ctrl-C stops it; its data stays in .wrangler/state)

Create the first account, which becomes administrator:
  curl -s {url}/api/v1/auths/signup -H 'Content-Type: application/json' \\
    -d '{{\"name\":\"Ada\",\"email\":\"ada@example.com\",\"password\":\"correct horse\"}}'

Sign in and keep the cookie:
  curl -s -c cookies.txt {url}/api/v1/auths/signin -H 'Content-Type: application/json' \\
    -d '{{\"email\":\"ada@example.com\",\"password\":\"correct horse\"}}'

Who am I?
  curl -s -b cookies.txt {url}/api/v1/auths/

Mails that it would send are at {url}/dev/outbox
"
    );
}

fn print_idp(url: &str, idp: &Idp) {
    println!(
        "The local provider is {issuer}. Press \"Sign in with SSO\" on {url}/auth
and be ann, bob or root there, with any password.
",
        issuer = idp.issuer(),
    );
}

fn print_directory(url: &str) {
    println!(
        "The local directory knows jane, john, bob and others; their passwords are jane-password and so on:
  curl -s {url}/api/v1/auths/ldap -H 'Content-Type: application/json' \\
    -d '{{\"user\":\"jane\",\"password\":\"jane-password\"}}'
  curl -s {url}/api/auth/login -H 'Content-Type: application/json' \\
    -d '{{\"email\":\"jane\",\"password\":\"jane-password\"}}'
"
    );
}
