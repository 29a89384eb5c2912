//! The compact serialisation, read strictly (TK-05 … TK-07): what this parser accepts has exactly
//! one meaning, and it allocates nothing before the limits are checked.

use alloc::{string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::algorithm::Algorithm;
use crate::json::{Json, Members, TOKEN_LIMITS};

/// Longest token, in bytes, checked before decoding (TK-07).
pub const MAX_TOKEN_BYTES: usize = 8 * 1_024;

/// Longest key identifier, in bytes (TK-04).
pub const MAX_KID_BYTES: usize = 128;

/// Header members that would change how the token has to be processed, or bring a key along. None is
/// understood, so a token that carries one is refused (TK-03, TK-05; RFC 7515 §4.1.11). The thumbprint
/// `x5t` only names a key, as some providers do beside `kid`; it is not looked at.
const REFUSED_MEMBERS: [&str; 8] = ["b64", "crit", "cty", "jku", "jwk", "x5c", "x5u", "zip"];

/// A well-formed token whose signature nobody has checked yet.
#[derive(Clone, Debug)]
pub struct UntrustedToken<'a> {
    alg: Algorithm,
    kid: Option<String>,
    signing_input: &'a str,
    claims: Members,
    signature: Vec<u8>,
}

impl<'a> UntrustedToken<'a> {
    /// Reads the compact serialisation: three base64url segments without padding, canonical, the
    /// first two of them JSON objects without duplicate names.
    ///
    /// # Errors
    /// [`ParseError`]; the text is not a token that could be verified.
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        // `typ` is optional (RFC 7519 §5.1), but a token that declares another type is not ours.
        Self::read(text, |typ| typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT")))
    }

    /// The same for a token that has to declare another type, with or without `application/` (RFC 7515 §4.1.9).
    ///
    /// # Errors
    /// [`ParseError`]
    pub fn parse_typed(text: &'a str, expected: &str) -> Result<Self, ParseError> {
        Self::read(text, |typ| {
            let typ = typ.unwrap_or_default().to_ascii_lowercase();
            typ.strip_prefix("application/").unwrap_or(&typ) == expected
        })
    }

    fn read(text: &'a str, is_of_type: impl Fn(Option<&str>) -> bool) -> Result<Self, ParseError> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(ParseError::TooLong);
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(ParseError::Malformed)?;
        let (header, claims) = signing_input.split_once('.').ok_or(ParseError::Malformed)?;
        if claims.contains('.') {
            return Err(ParseError::Malformed);
        }
        let header = object(header)?;
        if REFUSED_MEMBERS.iter().any(|member| header.contains(member)) {
            return Err(ParseError::UnsupportedHeader);
        }
        let typ = header.string("typ");
        if header.contains("typ") != typ.is_some() || !is_of_type(typ.as_deref()) {
            return Err(ParseError::UnsupportedHeader);
        }
        let alg = header.string("alg").ok_or(ParseError::Malformed)?;
        Ok(Self {
            alg: Algorithm::parse(&alg).ok_or(ParseError::UnsupportedAlgorithm)?,
            kid: key_id(&header)?,
            signing_input,
            claims: object(claims)?,
            signature: decode(signature)?,
        })
    }

    /// The algorithm the header names; verification takes the key's own and compares (TK-01).
    pub const fn alg(&self) -> Algorithm {
        self.alg
    }

    /// The key the header names.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The bytes the signature is over (RFC 7515 §5.2).
    pub const fn signing_input(&self) -> &'a str {
        self.signing_input
    }

    /// The signature, decoded.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The claims as somebody wrote them. Never decide anything on them before verification.
    pub const fn unverified_claims(&self) -> &Members {
        &self.claims
    }

    /// The claims, for the one function that checks them.
    pub(super) fn into_claims(self) -> Members {
        self.claims
    }
}

/// Why a text is not a verifiable token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ParseError {
    /// Not three canonical base64url segments with two JSON objects and an `alg`.
    Malformed,
    /// Longer than [`MAX_TOKEN_BYTES`].
    TooLong,
    /// An `alg` that is not one of [`Algorithm`]'s.
    UnsupportedAlgorithm,
    /// A header member that changes the token's meaning, or a `typ` other than `JWT`.
    UnsupportedHeader,
}

fn key_id(header: &Members) -> Result<Option<String>, ParseError> {
    match header.get("kid") {
        None => Ok(None),
        Some(Json::String(kid)) if kid.len() <= MAX_KID_BYTES => Ok(Some(kid.into_owned())),
        Some(_) => Err(ParseError::Malformed),
    }
}

fn object(segment: &str) -> Result<Members, ParseError> {
    let text = String::from_utf8(decode(segment)?).map_err(|_| ParseError::Malformed)?;
    Members::parse(text, TOKEN_LIMITS).map_err(|_| ParseError::Malformed)
}

