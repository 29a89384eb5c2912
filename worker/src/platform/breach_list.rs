use portico_core::{
    outbound_url::Reach,
    ports::{FetchRequest, PortError},
    secret::Secret,
    time::Lifetime,
};

/// How long the list may take (PW-09).
const PATIENCE: Lifetime = Lifetime::from_seconds(1);
/// Longest answer that is read: ten times a usual one.
const MAX_ANSWER_BYTES: usize = 512 * 1_024;

/// Fetches a range of the list, or gives up after a second.
pub(crate) async fn breached(list: &str, prefix: &str) -> Result<String, PortError> {
    let fault = |detail: String| PortError { port: "breach list", detail };
    // The operator answers for the address.
    let url = Reach::Loopback.check(&format!("{list}{prefix}")).map_err(|error| fault(error.to_string()))?;
    let fetched = super::fetch(&FetchRequest {
        url,
        // Hides from the network how many passwords begin so.
        headers: vec![("add-padding", Secret::new("true".to_string()))],
        body: None,
        max_bytes: MAX_ANSWER_BYTES,
        patience: PATIENCE,
    })
    .await?;
    match fetched.status {
        200 => String::from_utf8(fetched.body).map_err(|_| fault("answered no text".to_string())),
        status => Err(fault(format!("answered {status}"))),
    }
}
