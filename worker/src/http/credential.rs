//! Finding the one credential of a request (TK-26, TK-27): the `Authorization` header, else a
//! cookie. A header that is there but unusable never falls back to the cookie.

use http::{HeaderMap, HeaderName, header};

use super::cookie::{self, Found};

/// Longest accepted `Authorization` header, in bytes (IN-12).
const MAX_AUTHORIZATION_BYTES: usize = 8 * 1_024 + 16;

/// What a request offers as proof.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Credential<'h> {
    /// Nothing.
    Missing,
    /// Something, but not exactly one usable credential.
    Unusable,
    /// One credential; nobody has checked it yet.
    Present(&'h str),
}

/// Reads `Authorization: Bearer …`, else the named cookie. Other schemes are not ours and count as
/// absent, so that a proxy's `Basic` does not hide the cookie.
pub fn read<'h>(headers: &'h HeaderMap, cookie_name: &str) -> Credential<'h> {
    match bearer(headers) {
        Credential::Missing => cookie(headers, cookie_name),
        bearer => bearer,
    }
}

/// Reads the named cookie alone.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Credential<'h> {
    match cookie::find(headers, name) {
        Found::Nothing | Found::One("" | "\"\"") => Credential::Missing,
        Found::One(value) => Credential::Present(value),
        Found::Unusable => Credential::Unusable,
    }
}

/// Reads a header that holds nothing but the credential.
pub fn plain<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Credential<'h> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Credential::Missing,
        (Some(value), None) => match value.to_str().map(str::trim) {
            Ok("") => Credential::Missing,
            Ok(text) if text.len() <= MAX_AUTHORIZATION_BYTES && is_one_word(text) => {
                Credential::Present(text)
            }
            Ok(_) | Err(_) => Credential::Unusable,
        },
        (Some(_), Some(_)) => Credential::Unusable,
    }
}

fn is_one_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic() && b != b',')
}

/// Reads `Authorization: Bearer …` alone, for requests whose cookies do not count.
pub fn bearer(headers: &HeaderMap) -> Credential<'_> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return if headers.contains_key(header::AUTHORIZATION) {
            Credential::Unusable
        } else {
            Credential::Missing
        };
    };
    let Ok(text) = value.to_str() else { return Credential::Unusable };
    if text.len() > MAX_AUTHORIZATION_BYTES {
        return Credential::Unusable;
    }
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Credential::Missing;
    }
    // RFC 9110 §11.4 allows several spaces before the credential, and none inside it.
    match rest.trim_start_matches(' ') {
        "" => Credential::Unusable,
        token if is_one_word(token) => Credential::Present(token),
        _ => Credential::Unusable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(values: &[(&'static str, &str)]) -> HeaderMap {
        values
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn check(values: &[(&'static str, &str)], expected: Credential<'_>) {
        assert_eq!(read(&headers(values), "token"), expected, "{values:?}");
    }

    #[test]
    fn the_scheme_is_case_insensitive_and_the_header_comes_first() {
        /* TK-26 */
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let value = format!("{scheme} abc");
            check(&[("authorization", &value), ("cookie", "token=xyz")], Credential::Present("abc"));
        }
        check(&[("authorization", "Bearer  abc")], Credential::Present("abc"));
        check(&[("cookie", "token=xyz")], Credential::Present("xyz"));
    }

    #[test]
    fn a_present_but_bad_header_never_falls_back_to_the_cookie() {
        /* TK-26 */
        let cookie = ("cookie", "token=xyz");
        check(&[("authorization", "Bearer"), cookie], Credential::Unusable);
        check(&[("authorization", "Bearer "), cookie], Credential::Unusable);
        check(&[("authorization", "Bearer a b"), cookie], Credential::Unusable);
        check(&[("authorization", "Bearer a, Bearer b"), cookie], Credential::Unusable);
        check(&[("authorization", "Bearer a"), ("authorization", "Bearer b"), cookie], Credential::Unusable);
        let long = format!("Bearer {}", "a".repeat(MAX_AUTHORIZATION_BYTES));
        check(&[("authorization", &long), cookie], Credential::Unusable);
    }

    #[test]
    fn other_schemes_are_absent_and_an_emptied_cookie_is_too() {
        check(&[("authorization", "Basic YTpi"), ("cookie", "token=xyz")], Credential::Present("xyz"));
        check(&[("authorization", "abc")], Credential::Missing);
        check(&[("cookie", "token=\"\"")], Credential::Missing);
        check(&[("cookie", "token=a; token=b")], Credential::Unusable);
    }
}
