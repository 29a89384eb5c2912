//! Handing one mail to a server, as a state machine (RFC 5321): bytes in, steps out; the host owns the socket and the
//! clock. TLS from the first byte (RFC 8314 §3.3) or after `STARTTLS` (RFC 3207), `AUTH PLAIN` or `LOGIN` (RFC 4954).

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{mail::SendError, secret::Secret, time::Lifetime};

/// Longest reply, in bytes: a server that goes on for longer makes no sense to us.
const MAX_REPLY_BYTES: usize = 16 * 1_024;

/// A server, and how to talk to it.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who we are there: name and password.
    pub login: Option<(String, Secret<String>)>,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// Not at all: this machine only.
    None,
    /// TLS after a word in the clear; without TLS nothing more is said.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// What the host does next.
#[derive(Debug, Eq, PartialEq)]
pub enum Step {
    /// The server has taken the mail; this is the last thing to send.
    Done(Vec<u8>),
    /// Wait for more.
    Receive,
    /// Send this, then wait.
    Send(Vec<u8>),
    /// Begin TLS, then [go on](Conversation::secured).
    StartTls,
}

/// One mail's conversation.
#[derive(Debug)]
pub struct Conversation<'a> {
    server: &'a SmtpServer,
    from: &'a str,
    to: &'a str,
    /// Bytes on the wire, lines ended by CRLF.
    message: &'a [u8],
    received: Vec<u8>,
    waits_for: Waiting,
    secured: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Waiting {
    Greeting,
    Hello,
    StartTls,
    LoginName,
    LoginPassword,
    Login,
    From,
    To,
    Data,
    Message,
}

struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl<'a> Conversation<'a> {
    /// A conversation about a mail, from the server's first word on.
    pub fn new(server: &'a SmtpServer, from: &'a str, to: &'a str, message: &'a [u8]) -> Self {
        let secured = matches!(server.security, Security::Tls);
        let (received, waits_for) = (Vec::new(), Waiting::Greeting);
        Self { server, from, to, message, received, waits_for, secured }
    }

    /// How long the server may be silent now. One that has the whole mail looks at it before it answers, and to hang up
    /// meanwhile means that it arrives twice (RFC 5321 §4.5.3.2.6, §6.1).
    pub fn patience(&self) -> Lifetime {
        Lifetime::from_seconds(if self.waits_for == Waiting::Message { 60 } else { 10 })
    }

    /// TLS has begun: what was said before counts no more (RFC 3207 §4.2).
    pub fn secured(&mut self) -> Step {
        self.secured = true;
        self.say(Waiting::Hello, self.hello())
    }

    /// Takes what the server has said.
    ///
    /// # Errors
    /// [`SendError`]; the conversation is over.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Step, SendError> {
        self.received.extend_from_slice(bytes);
        if self.received.len() > MAX_REPLY_BYTES {
            return Err(SendError::Unavailable("the server said too much".to_string()));
        }
        let Some((reply, used)) = parse(&self.received)? else { return Ok(Step::Receive) };
        self.received.drain(..used);
        self.answer(&reply)
    }

    fn answer(&mut self, reply: &Reply) -> Result<Step, SendError> {
        let expected = match self.waits_for {
            Waiting::Greeting | Waiting::StartTls => 220,
            Waiting::Hello | Waiting::From | Waiting::To | Waiting::Message => 250,
            Waiting::LoginName | Waiting::LoginPassword => 334,
            Waiting::Login => 235,
            Waiting::Data => 354,
        };
        // 251: not here, but it will be forwarded (RFC 5321 §3.4).
        let forwarded = self.waits_for == Waiting::To && reply.code == 251;
        if reply.code != expected && !forwarded {
            return Err(self.refusal(reply));
        }
        Ok(match self.waits_for {
            Waiting::Greeting => self.say(Waiting::Hello, self.hello()),
            Waiting::Hello if !self.secured && self.server.security == Security::StartTls => {
                if !offers(reply, "STARTTLS", "") {
                    return Err(SendError::Unavailable("the server has no STARTTLS".to_string()));
                }
                self.say(Waiting::StartTls, "STARTTLS".to_string())
            }
            Waiting::StartTls => {
                // Somebody in between may have said it in the server's name.
                if !self.received.is_empty() {
                    return Err(SendError::Unavailable("the server spoke before TLS began".to_string()));
                }
                Step::StartTls
            }
            Waiting::Hello => return self.log_in(reply),
            Waiting::LoginName => {
                let name = self.server.login.as_ref().map(|(name, _)| STANDARD.encode(name));
                self.say(Waiting::LoginPassword, name.unwrap_or_default())
            }
            Waiting::LoginPassword => {
                let password = self.server.login.as_ref();
                let password = password.map(|(_, password)| STANDARD.encode(password.expose_secret()));
                self.say(Waiting::Login, password.unwrap_or_default())
            }
            Waiting::Login => self.say(Waiting::From, format!("MAIL FROM:<{}>", self.from)),
            Waiting::From => self.say(Waiting::To, format!("RCPT TO:<{}>", self.to)),
            Waiting::To => self.say(Waiting::Data, "DATA".to_string()),
            Waiting::Data => {
                self.waits_for = Waiting::Message;
                Step::Send(dotted(self.message))
            }
            Waiting::Message => Step::Done(b"QUIT\r\n".to_vec()),
        })
    }

    /// Says who we are, where there is somebody to be. Only ever under TLS, or on this machine.
    fn log_in(&mut self, hello: &Reply) -> Result<Step, SendError> {
        let Some((name, password)) = &self.server.login else {
            return Ok(self.say(Waiting::From, format!("MAIL FROM:<{}>", self.from)));
        };
        if offers(hello, "AUTH", "PLAIN") {
            let both = STANDARD.encode(format!("\0{name}\0{}", password.expose_secret()));
            Ok(self.say(Waiting::Login, format!("AUTH PLAIN {both}")))
        } else if offers(hello, "AUTH", "LOGIN") {
            Ok(self.say(Waiting::LoginName, "AUTH LOGIN".to_string()))
        } else {
            Err(SendError::Unavailable("the server takes no password that we can give".to_string()))
        }
    }

    /// Only what it says about this receiver or this mail is the last word; the rest can be put right.
    fn refusal(&self, reply: &Reply) -> SendError {
        // What the server says may repeat what it was told.
        let detail = format!("the server answered {} to {:?}", reply.code, self.waits_for);
        let about_this_mail = matches!(self.waits_for, Waiting::To | Waiting::Message);
        if about_this_mail && (500..600).contains(&reply.code) {
            SendError::Refused(detail)
        } else {
            SendError::Unavailable(detail)
        }
    }

    fn hello(&self) -> String {
        // Who asks has no name of its own; the sender's domain is what there is to check.
        let domain = self.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        format!("EHLO {domain}")
    }

    fn say(&mut self, waits_for: Waiting, line: String) -> Step {
        self.waits_for = waits_for;
        Step::Send((line + "\r\n").into_bytes())
    }
}

