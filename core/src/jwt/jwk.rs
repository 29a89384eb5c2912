//! JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037), read strictly (TK-23).

use alloc::{borrow::Cow, string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    algorithm::Algorithm,
    public_key::{KeyMaterial, PublicKey},
    token::MAX_KID_BYTES,
};
use crate::json::{Json, Limits, Members};

/// Limits of one key, certificate chains included.
const KEY_LIMITS: Limits = Limits { depth: 4, members: 64 };

/// Why a key was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum JwkError {
    /// Members that exclude each other, such as an `alg` for another `kty`, or a `use` that is not `sig`.
    Contradiction,
    /// Not an object with the members of its type, or a member of the wrong form.
    Malformed,
    /// A symmetric or private key where a public one belongs.
    Secret,
    /// Numbers that are no usable key: off the curve, of small order, too short.
    Unsound,
}

/// Reads a public key of somebody else; no key for one that is well-formed and for other purposes or
/// algorithms than ours (RFC 7517 §5), such as one for encryption.
///
/// # Errors
/// [`JwkError`].
pub(super) fn parse_public(text: &str) -> Result<Parsed, JwkError> {
    let jwk = Members::parse(text.into(), KEY_LIMITS).map_err(|_| JwkError::Malformed)?;
    let kty = jwk.string("kty").ok_or(JwkError::Malformed)?;
    if kty == "oct" || ["k", "d", "p", "q", "dp", "dq", "qi", "oth"].iter().any(|name| jwk.contains(name)) {
        return Err(JwkError::Secret);
    }
    let kid = optional_string(&jwk, "kid")?.map(Cow::into_owned);
    let others = || Ok(Parsed { kid: kid.clone(), key: None });
    let algorithm = match declared(&jwk, Operation::Verify)? {
        Purpose::Ours(algorithm) => algorithm,
        Purpose::Other => return others(),
    };
    let material = match (kty.as_ref(), optional_string(&jwk, "crv")?.as_deref()) {
        ("OKP", Some("Ed25519")) => KeyMaterial::Ed25519 { x: fixed(&jwk, "x")? },
        ("EC", Some("P-256")) => KeyMaterial::P256 { x: fixed(&jwk, "x")?, y: fixed(&jwk, "y")? },
        ("RSA", None) => KeyMaterial::Rsa { n: bytes(&jwk, "n")?, e: bytes(&jwk, "e")? },
        // Another curve or type: nothing of ours, unless it claims to be for one of our algorithms.
        ("OKP" | "EC", _) if algorithm.is_none() => return others(),
        _ => return Err(JwkError::Contradiction),
    };
    let name = kid.clone().ok_or(JwkError::Malformed)?;
    if name.is_empty() || name.len() > MAX_KID_BYTES {
        return Err(JwkError::Malformed);
    }
    let key = PublicKey::named(name, algorithm, material)?;
    Ok(Parsed { kid, key: Some(key) })
}

/// What a member of a set turned out to be.
#[derive(Debug)]
pub(super) struct Parsed {
    /// Its name, whatever it is for: names are unique in a set.
    pub(super) kid: Option<String>,
    /// The key, when it is one of ours.
    pub(super) key: Option<PublicKey>,
}

/// Reads a private key of ours: Ed25519 or P-256, with the public half it claims to belong to.
pub(super) fn parse_private(text: &str) -> Result<(KeyMaterial, [u8; 32]), JwkError> {
    let jwk = Members::parse(text.into(), KEY_LIMITS).map_err(|_| JwkError::Malformed)?;
    let material = match (jwk.string("kty").as_deref(), jwk.string("crv").as_deref()) {
        (Some("OKP"), Some("Ed25519")) => KeyMaterial::Ed25519 { x: fixed(&jwk, "x")? },
        (Some("EC"), Some("P-256")) => KeyMaterial::P256 { x: fixed(&jwk, "x")?, y: fixed(&jwk, "y")? },
        _ => return Err(JwkError::Malformed),
    };
    match declared(&jwk, Operation::Sign)? {
        Purpose::Ours(algorithm) if algorithm.is_none_or(|algorithm| material.can(algorithm)) => {
            Ok((material, fixed(&jwk, "d")?))
        }
        Purpose::Ours(_) | Purpose::Other => Err(JwkError::Contradiction),
    }
}

