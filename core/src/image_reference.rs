//! What may stand in `profile_image_url` (IN-09): a known path, an https address, or a small image
//! as a data URI. Never anything a browser would run.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::Url;

/// Longest accepted https address, in bytes.
const MAX_URL_BYTES: usize = 2 * 1_024;
/// Longest accepted data URI, in bytes.
const MAX_DATA_URI_BYTES: usize = 128 * 1_024;

const KNOWN_PATHS: [&str; 3] = ["/user.png", "/favicon.png", "/static/favicon.png"];

/// A reference to a picture that is safe to put into a page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImageReference(String);

/// The picture of somebody who has none.
impl Default for ImageReference {
    fn default() -> Self {
        Self(Self::DEFAULT.into())
    }
}

impl ImageReference {
    /// What an account has before its owner chooses a picture.
    pub const DEFAULT: &'static str = "/user.png";

    /// Pictures that may be stored with an account.
    pub const MEDIA_TYPES: [&'static str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

    /// Checks a reference that somebody brings by the deployment's rules.
    ///
    /// # Errors
    /// [`ImageReferenceError`], also for data that is too large here or of a type that is not wanted.
    pub fn accept(text: &str, rules: &ImageRules) -> Result<Self, ImageReferenceError> {
        let image = Self::parse(text)?;
        match text.split_once(";base64,").map(|(head, _)| head.to_ascii_lowercase()) {
            Some(head) if head.starts_with("data:") => {
                let is_wanted = rules.media_types.iter().any(|wanted| head == format!("data:{wanted}"));
                let fits = text.len() <= rules.max_data_uri_bytes;
                if is_wanted && fits { Ok(image) } else { Err(ImageReferenceError) }
            }
            _ => Ok(image),
        }
    }

    /// Checks a reference; the empty string is accepted and means "none".
    ///
    /// # Errors
    /// [`ImageReferenceError`] for everything else: other schemes, other hosts' paths, SVG, data
    /// whose first bytes are not those of the declared type.
    pub fn parse(text: &str) -> Result<Self, ImageReferenceError> {
        let accepted = text.is_empty()
            || KNOWN_PATHS.contains(&text)
            || is_profile_image_path(text)
            || is_https_url(text)
            || is_image_data(text);
        if accepted { Ok(Self(text.to_string())) } else { Err(ImageReferenceError) }
    }

    /// The reference itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The reference itself, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Which pictures may be stored with an account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImageRules {
    /// Some of [`ImageReference::MEDIA_TYPES`].
    pub media_types: Vec<&'static str>,
    /// Most bytes of a data URI as it is written; more than Portico stores counts for nothing.
    pub max_data_uri_bytes: usize,
}

impl Default for ImageRules {
    fn default() -> Self {
        Self { media_types: ImageReference::MEDIA_TYPES.to_vec(), max_data_uri_bytes: MAX_DATA_URI_BYTES }
    }
}

/// Not a picture reference that Portico serves or stores.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ImageReferenceError;

/// `/api/v1/users/<one segment>/profile/image`
fn is_profile_image_path(text: &str) -> bool {
    text.strip_prefix("/api/v1/users/")
        .and_then(|rest| rest.strip_suffix("/profile/image"))
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
}

fn is_https_url(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or("");
    // What would end an attribute of a page is no part of an address (RFC 3986 §2).
    let plain = |b: u8| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b);
    text.len() <= MAX_URL_BYTES
        && text.bytes().all(plain)
        && !host.contains('@')
        && host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
        && Url::parse(text).is_ok_and(|url| url.has_host())
}

fn is_image_data(text: &str) -> bool {
    if text.len() > MAX_DATA_URI_BYTES {
        return false;
    }
    let Some((head, data)) = text.split_once(',') else { return false };
    let Ok(bytes) = STANDARD.decode(data) else { return false };
    match head.to_ascii_lowercase().as_str() {
        "data:image/png;base64" => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        "data:image/jpeg;base64" => bytes.starts_with(b"\xff\xd8\xff"),
        "data:image/gif;base64" => bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a"),
        "data:image/webp;base64" => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn pictures_that_a_page_can_show_are_accepted() {
        for text in [
            "",
            "/user.png",
            "/api/v1/users/6f1c1c0e-8c1f-4d5e-9a55-0b0b7f6f2d11/profile/image",
            "https://img.example/a.png?x=1",
            "data:image/png;base64,iVBORw0KGgo=",
            "data:IMAGE/GIF;base64,R0lGODlh",
        ] {
            assert!(ImageReference::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn anything_a_browser_could_run_is_refused() {
        /* IN-09 */
        for text in [
            "javascript:alert(1)",
            "http://img.example/a.png",
            "//img.example/a.png",
            "https://",
            "https://user@img.example/",
            "https://img.example\\@evil.example/",
            "/other.png",
            "/api/v1/users/../../x/profile/image",
            "data:image/svg+xml;base64,PHN2Zz4=",
            "data:image/png;base64,PHN2Zz4=",
            "data:text/html;base64,iVBORw0KGgo=",
            "data:image/png,iVBORw0KGgo=",
        ] {
            assert_eq!(ImageReference::parse(text), Err(ImageReferenceError), "{text}");
        }
    }
}