/// Whether the answer to `EHLO` has an extension, with a parameter if one is given.
fn offers(hello: &Reply, extension: &str, parameter: &str) -> bool {
    hello.lines.iter().skip(1).any(|line| {
        let mut words = line.split([' ', '=']);
        words.next().is_some_and(|word| word.eq_ignore_ascii_case(extension))
            && (parameter.is_empty() || words.any(|word| word.eq_ignore_ascii_case(parameter)))
    })
}

/// The first whole reply and its length: `250-text` lines, then one `250 text` (RFC 5321 §4.2.1).
fn parse(received: &[u8]) -> Result<Option<(Reply, usize)>, SendError> {
    let nonsense = || SendError::Unavailable("the server does not speak SMTP".to_string());
    let (mut lines, mut used) = (Vec::new(), 0);
    while let Some(rest) = received.get(used..) {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        let line = rest.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        used += end + 1;
        let code = line.get(..3).and_then(|code| core::str::from_utf8(code).ok()?.parse().ok());
        let code: u16 = code.filter(|code| (200..600).contains(code)).ok_or_else(nonsense)?;
        lines.push(String::from_utf8_lossy(line.get(4..).unwrap_or_default()).into_owned());
        match line.get(3) {
            Some(b'-') => {}
            None | Some(b' ') => return Ok(Some((Reply { code, lines }, used))),
            Some(_) => return Err(nonsense()),
        }
    }
    Ok(None)
}

