//! Where a browser may be sent after signing in (OA-13; RFC 9700 §4.11).

use alloc::{
    borrow::Cow,
    string::{String, ToString as _},
    vec::Vec,
};

use url::Url;

/// Longest target, in bytes.
const MAX_TARGET_BYTES: usize = 2_048;
/// Stands in for our own origin when a relative target is parsed; nothing resolves to it (RFC 6761).
const OWN_ORIGIN: &str = "https://portico.invalid";

/// A place that a browser may be sent to: a path of ours, or an address at a listed origin.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RedirectTarget(String);

impl RedirectTarget {
    /// The front page, when somebody asked for a place that is not allowed.
    pub fn home() -> Self {
        Self("/".into())
    }

    /// Checks a target as it came in a parameter, after the one decoding that parameters get. What
    /// counts is what a browser will make of it, so the text is checked, then the text decoded once
    /// more, then the parsed address.
    ///
    /// `origins` are exact, such as `https://chat.example`.
    pub fn parse(text: &str, origins: &[&str]) -> Option<Self> {
        let plain = |text: &str| {
            text.len() <= MAX_TARGET_BYTES
                && !text.chars().any(|letter| letter.is_control() || letter == '\\')
        };
        let decoded = percent_decoded(text)?;
        // Browsers drop spaces around an address.
        if !plain(text) || !plain(&decoded) || text.trim() != text {
            return None;
        }
        if text.starts_with('/') {
            let parsed = stays_here(text)?;
            stays_here(&decoded)?;
            // As a browser would write it: a header takes ASCII only.
            return parsed.as_str().strip_prefix(OWN_ORIGIN).map(|local| Self(local.to_string()));
        }
        let parsed = Url::parse(text).ok()?;
        let listed = origins.contains(&parsed.origin().ascii_serialization().as_str());
        // Not `blob:`, which claims the origin inside it; and no user, not even an empty one.
        let authority = text.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        let honest =
            matches!(parsed.scheme(), "https" | "http") && !authority.is_empty() && !authority.contains('@');
        (listed && honest).then(|| Self(parsed.to_string()))
    }

    /// The target for a `Location` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The parsed address of a path that no browser takes elsewhere.
fn stays_here(text: &str) -> Option<Url> {
    let local = |text: &str| text.starts_with('/') && !text.starts_with("//");
    let parsed = Url::parse(OWN_ORIGIN).ok()?.join(text).ok()?;
    let stays = parsed.origin().ascii_serialization() == OWN_ORIGIN && local(parsed.path());
    (local(text) && stays).then_some(parsed)
}

/// Decodes once; `None` for a broken escape or for bytes that are no UTF-8.
fn percent_decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = core::str::from_utf8(digits).ok()?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const ORIGINS: [&str; 2] = ["https://chat.example", "http://localhost:3000"];

    fn parse(text: &str) -> Option<String> {
        RedirectTarget::parse(text, &ORIGINS).map(|target| target.0)
    }

    #[test]
    fn own_paths_and_listed_origins_are_fine() {
        /* OA-13 */
        for text in
            ["/", "/chat?x=1#y", "/a/b%20c", "/a//b", "https://chat.example/", "https://chat.example/a?b=c"]
        {
            assert_eq!(parse(text).as_deref(), Some(text));
        }
        assert_eq!(parse("/\u{447}\"").as_deref(), Some("/%D1%87%22"), "a header takes ASCII only");
        assert_eq!(parse("http://localhost:3000").as_deref(), Some("http://localhost:3000/"));
        assert_eq!(parse("HTTPS://CHAT.example:443/a").as_deref(), Some("https://chat.example/a"));
    }

    #[test]
    fn whatever_a_browser_would_take_elsewhere_is_refused() {
        /* OA-13 */
        for text in [
            "blob:https://chat.example/uuid",
            "https:chat.example/",
            "https://@chat.example/",
            "https://:@chat.example/",
            "/.%2f/evil.example",
            "",
            "chat",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/%2fevil.example",
            "/%2Fevil.example",
            "/%5cevil.example",
            "/\tevil",
            "/\n/evil.example",
            "/%0a/evil.example",
            "/%00",
            "/%",
            "/%zz",
            "/%ff",
            "/..//evil.example",
            "/.//evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://evil.example",
            "http://chat.example",
            "https://chat.example:8443/",
            "https://chat.example.evil.example",
            "https://user@chat.example/",
            "https://chat.example@evil.example/",
            "https://chat.example\\@evil.example/",
            " https://chat.example/",
            "https:chat.example.evil.example",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        assert_eq!(parse(&alloc::format!("/{}", "a".repeat(2_048))), None);
        assert_eq!(RedirectTarget::home().as_str(), "/");
    }
}