/// What a key says it is for.
enum Purpose {
    /// Signatures, of one algorithm or of any that its type can do.
    Ours(Option<Algorithm>),
    /// Encryption, or signatures that we do not verify.
    Other,
}

/// What a key has to be allowed to do, if it says what it is allowed to do (`key_ops`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Operation {
    /// A private key: it signs, and may verify as well.
    Sign,
    /// A public key: it does nothing else.
    Verify,
}

fn declared(jwk: &Members, operation: Operation) -> Result<Purpose, JwkError> {
    let alg = optional_string(jwk, "alg")?;
    let name = alg.as_deref().unwrap_or_default();
    let usage = optional_string(jwk, "use")?;
    let for_signatures = match usage.as_deref() {
        None | Some("sig") => true,
        // Consistent only with an algorithm for encryption (RFC 7518 §4).
        Some("enc") if name.starts_with("RSA-OAEP") || name.starts_with("ECDH-ES") || name == "RSA1_5" => {
            false
        }
        Some(_) => return Err(JwkError::Contradiction),
    };
    let operations = match jwk.get("key_ops") {
        None => Vec::new(),
        Some(list @ Json::List(_)) => list.elements(),
        Some(_) => return Err(JwkError::Malformed),
    };
    let counts = |wanted: &str| {
        operations.iter().filter(|named| matches!(named, Json::String(name) if name == wanted)).count()
    };
    let allowed = match (operation, counts("sign"), counts("verify")) {
        // Each at most once (RFC 7517 §4.3), and nothing besides.
        (Operation::Sign, 1, verify @ 0..=1) => operations.len() == 1 + verify,
        (Operation::Verify, 0, 1) => operations.len() == 1,
        _ => operations.is_empty(),
    };
    // The other curves of RFC 7518 §3.4 have algorithms of their own.
    let crossed = matches!(name, "ES384" | "ES512") && jwk.string("crv").as_deref() == Some("P-256");
    if crossed || (for_signatures && !allowed) {
        return Err(JwkError::Contradiction);
    }
    match Algorithm::parse(name) {
        Some(Algorithm::Hs256) => Err(JwkError::Contradiction),
        Some(algorithm) if for_signatures => Ok(Purpose::Ours(Some(algorithm))),
        None if for_signatures && alg.is_none() => Ok(Purpose::Ours(None)),
        None if name.eq_ignore_ascii_case("none") || name.starts_with("HS") => Err(JwkError::Contradiction),
        _ => Ok(Purpose::Other),
    }
}

fn optional_string<'a>(jwk: &'a Members, name: &str) -> Result<Option<Cow<'a, str>>, JwkError> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(JwkError::Malformed),
    }
}

fn bytes(jwk: &Members, name: &str) -> Result<Vec<u8>, JwkError> {
    let text: Cow<'_, str> = jwk.string(name).ok_or(JwkError::Malformed)?;
    URL_SAFE_NO_PAD.decode(text.as_ref()).map_err(|_| JwkError::Malformed)
}

fn fixed(jwk: &Members, name: &str) -> Result<[u8; 32], JwkError> {
    bytes(jwk, name)?.try_into().map_err(|_| JwkError::Malformed)
}

