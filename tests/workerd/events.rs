use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
};

use crate::harness::{PASSWORD, TestApp, credentials, on_workerd};

/// Somebody who is told: gives their address, and what they hear as head and body. They answer with `status`, or never.
fn receiver(status: Option<&'static str>) -> (String, Receiver<(String, serde_json::Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook", listener.local_addr().unwrap());
    let (heard, hears) = channel();
    thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let told = read(&stream);
            match status {
                Some(status) => {
                    let head = format!("HTTP/1.1 {status}\r\nlocation: /elsewhere\r\n");
                    stream
                        .write_all(format!("{head}content-length: 0\r\nconnection: close\r\n\r\n").as_bytes())
                        .unwrap();
                }
                None => silent.push(stream),
            }
            if heard.send(told).is_err() {
                return;
            }
        }
    });
    (address, hears)
}

fn read(stream: &TcpStream) -> (String, serde_json::Value) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let head = head.to_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    (head, serde_json::from_slice(&body).unwrap())
}

#[test]
fn a_receiver_hears_of_a_sign_up_that_did_not_wait_for_it() {
    /* FT-15 */
    assert!(on_workerd());
    let (url, hears) = receiver(Some("204 No Content"));
    let app = TestApp::with_vars(&[("WEBHOOK_URL", &url), ("WEBHOOK_ALLOW_LOOPBACK", "true")]);
    app.sign_up("Ann", "ann@example.com");
    let mut told = Vec::new();
    while told.len() < 3 {
        let (head, body) = hears.recv().unwrap();
        assert!(head.starts_with("post /hook http/1.1"), "{head}");
        for name in ["webhook-id: ", "webhook-signature: v1,", "webhook-timestamp: ", "user-agent: portico"] {
            assert!(head.contains(name), "{name}: {head}");
        }
        assert_eq!(body["actor"]["email"], "ann@example.com");
        told.push(body["event"].as_str().unwrap().to_string());
    }
    assert_eq!(told, ["user.created", "auth.signup", "auth.login"]);
}

#[test]
fn one_who_redirects_or_says_nothing_holds_nobody_up_and_leads_nowhere() {
    /* FT-15, OA-20 */
    assert!(on_workerd());
    let (redirecting, hears_redirected) = receiver(Some("307 Temporary Redirect"));
    let (silent, hears_silently) = receiver(None);
    let (healthy, hears) = receiver(Some("200 OK"));
    let app = TestApp::with_vars(&[("WEBHOOK_ALLOW_LOOPBACK", "true")]);
    let ann = app.sign_up("Ann", "ann@example.com");
    for url in [redirecting, silent, healthy] {
        let form = serde_json::json!({"name": "x", "url": url, "events": ["auth.login"]});
        assert_eq!(ann.post("/api/events/webhooks", &form).status, 200);
    }
    // The second event is told in a turn after the one in which somebody said nothing.
    for _ in 0..2 {
        let answer = app.anonymous().post("/api/v1/auths/signin", &credentials("ann@example.com", PASSWORD));
        assert_eq!(answer.status, 200);
        assert_eq!(hears.recv().unwrap().1["event"], "auth.login");
    }
    for others in [hears_redirected, hears_silently] {
        let heads: Vec<_> = others.try_iter().map(|(head, _)| head).collect();
        assert!(!heads.is_empty() && heads.iter().all(|head| head.starts_with("post /hook ")), "{heads:?}");
    }
}

#[test]
fn now_and_then_old_rows_leave_the_log_and_nothing_else_takes_one_out() {
    /* LG-03 */
    assert!(on_workerd());
    let app = TestApp::new();
    let TestApp::Workerd(workerd) = &app else { unreachable!("checked above") };
    let old = "INSERT INTO audit_log (id, at, action, outcome, network, user_agent, request_id)
               VALUES ('old', 1000000000, 'sign_in', 'success', '', '', '')";
    assert_eq!(workerd.sql(old), None);
    let ann = app.sign_up("Ann", "ann@example.com");
    for statement in ["UPDATE audit_log SET outcome = 'success'", "DELETE FROM audit_log WHERE id <> 'old'"] {
        assert!(workerd.sql(statement).unwrap().contains("the audit log is append-only"), "{statement}");
    }
    workerd.tick();
    let rows = ann.get("/api/v1/audit").json()["events"].as_array().unwrap().clone();
    let rows: Vec<_> = rows.iter().map(|row| (&row["sequence"], row["action"].as_str().unwrap())).collect();
    let expected = [(4, "expire_events"), (3, "sign_in"), (2, "sign_up")];
    assert_eq!(rows.len(), expected.len(), "{rows:?}");
    for (row, expected) in rows.iter().zip(expected) {
        assert_eq!((row.0.as_u64(), row.1), (Some(expected.0), expected.1));
    }
    workerd.tick();
    let again = ann.get("/api/v1/audit").json()["events"].as_array().unwrap().len();
    assert_eq!(again, 3, "nothing old, nothing to say");
}
