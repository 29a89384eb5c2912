//! Cookies: reading the `Cookie` header strictly, writing `Set-Cookie`.

use core::time::Duration;
use std::time::UNIX_EPOCH;

use http::{HeaderMap, header};
use portico_core::time::{Lifetime, UnixSeconds};

use crate::config::SameSite;

/// Longest accepted `Cookie` header, in bytes (IN-12).
const MAX_COOKIE_BYTES: usize = 16 * 1_024;

/// The cookie that carries a session's token.
pub const TOKEN: &str = "token";

/// The cookie that carries a session's refresh token (SE-02).
pub const REFRESH_TOKEN: &str = "refreshToken";

/// What a request's cookies hold under one name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Found<'h> {
    /// Nothing.
    Nothing,
    /// One value.
    One(&'h str),
    /// Several values, or a header too large or malformed to tell: somebody else may have planted
    /// one of them, so none is believed (SE-03).
    Unusable,
}

/// Looks a cookie up by name.
pub fn find<'h>(headers: &'h HeaderMap, name: &str) -> Found<'h> {
    let mut found = Found::Nothing;
    let mut bytes = 0;
    for value in headers.get_all(header::COOKIE) {
        bytes += value.len();
        let Ok(text) = value.to_str() else { return Found::Unusable };
        if bytes > MAX_COOKIE_BYTES {
            return Found::Unusable;
        }
        for pair in text.split(';') {
            let Some((key, value)) = pair.trim().split_once('=') else { continue };
            if key == name {
                found = match found {
                    Found::Nothing => Found::One(value),
                    Found::One(_) | Found::Unusable => Found::Unusable,
                };
            }
        }
    }
    found
}

/// Whether the request has several cookies of that name, as far as its headers can be read.
pub fn is_repeated(headers: &HeaderMap, name: &str) -> bool {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(key, _)| *key == name).nth(1).is_some()
}

/// A cookie to be set: `HttpOnly`, path `/`, no domain.
#[derive(Clone, Copy, Debug)]
pub struct SetCookie<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value, free of characters that a cookie could not carry.
    pub value: &'a str,
    /// When it ends; `None` for the end of the browser's session.
    pub expires_at: Option<UnixSeconds>,
    /// `SameSite`.
    pub same_site: SameSite,
    /// Whether it is sent over https only.
    pub secure: bool,
}

impl SetCookie<'_> {
    /// The `Set-Cookie` value with `Max-Age` counted from `now`.
    pub fn header(&self, now: UnixSeconds) -> String {
        self.write(String::new(), self.max_age(now))
    }

    /// The same with an absolute `expires` as well, for old browsers.
    pub fn header_with_date(&self, now: UnixSeconds) -> String {
        let date = self.expires_at.map(|expiry| format!("expires={}; ", http_date(expiry)));
        self.write(date.unwrap_or_default(), self.max_age(now))
    }

    fn max_age(&self, now: UnixSeconds) -> String {
        let max_age = self.expires_at.map(|expiry| format!("Max-Age={}; ", expiry.since(now).seconds()));
        max_age.unwrap_or_default()
    }

    fn write(&self, date: String, max_age: String) -> String {
        format!(
            "{}={}; {date}HttpOnly; {max_age}Path=/; SameSite={}{}",
            self.name,
            self.value,
            self.same_site.as_str(),
            if self.secure { "; Secure" } else { "" }
        )
    }
}

/// The `Set-Cookie` value that makes browsers forget a cookie.
pub fn forget(name: &str, same_site: SameSite, secure: bool, now: UnixSeconds) -> String {
    format!(
        "{name}=\"\"; expires={}; Max-Age=0; Path=/; SameSite={}{}",
        http_date(now),
        same_site.as_str(),
        if secure { "; Secure" } else { "" }
    )
}

/// The `Set-Cookie` value of a cookie that only our own pages send, with an absolute date and nothing else (LibreChat
/// contract §2.3).
pub fn strict(name: &str, value: &str, expires_at: UnixSeconds, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Expires={}{secure}", http_date(expires_at))
}

/// The `Set-Cookie` value that makes browsers forget such a cookie.
pub fn forget_strict(name: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    let past = http_date(UnixSeconds::new(0));
    format!("{name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Expires={past}{secure}")
}

/// An instant as HTTP writes it (RFC 9110 §5.6.7).
fn http_date(at: UnixSeconds) -> String {
    let since_epoch: Lifetime = at.since(UnixSeconds::new(0));
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(since_epoch.seconds().min(MAX_HTTP_DATE)))
}

/// The last second of the year 9999, after which the format has no spelling.
const MAX_HTTP_DATE: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (header::COOKIE, HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_found_by_its_exact_name() {
        let headers = headers(&["theme=dark; token=abc; token2=x"]);
        assert_eq!(find(&headers, "token"), Found::One("abc"));
        assert_eq!(find(&headers, "Token"), Found::Nothing);
    }

    #[test]
    fn two_cookies_of_one_name_are_none() {
        /* SE-03 */
        assert_eq!(find(&headers(&["token=a; token=b"]), "token"), Found::Unusable);
        assert_eq!(find(&headers(&["token=a", "token=a"]), "token"), Found::Unusable);
    }

    #[test]
    fn an_oversized_cookie_header_is_not_searched() {
        /* IN-12 */
        let padding = format!("a={}; token=abc", "x".repeat(MAX_COOKIE_BYTES));
        assert_eq!(find(&headers(&[&padding]), "token"), Found::Unusable);
    }

    #[test]
    fn attributes_stand_as_the_contract_writes_them() {
        let cookie = SetCookie {
            name: "token",
            value: "abc",
            expires_at: Some(UnixSeconds::new(1_800_000_060)),
            same_site: SameSite::Lax,
            secure: true,
        };
        let now = UnixSeconds::new(1_800_000_000);
        assert_eq!(cookie.header(now), "token=abc; HttpOnly; Max-Age=60; Path=/; SameSite=lax; Secure");
        assert_eq!(
            cookie.header_with_date(now),
            "token=abc; expires=Fri, 15 Jan 2027 08:01:00 GMT; HttpOnly; Max-Age=60; Path=/; SameSite=lax; Secure"
        );
        assert_eq!(
            forget("token", SameSite::Lax, false, now),
            "token=\"\"; expires=Fri, 15 Jan 2027 08:00:00 GMT; Max-Age=0; Path=/; SameSite=lax"
        );
    }
}
