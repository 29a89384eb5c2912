use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use serde_json::json;

use crate::harness::{PASSWORD, TestApp, on_workerd};

/// A list that gives one answer to everybody, or none at all; gives its address.
fn list(answer: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/range/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4_096];
            let read = stream.read(&mut request).unwrap();
            let request = String::from_utf8_lossy(&request[..read]).to_lowercase();
            assert!(request.starts_with("get /range/2f9e5 http/1.1"), "{request}");
            assert!(request.contains("add-padding: true"), "{request}");
            match answer {
                Some(answer) => {
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", answer.len());
                    stream.write_all(format!("{head}{answer}").as_bytes()).unwrap();
                }
                None => silent.push(stream),
            }
        }
    });
    address
}

#[test]
fn a_real_list_is_asked_for_five_digits_and_a_silent_one_is_passed_over() {
    /* PW-09 */
    assert!(on_workerd());
    let form = json!({"name": "Ann", "email": "ann@example.com", "password": PASSWORD});
    for (answer, status) in
        [(Some("3523B62ABC141A2B4D6019D23CBA835DBD0:3\r\n"), 400), (Some("<html>"), 200), (None, 200)]
    {
        let app = TestApp::with_vars(&[("PASSWORD_BREACH_LIST_URL", &list(answer))]);
        assert_eq!(app.anonymous().post("/api/v1/auths/signup", &form).status, status, "{answer:?}");
    }
}
