use core::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use portico_core::ports::{Message, PortError};
use worker::{AbortController, Delay, Fetch, Headers, Method, Request, RequestInit, RequestRedirect};

/// How long whoever is told may take (FT-15).
const PATIENCE: Duration = Duration::from_secs(5);

/// Posts a message; an answer counts as arrival if it says so, and what else it says does not matter.
pub(crate) async fn post(message: &Message) -> Result<(), PortError> {
    match answer_of(message).await? {
        200..300 => Ok(()),
        status => Err(fault(format!("answered {status}"))),
    }
}

/// Posts a message; the status of the answer.
pub(crate) async fn answer_of(message: &Message) -> Result<u16, PortError> {
    let abort = AbortController::default();
    let sent = match select(pin!(send(message, &abort)), pin!(Delay::from(PATIENCE))).await {
        Either::Left((sent, _)) => sent.map_err(|error| error.to_string()),
        Either::Right(_) => Err("no answer within five seconds".to_string()),
    };
    // Whatever the answer goes on to say, nobody reads it.
    abort.abort();
    sent.map_err(fault)
}

fn fault(detail: String) -> PortError {
    let error = PortError { port: "outbound", detail };
    worker::console_error!("{error}");
    error
}

async fn send(message: &Message, abort: &AbortController) -> worker::Result<u16> {
    let headers = Headers::new();
    for (name, value) in &message.headers {
        headers.set(name, value)?;
    }
    headers.set("user-agent", "Portico")?;
    let mut init = RequestInit::new();
    // A redirect could lead anywhere (OA-20).
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_body(Some(message.body.as_str().into()));
    let request = Request::new_with_init(&message.url, &init)?;
    Ok(Fetch::Request(request).send_with_signal(&abort.signal()).await?.status_code())
}
