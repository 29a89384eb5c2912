use core::{pin::pin, time::Duration};

use futures_util::{StreamExt as _, future::select};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use worker::Delay;

use crate::{
    http::{
        answer::{Answer, Transport},
        body::{BodyError, BodyStream},
    },
    router,
};

/// Turns the runtime's request into ours; the body stays a stream until a route says how much of it
/// it will take.
///
/// # Errors
/// The answer to give when method, address or headers make no sense to us.
pub fn incoming(mut request: worker::Request) -> Result<(Request<()>, RuntimeBody), Box<Answer>> {
    let raw = request.inner();
    let transport = Transport::of_url(&raw.url());
    let unreadable = || Box::new(router::unreadable(transport));
    let method = Method::from_bytes(raw.method().as_bytes()).map_err(|_| unreadable())?;
    let uri: Uri = raw.url().parse().map_err(|_| unreadable())?;
    let has_body = raw.body().is_some();
    let headers = headers(&request).ok_or_else(unreadable)?;
    let body = if has_body { request.stream().ok() } else { None };
    let mut ours = Request::new(());
    *ours.method_mut() = method;
    *ours.uri_mut() = uri;
    *ours.headers_mut() = headers;
    Ok((ours, RuntimeBody(body)))
}

fn headers(request: &worker::Request) -> Option<HeaderMap> {
    request
        .headers()
        .entries()
        .map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
        })
        .collect()
}

/// How long the rest of an unwanted body may take to come in.
const DISCARD_TIME: Duration = Duration::from_secs(2);

/// A body as the runtime streams it.
#[derive(Debug)]
pub struct RuntimeBody(Option<worker::ByteStream>);

impl BodyStream for RuntimeBody {
    async fn next_chunk(&mut self) -> Option<Result<Vec<u8>, BodyError>> {
        let chunk = self.0.as_mut()?.next().await?;
        Some(chunk.map_err(|_| BodyError::Interrupted))
    }

    async fn discard(&mut self, at_most: usize) {
        let Some(stream) = self.0.as_mut() else { return };
        let mut left = at_most;
        let drain = async {
            while let Some(Ok(chunk)) = stream.next().await {
                match left.checked_sub(chunk.len()) {
                    Some(rest) => left = rest,
                    None => return,
                }
            }
        };
        select(pin!(drain), pin!(Delay::from(DISCARD_TIME))).await;
    }
}
