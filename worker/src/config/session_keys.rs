//! The keys of session tokens: a list with dates (`JWT_KEYS`), else one private key (`JWT_PRIVATE_KEY`), else
//! a secret that other backends share (`WEBUI_SECRET_KEY`).

use portico_core::{
    duration::TokenLifetime,
    jwt::{Algorithm, DatedKey, HmacKey, KeyRing, KeyRingError, PrivateKey, Session, SigningKey},
    secret::RootSecret,
    time::UnixSeconds,
};
use serde::Deserialize;

use super::variables::Variables;

/// The configured keys; `None` when there are none, or they are refused.
pub(super) fn configured<L: Fn(&str) -> Option<String>>(
    vars: &mut Variables<L>,
    token_lifetime: TokenLifetime,
) -> Option<KeyRing<Session>> {
    let list = vars.parsed("JWT_KEYS", |text| listed(text, token_lifetime));
    if vars.text("JWT_KEYS").is_some() {
        for other in ["JWT_ALGORITHM", "JWT_PRIVATE_KEY", "WEBUI_SECRET_KEY"] {
            if vars.text(other).is_some() {
                vars.refuse("JWT_KEYS", format!("decides about keys alone, and {other} is set too"));
            }
        }
        return list;
    }
    let shared = vars.secret("WEBUI_SECRET_KEY").or_else(|| vars.secret("WEBUI_JWT_SECRET_KEY"));
    if let Some(key) = private_key(vars) {
        let key = DatedKey { key: SigningKey::Private(key), added_at: UnixSeconds::new(0) };
        return KeyRing::new(vec![key], token_lifetime).ok();
    }
    shared.map(|secret| KeyRing::shared(HmacKey::new(secret.as_bytes())))
}

/// `[{"added_at": 1800000000, "key": "…"}, …]`: a private key as PEM or JWK, or a shared secret. When a key
/// begins to sign and when it is forgotten follows from the dates (TK-21); one that is left out is
/// dropped with its tokens (TK-22).
fn listed(text: &str, token_lifetime: TokenLifetime) -> Result<KeyRing<Session>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        added_at: i64,
        key: String,
    }
    // What serde says could quote a key.
    let entries: Vec<Entry> = serde_json::from_str(text)
        .map_err(|_| r#"must be a list such as `[{"added_at": 1800000000, "key": "…"}]`"#.to_string())?;
    let keys = entries.into_iter().map(|entry| {
        let added_at = UnixSeconds::new(entry.added_at);
        let looks_private = entry.key.trim_start().starts_with(['{', '-']);
        let key = if looks_private {
            let key = PrivateKey::parse(&entry.key);
            SigningKey::Private(key.map_err(|error| format!("has a private key that {error}"))?)
        } else {
            let secret = RootSecret::parse(&entry.key);
            let secret = secret.map_err(|error| format!("has a secret that {error}"))?;
            SigningKey::Shared(HmacKey::new(secret.as_bytes()))
        };
        Ok(DatedKey { key, added_at })
    });
    KeyRing::new(keys.collect::<Result<_, String>>()?, token_lifetime).map_err(|error| {
        match error {
            KeyRingError::DuplicateKid => "has a key twice",
            KeyRingError::Empty => "has no key",
            KeyRingError::Mixed => "mixes secrets and private keys",
        }
        .to_string()
    })
}

/// The key of `JWT_PRIVATE_KEY`, when `JWT_ALGORITHM` asks for a public-key algorithm.
fn private_key<L: Fn(&str) -> Option<String>>(vars: &mut Variables<L>) -> Option<PrivateKey> {
    let algorithm = vars.parsed("JWT_ALGORITHM", |text| match Algorithm::parse(text) {
        Some(known @ (Algorithm::EdDsa | Algorithm::Es256 | Algorithm::Hs256)) => Ok(known),
        _ => Err("must be `HS256`, `EdDSA` or `ES256`".to_string()),
    });
    let key =
        vars.parsed("JWT_PRIVATE_KEY", |text| PrivateKey::parse(text).map_err(|error| error.to_string()));
    match algorithm.unwrap_or(Algorithm::Hs256) {
        Algorithm::Hs256 if key.is_some() => {
            vars.refuse("JWT_PRIVATE_KEY", "is set, and JWT_ALGORITHM is HS256, which does not use it");
            None
        }
        Algorithm::Hs256 => None,
        wanted => {
            match &key {
                Some(key) if key.algorithm() != wanted => {
                    vars.refuse("JWT_PRIVATE_KEY", "is for another algorithm than JWT_ALGORITHM");
                }
                None if vars.text("JWT_PRIVATE_KEY").is_none() => {
                    vars.refuse(
                        "JWT_PRIVATE_KEY",
                        "is not set; create one with `openssl genpkey -algorithm ed25519`",
                    );
                }
                _ => {}
            }
            key
        }
    }
}
