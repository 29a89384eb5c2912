use core::{pin::pin, time::Duration};

use futures_util::{
    StreamExt as _,
    future::{Either, select},
};
use portico_core::ports::PortError;
use worker::{AbortController, Delay, Fetch, Headers, Method, Request, RequestInit};

/// How long the list may take (PW-09).
const PATIENCE: Duration = Duration::from_secs(1);
/// Longest answer that is read: ten times a usual one.
const MAX_ANSWER_BYTES: usize = 512 * 1_024;

/// Fetches a range of the list, or gives up after a second.
pub(crate) async fn breached(list: &str, prefix: &str) -> Result<String, PortError> {
    let abort = AbortController::default();
    let answer = match select(pin!(fetch(list, prefix, &abort)), pin!(Delay::from(PATIENCE))).await {
        Either::Left((answer, _)) => answer.map_err(|error| error.to_string()),
        Either::Right(_) => Err("no answer within a second".to_string()),
    };
    if answer.is_err() {
        abort.abort();
    }
    answer.map_err(|detail| {
        let error = PortError { port: "breach list", detail };
        worker::console_error!("{error}");
        error
    })
}

async fn fetch(list: &str, prefix: &str, abort: &AbortController) -> worker::Result<String> {
    let headers = Headers::new();
    // Hides from the network how many passwords begin so.
    headers.set("add-padding", "true")?;
    let mut init = RequestInit::new();
    init.with_method(Method::Get).with_headers(headers);
    let request = Request::new_with_init(&format!("{list}{prefix}"), &init)?;
    let mut response = Fetch::Request(request).send_with_signal(&abort.signal()).await?;
    if response.status_code() != 200 {
        return Err(worker::Error::RustError(format!("answered {}", response.status_code())));
    }
    let mut answer = Vec::new();
    let mut chunks = response.stream()?;
    while let Some(chunk) = chunks.next().await {
        answer.extend_from_slice(&chunk?);
        if answer.len() > MAX_ANSWER_BYTES {
            return Err(worker::Error::RustError("answered too much".to_string()));
        }
    }
    String::from_utf8(answer).map_err(|_| worker::Error::RustError("answered no text".to_string()))
}
