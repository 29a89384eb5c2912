use alloc::string::{String, ToString};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::PortError;
use crate::{
    email::Email,
    id::{SessionId, UserId},
    network::Network,
    throttle::{Limit, Metered, Spent},
    time::UnixSeconds,
};

/// Names one throttle bucket. A digest, so that the host's storage holds no addresses.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct BucketKey(String);

impl BucketKey {
    /// Sign-in attempts for one account. The account is named by what was typed in canonical form, so that
    /// known and unknown ones share the rule (TH-03, TH-10); a text that is no address is folded to lower
    /// case.
    pub fn account(typed: &str) -> Self {
        Self::of("sign-in", &canonical(typed))
    }

    /// Attempts to sign in with a directory under one name: not the bucket of somebody's address here, who may be another.
    pub fn directory_name(name: &str) -> Self {
        Self::of("directory-name", name)
    }

    /// Attempts to sign in with a directory as one person, whatever names they have.
    pub fn directory_person(tree: &str, id: &str) -> Self {
        Self::of("directory-person", &[tree, "\0", id].concat())
    }

    /// Wrong passwords of a directory for one name, from wherever, where second factors are asked for.
    pub fn directory_first_factor(name: &str) -> Self {
        Self::of("directory-first-factor", name)
    }

    /// Requests of one network to routes that authenticate.
    pub fn authentication(network: &Network) -> Self {
        Self::of("authentication", network.as_str())
    }

    /// Providers' tokens that one network shows for sessions.
    pub fn token_exchange(network: &Network) -> Self {
        Self::of("token-exchange", network.as_str())
    }

    /// Who is sent to providers from a network.
    pub fn round_trip(network: &Network) -> Self {
        Self::of("token-round_trip", network.as_str())
    }

    /// Failed attempts of one network, whatever they are for.
    pub fn network(network: &Network) -> Self {
        Self::of("network", network.as_str())
    }

    /// Sign-ups from one network (TH-11).
    pub fn sign_up(network: &Network) -> Self {
        Self::of("sign-up", network.as_str())
    }

    /// Sign-ups from everywhere (TH-11).
    pub fn site_sign_up() -> Self {
        Self::of("sign-up", "everywhere")
    }

    /// Checks of the current password by somebody who is signed in.
    pub fn reauthentication(user: UserId) -> Self {
        Self::of("reauthentication", &user.to_string())
    }

    /// Requests of somebody about their own API key.
    pub fn api_key(user: UserId) -> Self {
        Self::of("api-key", &user.to_string())
    }

    /// Codes of a second factor for one account.
    pub fn second_factor(user: UserId) -> Self {
        Self::of("second-factor", &user.to_string())
    }

    /// Wrong passwords for one account, however it is typed and from wherever, where second factors are asked for.
    pub fn first_factor(typed: &str) -> Self {
        Self::of("first-factor", &canonical(typed))
    }

    /// Whatever one limit counts for a network or an account.
    pub fn named(limit: &str, subject: &str) -> Self {
        Self::of(limit, subject)
    }

    /// Mails that an address gets because somebody asked for them (RS-09).
    pub fn mail_to(typed: &str) -> Self {
        Self::of("mail-to", &canonical(typed))
    }

    /// Mails that tell an address that somebody wanted to register it.
    pub fn mail_about(email: &str) -> Self {
        Self::of("mail-about", &canonical(email))
    }

    /// Mails that a network asks for (RS-09).
    pub fn mail_from(network: &Network) -> Self {
        Self::of("mail-from", network.as_str())
    }

    /// Refreshes of one session.
    pub fn refresh(session: SessionId) -> Self {
        Self::of("refresh", &session.to_string())
    }

    fn of(purpose: &str, subject: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(digest(purpose, subject)))
    }

    /// The name, 43 characters of base64url.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What was typed as an address in canonical form; a text that is no address is folded to lower case.
fn canonical(typed: &str) -> String {
    Email::parse(typed).map_or_else(|_| typed.to_lowercase(), |email| email.to_string())
}

/// What a sign-up asks about, as a throttle remembers it: the same for every spelling of an address.
pub fn sign_up_subject(email: &Email) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = digest("sign-up subject", email.as_str());
    // 53 bits are exact in the host's numbers too.
    u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 11
}

fn digest(purpose: &str, subject: &str) -> [u8; 32] {
    let digest = Sha256::new().chain_update(b"portico/throttle/v2\0").chain_update(purpose);
    digest.chain_update(b"\0").chain_update(subject).finalize().into()
}

/// One attempt to sign in, as the throttles see it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignInAttempt {
    /// The account's bucket.
    pub account: BucketKey,
    /// Where the attempt comes from.
    pub network: Network,
}

impl SignInAttempt {
    /// An attempt for whatever was typed as an address.
    pub fn of(typed: &str, network: &Network) -> Self {
        Self { account: BucketKey::account(typed), network: network.clone() }
    }
}

/// The throttle buckets.
///
/// When a bucket can not be reached, the host counts for itself, strictly
/// ([`Fallback`](crate::throttle::Fallback); FT-06).
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Throttles {
    /// Checks and spends one sign-in attempt, durably before it returns (TH-01, TH-02, FT-07).
    ///
    /// # Errors
    /// When neither the buckets nor the fallback would let it go on.
    async fn spend_sign_in(&self, attempt: &SignInAttempt, now: UnixSeconds) -> Result<Spent, PortError>;

    /// The attempt succeeded: gives back what it spent, forgets the attempts for this account from this
    /// network, and remembers the network (TH-08, TH-13). Says how many failures there were since
    /// the last success, from anywhere.
    ///
    /// # Errors
    /// When a bucket can not be reached; what was spent then stays spent.
    async fn settle_sign_in(&self, attempt: &SignInAttempt, now: UnixSeconds) -> Result<u32, PortError>;

    /// Checks and spends one attempt of any other kind in one step, durably before it returns.
    /// Repeating a `subject` within the window is free. `network` is who the fallback counts.
    ///
    /// # Errors
    /// When neither the bucket nor the fallback would let it go on.
    async fn spend(
        &self,
        bucket: &BucketKey,
        limit: Limit,
        subject: Option<u64>,
        network: &Network,
        now: UnixSeconds,
    ) -> Result<Spent, PortError>;

    /// The same as [`spend`](Self::spend) without a subject, for those who are told what is left.
    ///
    /// # Errors
    /// When neither the bucket nor the fallback would let it go on.
    async fn meter(
        &self,
        bucket: &BucketKey,
        limit: Limit,
        network: &Network,
        now: UnixSeconds,
    ) -> Result<Metered, PortError>;

    /// Gives the latest attempt of a bucket back.
    ///
    /// # Errors
    /// When the bucket can not be reached; what was spent then stays spent.
    async fn give_back(&self, bucket: &BucketKey) -> Result<(), PortError>;
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn every_spelling_of_an_account_is_one_bucket() {
        /* TH-03 */
        let key = BucketKey::account("ann@example.com");
        assert_eq!(BucketKey::account("ANN@Example.COM"), key);
        assert_ne!(BucketKey::account("bob@example.com"), key);
        assert_eq!(BucketKey::account("Not An Address"), BucketKey::account("not an address"));
    }

    #[test]
    fn no_two_purposes_share_a_bucket() {
        let network = Network::of_address("203.0.113.7");
        let keys = [
            BucketKey::account(network.as_str()),
            BucketKey::authentication(&network),
            BucketKey::network(&network),
            BucketKey::token_exchange(&network),
            BucketKey::sign_up(&network),
            BucketKey::site_sign_up(),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys.iter().skip(index + 1).any(|other| other == key));
        }
    }
}
