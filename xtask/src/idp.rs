//! A provider of accounts on this machine, for tests and for trying things out: see `tests/idp/provider.mjs`.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::{tools::Node, workspace};

/// A running provider. It ends with us.
pub(crate) struct Idp {
    child: Child,
    issuer: String,
    // Never read again; kept so that whoever writes to it is not ended by that.
    _output: BufReader<ChildStdout>,
}

impl Idp {
    /// Starts one; port 0 is any free one. Access tokens live that many seconds.
    pub(crate) fn start(node: &Node, port: u16, token_seconds: u32) -> Result<Self> {
        let mut child = Command::new(node.binary())
            .arg(workspace::root().join("tests/idp/provider.mjs"))
            .args([port.to_string(), token_seconds.to_string()])
            .env("PATH", node.path())
            .env("NODE_NO_WARNINGS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("start the local provider")?;
        let output = child.stdout.take().context("the provider has no output")?;
        let mut output = BufReader::new(output);
        let port_of = |line: String| line.strip_prefix(r#"{"port":"#)?.strip_suffix('}')?.parse::<u16>().ok();
        let listens = output.by_ref().lines().map_while(Result::ok).find_map(port_of);
        let Some(port) = listens else {
            bail!(
                "the local provider did not start. What to do: run `node tests/idp/provider.mjs {port}`, which says why"
            );
        };
        Ok(Self { child, issuer: format!("http://127.0.0.1:{port}"), _output: output })
    }

    /// Who it says it is.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What makes a worker its client.
    pub(crate) fn vars(&self) -> Vec<(&'static str, String)> {
        let discovery = format!("{}/.well-known/openid-configuration", self.issuer);
        let mut vars = vec![("OPENID_PROVIDER_URL", discovery)];
        let fixed = [
            ("OAUTH_CLIENT_ID", "portico"),
            ("OAUTH_CLIENT_SECRET", "a secret of the local provider"),
            ("OAUTH_ALLOW_LOOPBACK", "true"),
            ("ENABLE_OAUTH_SIGNUP", "true"),
            ("ENABLE_OAUTH_BACKCHANNEL_LOGOUT", "true"),
            ("ALLOW_SOCIAL_LOGIN", "true"),
            ("DEFAULT_USER_ROLE", "user"),
        ];
        vars.extend(fixed.map(|(name, value)| (name, value.to_string())));
        vars
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        // It ends with its input; when it does not end, there is nothing more to be done about it here.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
