//! A real directory on real sockets, and others that only look like one.

use alloc::sync::Arc;
use core::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Mutex,
    thread,
};

use serde_json::{Value, json};

use super::slapd::{Slapd, authority};
use crate::{
    harness::{Answer, TestApp, eventually, send},
    ldap::directory::{APP_DN, APP_PASSWORD, BASE},
};

const PATH: &str = "/api/v1/auths/ldap";
const TEST: &str = "/api/v1/auths/admin/config/ldap/test";
const UNREACHABLE: &str = "LDAP authentication failed.";

/// A deployment with a directory on this machine.
fn deployment(port: &str, vars: &[(&str, &str)]) -> TestApp {
    let common = [
        ("ENABLE_LDAP", "true"),
        ("LDAP_SERVER_HOST", "localhost"),
        ("LDAP_SERVER_PORT", port),
        ("LDAP_ALLOWED_PORTS", port),
        ("LDAP_ALLOW_PRIVATE_HOSTS", "true"),
        ("LDAP_SEARCH_BASE", BASE),
        ("LDAP_APP_DN", APP_DN),
        ("LDAP_APP_PASSWORD", APP_PASSWORD),
        ("LDAP_SEARCH_FILTER", "(objectClass=inetOrgPerson)"),
        ("LDAP_DEFAULT_EMAIL_DOMAIN", "example.org"),
        ("DEFAULT_USER_ROLE", "user"),
        ("LOGIN_MAX", "1000"),
    ];
    TestApp::with_vars(&[&common, vars].concat())
}

fn sign_in(app: &TestApp, user: &str, password: &str) -> Answer {
    app.anonymous().post(PATH, &json!({"user": user, "password": password}))
}

fn janes(app: &TestApp) -> Answer {
    sign_in(app, "jane", "jane-password")
}

/// Whether Jane gets in, and nobody without her password.
fn lets_jane_in(app: &TestApp, how: &str) {
    let answer = janes(app);
    assert_eq!(
        (answer.status, answer.json()["email"].as_str()),
        (200, Some("jane@example.com")),
        "{how} {answer:?}"
    );
    assert_eq!(sign_in(app, "jane", "wrong").detail(), "Authentication failed.", "{how}");
}

#[test]
fn a_directory_with_an_authority_of_its_own_lets_people_in_by_both_dialects() {
    /* LD-07, LD-08 */
    for kind in ["rsa", "ec"] {
        let slapd = Slapd::start(&format!("directory-{kind}"), 0);
        let authority = authority(&format!("directory-{kind}-authority"));
        let trust = ("LDAP_CA_CERT_FILE", authority.as_str());
        lets_jane_in(&deployment(&slapd.tls_port, &[trust]), kind);
        let start_tls = ("LDAP_STARTTLS", "true");
        lets_jane_in(&deployment(&slapd.port, &[trust, start_tls]), kind);
        let url = format!("ldaps://localhost:{}", slapd.tls_port);
        let members = deployment(
            &slapd.tls_port,
            &[
                trust,
                ("LDAP_URL", &url),
                ("LDAP_CA_CERT_PATH", &authority),
                ("LDAP_USER_SEARCH_BASE", BASE),
                ("LDAP_BIND_DN", APP_DN),
                ("LDAP_BIND_CREDENTIALS", APP_PASSWORD),
            ],
        );
        let id = janes(&members).json()["id"].clone();
        let form = json!({"email": "jane@example.com", "password": "jane-password"});
        let login = members.anonymous().post("/api/auth/login", &form);
        assert_eq!((login.status, &login.json()["user"]["id"]), (200, &id), "{login:?}");
    }
}

