//! Reading a body without trusting its length (IN-01).

use http::{HeaderMap, header};

/// A request body as it arrives.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait BodyStream {
    /// The next piece; `None` at the end.
    async fn next_chunk(&mut self) -> Option<Result<Vec<u8>, BodyError>>;

    /// Takes what is left off the wire, up to `at_most` bytes, and keeps nothing of it: a client that is
    /// still sending when the connection closes never reads its answer. Hosts with a clock also bound
    /// the time.
    async fn discard(&mut self, at_most: usize) {
        let mut left = at_most;
        while let Some(Ok(chunk)) = self.next_chunk().await {
            match left.checked_sub(chunk.len()) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    }
}

/// Most bytes of an unwanted body that are taken off the wire.
pub const DISCARDED_BYTES: usize = 16 * 1_024 * 1_024;

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BodyError {
    /// The connection broke while the body came in.
    Interrupted,
    /// More bytes than the route accepts.
    TooLarge,
}

/// A body that is there already.
#[derive(Debug)]
pub struct Whole(pub Option<Vec<u8>>);

impl BodyStream for Whole {
    async fn next_chunk(&mut self) -> Option<Result<Vec<u8>, BodyError>> {
        self.0.take().map(Ok)
    }
}

/// Reads at most `cap` bytes. A declared length above the cap is refused before anything is read;
/// the count of what really arrives decides in any case.
///
/// # Errors
/// [`BodyError`].
pub async fn read(
    headers: &HeaderMap,
    stream: &mut impl BodyStream,
    cap: usize,
) -> Result<Vec<u8>, BodyError> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: u64| length > cap as u64) {
        return Err(BodyError::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = stream.next_chunk().await {
        body.extend_from_slice(&chunk?);
        if body.len() > cap {
            return Err(BodyError::TooLarge);
        }
    }
    Ok(body)
}

/// Whether a body may be read as JSON (SE-09): `application/json` or a `+json` type.
pub fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    essence
        .strip_prefix("application/")
        .is_some_and(|subtype| subtype == "json" || (subtype.ends_with("+json") && !subtype.contains('/')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_json_types_are_read_as_json() {
        /* SE-09 */
        let json = |value: &'static str| {
            is_json(&HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(value))]))
        };
        for value in ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json"] {
            assert!(json(value), "{value}");
        }
        for value in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "text/json",
            "json",
        ] {
            assert!(!json(value), "{value}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
