use core::sync::atomic::{AtomicU32, Ordering};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, OnceLock},
    thread,
};

use http::{Method, Request, Uri};
use serde_json::{Value, json};

use super::{Answer, transcript::Transcript};

/// Where the Worker is, from the repository's root.
pub(crate) const WORKER: &str = "worker/entry";

/// The process that runs workerd for us, shared by all tests of this binary.
static SHARED: OnceLock<Mutex<Node>> = OnceLock::new();
static INSTANCES: AtomicU32 = AtomicU32::new(0);

/// The built Worker in workerd.
pub(crate) struct Workerd {
    name: String,
    url: String,
    pub(super) transcript: Transcript,
}

impl Workerd {
    /// The Worker on storage of its own.
    pub(crate) fn start(vars: &[(&str, &str)]) -> Self {
        Self::start_worker(WORKER, vars)
    }

    /// Any Worker that was built for tests.
    pub(crate) fn start_worker(worker: &str, vars: &[(&str, &str)]) -> Self {
        Self::start_how(&json!({"worker": worker}), vars)
    }

    /// The Worker with bindings that count and fail; see `tests/workerd/meddle.mjs`.
    pub(crate) fn start_meddled(vars: &[(&str, &str)]) -> Self {
        Self::start_how(&json!({"worker": WORKER, "meddle": true}), vars)
    }

    fn start_how(how: &Value, vars: &[(&str, &str)]) -> Self {
        let name = format!("app{}", INSTANCES.fetch_add(1, Ordering::Relaxed));
        let url = shared(|node| node.start_worker(&name, how, vars));
        Self { name, url, transcript: Transcript::default() }
    }

    pub(crate) fn send(&self, request: Request<Vec<u8>>) -> Answer {
        self.transcript.ask(&request);
        let path = request.uri().to_string();
        let answer = send(&self.url, request);
        self.transcript.hear(&path, &answer);
        answer
    }

    /// Where it listens, for those who ask from several threads.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The text of the last mail that a binding of the platform was given.
    pub(crate) fn mail(&self) -> Option<String> {
        let answer = shared(|node| node.command(&json!({"mail": self.name})));
        answer["text"].as_str().map(str::to_string)
    }

    /// Runs a statement behind Portico's back; the error, if the database refuses it.
    pub(crate) fn sql(&self, statement: &str) -> Option<String> {
        let answer = shared(|node| node.command(&json!({"sql": self.name, "statement": statement})));
        answer["error"].as_str().map(str::to_string)
    }

    /// Lets the Worker do what it does now and then.
    pub(crate) fn tick(&self) {
        let answer = shared(|node| node.command(&json!({"tick": self.name})));
        assert_eq!(answer, json!({}));
    }

    pub(super) fn at_once(&self, requests: Vec<Request<Vec<u8>>>) -> Vec<Answer> {
        requests.iter().for_each(|request| self.transcript.ask(request));
        let url = self.url.as_str();
        let answers: Vec<(String, Answer)> = thread::scope(|scope| {
            let send = |request: Request<Vec<u8>>| {
                scope.spawn(move || (request.uri().to_string(), send(url, request)))
            };
            let running: Vec<_> = requests.into_iter().map(send).collect();
            running.into_iter().map(|request| request.join().unwrap()).collect()
        });
        answers.iter().for_each(|(path, answer)| self.transcript.hear(path, answer));
        answers.into_iter().map(|(_, answer)| answer).collect()
    }
}

impl Drop for Workerd {
    fn drop(&mut self) {
        // The audit log as it is stored, and what the Worker has logged.
        let written = shared(|node| node.stop_worker(&self.name));
        let texts = ["audit", "log"].map(|place| (place, written[place].to_string()));
        self.transcript.check(texts.iter().map(|(place, text)| (*place, text.as_str())));
    }
}

fn shared<T>(act: impl FnOnce(&mut Node) -> T) -> T {
    let mut node = SHARED
        .get_or_init(|| Mutex::new(Node::spawn()))
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    act(&mut node)
}

/// A process of `host.mjs`.
pub(crate) struct Node {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Node {
    /// Starts a process, in a process group of its own so that a test can kill all of it.
    pub(crate) fn spawn() -> Self {
        use std::os::unix::process::CommandExt as _;
        let node = std::env::var("PORTICO_NODE").unwrap_or_else(|_| "node".to_string());
        let mut process = Command::new(node)
            .arg(root().join("tests/workerd/host.mjs"))
            // Whom the runtime trusts besides: the servers that tests start.
            .env("NODE_EXTRA_CA_CERTS", root().join("tests/fixtures/tls/authority.pem"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("node starts; `cargo xtask test` installs it");
        let (commands, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, commands, answers: BufReader::new(answers) }
    }

    /// Starts a Worker the way that `host.mjs` understands; gives its address.
    pub(crate) fn start_worker(&mut self, name: &str, how: &Value, vars: &[(&str, &str)]) -> String {
        let vars: Value = vars.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
        let mut command = how.clone();
        command["start"] = json!(name);
        command["vars"] = vars;
        let answer = self.command(&command);
        answer["url"]
            .as_str()
            .unwrap_or_else(|| panic!("workerd did not start: {}", answer["error"]))
            .to_string()
    }

    fn stop_worker(&mut self, name: &str) -> Value {
        self.command(&json!({"stop": name}))
    }

    /// Kills the process and its workerd at once, without a word of farewell.
    pub(crate) fn kill(mut self) {
        let group = format!("-{}", self.process.id());
        let killed = Command::new("kill").args(["-KILL", "--", &group]).status().unwrap();
        assert!(killed.success(), "the process group was alive");
        self.process.wait().unwrap();
    }

    fn command(&mut self, command: &Value) -> Value {
        writeln!(self.commands, "{command}").expect("the host of workerd is alive");
        // What a Worker logs comes the same way, and is not for us.
        loop {
            let mut line = String::new();
            let read = self.answers.read_line(&mut line).expect("the host of workerd answers");
            assert!(read > 0, "the host of workerd has ended");
            if let Ok(answer @ Value::Object(_)) = serde_json::from_str(&line) {
                return answer;
            }
        }
    }
}

/// Sends one request over a connection of its own.
pub(crate) fn send(url: &str, request: Request<Vec<u8>>) -> Answer {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .allow_non_standard_methods(true)
        .build();
    let agent = ureq::Agent::new_with_config(config);
    let (mut parts, body) = request.into_parts();
    parts.uri = Uri::try_from(format!("{url}{}", parts.uri)).unwrap();
    let bodiless = body.is_empty()
        && matches!(
            parts.method,
            Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::DELETE
        );
    let response = if bodiless {
        agent.run(Request::from_parts(parts, ()))
    } else {
        agent.run(Request::from_parts(parts, body))
    };
    let (parts, mut body) = response.expect("the Worker answers").into_parts();
    let body = body.read_to_vec().expect("the answer is complete");
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}