/// The message with dots doubled at the beginnings of lines, and its end (RFC 5321 §4.5.2).
fn dotted(message: &[u8]) -> Vec<u8> {
    let mut dotted = Vec::with_capacity(message.len() + 16);
    let mut at_start = true;
    for byte in message {
        if at_start && *byte == b'.' {
            dotted.push(b'.');
        }
        dotted.push(*byte);
        at_start = *byte == b'\n';
    }
    if !dotted.ends_with(b"\r\n") {
        dotted.extend_from_slice(b"\r\n");
    }
    dotted.extend_from_slice(b".\r\n");
    dotted
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn server(security: Security, login: bool) -> SmtpServer {
        let login = login.then(|| ("ann".to_string(), Secret::new("pass word".to_string())));
        SmtpServer { host: "mail.example".to_string(), port: 465, security, login }
    }

    fn conversation(server: &SmtpServer) -> Conversation<'_> {
        Conversation::new(server, "no-reply@example.com", "ann@example.com", b"Subject: x\r\n\r\n.dot\r\n")
    }

    fn said(step: &Step) -> &str {
        match step {
            Step::Send(bytes) | Step::Done(bytes) => core::str::from_utf8(bytes).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_mail_goes_through_with_a_password_under_tls() {
        let server = server(Security::Tls, true);
        let mut talk = conversation(&server);
        let mut hear = |text: &str| talk.receive(text.as_bytes()).unwrap();
        assert_eq!(said(&hear("220 mail.example ESMTP\r\n")), "EHLO example.com\r\n");
        assert_eq!(hear("250-mail.example\r\n250-SIZE 1000\r\n"), Step::Receive);
        // base64 of "\0ann\0pass word"
        assert_eq!(said(&hear("250 AUTH LOGIN PLAIN\r\n")), "AUTH PLAIN AGFubgBwYXNzIHdvcmQ=\r\n");
        assert_eq!(said(&hear("235 ok\r\n")), "MAIL FROM:<no-reply@example.com>\r\n");
        assert_eq!(said(&hear("250 ok\r\n")), "RCPT TO:<ann@example.com>\r\n");
        assert_eq!(said(&hear("250 ok\r\n")), "DATA\r\n");
        assert_eq!(said(&hear("354 go on\r\n")), "Subject: x\r\n\r\n..dot\r\n.\r\n");
        assert_eq!(said(&hear("250 queued\r\n")), "QUIT\r\n");
    }

    #[test]
    fn the_other_way_of_giving_a_password_works_too() {
        let server = server(Security::None, true);
        let mut talk = conversation(&server);
        let mut hear = |text: &str| talk.receive(text.as_bytes()).unwrap();
        hear("220 x\r\n");
        assert_eq!(said(&hear("250-x\r\n250 AUTH=LOGIN\r\n")), "AUTH LOGIN\r\n");
        assert_eq!(said(&hear("334 VXNlcm5hbWU6\r\n")), "YW5u\r\n");
        assert_eq!(said(&hear("334 UGFzc3dvcmQ6\r\n")), "cGFzcyB3b3Jk\r\n");
        assert_eq!(said(&hear("235 ok\r\n")), "MAIL FROM:<no-reply@example.com>\r\n");
    }

    #[test]
    fn nothing_is_said_in_the_clear_to_a_server_that_should_have_tls() {
        let server = server(Security::StartTls, true);
        let unavailable = |error| matches!(error, SendError::Unavailable(_));
        let mut talk = conversation(&server);
        talk.receive(b"220 x\r\n").unwrap();
        assert!(unavailable(talk.receive(b"250-x\r\n250 AUTH PLAIN\r\n").unwrap_err()), "no STARTTLS");
        let mut talk = conversation(&server);
        talk.receive(b"220 x\r\n").unwrap();
        assert_eq!(said(&talk.receive(b"250-x\r\n250 STARTTLS\r\n").unwrap()), "STARTTLS\r\n");
        assert!(unavailable(talk.receive(b"220 go\r\n250 AUTH PLAIN\r\n").unwrap_err()), "injected");
        let mut talk = conversation(&server);
        talk.receive(b"220 x\r\n").unwrap();
        talk.receive(b"250-x\r\n250 STARTTLS\r\n").unwrap();
        assert_eq!(talk.receive(b"220 go\r\n").unwrap(), Step::StartTls);
        assert_eq!(said(&talk.secured()), "EHLO example.com\r\n");
        assert!(said(&talk.receive(b"250-x\r\n250 AUTH PLAIN\r\n").unwrap()).starts_with("AUTH PLAIN "));
    }

    #[test]
    fn only_a_word_about_the_receiver_or_the_mail_is_the_last() {
        let server = server(Security::None, false);
        let up_to = |replies: &[&str]| {
            let mut talk = conversation(&server);
            replies.iter().map(|reply| talk.receive(reply.as_bytes())).last().unwrap().unwrap_err()
        };
        let refused = |error: &SendError| matches!(error, SendError::Refused(_));
        let hello = ["220 x\r\n", "250 x\r\n", "250 ok\r\n"];
        let with = |replies: &[&'static str]| [&hello, replies].concat();
        assert!(refused(&up_to(&with(&["550 nobody\r\n"]))));
        assert!(!refused(&up_to(&with(&["450 later\r\n"]))));
        assert!(refused(&up_to(&with(&["250 ok\r\n", "354 go\r\n", "554 spam\r\n"]))));
        assert!(!refused(&up_to(&["554 no service\r\n"])));
        assert!(!refused(&up_to(&["220 x\r\n", "250 x\r\n", "550 sender\r\n"])));
        assert!(!format!("{:?}", up_to(&with(&["550 no such user ann\r\n"]))).contains("such user"));
    }

    #[test]
    fn nonsense_and_endless_answers_end_the_conversation() {
        let server = server(Security::None, false);
        for bad in ["HTTP/1.1 400 Bad Request\r\n", "22\r\n", "999 x\r\n", "220_x\r\n", "\r\n"] {
            assert!(conversation(&server).receive(bad.as_bytes()).is_err(), "{bad}");
        }
        let mut talk = conversation(&server);
        let endless = (0..2_000).find_map(|_| talk.receive(b"220-welcome\r\n").err());
        assert!(endless.is_some());
    }
}
