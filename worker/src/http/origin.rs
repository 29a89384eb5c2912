//! Where a request comes from, for requests that change something (SE-06 … SE-08, R-03).

use http::{HeaderMap, header};

use crate::config::{AllowedOrigins, Config};

/// Whether a request that changes something may proceed.
///
/// Browsers attach `Origin` or `Sec-Fetch-Site`; scripts and native clients send neither and pass.
/// `own_origin` is the origin under which the request reached us, used when the deployment has not
/// declared its public one.
pub fn is_welcome(headers: &HeaderMap, config: &Config, own_origin: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let mut origins = headers.get_all(header::ORIGIN).iter();
    if let Some(origin) = origins.next() {
        // `null`, an empty value or a second header are nobody's origin (SE-08).
        return origins.next().is_none()
            && origin.to_str().is_ok_and(|origin| is_known(origin, config, own_origin));
    }
    // A page of ours or an address typed by the user; another site's page would have been cross-site.
    let same_site = matches!(text("sec-fetch-site"), None | Some("same-origin" | "none"));
    // an image or a frame is no place to change anything from.
    let by_hand = matches!(text("sec-fetch-dest"), None | Some("empty" | "document"));
    same_site && by_hand
}

fn is_known(origin: &str, config: &Config, own_origin: &str) -> bool {
    origin == config.public_origin.as_deref().unwrap_or(own_origin)
        || matches!(&config.cors, AllowedOrigins::Only(allowed) if allowed.iter().any(|known| known == origin))
}