#[test]
fn tls_of_our_own_speaks_what_directories_speak_and_nothing_weaker() {
    /* LD-08 */
    let speaks = |kind: &str, ciphers: &str| {
        let slapd = Slapd::start_with(&format!("directory-{kind}"), 0, ciphers);
        let authority = authority(&format!("directory-{kind}-authority"));
        janes(&deployment(&slapd.tls_port, &[("LDAP_CA_CERT_FILE", &authority)])).status == 200
    };
    for kind in ["rsa", "ec"] {
        assert!(speaks(kind, "NORMAL:-VERS-ALL:+VERS-TLS1.3"), "{kind}, TLS 1.3");
        assert!(speaks(kind, "NORMAL:-VERS-ALL:+VERS-TLS1.2"), "{kind}, TLS 1.2");
        assert!(!speaks(kind, "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0:%COMPAT"), "{kind}, TLS 1.1");
    }
    assert!(!speaks("rsa", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA"), "without forward secrecy");
}

#[test]
fn a_connection_that_somebody_changes_lets_nobody_in() {
    /* LD-07 */
    for version in ["1.3", "1.2"] {
        let slapd = Slapd::start_with("directory-rsa", 0, &format!("NORMAL:-VERS-ALL:+VERS-TLS{version}"));
        let trust = authority("directory-rsa-authority");
        let lets_in = |spoilt: Option<usize>| {
            let port = slapd.tls_port.clone();
            let between = Server::start(move |stream, _| relay(stream, &port, spoilt));
            let answer = janes(&deployment(&between.port, &[("LDAP_CA_CERT_FILE", &trust)]));
            assert!(eventually(|| between.has_no_connection()).is_some());
            answer.status == 200
        };
        assert!(lets_in(None), "{version}");
        // What the server says first, and the last three things before its farewell.
        for answer in 0..4 {
            assert!(!lets_in(Some(answer)), "{version} {answer}");
        }
    }
}

/// Passes bytes on between a client and a server; the last byte of one of the server's answers changed.
fn relay(client: &mut TcpStream, port: &str, spoilt: Option<usize>) {
    let mut server = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let (mut to_server, mut from_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let up = thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(std::net::Shutdown::Both);
    });
    let mut buffer = [0; 16_384];
    for answer in 0.. {
        let Ok(read @ 1..) = server.read(&mut buffer) else { break };
        if spoilt == Some(answer) {
            buffer[read - 1] ^= 1;
        }
        if client.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(std::net::Shutdown::Both);
    up.join().unwrap();
}

#[test]
fn a_directory_whose_certificate_everybody_trusts_needs_none_of_ours() {
    let slapd = Slapd::start("localhost", 0);
    lets_jane_in(&deployment(&slapd.tls_port, &[]), "TLS");
    lets_jane_in(&deployment(&slapd.port, &[("LDAP_STARTTLS", "true")]), "StartTLS");
    let plain = [("LDAP_USE_TLS", "false"), ("LDAP_ALLOW_PLAINTEXT", "true")];
    lets_jane_in(&deployment(&slapd.port, &plain), "plain");
    let refused = janes(&deployment(&slapd.port, &[("LDAP_USE_TLS", "false")]));
    assert_eq!(refused.detail(), "Failed to configure TLS for LDAP connection.");
}

#[test]
fn a_certificate_of_somebody_else_is_not_believed() {
    /* LD-07 */
    let trusted = authority("directory-rsa-authority");
    for (certificate, trust) in [
        ("directory-expired", Some(&trusted)),
        ("directory-other-name", Some(&trusted)),
        ("directory-ec", Some(&trusted)),
        ("stranger", Some(&trusted)),
        ("directory-rsa", None),
        ("stranger", None),
    ] {
        let slapd = Slapd::start(certificate, 0);
        let trust: Vec<_> = trust.iter().map(|pem| ("LDAP_CA_CERT_FILE", pem.as_str())).collect();
        for (port, more) in [(&slapd.tls_port, None), (&slapd.port, Some(("LDAP_STARTTLS", "true")))] {
            let vars: Vec<_> = trust.iter().copied().chain(more).collect();
            let app = deployment(port, &vars);
            let answer = janes(&app);
            assert_eq!(
                (answer.status, answer.detail().as_str()),
                (400, UNREACHABLE),
                "{certificate} {more:?}"
            );
            let ada = app.sign_up("Ada", "ada@example.com");
            let tried = ada.post(TEST, &json!({})).json();
            assert_eq!(tried["ok"], false, "{certificate} {tried}");
        }
    }
}

#[test]
fn people_with_odd_names_are_found_among_ten_thousand() {
    /* LD-03 */
    let slapd = Slapd::start("directory-rsa", 10_000);
    let trust = authority("directory-rsa-authority");
    let vars = [
        ("LDAP_CA_CERT_FILE", trust.as_str()),
        ("ENABLE_LDAP_GROUP_MANAGEMENT", "true"),
        ("ENABLE_LDAP_GROUP_CREATION", "true"),
    ];
    let app = deployment(&slapd.tls_port, &vars);
    let ada = app.sign_up("Ada", "ada@example.com");
    for (user, name, email) in [
        ("jane", "Jane Doe", "jane@example.com"),
        ("john", "Doe, John #3", "john@example.com"),
        ("jürgen", "Jürgen Müller 李", "juergen@example.com"),
        ("ju\u{308}rgen", "Jürgen Müller 李", "juergen@example.com"),
        ("#hash", r##"#hash, "quoted" <x>; a=b+c\d"##, "hash@example.com"),
        ("star*", "Star", "star@example.com"),
        ("par(en)", "Par En", "paren@example.com"),
        (r"back\slash", "Back Slash", "slash@example.com"),
        ("Two  Words", "Two Words", "words@example.com"),
        ("bob", "Bob Ray", "bob@example.org"),
        ("user9999", "User 9999", "user9999@example.com"),
    ] {
        let uid = match user {
            "ju\u{308}rgen" => "jürgen",
            "Two  Words" => "two words",
            user => user,
        };
        let view = sign_in(&app, user, &format!("{uid}-password")).json();
        let name_is = view["name"].as_str().map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
        assert_eq!((name_is.as_deref(), view["email"].as_str()), (Some(name), Some(email)), "{user} {view}");
    }
    for user in ["twin", "*", "user*", "nobody", "*)(uid=*", "jane)(objectClass=*"] {
        let answer = sign_in(&app, user, "jane-password");
        assert_eq!((answer.status, answer.detail().as_str()), (400, "Authentication failed."), "{user}");
    }
    let id = janes(&app).json()["id"].clone();
    assert_eq!(groups(&ada, &id), ["Sales, EMEA", "Staff"]);
    // And the groups that people do not know of.
    let searched = [("LDAP_GROUP_SEARCH_BASE", "ou=groups,dc=example,dc=com")];
    let app = deployment(&slapd.tls_port, &[&vars[..], &searched].concat());
    let ada = app.sign_up("Ada", "ada@example.com");
    let id = janes(&app).json()["id"].clone();
    assert_eq!(groups(&ada, &id), ["Sales, EMEA", "Staff", "unix"]);
    let tried = ada.post(TEST, &json!({"user": "jane"})).json();
    assert_eq!((&tried["ok"], tried["steps"].as_array().unwrap().len()), (&json!(true), 5), "{tried}");
}

fn groups(admin: &crate::harness::Client<'_>, user: &Value) -> Vec<String> {
    let groups = admin.get(&format!("/api/v1/users/{}/groups", user.as_str().unwrap())).json();
    let mut names: Vec<_> =
        groups.as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap().to_string()).collect();
    names.sort();
    names
}

#[test]
fn another_server_answers_where_one_does_not() {
    /* LD-11 */
    let slapd = Slapd::start("directory-rsa", 0);
    let nobody = Server::start(|_, _| {});
    let trust = authority("directory-rsa-authority");
    let hosts = format!("localhost:{} localhost:{}", nobody.port, slapd.tls_port);
    let ports = format!("{},{}", nobody.port, slapd.tls_port);
    let app = deployment(
        &slapd.tls_port,
        &[("LDAP_CA_CERT_FILE", &trust), ("LDAP_SERVER_HOST", &hosts), ("LDAP_ALLOWED_PORTS", &ports)],
    );
    for _ in 0..3 {
        assert_eq!(janes(&app).status, 200);
    }
    assert_eq!(nobody.accepted(), 1, "it was remembered that the first one does not answer");
}

/// A server that does with connections what a test says, and counts them.
struct Server {
    port: String,
    accepted: Arc<AtomicUsize>,
    closed: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Server {
    fn start(react: impl Fn(&mut TcpStream, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let server = Self { port, accepted: Arc::default(), closed: Arc::default(), heard: Arc::default() };
        let (accepted, closed) = (Arc::clone(&server.accepted), Arc::clone(&server.closed));
        let (heard, react) = (Arc::clone(&server.heard), Arc::new(react));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (closed, react) = (Arc::clone(&closed), Arc::clone(&react));
                let heard = Arc::clone(&heard);
                let number = accepted.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    react(&mut stream, number);
                    // Whatever else is said, until the other side is gone.
                    let mut buffer = [0; 4_096];
                    while let Ok(read @ 1..) = stream.read(&mut buffer) {
                        heard.lock().unwrap().extend_from_slice(&buffer[..read]);
                    }
                    closed.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        server
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    fn has_no_connection(&self) -> Option<()> {
        (self.closed.load(Ordering::SeqCst) == self.accepted()).then_some(())
    }

    /// What it was told besides what its reaction has read.
    fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }
}

/// Waits for a request.
fn hear(stream: &mut TcpStream) {
    let mut buffer = [0; 4_096];
    let _ = stream.read(&mut buffer);
}

const PLAIN: [(&str, &str); 2] = [("LDAP_USE_TLS", "false"), ("LDAP_ALLOW_PLAINTEXT", "true")];
/// `BindResponse`, success, to the first request.
const BOUND: [u8; 14] = [0x30, 0x0c, 2, 1, 1, 0x61, 7, 0x0a, 1, 0, 4, 0, 4, 0];
/// `ExtendedResponse` to the first request: success, and a refusal.
const START_TLS: [u8; 14] = [0x30, 0x0c, 2, 1, 1, 0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0];
const NO_START_TLS: [u8; 14] = [0x30, 0x0c, 2, 1, 1, 0x78, 7, 0x0a, 1, 2, 4, 0, 4, 0];

#[test]
fn a_server_that_is_no_directory_costs_one_answer_and_no_connection() {
    /* LD-09, LD-10, LD-11 */
    let trust = authority("directory-rsa-authority");
    let private = ("LDAP_CA_CERT_FILE", trust.as_str());
    let start_tls = ("LDAP_STARTTLS", "true");
    type React = fn(&mut TcpStream);
    type Vars<'v> = Vec<(&'v str, &'v str)>;
    let cases: [(&str, React, Vars<'_>); 11] = [
        ("silence", |_| {}, PLAIN.into()),
        ("silence in TLS", |_| {}, vec![]),
        ("silence in TLS of our own", |_| {}, vec![private]),
        (
            "no TLS",
            |stream| {
                let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
            },
            vec![private],
        ),
        ("a hang-up", |stream| stream.shutdown(std::net::Shutdown::Both).unwrap(), PLAIN.into()),
        (
            "half an answer",
            |stream| {
                hear(stream);
                let _ = stream.write_all(&BOUND[..9]);
                let _ = stream.shutdown(std::net::Shutdown::Write);
            },
            PLAIN.into(),
        ),
        (
            "a length without an end",
            |stream| {
                hear(stream);
                let _ = stream.write_all(&[0x30, 0x80, 2, 1, 1]);
            },
            PLAIN.into(),
        ),
        (
            "a length that is huge",
            |stream| {
                hear(stream);
                let _ = stream.write_all(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]);
            },
            PLAIN.into(),
        ),
        (
            "drops",
            |stream| {
                for byte in [0x30, 0x82, 0x7f, 0xff].into_iter().chain([0; 40]) {
                    if stream.write_all(&[byte]).is_err() {
                        break;
                    }
                    // As slow as it gets without being silent: nothing waits for this.
                    thread::sleep(Duration::from_millis(500));
                }
            },
            PLAIN.into(),
        ),
        (
            "no StartTLS",
            |stream| {
                hear(stream);
                let _ = stream.write_all(&NO_START_TLS);
            },
            vec![private, start_tls],
        ),
        (
            "words before TLS",
            |stream| {
                hear(stream);
                let _ = stream.write_all(&[START_TLS, BOUND].concat());
            },
            vec![private, start_tls],
        ),
    ];
    for (what, react, vars) in cases {
        let server = Server::start(move |stream, _| react(stream));
        let app = deployment(&server.port, &vars);
        let answer = janes(&app);
        assert_eq!((answer.status, answer.detail().as_str()), (400, UNREACHABLE), "{what}");
        assert_eq!(server.accepted(), 1, "{what}");
        assert!(eventually(|| server.has_no_connection()).is_some(), "{what}: the connection is closed");
        if !vars.is_empty() && vars != PLAIN {
            assert!(!server.heard().contains(APP_PASSWORD), "{what}");
        }
    }
}

#[test]
fn fifty_hanging_sign_ins_hold_nobody_else_up_and_leave_nothing_open() {
    /* LD-11, FT-14, FT-22 */
    const LOGINS: usize = 50;
    let server = Server::start(|_, _| {});
    let app = deployment(&server.port, &PLAIN);
    let ada = app.sign_up("Ada", "ada@example.com");
    let answered = AtomicUsize::new(0);
    let TestApp::Workerd(worker) = &app else { unreachable!("these tests are about the runtime") };
    let url = worker.url();
    thread::scope(|scope| {
        let login = |number: usize| {
            let client = app.anonymous().with("cf-connecting-ip", &format!("198.18.0.{number}"));
            let form = json!({"user": format!("user{number}"), "password": "x"});
            let (request, answered) = (client.json_request(PATH, &form), &answered);
            scope.spawn(move || {
                let answer = send(url, request);
                answered.fetch_add(1, Ordering::SeqCst);
                (answer.status, answer.detail())
            })
        };
        let logins: Vec<_> = (0..LOGINS).map(login).collect();
        assert!(eventually(|| (server.accepted() == LOGINS).then_some(())).is_some(), "all of them hang");
        for _ in 0..50 {
            assert_eq!(ada.get("/api/v1/auths/").status, 200);
        }
        assert_eq!(
            answered.load(Ordering::SeqCst),
            0,
            "fifty checks of a session are done before the first gives up"
        );
        for login in logins {
            assert_eq!(login.join().unwrap(), (400, UNREACHABLE.to_string()));
        }
    });
    assert!(eventually(|| server.has_no_connection()).is_some(), "no connection stays");
    assert_eq!(ada.get("/api/v1/auths/").status, 200);
}