/// One key of a set, as text.
pub(super) fn keys_of(set: &str) -> Result<Vec<String>, JwkError> {
    // A provider's set: a dozen keys with their certificates.
    const SET_LIMITS: Limits = Limits { depth: 6, members: 2_048 };
    let set = Members::parse(set.into(), SET_LIMITS).map_err(|_| JwkError::Malformed)?;
    let keys = set.get("keys").filter(|keys| matches!(keys, Json::List(_))).ok_or(JwkError::Malformed)?;
    let key = |key: Json<'_>| match key {
        Json::Object(text) => Ok(String::from(text)),
        _ => Err(JwkError::Malformed),
    };
    keys.elements().into_iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::format;

    const OKP: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
    const EC: &str = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;

    fn parse(members: &str) -> Result<Option<PublicKey>, JwkError> {
        parse_public(&format!(r#"{{{members}}}"#)).map(|parsed| parsed.key)
    }

    #[test]
    fn keys_for_signatures_are_read_with_what_they_declare() {
        let key =
            parse(&format!(r#"{EC},"kid":"1","use":"sig","alg":"ES256","key_ops":["verify"],"x5t":"?""#));
        let key = key.unwrap().unwrap();
        assert_eq!((key.kid(), key.is_for(Algorithm::Es256)), ("1", true));
        assert!(parse(&format!(r#"{OKP},"kid":"2""#)).unwrap().unwrap().is_for(Algorithm::EdDsa));
    }

    #[test]
    fn keys_for_something_else_are_passed_over() {
        for other in [
            format!(r#"{EC},"kid":"1","use":"enc","alg":"ECDH-ES""#),
            r#""kty":"RSA","n":"AQAB","e":"AQAB","kid":"1","use":"enc","alg":"RSA-OAEP""#.into(),
            r#""kty":"EC","crv":"P-384","x":"AA","y":"AA","kid":"1","use":"sig","alg":"ES384""#.into(),
            r#""kty":"EC","crv":"secp256k1","x":"AA","y":"AA","kid":"1""#.into(),
            r#""kty":"OKP","crv":"X25519","x":"AA","kid":"1""#.into(),
        ] {
            assert_eq!(parse(&other), Ok(None), "{other}");
        }
    }

    #[test]
    fn a_key_that_contradicts_itself_is_refused() {
        /* TK-23 */
        for members in [
            format!(r#"{EC},"kid":"1","use":"enc""#),
            format!(r#"{EC},"kid":"1","use":"enc","alg":"ES256""#),
            format!(r#"{EC},"kid":"1","use":"tls""#),
            format!(r#"{EC},"kid":"1","key_ops":["encrypt"]"#),
            format!(r#"{EC},"kid":"1","key_ops":["verify","deriveKey"]"#),
            format!(r#"{EC},"kid":"1","alg":"EdDSA""#),
            format!(r#"{EC},"kid":"1","alg":"RS256""#),
            format!(r#"{EC},"kid":"1","alg":"HS256""#),
            format!(r#"{EC},"kid":"1","alg":"none""#),
            format!(r#"{EC},"kid":"1","alg":"ES512""#),
            format!(r#"{OKP},"kid":"1","alg":"ES256""#),
            r#""kty":"EC","crv":"P-384","x":"AA","y":"AA","kid":"1","alg":"ES256""#.into(),
        ] {
            assert_eq!(parse(&members), Err(JwkError::Contradiction), "{members}");
        }
    }

    #[test]
    fn secrets_have_no_place_among_public_keys() {
        /* TK-02, TK-23 */
        for members in [
            r#""kty":"oct","k":"AAAA","kid":"1""#.into(),
            format!(r#"{OKP},"d":"AAAA","kid":"1""#),
            format!(r#"{EC},"k":"AAAA","kid":"1""#),
        ] {
            assert_eq!(parse(&members), Err(JwkError::Secret), "{members}");
        }
    }

    #[test]
    fn a_key_without_the_members_of_its_type_is_malformed() {
        /* TK-23 */
        for members in [
            String::new(),
            r#""kid":"1""#.into(),
            EC.into(),
            format!(r#"{EC},"kid":"""#),
            format!(r#"{EC},"kid":1"#),
            format!(r#"{EC},"kid":"1","use":["sig"]"#),
            format!(r#"{EC},"kid":"1","kid":"2""#),
            r#""kty":"OKP","crv":"Ed25519","kid":"1""#.into(),
            r#""kty":"OKP","crv":"Ed25519","x":"AAAA","kid":"1""#.into(),
            format!(r#"{},"kid":"1""#, OKP.replace("URo", "URo=")),
            r#""kty":"RSA","n":1,"e":"AQAB","kid":"1""#.into(),
        ] {
            assert_eq!(parse(&members), Err(JwkError::Malformed), "{members}");
        }
    }
}
