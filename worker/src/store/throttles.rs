use core::cell::RefCell;

use futures_util::future::join;
use portico_core::{
    network::Network,
    ports::{BucketKey, PortError, SignInAttempt, Throttles},
    throttle::{Fallback, Limit, Metered, NETWORK_LIMIT, Spent},
    time::UnixSeconds,
};
use serde::Deserialize;

use super::{Store, THROTTLES, fault};
use crate::durable::{ask, throttle_bucket::Question};

impl Throttles for Store {
    async fn spend_sign_in(&self, attempt: &SignInAttempt, now: UnixSeconds) -> Result<Spent, PortError> {
        let network = &attempt.network;
        let question = Question::Spend { limit: NETWORK_LIMIT, subject: None, now };
        let of_network = self.spend_in(&BucketKey::network(network), &question).await;
        // A network that has spent its own attempts does not get at anybody's account.
        if let Ok(refused @ Spent::Refused { .. }) = of_network {
            return Ok(refused);
        }
        let question = Question::AccountSpend { network: network.clone(), now };
        match (of_network, self.spend_in(&attempt.account, &question).await) {
            // Whoever can be reached and refuses is right, whatever the other would say.
            (_, Ok(refused @ Spent::Refused { .. })) => Ok(refused),
            (Ok(_), Ok(granted)) => Ok(granted),
            (Err(fault), _) | (_, Err(fault)) => fall_back(network, now, fault),
        }
    }

    async fn settle_sign_in(&self, attempt: &SignInAttempt, now: UnixSeconds) -> Result<u32, PortError> {
        let network = attempt.network.clone();
        let (of_network, of_account) = join(
            self.give_back(&BucketKey::network(&network)),
            self.ask_bucket(&attempt.account, &Question::AccountSettle { network: network.clone(), now }),
        )
        .await;
        of_network.and(of_account)
    }

    async fn meter(
        &self,
        bucket: &BucketKey,
        limit: Limit,
        network: &Network,
        now: UnixSeconds,
    ) -> Result<Metered, PortError> {
        match self.ask_bucket(bucket, &Question::Meter { limit, now }).await {
            Ok(metered) => Ok(metered),
            Err(fault) => fall_back(network, now, fault).map(|spent| Metered::unknown(spent, now)),
        }
    }

    async fn spend(
        &self,
        bucket: &BucketKey,
        limit: Limit,
        subject: Option<u64>,
        network: &Network,
        now: UnixSeconds,
    ) -> Result<Spent, PortError> {
        match self.spend_in(bucket, &Question::Spend { limit, subject, now }).await {
            Ok(spent) => Ok(spent),
            Err(fault) => fall_back(network, now, fault),
        }
    }

    async fn give_back(&self, bucket: &BucketKey) -> Result<(), PortError> {
        let _: Option<()> = self.ask_bucket(bucket, &Question::GiveBack).await?;
        Ok(())
    }
}

impl Store {
    async fn spend_in(&self, bucket: &BucketKey, question: &Question) -> Result<Spent, PortError> {
        self.ask_bucket(bucket, question).await
    }

    async fn ask_bucket<T: for<'de> Deserialize<'de>>(
        &self,
        bucket: &BucketKey,
        question: &Question,
    ) -> Result<T, PortError> {
        ask(&self.env, THROTTLES, bucket.as_str(), question).await.map_err(fault("throttles"))
    }
}

/// This isolate counts for itself while a bucket is out of reach (FT-06).
fn fall_back(network: &Network, now: UnixSeconds, fault: PortError) -> Result<Spent, PortError> {
    thread_local! {
        static FALLBACK: RefCell<Fallback> = RefCell::default();
    }
    match FALLBACK.with_borrow_mut(|fallback| fallback.spend(network, now)) {
        Spent::Granted => Ok(Spent::Granted),
        Spent::Refused { .. } => Err(fault),
    }
}
