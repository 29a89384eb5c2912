use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

use crate::harness::root;

/// A real directory: OpenLDAP's slapd, with the people of `tests/directory/directory.mjs`. It ends with us.
pub(super) struct Slapd {
    process: Child,
    pub(super) port: String,
    pub(super) tls_port: String,
    // Never read again; kept so that whoever writes to it is not ended by that.
    _output: BufReader<ChildStdout>,
}

impl Slapd {
    /// Starts one that shows a certificate of `tests/fixtures/tls`, with so many further people.
    pub(super) fn start(certificate: &str, people: u32) -> Self {
        Self::start_with(certificate, people, "NORMAL")
    }

    /// The same with a say in what TLS it speaks: a priority string of GnuTLS.
    pub(super) fn start_with(certificate: &str, people: u32, ciphers: &str) -> Self {
        let node = std::env::var("PORTICO_NODE").unwrap_or_else(|_| "node".to_string());
        let fixture = |ending: &str| root().join(format!("tests/fixtures/tls/{certificate}.{ending}"));
        let mut process = Command::new(node)
            .arg(root().join("tests/directory/directory.mjs"))
            .args([fixture("pem"), fixture("key")])
            .args([&people.to_string(), ciphers])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts; `cargo xtask test` installs it");
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let ports: Value = serde_json::from_str(&line).expect("slapd starts; `cargo xtask test` installs it");
        let port = |name: &str| ports[name].to_string();
        Self { process, port: port("port"), tls_port: port("tlsPort"), _output: output }
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

/// The certificate of an authority.
pub(super) fn authority(name: &str) -> String {
    std::fs::read_to_string(root().join(format!("tests/fixtures/tls/{name}.pem"))).unwrap()
}
