//! Identifiers: lower-case UUIDv4 strings on every wire, one Rust type for each kind.

use alloc::string::String;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ports::{Entropy, PortError};

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// A new identifier with 122 random bits (RFC 9562 §5.4).
            ///
            /// # Errors
            /// When the host's random source fails.
            pub fn random(entropy: &impl Entropy) -> Result<Self, PortError> {
                let mut bytes = [0; 16];
                entropy.fill(&mut bytes)?;
                Ok(Self(uuid::Builder::from_random_bytes(bytes).into_uuid()))
            }

            /// Reads the canonical form: 36 characters, lower case. Any other spelling of the same
            /// UUID is refused, so that an identifier has exactly one text.
            ///
            /// # Errors
            /// [`IdError`] for anything else.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let canonical = text.len() == 36 && !text.bytes().any(|b| b.is_ascii_uppercase());
                match Uuid::try_parse(text) {
                    Ok(uuid) if canonical => Ok(Self(uuid)),
                    _ => Err(IdError),
                }
            }

            /// The identifier that belongs to a digest (RFC 9562 §5.8).
            pub const fn from_hash(digest: [u8; 16]) -> Self {
                Self(uuid::Builder::from_custom_bytes(digest).into_uuid())
            }

            /// The identifier of these bytes, as [`as_bytes`](Self::as_bytes) gave them.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// Its 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&self.0.as_hyphenated(), formatter)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                alloc::string::ToString::to_string(&id)
            }
        }
    };
}

uuid_id!(
    /// An account.
    UserId
);
uuid_id!(
    /// One login, whichever dialect made it (`sid` in tokens).
    SessionId
);
uuid_id!(
    /// One token (`jti`).
    TokenId
);
uuid_id!(
    /// The generation of a user's sessions (`session_stamp`): replacing it ends all of them.
    SessionStamp
);
uuid_id!(
    /// A group.
    GroupId
);
uuid_id!(
    /// An API key.
    ApiKeyId
);
uuid_id!(
    /// A row of the audit log.
    AuditId
);

uuid_id!(
    /// What a provider gave for somebody, once.
    ProviderSessionId
);

uuid_id!(
    /// A webhook that an administrator made.
    WebhookId
);
uuid_id!(
    /// An invitation.
    InvitationId
);
uuid_id!(
    /// An event, as webhooks are told about it.
    EventId
);

/// Not a canonical lower-case UUID.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IdError;

impl core::fmt::Display for IdError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("expected a lower-case UUID")
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use alloc::string::ToString;

    #[test]
    fn only_the_canonical_spelling_parses() {
        let text = "6f1c1c0e-8c1f-4d5e-9a55-0b0b7f6f2d11";
        assert_eq!(UserId::parse(text).unwrap().to_string(), text);
        for other in [
            "6F1C1C0E-8C1F-4D5E-9A55-0B0B7F6F2D11",
            "6f1c1c0e8c1f4d5e9a550b0b7f6f2d11",
            "{6f1c1c0e-8c1f-4d5e-9a55-0b0b7f6f2d11}",
            "urn:uuid:6f1c1c0e-8c1f-4d5e-9a55-0b0b7f6f2d11",
            " 6f1c1c0e-8c1f-4d5e-9a55-0b0b7f6f2d11",
            "",
        ] {
            assert_eq!(UserId::parse(other), Err(IdError), "{other:?}");
        }
    }
}
