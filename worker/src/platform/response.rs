use crate::http::answer::Answer;

/// Turns our answer into the runtime's response.
///
/// # Errors
/// When the runtime refuses a header or the body.
pub fn response(answer: Answer) -> worker::Result<worker::Response> {
    let (parts, body) = answer.into_parts();
    let headers = worker::Headers::new();
    for (name, value) in &parts.headers {
        let value = value.to_str().map_err(|error| worker::Error::RustError(error.to_string()))?;
        headers.append(name.as_str(), value)?;
    }
    let response = worker::ResponseBuilder::new().with_status(parts.status.as_u16()).with_headers(headers);
    Ok(if body.is_empty() { response.empty() } else { response.fixed(body) })
}
