//! A provider of accounts on a socket of this machine, which answers as a test says: well, badly, or not at all.

use alloc::sync::Arc;
use core::time::Duration;
use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Mutex,
    thread,
};

use serde_json::{Value, json};

use crate::oauth::provider::{Sent, key_set, signed};

/// How it answers.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// This status, type and body.
    Answer(u16, &'static str, String),
    /// 200, and a body that never ends.
    Endless,
    /// Somewhere else.
    Redirect(String),
    /// Nothing, for as long as somebody waits.
    Silence,
    /// This answer, after a while.
    Slow(Duration, String),
}

impl Reply {
    pub(crate) fn json(body: &Value) -> Self {
        Self::Answer(200, "application/json", body.to_string())
    }
}

/// What it has been asked, and what it answers.
#[derive(Debug, Default)]
struct State {
    replies: HashMap<String, Reply>,
    asked: Vec<(String, String)>,
}

/// The provider.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) issuer: String,
    state: Arc<Mutex<State>>,
}

impl Peer {
    /// A provider that answers as it should.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let peer = Self { issuer, state: Arc::default() };
        let known = peer.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let peer = known.clone();
                // Whoever hangs up in the middle of an answer has had enough of it.
                thread::spawn(move || _ = peer.serve(stream.unwrap()));
            }
        });
        peer.describe(json!({}));
        peer.reply("/jwks", Reply::json(&key_set()));
        peer
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let path =
            line.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default().to_string();
        let mut length = 0;
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header)? == 0 || header == "\r\n" {
                break;
            }
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let reply = {
            let mut state = self.state.lock().unwrap();
            state.asked.push((path.clone(), String::from_utf8(body).unwrap()));
            state.replies.get(&path).cloned()
        };
        let mut stream = stream;
        match reply.unwrap_or(Reply::Answer(404, "text/plain", String::new())) {
            Reply::Answer(status, kind, body) => write_answer(&mut stream, status, kind, &body),
            Reply::Slow(after, body) => {
                thread::sleep(after);
                write_answer(&mut stream, 200, "application/json", &body)
            }
            Reply::Redirect(location) => stream.write_all(
                format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n").as_bytes(),
            ),
            Reply::Silence => reader.read(&mut [0; 1]).map(|_| ()),
            Reply::Endless => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")?;
                loop {
                    stream.write_all(&[b' '; 4_096])?;
                }
            }
        }
    }

    pub(crate) fn reply(&self, path: &str, reply: Reply) {
        self.state.lock().unwrap().replies.insert(path.to_string(), reply);
    }

    /// Its discovery document, with what is different.
    pub(crate) fn describe(&self, change: Value) {
        let at = |path: &str| format!("{}{path}", self.issuer);
        let mut document = json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("/auth"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"),
            "userinfo_endpoint": at("/me"),
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        self.reply("/.well-known/openid-configuration", Reply::json(&document));
    }

    /// The claims of somebody who was sent, with what is different.
    pub(crate) fn claims(&self, sent: &Sent, now: i64, change: Value) -> Value {
        let mut claims = json!({
            "iss": self.issuer, "aud": "portico", "sub": "ann", "nonce": sent.param("nonce"), "iat": now,
            "exp": now + 300, "email": "ann@example.com", "email_verified": true, "name": "Ann Lee",
        });
        for (name, value) in change.as_object().unwrap() {
            let members = claims.as_object_mut().unwrap();
            match value {
                Value::Null => members.remove(name),
                value => members.insert(name.clone(), value.clone()),
            };
        }
        claims
    }

    /// Lets the token endpoint give an ID token of these claims, and what is different.
    pub(crate) fn give(&self, header: Value, claims: &Value, change: Value) {
        let mut tokens = json!({
            "access_token": "access-1", "refresh_token": "refresh-1", "token_type": "Bearer", "expires_in": 3_600,
            "id_token": signed(header, claims),
        });
        tokens.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        self.reply("/token", Reply::json(&tokens));
    }

    /// What a path was asked with so far.
    pub(crate) fn asked(&self, path: &str) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let of_path = state.asked.iter().filter(|(asked, _)| asked == path);
        of_path.map(|(_, body)| body.clone()).collect()
    }

    /// What makes a deployment its client.
    pub(crate) fn vars(&self) -> Vec<(&'static str, String)> {
        let mut vars =
            vec![("OPENID_PROVIDER_URL", format!("{}/.well-known/openid-configuration", self.issuer))];
        let fixed = [
            ("OAUTH_CLIENT_ID", "portico"),
            ("OAUTH_CLIENT_SECRET", "a secret of the provider"),
            ("OAUTH_ALLOW_LOOPBACK", "true"),
            ("OAUTH_TIMEOUT", "2"),
            ("ENABLE_OAUTH_SIGNUP", "true"),
            ("ALLOW_SOCIAL_LOGIN", "true"),
            ("DEFAULT_USER_ROLE", "user"),
        ];
        vars.extend(fixed.map(|(name, value)| (name, value.to_string())));
        vars
    }
}

fn write_answer(stream: &mut TcpStream, status: u16, kind: &str, body: &str) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes())
}
