use core::cell::Cell;

use futures_util::future::join_all;
use http::{Request, Uri};
use portico_core::{
    flow::{
        Client, Ctx, Policy, audit_trail, directory, send_mail,
        tell_events::{self, Told},
        verify_email,
    },
    memory::Memory,
    network::Network,
    ports::PortError,
    time::UnixSeconds,
};
use portico_tests::Faulty;
use portico_worker::{
    config::Config,
    http::body::Whole,
    open_webui::event_message,
    router::{Host, Router},
};

use super::{Answer, transcript::Transcript};

/// The router on in-memory ports, with a clock that the test moves.
pub(crate) struct Native {
    pub(crate) ports: Faulty<Memory>,
    config: Cell<&'static Config>,
    router: Router<Faulty<Memory>>,
    now: Cell<UnixSeconds>,
    base: Cell<&'static str>,
    pub(super) transcript: Transcript,
}

impl Native {
    pub(crate) fn start(vars: &[(&str, &str)]) -> Self {
        Self {
            ports: Faulty::default(),
            config: Cell::new(configuration(vars)),
            router: Router::new(),
            now: Cell::new(UnixSeconds::new(1_800_000_000)),
            base: Cell::new("http://portico.test"),
            transcript: Transcript::default(),
        }
    }

    /// Lets all further requests arrive over https.
    pub(crate) fn use_https(&self) {
        self.base.set("https://portico.test");
    }

    /// The deployment's rules.
    pub(crate) fn policy(&self) -> &'static Policy {
        &self.config.get().policy
    }

    /// Goes on with the same storage and other variables, as a new version of the deployment does.
    pub(crate) fn configure_anew(&self, vars: &[(&str, &str)]) {
        let vars: Vec<_> = super::SECRETS.iter().chain(vars).copied().collect();
        self.config.set(configuration(&vars));
    }

    /// The present instant.
    pub(crate) fn now(&self) -> UnixSeconds {
        self.now.get()
    }

    /// Lets time pass, or run backwards.
    pub(crate) fn pass_seconds(&self, seconds: i64) {
        self.now.set(UnixSeconds::new(self.now.get().get() + seconds));
    }

    /// Takes a turn of telling webhooks; seconds until the next one.
    pub(crate) fn tell_events(&self) -> Option<u64> {
        self.try_to_tell_events().unwrap()
    }

    /// The same, while ports may fail.
    pub(crate) fn try_to_tell_events(&self) -> Result<Option<u64>, PortError> {
        let config = self.config.get();
        let ctx = self.ctx();
        let body = |url: &str, told: Told<'_>| event_message::body(config, url, told);
        let turn = tell_events::turn(&ctx, &body);
        Ok(pollster::block_on(turn)?.map(|due| due.since(ctx.now).seconds()))
    }

    /// Takes turns of sending mail until nothing is due; seconds until the next try.
    pub(crate) fn send_mail(&self) -> Option<u64> {
        loop {
            let ctx = self.ctx();
            let next = pollster::block_on(send_mail::turn(&ctx)).unwrap();
            match next.map(|due| due.since(ctx.now).seconds()) {
                Some(0) => {}
                wait => return wait,
            }
        }
    }

    /// Takes one turn of sending mail, while ports may fail.
    pub(crate) fn try_to_send_mail(&self) -> Result<(), PortError> {
        pollster::block_on(send_mail::turn(&self.ctx())).map(|_| ())
    }

    /// Removes accounts whose addresses nobody has verified in time.
    pub(crate) fn expire_accounts(&self) {
        pollster::block_on(verify_email::expire(&self.ctx())).unwrap();
    }

    /// Looks for people in their directories.
    pub(crate) fn recognise(&self) {
        pollster::block_on(directory::recognise_all(&self.ctx())).unwrap();
    }

    /// Takes old events out of the log.
    pub(crate) fn expire_events(&self) {
        pollster::block_on(audit_trail::expire(&self.ctx())).unwrap();
    }

    fn ctx(&self) -> Ctx<'_, Faulty<Memory>> {
        let client =
            Client { network: Network::unknown(), user_agent: String::new(), request_id: String::new() };
        Ctx { ports: &self.ports, policy: self.policy(), now: self.now.get(), client }
    }

    pub(super) fn send(&self, request: Request<Vec<u8>>) -> Answer {
        pollster::block_on(self.respond(request))
    }

    pub(super) fn at_once(&self, requests: Vec<Request<Vec<u8>>>) -> Vec<Answer> {
        pollster::block_on(join_all(requests.into_iter().map(|request| self.respond(request))))
    }

    async fn respond(&self, request: Request<Vec<u8>>) -> Answer {
        self.transcript.ask(&request);
        let path = request.uri().to_string();
        let (mut parts, body) = request.into_parts();
        parts.uri = Uri::try_from(format!("{}{}", self.base.get(), parts.uri)).unwrap();
        let host = Host { ports: &self.ports, config: self.config.get(), now: self.now.get() };
        let answer = self.router.respond(&host, Request::from_parts(parts, ()), Whole(Some(body))).await;
        let (parts, body) = answer.into_parts();
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body };
        self.transcript.hear(&path, &answer);
        answer
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        self.ports.mails().iter().for_each(|mail| self.transcript.links(&mail.text));
        let rows: Vec<_> = self.ports.audit_events().iter().map(|event| format!("{event:?}")).collect();
        self.transcript.check(rows.iter().map(|row| ("the audit log", row.as_str())));
    }
}

/// For as long as the tests run: whoever was configured before may still be answering.
fn configuration(vars: &[(&str, &str)]) -> &'static Config {
    let lookup = |name: &str| {
        vars.iter().rev().find(|(variable, _)| *variable == name).map(|(_, value)| value.to_string())
    };
    Box::leak(Box::new(Config::parse(lookup).unwrap()))
}
