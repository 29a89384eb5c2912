use super::Memory;
use crate::{
    network::Network,
    ports::{BucketKey, PortError, SignInAttempt, Throttles},
    throttle::{Limit, Metered, NETWORK_LIMIT, Spent},
    time::UnixSeconds,
};

impl Memory {
    /// The verdict of the buckets, or the fallback's while they are out of reach (FT-06).
    fn or_fallback(
        &self,
        network: &Network,
        now: UnixSeconds,
        spend: impl FnOnce() -> Spent,
    ) -> Result<Spent, PortError> {
        match self.reach("throttles") {
            Ok(()) => Ok(spend()),
            Err(fault) => match self.fallback.borrow_mut().spend(network, now) {
                Spent::Granted => Ok(Spent::Granted),
                Spent::Refused { .. } => Err(fault),
            },
        }
    }
}

impl Throttles for Memory {
    async fn spend_sign_in(&self, attempt: &SignInAttempt, now: UnixSeconds) -> Result<Spent, PortError> {
        self.or_fallback(&attempt.network, now, || {
            let mut windows = self.windows.borrow_mut();
            let window = windows.entry(BucketKey::network(&attempt.network).as_str().into()).or_default();
            match window.spend(NETWORK_LIMIT, now) {
                Spent::Granted => {
                    let mut accounts = self.accounts.borrow_mut();
                    accounts.entry(attempt.account.as_str().into()).or_default().spend(&attempt.network, now)
                }
                refused @ Spent::Refused { .. } => refused,
            }
        })
    }

    async fn settle_sign_in(&self, attempt: &SignInAttempt, now: UnixSeconds) -> Result<u32, PortError> {
        self.reach("throttles")?;
        let failures = self
            .accounts
            .borrow_mut()
            .entry(attempt.account.as_str().into())
            .or_default()
            .succeed(&attempt.network, now);
        self.give_back(&BucketKey::network(&attempt.network)).await?;
        Ok(failures)
    }

    async fn meter(
        &self,
        bucket: &BucketKey,
        limit: Limit,
        network: &Network,
        now: UnixSeconds,
    ) -> Result<Metered, PortError> {
        match self.reach("throttles") {
            Ok(()) => {
                let mut windows = self.windows.borrow_mut();
                Ok(windows.entry(bucket.as_str().into()).or_default().meter(limit, now))
            }
            Err(fault) => match self.fallback.borrow_mut().spend(network, now) {
                granted @ Spent::Granted => Ok(Metered::unknown(granted, now)),
                Spent::Refused { .. } => Err(fault),
            },
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
        self.or_fallback(network, now, || {
            let mut windows = self.windows.borrow_mut();
            windows.entry(bucket.as_str().into()).or_default().spend_on(limit, subject, now)
        })
    }

    async fn give_back(&self, bucket: &BucketKey) -> Result<(), PortError> {
        self.reach("throttles")?;
        if let Some(window) = self.windows.borrow_mut().get_mut(bucket.as_str()) {
            window.give_back();
        }
        Ok(())
    }
}
