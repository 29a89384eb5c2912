//! `invite`: lets somebody register at a deployment whose registration is closed, by its own API.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::{Value, json};

/// The variable that has an administrator's token: a command line is seen by everybody on the machine.
const TOKEN: &str = "PORTICO_TOKEN";

/// Invite somebody to a running deployment.
#[derive(Args, Debug)]
pub(crate) struct Invite {
    /// Their address
    email: String,
    /// Where the deployment is
    #[arg(long, default_value = "http://127.0.0.1:8787")]
    url: String,
}

impl Invite {
    pub(crate) fn run(self) -> Result<()> {
        let token = std::env::var(TOKEN).with_context(|| {
            format!("{TOKEN} has to hold the token of an administrator: what signing in answers as `token`")
        })?;
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent
            .post(format!("{}/api/v1/invitations", self.url.trim_end_matches('/')))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .send(json!({"email": self.email}).to_string())
            .with_context(|| format!("ask {}", self.url))?;
        let status = answer.status();
        let body: Value = serde_json::from_str(&answer.body_mut().read_to_string()?).unwrap_or_default();
        let word = |name: &str| body.get(name).and_then(Value::as_str);
        if !status.is_success() {
            bail!("the deployment answered {status}: {}", word("detail").unwrap_or_default());
        }
        match word("link") {
            Some(link) => {
                println!("{} is invited. Hand on this link, which is shown once: {link}", self.email)
            }
            None => println!("{} is invited, by a mail that is on its way.", self.email),
        }
        Ok(())
    }
}