/// The engine refuses padding and non-zero unused bits, so a segment has one spelling (TK-06).
fn decode(segment: &str) -> Result<Vec<u8>, ParseError> {
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| ParseError::Malformed)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::format;

    fn encode(json: &str) -> String {
        URL_SAFE_NO_PAD.encode(json)
    }

    fn parse_header(header: &str) -> Result<(), ParseError> {
        UntrustedToken::parse(&format!("{}.{}.AAAA", encode(header), encode("{}"))).map(|_| ())
    }

    #[test]
    fn the_example_of_rfc_7515_appendix_a_1_parses() {
        let text = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let token = UntrustedToken::parse(text).unwrap();
        assert_eq!(token.alg(), Algorithm::Hs256);
        assert_eq!(token.kid(), None);
        assert_eq!(token.unverified_claims().string("iss").unwrap(), "joe");
        assert_eq!(token.signature().len(), 32);
    }

    #[test]
    fn only_three_canonical_segments_are_a_token() {
        /* TK-06 */
        let (header, claims) = (encode(r#"{"alg":"HS256"}"#), encode("{}"));
        for text in [
            String::new(),
            header.clone(),
            format!("{header}.{claims}"),
            format!("{header}.{claims}.AAAA.AAAA"),
            format!("{header}.{claims}.AA=="),
            format!("{header}.{claims}.AB"),
            format!("{header}.{claims}. AAA"),
            format!("{header}.{claims}.A+/A"),
            format!("{header}=.{claims}.AAAA"),
            format!("{header}..AAAA"),
            format!(".{claims}.AAAA"),
            format!("{header}.{}.AAAA", encode("[]")),
            format!(r#"{{"payload":"{claims}","protected":"{header}","signature":"AAAA"}}"#),
        ] {
            assert_eq!(UntrustedToken::parse(&text).unwrap_err(), ParseError::Malformed, "{text}");
        }
    }

    #[test]
    fn an_algorithm_is_known_by_its_exact_name_and_none_has_no_name() {
        /* TK-01 */
        for alg in ["none", "None", "NONE", "nOnE", "hs256", "HS384", "HS512", "", " HS256"] {
            let header = format!(r#"{{"alg":"{alg}"}}"#);
            assert_eq!(parse_header(&header), Err(ParseError::UnsupportedAlgorithm), "{alg}");
        }
        for header in [r#"{}"#, r#"{"alg":null}"#, r#"{"alg":["HS256"]}"#, r#"{"alg":1}"#] {
            assert_eq!(parse_header(header), Err(ParseError::Malformed), "{header}");
        }
    }

    #[test]
    fn headers_that_change_the_meaning_are_refused() {
        /* TK-03, TK-05 */
        for member in [
            r#""crit":[]"#,
            r#""crit":["exp"]"#,
            r#""b64":false"#,
            r#""zip":"DEF""#,
            r#""jwk":{}"#,
            r#""jku":"https://a.example""#,
            r#""x5u":"https://a.example""#,
            r#""x5c":[]"#,
            r#""typ":"at+jwt""#,
            r#""typ":1"#,
        ] {
            let header = format!(r#"{{"alg":"HS256",{member}}}"#);
            assert_eq!(parse_header(&header), Err(ParseError::UnsupportedHeader), "{header}");
        }
        assert!(parse_header(r#"{"alg":"HS256","typ":"jwt","x5t":"AAAA"}"#).is_ok());
    }

    #[test]
    fn a_kid_is_a_short_string() {
        /* TK-04 */
        let header = |kid: &str| parse_header(&format!(r#"{{"alg":"HS256","kid":{kid}}}"#));
        assert!(header(&format!("\"{}\"", "k".repeat(128))).is_ok());
        assert_eq!(header(&format!("\"{}\"", "k".repeat(129))), Err(ParseError::Malformed));
        assert_eq!(header("1"), Err(ParseError::Malformed));
        assert_eq!(header("null"), Err(ParseError::Malformed));
    }

    #[test]
    fn duplicate_names_and_deep_claims_are_refused() {
        /* TK-07 */
        assert_eq!(parse_header(r#"{"alg":"none","alg":"HS256"}"#), Err(ParseError::Malformed));
        let claims = |json: &str| {
            UntrustedToken::parse(&format!("{}.{}.AAAA", encode(r#"{"alg":"HS256"}"#), encode(json)))
                .map(|_| ())
        };
        assert_eq!(claims(r#"{"id":"a","id":"b"}"#), Err(ParseError::Malformed));
        assert_eq!(
            claims(&format!(r#"{{"a":{}1{}}}"#, "[".repeat(8), "]".repeat(8))),
            Err(ParseError::Malformed)
        );
        assert!(claims(&format!(r#"{{"a":{}1{}}}"#, "[".repeat(7), "]".repeat(7))).is_ok());
    }

    #[test]
    fn size_is_checked_before_anything_is_decoded() {
        /* TK-07 */
        let text = "a".repeat(MAX_TOKEN_BYTES + 1);
        assert_eq!(UntrustedToken::parse(&text).unwrap_err(), ParseError::TooLong);
    }
}
