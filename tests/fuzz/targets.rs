//! What hostile bytes are thrown at: one function for each reader of them. None may panic, and each
//! checks what has to hold for every input that is accepted.

use portico_core::{
    duration::TokenLifetime,
    email::Email,
    jwt::{HmacKey, Jwks, PrivateKey, UntrustedToken},
    memory::Memory,
    password::{Password, PasswordHash, Peppers, verify},
};

/// A target and its name, which is also that of its corpus.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All targets.
pub(crate) const TARGETS: [Target; 5] =
    [("duration", duration), ("email", email), ("jwk", jwk), ("phc", phc), ("token", token)];

/// A token: parsing is total, and what parses has one spelling.
pub(crate) fn token(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let Ok(token) = UntrustedToken::parse(text) else { return };
    assert_eq!(text.split('.').count(), 3);
    assert!(!token.unverified_claims().as_text().is_empty());
    let expected = portico_core::jwt::Expected { issuer: "portico", audience: None, leeway_seconds: 0 };
    let now = portico_core::time::UnixSeconds::new(1_800_000_000);
    assert!(HmacKey::new(b"nobody signs with this").verify(token, &expected, now).is_err());
}

/// A key set, and a private key.
pub(crate) fn jwk(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    for set in [text.to_string(), format!(r#"{{"keys":[{text}]}}"#)] {
        if let Ok(keys) = Jwks::parse(&set) {
            assert!(keys.find("").is_none(), "a key without a name is no key");
        }
    }
    if let Ok(key) = PrivateKey::parse(text) {
        assert!(!key.public().to_jwk().contains("\"d\""));
    }
}

/// A stored hash: nobody's password matches it by accident, whatever it says it costs.
pub(crate) fn phc(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let affordable = !text.contains("m=") || text.contains("m=8,") || text.contains("m=64,");
    let slow = ["$2", "pbkdf2"].iter().any(|scheme| text.contains(scheme)) && text.len() > 50;
    if !affordable || slow {
        // Within the bounds of PW-03, but thousands of them would take the day.
        return;
    }
    let (host, password) = (Memory::default(), Password::new("nobody has this").expect("short"));
    let hash = PasswordHash::from_stored(text.to_string());
    let checked = pollster::block_on(verify(&password, Some(&hash), &Peppers::default(), &host));
    assert!(!matches!(checked, Ok(portico_core::password::Verification::Match { .. })));
}

/// An address: what is accepted is canonical.
pub(crate) fn email(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let Ok(email) = Email::parse(text) else { return };
    assert_eq!(Email::parse(email.as_str()).as_ref(), Ok(&email));
    assert!(email.as_str().is_ascii() && email.as_str().len() <= 254);
}

/// A duration: what is accepted lies between a second and ten years.
pub(crate) fn duration(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    if let Ok(TokenLifetime::Limited(lifetime)) = TokenLifetime::parse(text) {
        assert!((1..=10 * 366 * 86_400).contains(&lifetime.seconds()), "{text:?}");
    }
}
