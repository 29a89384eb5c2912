use alloc::string::{String, ToString};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::PortError;
use crate::{
    email::Email,
    network::Network,
    throttle::{Limit, Spent},
    time::UnixSeconds,
};

/// Names one throttle bucket. A digest, so that the host's storage holds no addresses.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct BucketKey(String);

impl BucketKey {
    /// Sign-in attempts for one account from one network (TH-02). The account is named by what was
    /// typed in canonical form, so that known and unknown ones share the rule (TH-03, TH-10); a text
    /// that is no address is folded to lower case.
    pub fn sign_in(typed: &str, network: &Network) -> Self {
        let account = Email::parse(typed).map_or_else(|_| typed.to_lowercase(), |email| email.to_string());
        let digest = Sha256::new()
            .chain_update(b"portico/throttle/sign-in/v1\0")
            .chain_update(network.as_str())
            .chain_update(b"\0")
            .chain_update(account)
            .finalize();
        Self(URL_SAFE_NO_PAD.encode(digest))
    }

    /// The name, 43 characters of base64url.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The throttle buckets.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Throttles {
    /// Checks and spends one attempt in one step, durably before it returns (TH-01, FT-07).
    ///
    /// # Errors
    /// When the bucket can not be reached; the attempt must not go on (FT-06).
    async fn spend(&self, bucket: &BucketKey, limit: Limit, now: UnixSeconds) -> Result<Spent, PortError>;

    /// Forgets the attempts of a bucket whose owner has proved themselves (TH-13).
    ///
    /// # Errors
    /// When the bucket can not be reached.
    async fn reset(&self, bucket: &BucketKey) -> Result<(), PortError>;
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn every_spelling_of_an_account_shares_one_budget_per_network() {
        /* TH-03, TH-04 */
        let (here, there) = (Network::of_address("203.0.113.7"), Network::of_address("203.0.113.8"));
        let key = BucketKey::sign_in("ann@example.com", &here);
        assert_eq!(BucketKey::sign_in("ANN@Example.COM", &here), key);
        assert_ne!(BucketKey::sign_in("ann@example.com", &there), key);
        assert_ne!(BucketKey::sign_in("bob@example.com", &here), key);
        assert_eq!(BucketKey::sign_in("Not An Address", &here), BucketKey::sign_in("not an address", &here));
    }
}
