//! Tickets that people get by mail: for a new password, for showing that they read an address, for joining
//! (security.md §5). A ticket is 256 random bits; only a digest of it is stored.

use alloc::{
    format,
    string::{String, ToString as _},
};
use core::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::{
    email::Email,
    id::{InvitationId, UserId},
    ports::{Entropy, PortError},
    secret::Secret,
    time::{Lifetime, UnixSeconds},
};

/// How long a ticket for a new password or an address is good for (LibreChat contract §4; RS-01).
pub const TICKET_LIFETIME: Lifetime = Lifetime::from_minutes(15);

/// How long an invitation is good for (LibreChat contract §2.1).
pub const INVITATION_LIFETIME: Lifetime = Lifetime::from_days(7);

const TOKEN_BYTES: usize = 32;

/// What a ticket is for. One for another purpose has another digest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// Choosing a new password with what an administrator has handed on: good also where nobody can ask for that.
    Handed,
    /// Creating an account with a certain address.
    Join,
    /// Choosing a new password.
    Reset,
    /// Showing that its owner reads an address.
    Verify,
}

impl Purpose {
    /// The stored spelling; tickets that share one replace each other (RS-06).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Handed | Self::Reset => "reset",
            Self::Verify => "verify",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Handed => "handed",
            Self::Join | Self::Reset | Self::Verify => self.as_str(),
        }
    }
}

/// What somebody shows: 64 hexadecimal digits in lower case.
#[derive(Clone, Debug)]
pub struct TicketToken(Secret<String>);

impl TicketToken {
    /// A new one.
    ///
    /// # Errors
    /// When the host's random source fails.
    pub fn random(entropy: &impl Entropy) -> Result<Self, PortError> {
        let mut bytes = [0; TOKEN_BYTES];
        entropy.fill(&mut bytes)?;
        let mut text = String::with_capacity(2 * TOKEN_BYTES);
        for byte in bytes {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(Secret::new(text)))
    }

    /// Reads one; `None` for anything that was never one.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let sound = text.len() == 2 * TOKEN_BYTES && text.bytes().all(plain);
        sound.then(|| Self(Secret::new(text.to_string())))
    }

    /// The text itself.
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored of it.
    pub fn hash(&self, purpose: Purpose) -> String {
        let digest = Sha256::new().chain_update(b"portico/ticket/v1\0").chain_update(purpose.label());
        URL_SAFE_NO_PAD.encode(digest.chain_update(b"\0").chain_update(self.expose_secret()).finalize())
    }
}

/// A ticket as it is stored, bound to the account as it was: neither a change of its password nor of its address
/// leaves it good (RS-06).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ticket {
    /// Digest of the token.
    pub hash: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Whose it is.
    pub user: UserId,
    /// The account's address then.
    pub email: Email,
    /// The version of the account's credential then.
    pub credential_version: u32,
    /// When it is too late.
    pub expires_at: UnixSeconds,
}

/// Somebody may create an account, whatever the rules for others are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invitation {
    /// Names it in lists.
    pub id: InvitationId,
    /// Digest of the token; another one each time that a mail goes out.
    pub hash: String,
    /// The only address that it is good for.
    pub email: Email,
    /// The administrator who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: UnixSeconds,
    /// When it is too late.
    pub expires_at: UnixSeconds,
}

/// The addresses behind links in mails, on top of the deployment's public one (RS-03).
pub mod link {
    use super::{Email, TicketToken, UserId, format};
    use alloc::string::String;

    /// Where somebody chooses a new password.
    pub fn reset(base: &str, token: &TicketToken, user: UserId) -> String {
        format!("{base}/reset-password?token={}&userId={user}", token.expose_secret())
    }

    /// Where somebody shows that they read an address.
    pub fn verify(base: &str, token: &TicketToken, email: &Email) -> String {
        format!("{base}/verify?token={}&email={}", token.expose_secret(), encoded(email.as_str()))
    }

    /// Where somebody joins.
    pub fn join(base: &str, token: &TicketToken) -> String {
        format!("{base}/register?token={}", token.expose_secret())
    }

    /// Percent-encoded but for RFC 3986 §2.3.
    fn encoded(text: &str) -> String {
        let mut encoded = String::new();
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                encoded.push(char::from(byte));
            } else {
                encoded.push_str(&format!("%{byte:02X}"));
            }
        }
        encoded
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::memory::Memory;

    #[test]
    fn a_ticket_is_256_random_bits_and_good_for_one_purpose() {
        /* RS-01 */
        let entropy = Memory::default();
        let (one, other) = (TicketToken::random(&entropy).unwrap(), TicketToken::random(&entropy).unwrap());
        assert_eq!(one.expose_secret().len(), 64);
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert_ne!(one.hash(Purpose::Reset), one.hash(Purpose::Verify));
        assert_eq!(
            TicketToken::parse(one.expose_secret()).unwrap().hash(Purpose::Reset),
            one.hash(Purpose::Reset)
        );
        assert!(!one.hash(Purpose::Reset).contains(one.expose_secret()));
        assert!(!format!("{one:?}").contains(one.expose_secret()));
        for bad in ["", "a", &"A".repeat(64), &"g".repeat(64), &"a".repeat(63), &"a".repeat(65)] {
            assert!(TicketToken::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn links_stand_as_the_contract_writes_them() {
        let token = TicketToken::parse(&"ab".repeat(32)).unwrap();
        let email = Email::parse("ann+x@example.com").unwrap();
        let text = "ab".repeat(32);
        assert_eq!(
            link::verify("https://x.example", &token, &email),
            format!("https://x.example/verify?token={text}&email=ann%2Bx%40example.com")
        );
        let user = UserId::parse("00000000-0000-4000-8000-000000000001").unwrap();
        assert_eq!(
            link::reset("https://x.example", &token, user),
            format!("https://x.example/reset-password?token={text}&userId={user}")
        );
    }
}
