//! Kinds of token. A kind is a type, a value of the claim `typ`, and a key of its own: no token passes
//! for one of another kind (TK-12; RFC 8725 §3.11, §3.12).

/// One kind of token.
pub trait TokenKind {
    /// The value of the claim `typ`.
    const TYP: &'static str;
    /// What the kind's key is derived for, unless the deployment configures a key for it.
    const KEY_PURPOSE: &'static str;
}

macro_rules! kind {
    ($(#[$doc:meta])* $name:ident, $typ:literal, $purpose:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl TokenKind for $name {
            const TYP: &'static str = $typ;
            const KEY_PURPOSE: &'static str = $purpose;
        }
    };
}

kind!(
    /// A session, as Open WebUI's clients hold it.
    Session, "session", "portico/session-token/v1"
);
kind!(
    /// A session, as LibreChat's clients hold it.
    Access, "access", "portico/access-token/v1"
);
