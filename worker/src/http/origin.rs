//! Where a request comes from, for requests that change something (SE-06 … SE-08, R-03).

use http::{HeaderMap, Uri, header};

use crate::config::{AllowedOrigins, Config};

/// Whether a request that changes something may proceed.
///
/// Browsers attach `Origin` or `Sec-Fetch-Site`; scripts and native clients send neither and pass.
/// `own_origin` is the deployment's public origin, or the one under which the request reached us where it has not
/// declared any.
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

/// Whether the cookies of such a request count: only when the browser says that a page of ours or the user
/// sent it (SE-06). Without a word from the browser, another program may have attached them.
pub fn vouches_for_cookies(headers: &HeaderMap, config: &Config, own_origin: &str) -> bool {
    if headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site") {
        return is_welcome(headers, config, own_origin);
    }
    let referer = headers.get(header::REFERER).and_then(|referer| referer.to_str().ok()?.parse().ok());
    referer.is_some_and(|referer: Uri| is_known(&crate::config::origin_of(&referer), config, own_origin))
}

fn is_known(origin: &str, config: &Config, own_origin: &str) -> bool {
    origin == own_origin
        || config.own_origins.iter().any(|known| known == origin)
        || matches!(&config.cors, AllowedOrigins::Only(allowed) if allowed.iter().any(|known| known == origin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn welcome(origins: &[&str], allowed: AllowedOrigins) -> bool {
        let secret = |name: &str| (name == "PORTICO_SECRET").then(|| "0123456789abcdef".repeat(2));
        let config = Config { cors: allowed, ..Config::parse(secret).unwrap() };
        let value = |origin: &&str| (header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        is_welcome(&origins.iter().map(value).collect(), &config, "http://127.0.0.1:8787")
    }

    #[test]
    fn an_origin_is_ours_by_every_character_or_not_at_all() {
        /* SE-08 */
        let nobody = || AllowedOrigins::Only(Vec::new());
        assert!(welcome(&["http://127.0.0.1:8787"], nobody()));
        for foreign in [
            "",
            "null",
            "http://127.0.0.1",
            "https://127.0.0.1:8787",
            "http://127.0.0.1:8787/",
            "http://x@127.0.0.1:8787",
        ] {
            assert!(!welcome(&[foreign], nobody()), "{foreign:?}");
        }
        assert!(
            !welcome(&["http://127.0.0.1:8787", "http://127.0.0.1:8787"], nobody()),
            "two headers are nobody's"
        );
    }

    #[test]
    fn a_star_for_reading_is_no_leave_to_change_anything() {
        /* SE-07, SE-12 */
        assert!(!welcome(&["https://anyone.example"], AllowedOrigins::Any));
        assert!(welcome(
            &["https://chat.example"],
            AllowedOrigins::Only(vec!["https://chat.example".to_string()])
        ));
    }

    #[test]
    fn a_cookie_counts_only_when_the_browser_says_who_sent_it() {
        /* SE-06 */
        let secret = |name: &str| (name == "PORTICO_SECRET").then(|| "0123456789abcdef".repeat(2));
        let config = Config::parse(secret).unwrap();
        let vouches = |name: &'static str, value: &str| {
            let headers = [(name.parse().unwrap(), HeaderValue::from_str(value).unwrap())];
            vouches_for_cookies(&headers.into_iter().collect(), &config, "http://127.0.0.1:8787")
        };
        assert!(vouches("origin", "http://127.0.0.1:8787"));
        assert!(vouches("sec-fetch-site", "same-origin"));
        assert!(vouches("referer", "http://127.0.0.1:8787/settings"));
        for (name, value) in [
            ("x-nothing", "to say"),
            ("origin", "null"),
            ("sec-fetch-site", "same-site"),
            ("referer", "http://127.0.0.1:8787.evil.example/"),
            ("referer", "http://127.0.0.1/"),
            ("referer", "/settings"),
        ] {
            assert!(!vouches(name, value), "{name}: {value}");
        }
    }
}
