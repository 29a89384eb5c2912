use core::{pin::pin, time::Duration};

use futures_util::{
    StreamExt as _,
    future::{Either, select},
};
use portico_core::ports::{FetchRequest, Fetched, PortError};
use worker::{AbortController, Delay, Fetch, Headers, Method, Request, RequestInit, RequestRedirect};

/// Asks somebody outside, or gives up when it takes too long.
pub(crate) async fn fetch(request: &FetchRequest) -> Result<Fetched, PortError> {
    let abort = AbortController::default();
    let patience = Delay::from(Duration::from_secs(request.patience.seconds()));
    let answer = match select(pin!(answer(request, &abort)), pin!(patience)).await {
        Either::Left((answer, _)) => answer.map_err(|error| error.to_string()),
        Either::Right(_) => Err(format!("no answer within {} seconds", request.patience.seconds())),
    };
    if answer.is_err() {
        abort.abort();
    }
    answer.map_err(|detail| {
        let error = PortError { port: "fetch", detail: format!("{}: {detail}", request.url.origin()) };
        worker::console_error!("{error}");
        error
    })
}

async fn answer(request: &FetchRequest, abort: &AbortController) -> worker::Result<Fetched> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, value.expose_secret())?;
    }
    headers.set("user-agent", "Portico")?;
    let mut init = RequestInit::new();
    // A redirect could lead anywhere (OA-20).
    init.with_method(if request.body.is_some() { Method::Post } else { Method::Get })
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_body(request.body.as_ref().map(|body| body.expose_secret().as_str().into()));
    let asked = Request::new_with_init(request.url.as_str(), &init)?;
    let mut response = Fetch::Request(asked).send_with_signal(&abort.signal()).await?;
    let header = |name: &str| response.headers().get(name).map(Option::unwrap_or_default);
    let (content_type, challenge) = (header("content-type")?, header("www-authenticate")?);
    let mut body = Vec::new();
    let mut chunks = response.stream()?;
    while let Some(chunk) = chunks.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > request.max_bytes {
            return Err(worker::Error::RustError("answered too much".to_string()));
        }
    }
    Ok(Fetched { status: response.status_code(), content_type, challenge, body })
}
