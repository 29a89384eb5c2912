//! What hostile bytes are thrown at: one function for each reader of them. None may panic, and each
//! checks what has to hold for every input that is accepted.

use core::time::Duration;

use portico_core::{
    duration::TokenLifetime,
    email::Email,
    jwt::{HmacKey, Jwks, PrivateKey, UntrustedToken},
    ldap::{Directory, Dn, Filter, Login, Naming, Purpose, Security, Step},
    memory::Memory,
    password::{Password, PasswordHash, Peppers, verify},
};

/// A target and its name, which is also that of its corpus.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All targets.
pub(crate) const TARGETS: [Target; 8] = [
    ("directory", directory),
    ("dn", dn),
    ("duration", duration),
    ("email", email),
    ("filter", filter),
    ("jwk", jwk),
    ("phc", phc),
    ("token", token),
];

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

/// A distinguished name: what is read is written, and means the same.
pub(crate) fn dn(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let Ok(name) = Dn::parse(text) else { return };
    assert_eq!(Dn::parse(&name.to_string()), Ok(name), "{text:?}");
}

/// A search filter: what is read is written, and means the same; a value changes nothing but itself.
pub(crate) fn filter(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let Ok(filter) = Filter::parse(text, &["username"]) else { return };
    assert_eq!(Filter::parse(&filter.to_string(), &["username"]).as_ref(), Ok(&filter), "{text:?}");
    let parts = |filter: &Filter| filter.to_string().matches('(').count();
    assert_eq!(parts(&filter.clone().filled(&[("username", "*)(uid=*")])), parts(&filter), "{text:?}");
}

/// What a directory answers: read in bounded steps, and nobody is let in by it who was not found and bound. A conversation
/// that hears nothing more says nothing more.
pub(crate) fn directory(bytes: &[u8]) {
    let directory = Directory {
        servers: Vec::new(),
        security: Security::Tls,
        authority: String::new(),
        service: None,
        base: "dc=example,dc=com".to_string(),
        filter: Filter::parse("(uid={{username}})", &["username"]).expect("a filter"),
        id: None,
        naming: Naming::default(),
        group_attribute: None,
        groups: None,
    };
    let now = Duration::ZERO;
    let mut login = Login::new(&directory, Purpose::SignIn { name: "jane", password: "x" }, now);
    let Ok(Step::Send(_)) = login.connected(now) else { panic!("it begins with a bind") };
    let (mut rest, mut found) = (bytes, false);
    // Each answer is at least eight bytes; whoever gets further has looped.
    for _ in 0..=bytes.len() {
        match login.receive(core::mem::take(&mut rest), now) {
            Err(_) | Ok(Step::Receive) => return,
            Ok(Step::Send(_)) => {}
            Ok(Step::Found) => {
                found = true;
                assert!(login.entry().is_some());
                if login.try_password(now).is_err() {
                    return;
                }
            }
            Ok(Step::StartTls) => panic!("nobody asked for it"),
            Ok(Step::Done(_)) => {
                assert!(found, "nobody gets in who was not found");
                return;
            }
        }
    }
    panic!("it never ends: {bytes:?}");
}
