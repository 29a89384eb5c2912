use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portico_core::{
    jwt::{Algorithm, Jwks, PrivateKey},
    ports::{Ports, Signatures},
};

use crate::{Outcome, check::works};

/// RFC 8032 §7.1 test 2, RFC 7520 §4.1, RFC 8037 appendix A.4, RFC 7515 appendix A.3 and A.2:
/// algorithm, key, signing input, signature.
const EXAMPLES: [(&str, &str, &str, &str); 5] = [
    (
        "EdDSA",
        r#"{"kty":"OKP","crv":"Ed25519","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw","kid":"a"}"#,
        "r",
        "kqAJqfDUyrhyDoILX2QlQKKye1QWUD-Ps3YiI-vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA",
    ),
    (
        "RS256",
        r#"{"kty":"RSA","n":"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw","e":"AQAB","kid":"a"}"#,
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4",
        "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg",
    ),
    (
        "EdDSA",
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"a"}"#,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    ),
    (
        "ES256",
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"a"}"#,
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    ),
    (
        "RS256",
        r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB","kid":"a"}"#,
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    ),
];

/* TK-18 */
pub(crate) async fn examples_of_the_rfcs_verify_and_changed_ones_do_not(ports: &impl Ports) -> Outcome {
    for (alg, jwk, input, signature) in EXAMPLES {
        let check = async |input: &str, signature: &str| {
            let input = URL_SAFE_NO_PAD.encode(input);
            verify_lines(&format!("{alg}\t{jwk}\t{input}\t{signature}"), ports).await
        };
        hold_eq!(check(input, signature).await?, "v");
        hold_eq!(check(&format!("{input}x"), signature).await?, "i");
        hold_eq!(check(input, &signature[4..]).await?, "i");
        hold_eq!(check(input, "").await?, "i");
        hold_eq!(check(input, &format!("AAAA{}", &signature[4..])).await?, "i");
    }
    Ok(())
}

/* TK-18, TK-20 */
pub(crate) async fn a_private_key_signs_what_its_public_half_verifies(ports: &impl Ports) -> Outcome {
    for jwk in [
        r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#,
    ] {
        let key = works(PrivateKey::parse(jwk))?;
        let signature = works(ports.sign(&key, b"input").await)?;
        hold_eq!(signature.len(), 64);
        let (public, alg) = (key.public(), key.algorithm());
        hold!(works(ports.verify_signature(public, alg, b"input", &signature).await)?);
        hold!(!works(ports.verify_signature(public, alg, b"inpuT", &signature).await)?);
    }
    Ok(())
}

/// Checks signatures, one for each line of `algorithm`, JWK, input and signature, separated by tabs, the
/// last two in base64url. Gives one letter for each: `v` valid, `i` invalid, `k` for a key that is
/// refused.
///
/// # Errors
/// When a line is none, or the host can not compute.
pub async fn verify_lines(lines: &str, signatures: &impl Signatures) -> Result<String, String> {
    let mut verdicts = String::new();
    for line in lines.lines() {
        let mut fields = line.split('\t');
        let mut field = || fields.next().ok_or("a line has too few fields");
        let (alg, jwk, input, signature) = (field()?, field()?, field()?, field()?);
        let alg = Algorithm::parse(alg).ok_or("an unknown algorithm")?;
        let (input, signature) =
            (works(URL_SAFE_NO_PAD.decode(input))?, works(URL_SAFE_NO_PAD.decode(signature))?);
        let keys = Jwks::parse(&format!(r#"{{"keys":[{jwk}]}}"#)).ok();
        let Some(key) = keys.as_ref().and_then(|keys| keys.find("a")) else {
            verdicts.push('k');
            continue;
        };
        let valid = works(signatures.verify_signature(key, alg, &input, &signature).await)?;
        verdicts.push(if valid { 'v' } else { 'i' });
    }
    Ok(verdicts)
}
