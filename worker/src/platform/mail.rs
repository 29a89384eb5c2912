//! Handing a mail to a binding, to an HTTP API, or to a server that speaks SMTP (RFC 5321).

use core::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use mail_builder::{
    MessageBuilder,
    headers::{address::Address, raw::Raw},
};
use portico_core::{
    mail::{Letter, MailDriver, MailPolicy, Order, SendError},
    ports::{Message, PortError},
    smtp::{Conversation, Security, SmtpServer, Step},
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wasm_bindgen_futures::{
    JsFuture,
    js_sys::{JSON, Promise, Reflect},
};
use worker::{Delay, SecureTransport, Socket};

/// How long a conversation with a server may take, from the first byte to the last.
const PATIENCE: Duration = Duration::from_secs(100);

/// How long closing a connection may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// Hands a letter to whoever the deployment has for that.
pub(crate) async fn send_mail(
    env: &worker::Env,
    policy: &MailPolicy,
    letter: &Letter,
    order: &Order,
) -> Result<(), SendError> {
    let sending = async {
        match &policy.driver {
            MailDriver::Binding(name) => by_binding(env, name, policy, letter).await,
            MailDriver::Http { url, key } => by_http(url, key.expose_secret(), policy, letter, order).await,
            MailDriver::Smtp(server) => by_smtp(server, policy, letter, order).await,
            MailDriver::Outbox => Err(SendError::Unavailable("mails stay here".to_string())),
        }
    };
    match select(pin!(sending), pin!(Delay::from(PATIENCE))).await {
        Either::Left((sent, _)) => sent,
        Either::Right(_) => Err(SendError::Unavailable("it took too long".to_string())),
    }
}

#[wasm_bindgen]
extern "C" {
    /// A `send_email` binding.
    type SendEmail;
    #[wasm_bindgen(method, catch)]
    fn send(this: &SendEmail, message: &JsValue) -> Result<Promise, JsValue>;
}

async fn by_binding(
    env: &worker::Env,
    name: &str,
    policy: &MailPolicy,
    letter: &Letter,
) -> Result<(), SendError> {
    use wasm_bindgen::JsCast as _;
    // What it says may name the receiver; its code does not (LG-02).
    let unavailable = |error: JsValue| {
        let word = |name: &str| Reflect::get(&error, &JsValue::from_str(name)).ok()?.as_string();
        let code = word("code").or_else(|| word("name"));
        SendError::Unavailable(format!("the binding says {}", code.as_deref().unwrap_or("nothing")))
    };
    let binding = Reflect::get(env, &JsValue::from_str(name)).map_err(unavailable)?;
    if binding.is_undefined() {
        return Err(SendError::Unavailable(format!("there is no binding {name}")));
    }
    let message = json!({
        "from": {"email": policy.from, "name": policy.from_name},
        "to": letter.to.as_str(),
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
    });
    let message = JSON::parse(&message.to_string()).map_err(unavailable)?;
    let sent = binding.unchecked_into::<SendEmail>().send(&message).map_err(unavailable)?;
    JsFuture::from(sent).await.map(|_| ()).map_err(unavailable)
}

async fn by_http(
    url: &str,
    key: &str,
    policy: &MailPolicy,
    letter: &Letter,
    order: &Order,
) -> Result<(), SendError> {
    let body = json!({
        "from": format!("{} <{}>", quoted(&policy.from_name), policy.from),
        "to": [letter.to.as_str()],
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
    });
    let headers = vec![
        ("content-type", "application/json".to_string()),
        ("authorization", format!("Bearer {key}")),
        // What carries another ticket is another mail.
        ("idempotency-key", message_id(order)),
    ];
    let message = Message { url: url.to_string(), headers, body: body.to_string() };
    match super::outbound::answer_of(&message).await {
        Ok(200..300) => Ok(()),
        // Not this mail: whoever is asked does not like the address or the words.
        Ok(status @ (400 | 422)) => Err(SendError::Refused(format!("the API answered {status}"))),
        Ok(status) => Err(SendError::Unavailable(format!("the API answered {status}"))),
        Err(PortError { detail, .. }) => Err(SendError::Unavailable(detail)),
    }
}

async fn by_smtp(
    server: &SmtpServer,
    policy: &MailPolicy,
    letter: &Letter,
    order: &Order,
) -> Result<(), SendError> {
    let unavailable = |error: &dyn core::fmt::Display| SendError::Unavailable(error.to_string());
    let message = message(policy, letter, order)?;
    let transport = match server.security {
        Security::None => SecureTransport::Off,
        Security::StartTls => SecureTransport::StartTls,
        Security::Tls => SecureTransport::On,
    };
    let mut socket = Socket::builder()
        .secure_transport(transport)
        .connect(&server.host, server.port)
        .map_err(|error| unavailable(&error))?;
    let mut talk = Conversation::new(server, &policy.from, letter.to.as_str(), &message);
    let mut buffer = vec![0; 4_096];
    let mut step = Step::Receive;
    let taken = loop {
        step = match step {
            Step::Receive => {
                let silence = Delay::from(Duration::from_secs(talk.patience().seconds()));
                let read = match select(pin!(socket.read(&mut buffer)), pin!(silence)).await {
                    Either::Left((Ok(0), _)) => break Err(unavailable(&"the server hung up")),
                    Either::Left((Ok(read), _)) => read,
                    Either::Left((Err(error), _)) => break Err(unavailable(&error)),
                    Either::Right(_) => break Err(unavailable(&"the server says nothing")),
                };
                match talk.receive(buffer.get(..read).unwrap_or_default()) {
                    Ok(step) => step,
                    Err(error) => break Err(error),
                }
            }
            Step::Send(bytes) => match socket.write_all(&bytes).await {
                Ok(()) => Step::Receive,
                Err(error) => break Err(unavailable(&error)),
            },
            Step::StartTls => {
                socket = socket.start_tls();
                talk.secured()
            }
            Step::Done(bytes) => {
                // It has the mail: a goodbye that does not get through changes nothing.
                let _ = socket.write_all(&bytes).await;
                break Ok(());
            }
        };
    };
    // Whatever happened, nobody goes on talking; a socket that does not close, such as one whose handshake never ended,
    // closes with its object.
    select(pin!(socket.close()), pin!(Delay::from(FAREWELL))).await;
    taken
}

/// The bytes of a mail: text and HTML, headers encoded (RFC 5322, RFC 2047).
fn message(policy: &MailPolicy, letter: &Letter, order: &Order) -> Result<Vec<u8>, SendError> {
    let domain = policy.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    MessageBuilder::new()
        .from(Address::new_address(Some(policy.from_name.as_str()), policy.from.as_str()))
        .to(Address::new_address(None::<&str>, letter.to.as_str()))
        .subject(letter.subject.as_str())
        .message_id(format!("{}@{domain}", message_id(order)))
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .text_body(letter.text.as_str())
        .html_body(letter.html.as_str())
        .write_to_vec()
        .map_err(|error| SendError::Unavailable(error.to_string()))
}

/// Names one try of one mail: the next one carries another ticket.
fn message_id(order: &Order) -> String {
    format!("{}.{}.{}.{}", order.at.get(), order.sequence, order.occasion.as_str(), order.failures)
}

/// A name as a mail header has it (RFC 5322 §3.2.4).
fn quoted(name: &str) -> String {
    let plain = name.chars().filter(|letter| !letter.is_control());
    format!("\"{}\"", plain.collect::<String>().replace('\\', "\\\\").replace('"', "\\\""))
}
